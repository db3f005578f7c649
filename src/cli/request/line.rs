//! The request line and the headers, as the command line gives them.

use clap::Args;
use reqwest::Method;

use crate::error::{Failure, Kind, Result};

/// Method, headers and query of a request.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct LineArgs {
    /// The method
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(super) method: Option<Method>,
    /// A header, as NAME: VALUE
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(super) headers: Vec<String>,
    /// A query parameter, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) query: Vec<String>,
}

impl LineArgs {
    /// The headers, as names and values.
    pub(super) fn headers(&self) -> Result<Vec<(String, String)>> {
        let pairs = self.headers.iter();
        pairs
            .map(|text| pair(text, ':', "-H", "'Name: value'"))
            .collect()
    }

    /// The query parameters, as names and values.
    pub(super) fn query(&self) -> Result<Vec<(String, String)>> {
        let pairs = self.query.iter();
        pairs
            .map(|text| pair(text, '=', "--query", "name=value"))
            .collect()
    }
}

fn pair(text: &str, separator: char, flag: &str, example: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once(separator).ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            // Its text may be a credential that was given without a name.
            format!("what `{flag}` was given has no `{separator}` in it"),
        )
        .hint(format!("write `{flag} {example}`"))
    })?;
    let value = if separator == ':' {
        value.trim()
    } else {
        value
    };
    Ok((name.trim().to_owned(), value.to_owned()))
}
