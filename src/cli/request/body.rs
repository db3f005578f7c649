//! The body that the command line gives: a form, JSON, or bytes that are
//! streamed as they are.

use clap::Args;

use crate::api::Body;
use crate::error::{Failure, Kind, Result};

const FORM: &str = "application/x-www-form-urlencoded";

/// What the request carries.
#[derive(Debug, Args)]
#[command(next_help_heading = "Body")]
pub(super) struct BodyArgs {
    /// A form body; @FILE and @- (stdin) are read; several are joined by `&`
    #[arg(short, long, value_name = "DATA", conflicts_with_all = ["data_binary", "json"])]
    pub(super) data: Vec<String>,
    /// A body sent as it is; @FILE and @- are streamed
    #[arg(long, value_name = "DATA", conflicts_with = "json")]
    pub(super) data_binary: Option<String>,
    /// A JSON body; @FILE and @- are read
    #[arg(long, value_name = "JSON")]
    pub(super) json: Option<String>,
}

impl BodyArgs {
    /// The body, and the content type it has unless a header says otherwise.
    pub(super) fn body(&self) -> Result<(Body, Option<&'static str>)> {
        if let Some(text) = &self.json {
            return Ok((read(text)?, Some("application/json")));
        }
        if let Some(text) = &self.data_binary {
            return Ok((
                match text.strip_prefix('@') {
                    Some("-") => Body::Stdin,
                    Some(path) => Body::File(path.into()),
                    None => Body::Bytes(text.clone().into_bytes()),
                },
                Some(FORM),
            ));
        }
        if self.data.is_empty() {
            return Ok((Body::None, None));
        }
        let mut joined = Vec::new();
        for text in &self.data {
            if !joined.is_empty() {
                joined.push(b'&');
            }
            let Body::Bytes(mut bytes) = read(text)? else {
                continue;
            };
            if text.starts_with('@') {
                // As curl does: line breaks of a file are no data.
                bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
            }
            joined.append(&mut bytes);
        }
        Ok((Body::Bytes(joined), Some(FORM)))
    }
}

fn read(text: &str) -> Result<Body> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(Body::Bytes(text.as_bytes().to_vec()));
    };
    let read = if path == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map(Body::Bytes).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context(format!("`{path}` cannot be read"))
            .hint("name a file that is there")
    })
}
