//! `exec`: a command with credentials in its environment (`environment`), with a file that is kept
//! fresh (`token_file`), and with its signals, its exit code and its place (`child`).
#![cfg(unix)]

mod child;
mod environment;
mod token_file;

/// What a script is started by: `exec ARGS -- bash -c SCRIPT`.
fn around<'a>(args: &[&'a str], script: &'a str) -> Vec<&'a str> {
    [&["exec"], args, &["--", "bash", "-c", script]].concat()
}
