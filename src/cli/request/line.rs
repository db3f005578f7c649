//! The request line and the headers, as the command line gives them.

use std::fs::File;
use std::io::{self, Read as _};

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
    /// A header, as NAME: VALUE; NAME: leaves one out, NAME; sends an empty one, @FILE holds some
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(super) headers: Vec<String>,
    /// A query parameter, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) query: Vec<String>,
}

impl LineArgs {
    /// The headers that are sent, and those that are left out.
    pub(super) fn headers(&self) -> Result<Headers> {
        let mut headers = Headers::default();
        for text in &self.headers {
            match text.strip_prefix('@') {
                Some(path) => headers.add_file(path)?,
                None => headers.add(text)?,
            }
        }
        Ok(headers)
    }

    /// The files that hold headers; `-` is stdin.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter_map(|text| text.strip_prefix('@'))
    }

    /// The headers that stand in files alone.
    pub(super) fn of_files(&self) -> Result<Headers> {
        let mut headers = Headers::default();
        self.files().try_for_each(|path| headers.add_file(path))?;
        Ok(headers)
    }

    /// The query parameters, as names and values.
    pub(super) fn query(&self) -> Result<Vec<(String, String)>> {
        let pairs = self.query.iter();
        pairs
            .map(|text| pair(text, '=', "--query", "name=value"))
            .collect()
    }
}

/// What `-H` says, as curl reads it.
#[derive(Default)]
pub(super) struct Headers {
    /// Names and values.
    pub(super) sent: Vec<(String, String)>,
    /// Names of those that are left out.
    pub(super) without: Vec<String>,
}

impl Headers {
    fn add_file(&mut self, path: &str) -> Result<()> {
        let lines = lines_of(path)?;
        let mut lines = lines.lines().filter(|line| !line.trim().is_empty());
        lines.try_for_each(|line| self.add(line))
    }

    fn add(&mut self, text: &str) -> Result<()> {
        if let Some(name) = text.trim_end().strip_suffix(';')
            && !text.contains(':')
        {
            self.sent.push((name.trim().to_owned(), String::new()));
            return Ok(());
        }
        match pair(text, ':', "-H", "'Name: value'")? {
            (name, value) if value.is_empty() => self.without.push(name),
            named => self.sent.push(named),
        }
        Ok(())
    }

    /// Whether a header is spoken of.
    pub(super) fn names(&self, name: &str) -> bool {
        let sent = self.sent.iter().map(|(name, _)| name);
        let mut known = sent.chain(&self.without);
        known.any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The most that is read of a file of headers, in bytes.
const MAX_HEADERS: u64 = 1024 * 1024;

/// A file of headers, one a line; `-` is stdin.
fn lines_of(path: &str) -> Result<String> {
    let mut lines = String::new();
    let read = if path == "-" {
        io::stdin().take(MAX_HEADERS).read_to_string(&mut lines)
    } else {
        File::open(path).and_then(|file| file.take(MAX_HEADERS).read_to_string(&mut lines))
    };
    read.map(|_| lines).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context(format!("`{path}` cannot be read"))
            .hint("name a file of headers, one a line")
    })
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
