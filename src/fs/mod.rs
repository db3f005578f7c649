//! Files as hallpass needs them: written whole or not at all, readable by
//! their owner alone (`write`), room taken before it is needed (`room`), and
//! checked on the opened file before they are believed (`read`).

mod read;
mod room;
mod write;

use std::io;

pub use read::{
    FoundFile, KeyText, ReadError, read_bounded, read_found, read_key, read_trusted, read_whole,
};
pub use room::Room;
pub use write::{
    TEMPORARY, create_private_dir, leftovers, open_lock_file, probe_dir, remove, write_atomic,
    write_new,
};

/// Whether an error says that nothing is there: no file, or no directory for it.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
