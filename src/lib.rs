//! hallpass, a command-line credential broker. This file wires the rooms of
//! the house together: parse the command line, build the context, run the
//! command, say what went wrong.
//!
//! Data goes one way: `cli → definition → connection → broker → (store |
//! grant → http) → credential → api → output`; a module imports only what
//! stands below it (held by `tests/it/house.rs`).

pub mod api;
pub mod broker;
pub mod browser;
pub mod cli;
pub mod clock;
pub mod connection;
pub mod context;
pub mod credential;
pub mod definition;
pub mod doctor;
pub mod env;
pub mod error;
pub mod exec;
pub mod filter;
pub mod fs;
pub mod grant;
pub mod guard;
pub mod http;
pub mod interaction;
pub mod output;
pub mod paths;
mod progress;
pub mod sandbox;
pub mod secret;
pub mod settings;
pub mod signals;
pub mod store;
pub mod surroundings;
pub mod trust;
pub mod ui;
