//! The body that the command line gives, by curl's flags: data that is joined
//! (`data`), a form in parts (`form`), or a file sent as it is.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::data::{self, Habit, Piece};
use super::form;
use crate::api::multipart::Form;
use crate::api::{ApiError, Body};
use crate::error::{Failure, Kind, Result};
use crate::ui::escape;

const FORM: &str = "application/x-www-form-urlencoded";

/// What stands in a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the request carries, in the order of the command line.
#[derive(Debug)]
pub(super) struct BodyArgs {
    pub(super) pieces: Vec<Piece>,
    pub(super) parts: Vec<form::Given>,
    pub(super) upload: Option<PathBuf>,
    pub(super) get: bool,
}

/// The flags.
#[derive(Debug, Args)]
#[command(next_help_heading = "Body")]
struct BodyFlags {
    /// A form body; @FILE and @- (stdin) are read; several are joined by `&`
    #[arg(short, long, value_name = "DATA", conflicts_with = "json")]
    data: Vec<String>,
    /// The same, and an @ is nothing special
    #[arg(long, value_name = "DATA", conflicts_with = "json")]
    data_raw: Vec<String>,
    /// The same, as it is: line breaks of a file stay; @FILE and @- are streamed where they stand alone
    #[arg(long, value_name = "DATA", conflicts_with = "json")]
    data_binary: Vec<String>,
    /// The same, URL-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE
    #[arg(long, value_name = "DATA", conflicts_with = "json")]
    data_urlencode: Vec<String>,
    /// Put the data into the query, and make a GET of it
    #[arg(short = 'G', long, conflicts_with_all = ["json", "form", "form_string", "upload_file"])]
    get: bool,
    /// A JSON body; @FILE and @- are read; several are joined
    #[arg(long, value_name = "JSON")]
    json: Vec<String>,
    /// A part of multipart/form-data: NAME=VALUE, NAME=@FILE or NAME=<FILE, with ;type=… and ;filename=…
    #[arg(short = 'F', long, value_name = "PART", conflicts_with_all = ["data", "data_raw", "data_binary", "data_urlencode", "json"])]
    form: Vec<String>,
    /// The same, and its value is taken as it is
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["data", "data_raw", "data_binary", "data_urlencode", "json"])]
    form_string: Vec<String>,
    /// Send a file as it is, streamed, by PUT; - is stdin
    #[arg(short = 'T', long, value_name = "FILE", conflicts_with_all = ["data", "data_raw", "data_binary", "data_urlencode", "json", "form", "form_string"])]
    upload_file: Option<PathBuf>,
}

impl Args for BodyArgs {
    fn augment_args(command: Command) -> Command {
        BodyFlags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        BodyFlags::augment_args_for_update(command)
    }
}

/// clap's derive tells nothing of the order between flags.
impl FromArgMatches for BodyArgs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let flags = BodyFlags::from_arg_matches(matches)?;
        let ordered = |name: &str, texts: Vec<String>| {
            let at = matches.indices_of(name).into_iter().flatten();
            at.zip(texts).collect::<Vec<_>>()
        };
        let mut pieces = Vec::new();
        for (name, texts, habit) in [
            ("data", flags.data, Habit::Data),
            ("data_raw", flags.data_raw, Habit::Raw),
            ("data_binary", flags.data_binary, Habit::Binary),
            ("data_urlencode", flags.data_urlencode, Habit::Urlencode),
            ("json", flags.json, Habit::Json),
        ] {
            let found = ordered(name, texts).into_iter();
            pieces.extend(found.map(|(at, text)| (at, Piece { habit, text })));
        }
        pieces.sort_by_key(|(at, _)| *at);
        let mut parts = Vec::new();
        for (name, texts, literal) in [
            ("form", flags.form, false),
            ("form_string", flags.form_string, true),
        ] {
            let found = ordered(name, texts).into_iter();
            parts.extend(found.map(|(at, text)| (at, form::Given { literal, text })));
        }
        parts.sort_by_key(|(at, _)| *at);
        Ok(Self {
            pieces: pieces.into_iter().map(|(_, piece)| piece).collect(),
            parts: parts.into_iter().map(|(_, part)| part).collect(),
            upload: flags.upload_file,
            get: flags.get,
        })
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A body, and what it makes of the rest of the request.
pub(super) struct Carried {
    pub(super) body: Body,
    /// The verb, unless one is given.
    pub(super) method: Method,
    /// The content type, unless a header says otherwise.
    pub(super) content_type: Option<String>,
    /// What the query ends with, as it is.
    pub(super) query: Option<String>,
    /// What the path ends with.
    pub(super) segment: Option<String>,
}

