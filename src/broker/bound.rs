//! Tokens that are bound to a key (DPoP, RFC 9449): they are of use with a proof
//! for each request, which only hallpass can make, so that no other program is
//! given one.

use crate::connection::ConnectionId;
use crate::error::{Failure, Kind};

/// A token is not handed out; `so` is what would come of it.
pub fn bound(id: &ConnectionId, so: &str) -> Failure {
    Failure::new(
        Kind::Usage,
        format!("the token of `{id}` is bound to a key (DPoP), so that {so}"),
    )
    .hint(format!(
        "let hallpass send it, with a proof for each request: `hallpass request {id} …`"
    ))
}
