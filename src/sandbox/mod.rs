//! A local OAuth 2.0 provider and API on loopback, to try hallpass on and to test scripts against.
//!
//! It follows RFC 6749, 6750, 7009, 7636, 7662, 8252, 8414, 8628, 9126, 9207 and 9449 as a strict
//! provider would: PKCE is required, refresh tokens rotate, and their reuse ends the family. Machines
//! get tokens by RFC 7523 and RFC 8693, and find a runner that signs ID tokens (`machines`). Nothing in it is worth
//! protecting, and still it listens on 127.0.0.1 only, checks every `Host`, and logs no token.
//!
//! Beside the provider: its definitions (`config`), a scripted person who approves (`visit`), a
//! command run inside (`run_child`), and the newcomer's first minute (`tour`). Behind a switch, a row
//! of providers that are each odd in one way (`quirks`).

mod api;
mod assertion;
mod authorize;
mod child;
mod client_auth;
mod config;
mod control;
mod device;
mod dpop;
mod grants;
mod home;
mod items;
mod machines;
mod oauth;
mod page;
mod push;
mod quirks;
mod routes;
mod server;
mod stage;
mod state;
#[cfg(test)]
mod tests;
mod token;
mod tour;
mod visit;
mod wire;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

pub use child::{Child, ChildError, run_child};
pub use config::config;
pub use tour::tour;
pub use visit::visit;

use server::Server;
use state::State;

/// How a sandbox is started.
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The life of access tokens; zero lets them be born expired.
    pub token_ttl: Duration,
    /// Whether the providers that differ are played too, below `/quirks/`.
    pub quirks: bool,
}

/// A running provider; dropping it stops it and frees the port.
pub struct Sandbox {
    state: Arc<State>,
    _server: Server,
}

impl Sandbox {
    /// Binds 127.0.0.1 and serves in background threads. Fails when the port is taken, and says so.
    pub fn start(options: &Options) -> anyhow::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
            let taken = error.kind() == io::ErrorKind::AddrInUse;
            let port = options.port;
            let what = if taken {
                format!("port {port} on 127.0.0.1 is taken; `--port 0` takes any free one")
            } else {
                format!("port {port} on 127.0.0.1 cannot be listened on")
            };
            anyhow::Error::new(error).context(what)
        })?;
        let port = listener
            .local_addr()
            .context("the listener has no address")?
            .port();
        let state = Arc::new(State::new(
            format!("http://127.0.0.1:{port}"),
            options.token_ttl,
            options.quirks,
        ));
        let server = Server::start(listener, {
            let state = Arc::clone(&state);
            Box::new(move |request| routes::answer(&state, request))
        })
        .context("the sandbox's threads cannot be started")?;
        Ok(Sandbox {
            state,
            _server: server,
        })
    }

    /// The definitions that go with it.
    pub fn config(&self) -> String {
        config(&self.state.issuer, self.state.with_quirks)
    }

    /// Where it is: `http://127.0.0.1:PORT`, no trailing slash.
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }
}
