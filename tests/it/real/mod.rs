//! Tests against parts that are not ours and not written in Rust, each ignored until `tests/run` has
//! installed what its module needs:
//!
//! - `glewlwyd`: a second implementation, with manners of its own (Debian, and Node to start it);
//! - `oidc_provider`, `client_auth`, `device`, `par`, `resource_indicators`: a certified
//!   OpenID provider (Node and `npm ci` in `tests/real`);
//! - `gnome_keyring`: the Secret Service most Linux desktops run (gnome-keyring, dbus, secret-tool);
//! - `dpop`: the same provider, with tokens that are bound to a key;
//! - `http2`: the HTTP/2 server that comes with Node;
//! - `whole_way`: both at once, from `connect` to `disconnect`;
//! - `chromium`: a real browser (Chromium, and Node to lead it);
//! - `clicked`: a person in that browser at the certified provider;
//! - `git`: clones and pushes over https, with `git http-backend` behind the test's own server;
//! - `strace`: kills and failures at system calls of its choice.

mod chromium;
mod clicked;
mod client_auth;
mod device;
mod dpop;
mod git;
mod glewlwyd;
mod gnome_keyring;
mod http2;
mod oidc_provider;
mod op;
mod par;
mod resource_indicators;
mod session;
mod strace;
mod whole_way;
