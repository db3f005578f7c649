//! Files as hallpass needs them: written whole or not at all, readable by
//! their owner alone (`write`), room taken before it is needed (`room`), and
//! checked on the opened file before they are believed (`read`, and `pipe` for
//! what is no plain file).

mod pipe;
mod read;
mod room;
mod write;

use std::io;
use std::time::Duration;

pub use read::{
    FoundFile, KeyText, ReadError, read_bytes, read_found, read_key, read_named, read_text,
    read_trusted, read_up_to, read_whole,
};
pub use room::Room;
pub use write::{
    TEMPORARY, create_private_dir, leftovers, open_lock_file, probe_dir, remove, replace,
    write_atomic, write_new,
};

/// How long a pipe in a file's place, or a command, may take to give a value;
/// it may ask its person for a password.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Whether an error says that nothing is there: no file, or no directory for it.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
