//! How the API is reached, where that is not as usual: another version of HTTP,
//! a Unix socket.

use clap::Args;

use crate::api;
use crate::cli::calling::{self, Caller};
use crate::error::Result;
use crate::http::Reach;

/// How the API is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct WireArgs {
    /// Speak HTTP/1.1, also where the server would take HTTP/2
    #[arg(long = "http1.1")]
    pub(super) only_http1: bool,
    /// Reach the definition's base URL on a Unix socket; other hosts are reached as always
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    pub(super) unix_socket: Option<std::path::PathBuf>,
}

impl WireArgs {
    /// Has every request of this run go that way.
    pub(super) fn apply(&self, caller: &Caller<'_>) -> Result<()> {
        #[cfg(unix)]
        let socket = match &self.unix_socket {
            None => None,
            Some(path) => {
                let values = super::recorded(caller)?;
                let origin = api::origin(caller.integration, &values);
                let origin = origin.map_err(|error| calling::failed(caller.id, error))?;
                Some((path.clone(), origin))
            }
        };
        #[cfg(not(unix))]
        let socket = None;
        caller.context.http.reach(Reach {
            only_http1: self.only_http1,
            socket,
        });
        Ok(())
    }
}
