//! `hallpass exec`: a command with credentials in its environment, or with a
//! file that holds one and is kept fresh while the command runs.
//!
//! Promises: a credential stands in no argument of anybody's; the child gets
//! the environment we had, less `HALLPASS_KEY`; its signals and its exit code
//! are its own. Without a file the child takes our place (execve); with one we
//! stay (`keeper`), and take the file away when the child has ended
//! (`token_file`). We wait for that child alone: as the first process of a
//! container we are no init, and orphans are not reaped.

mod child;
mod keeper;
mod template;
mod token_file;

pub use child::{Invocation, NotStarted, code};
pub use keeper::{Keeper, Subject};
pub use template::{Entry, Filled, Source, example};
pub use token_file::{FileError, TokenFile};