impl BodyArgs {
    /// Whether the body is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.pieces.iter().any(|piece| piece.habit == Habit::Json)
    }

    /// Whether there is a body; data for the query is none.
    pub(super) fn has_body(&self) -> bool {
        let has_data = !self.pieces.is_empty() && !self.get;
        has_data || !self.parts.is_empty() || self.upload.is_some()
    }

    /// Whether nothing is carried.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.parts.is_empty() && self.upload.is_none()
    }

    /// The body. What stdin and pipes hold is read now, or begun to be.
    pub(super) fn carried(&self) -> Result<Carried> {
        let mut carried = Carried {
            body: Body::None,
            method: Method::POST,
            content_type: None,
            query: None,
            segment: None,
        };
        self.one_reads_stdin()?;
        if let Some(path) = &self.upload {
            carried.method = Method::PUT;
            carried.body = at(path)?;
            carried.segment = segment(path);
        } else if self.get {
            carried.method = Method::GET;
            let Body::Bytes(bytes) = data::joined(&self.pieces, false)? else {
                return Ok(carried);
            };
            let query = String::from_utf8(bytes).map_err(|error| {
                Failure::caused(Kind::Usage, error)
                    .context("the data for the query is no text")
                    .hint("encode it: `--data-urlencode NAME@FILE`")
            })?;
            // A `#` would end the query.
            carried.query = Some(query.replace('#', "%23")).filter(|query| !query.is_empty());
        } else if !self.parts.is_empty() {
            let form = form::form(&self.parts)?;
            carried.content_type = Some(form.content_type());
            carried.body = Body::form(form);
        } else if self.pieces.is_empty() {
            carried.method = Method::GET;
        } else {
            carried.content_type = Some(self.kind().to_owned());
            carried.body = data::joined(&self.pieces, true)?;
        }
        Ok(carried)
    }

    /// The same for a look: what can be read once is left to whoever sends it.
    pub(super) fn outlined(&self) -> Result<Carried> {
        if !self.reads_once()? {
            return self.carried();
        }
        self.one_reads_stdin()?;
        let content_type = if self.get || self.upload.is_some() {
            None
        } else if self.parts.is_empty() {
            Some(self.kind().to_owned())
        } else {
            Some(Form::new(Vec::new()).content_type())
        };
        Ok(Carried {
            body: if self.get { Body::None } else { Body::unread() },
            method: match (self.get, &self.upload) {
                (true, _) => Method::GET,
                (_, Some(_)) => Method::PUT,
                _ => Method::POST,
            },
            content_type,
            query: None,
            segment: self.upload.as_deref().and_then(segment),
        })
    }

    fn kind(&self) -> &'static str {
        if self.is_json() {
            "application/json"
        } else {
            FORM
        }
    }

    /// Whether something of it can be read once.
    pub(super) fn reads_once(&self) -> Result<bool> {
        let files = self.files()?;
        Ok(files.iter().any(|path| is_read_once(path)))
    }

    /// The files that it is read from; `-` is stdin.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = self.upload.iter().cloned().collect();
        let named = self.pieces.iter().filter_map(Piece::file);
        files.extend(named.map(Path::to_owned));
        for part in &self.parts {
            files.extend(part.files()?);
        }
        Ok(files)
    }

    /// What is streamed, in words.
    pub(super) fn described(&self) -> Result<Vec<String>> {
        if self.parts.is_empty() {
            let files = self.files()?;
            let several = self.pieces.len() > 1;
            let verb = if several { "holds" } else { "is" };
            let line = |path: &PathBuf| Ok(format!("the body {verb} {}", told(path)?));
            return files.iter().map(line).collect();
        }
        let mut lines = vec!["the body is a form:".to_owned()];
        for part in &self.parts {
            lines.extend(part.described()?);
        }
        Ok(lines)
    }

    /// What was read by one is no longer there for another.
    fn one_reads_stdin(&self) -> Result<()> {
        let pieces = self.pieces.iter().filter(|piece| piece.is_stdin()).count();
        let mut parts = 0;
        for part in &self.parts {
            parts += part.stdins()?;
        }
        if pieces + parts < 2 {
            return Ok(());
        }
        Err(Failure::new(
            Kind::Usage,
            "stdin can be read once, and is asked for twice",
        )
        .hint("put one of them in a file: `@FILE` instead of `@-`"))
    }
}

/// What the path ends with, by the name of the file that is sent.
fn segment(path: &Path) -> Option<String> {
    let name = path.file_name().filter(|_| path != Path::new("-"));
    name.map(|name| utf8_percent_encode(&name.to_string_lossy(), SEGMENT).to_string())
}

/// Whether a file is stdin, by whatever name.
pub(super) fn is_stdin(path: &Path) -> bool {
    ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]
        .iter()
        .any(|name| path == Path::new(name))
}

/// Whether what is read of a file is gone then: stdin, a pipe.
fn is_read_once(path: &Path) -> bool {
    let is_pipe = |meta: std::fs::Metadata| !meta.is_file() && !meta.is_dir();
    is_stdin(path) || std::fs::metadata(path).is_ok_and(is_pipe)
}

/// A file in words.
pub(super) fn told(path: &Path) -> Result<String> {
    if is_stdin(path) {
        return Ok("what comes on stdin, as it comes".to_owned());
    }
    let meta = std::fs::metadata(path).map_err(|source| {
        unreadable(ApiError::Body {
            path: path.to_owned(),
            source,
        })
    })?;
    let name = path.display().to_string();
    let name = escape(&name);
    Ok(if meta.is_file() {
        format!("`{name}`, {} bytes", meta.len())
    } else {
        format!("what comes from `{name}`, as it comes")
    })
}

/// A file that is sent as it is; `-` is stdin.
pub(super) fn at(path: &Path) -> Result<Body> {
    let body = if path == Path::new("-") {
        Body::stdin()
    } else {
        Body::file(path)
    };
    body.map_err(unreadable)
}

pub(super) fn unreadable(error: ApiError) -> Failure {
    Failure::caused(Kind::Usage, error)
        .context("the request was not made")
        .hint("name a file that is there and that you can read")
}
