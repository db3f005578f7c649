//! End-to-end tests: they run the binary the way a person or a script does, one file per command.
//! What they are written with is in `support`; what needs more than Rust is in `real`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a surprise should end it at once"
)]

mod actions;
#[cfg(unix)]
mod browsers;
mod check;
mod cli;
mod client_auth;
mod client_credentials;
mod connect;
mod connecting;
mod cookbook;
mod definition_files;
mod definition_rules;
mod definitions;
mod device;
mod disconnect;
mod discovery;
mod doctor;
mod documents;
mod dpop;
mod examples;
mod exec;
mod exit_codes;
mod export_import;
mod fenced;
mod guarantee;
mod harness;
mod helpers;
mod hosted_knobs;
mod house;
mod injection;
mod kept_values;
mod leaks;
mod list;
mod machine_grants;
mod move_rename;
mod mutual_tls;
#[cfg(unix)]
mod odd_files;
mod pinned;
mod pushed;
mod quirks;
#[cfg(unix)]
mod real;
mod refresh;
mod refresh_command;
mod request;
mod sandbox;
mod schema;
mod signed;
mod stores;
mod support;
#[cfg(unix)]
mod terminal_screens;
mod test_command;
mod together;
mod token;
mod trust;
mod unattended;
mod warnings;
