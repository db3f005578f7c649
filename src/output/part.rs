//! A download that is not whole yet: `FILE.part` holds what came, and
//! `FILE.part.hallpass` beside it which answer that is the beginning of. The
//! second is written first and removed last: a part without it is somebody
//! else's and is left alone, and one whose note tells of another answer is
//! begun anew.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::api::Answer;

/// No note is longer.
const LONGEST_NOTE: u64 = 64 * 1024;

/// What the bytes of a part are the beginning of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The request, as a hash: a URL may hold secrets.
    pub(super) of: String,
    /// The strong entity tag or the date of last change (RFC 9110 section 8.8).
    pub(super) validator: String,
    /// How long the whole is, in bytes.
    pub(super) total: Option<u64>,
}

/// A part that is ours alone while this lives.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) data: PathBuf,
    note_path: PathBuf,
    note_file: File,
    /// What was noted before; nothing where that cannot be read.
    pub(super) note: Option<Note>,
}

fn beside(place: &Path, ending: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Where the part of a file is.
pub(super) fn path_of(place: &Path) -> PathBuf {
    beside(place, ".part")
}

impl Part {
    /// The part that is there from an earlier time.
    pub(super) fn kept(place: &Path) -> io::Result<Option<Self>> {
        Self::open(place, false)
    }

    /// The part for a file, new or from an earlier time; nothing where another
    /// process is at it, or the place is taken by something else.
    pub(super) fn claim(place: &Path) -> io::Result<Option<Self>> {
        Self::open(place, true)
    }

    fn open(place: &Path, create: bool) -> io::Result<Option<Self>> {
        let (data, note_path) = (path_of(place), beside(place, ".part.hallpass"));
        let is_ours = is_file(&note_path)?;
        if !is_ours && (!create || is_file(&data)?) {
            return Ok(None);
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if create {
            options.create(true).truncate(false);
        }
        let mut note_file = options.open(&note_path)?;
        match note_file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        let read = (&mut note_file)
            .take(LONGEST_NOTE)
            .read_to_string(&mut text);
        // A note that was torn says nothing.
        let note = read.ok().and_then(|_| serde_json::from_str(&text).ok());
        Ok(Some(Self {
            data,
            note_path,
            note_file,
            note,
        }))
    }

    /// How much of it is there, in bytes.
    pub(super) fn length(&self) -> u64 {
        let meta = std::fs::symlink_metadata(&self.data).ok();
        let file = meta.filter(std::fs::Metadata::is_file);
        file.map_or(0, |meta| meta.len())
    }

    /// Takes note of what will be in it, before anything is.
    pub(super) fn begin(&mut self, note: &Note) -> io::Result<()> {
        let text = serde_json::to_string(note).map_err(io::Error::other)?;
        self.note_file.set_len(0)?;
        self.note_file.rewind()?;
        self.note_file.write_all(text.as_bytes())?;
        self.note = Some(note.clone());
        Ok(())
    }

    /// Opens it, empty or at its end.
    pub(super) fn writer(&self, append: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true);
        if append {
            return options.append(true).open(&self.data);
        }
        // What lies there may be a link to elsewhere.
        match std::fs::remove_file(&self.data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => options.create_new(true).open(&self.data),
        }
    }

    /// Makes it the file.
    pub(super) fn finish(self, place: &Path) -> io::Result<()> {
        std::fs::rename(&self.data, place)?;
        std::fs::remove_file(&self.note_path)
    }

    /// Takes it away.
    pub(super) fn discard(self) {
        // What stays is begun anew the next time.
        let _ = std::fs::remove_file(&self.data);
        let _ = std::fs::remove_file(&self.note_path);
    }
}

fn is_file(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => Ok(true),
        Ok(_) => Err(io::Error::other(format!(
            "`{}` is no plain file",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What an answer can be gone on with by, where it can: a strong entity tag, or
/// a date of last change that is older than the answer (RFC 9110 section
/// 8.8.2.2).
pub(super) fn validator(answer: &Answer) -> Option<String> {
    let text = |name: &str| answer.headers.get(name)?.to_str().ok();
    if text("accept-ranges").is_some_and(|ranges| ranges.trim().eq_ignore_ascii_case("none")) {
        return None;
    }
    if let Some(tag) = text("etag") {
        return tag.starts_with('"').then(|| tag.to_owned());
    }
    let changed = text("last-modified")?;
    let at = httpdate::parse_http_date(changed).ok()?;
    let now = text("date").and_then(|date| httpdate::parse_http_date(date).ok());
    now.is_none_or(|now| at < now).then(|| changed.to_owned())
}

/// Holds the answer to what it has to go on from: so many bytes, and what was
/// noted of them. Returns the length of the whole; the error says what is wrong.
pub(super) fn rest_of(
    answer: &Answer,
    offset: u64,
    note: Option<&Note>,
) -> Result<Option<u64>, &'static str> {
    if answer.is_decoded || answer.left_coded.is_some() {
        return Err("it is compressed");
    }
    let Some((Some(first), total)) = content_range(answer) else {
        return Err("it does not say which part it is");
    };
    if first != offset {
        return Err("it begins at another byte");
    }
    let nothing_else_tells = note.is_none_or(|note| note.validator.is_empty());
    if nothing_else_tells && total.is_none() {
        return Err("it does not say how long the whole is");
    }
    let Some(note) = note else { return Ok(total) };
    let is_tag = |text: &str| text.starts_with('"');
    let other = |now: String| is_tag(&now) && is_tag(&note.validator) && now != note.validator;
    let other_length = matches!((note.total, total), (Some(then), Some(now)) if then != now);
    if other_length || validator(answer).is_some_and(other) {
        return Err("it is of another file");
    }
    Ok(total)
}

/// The start of the part that an answer is, and the length of the whole (RFC
/// 9110 section 14.4).
pub(super) fn content_range(answer: &Answer) -> Option<(Option<u64>, Option<u64>)> {
    range(answer.headers.get("content-range")?.to_str().ok()?)
}

fn range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    if range.trim() == "*" {
        return total.map(|total| (None, Some(total)));
    }
    let (first, last) = range.trim().split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let is_whole = last >= first && total.is_none_or(|total| last < total);
    is_whole.then_some((Some(first), total))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_content_range_is_read_strictly() {
        for (text, read) in [
            ("bytes 5-9/10", Some((Some(5), Some(10)))),
            ("bytes 5-9/*", Some((Some(5), None))),
            ("bytes */10", Some((None, Some(10)))),
            ("bytes */*", None),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes 5-/10", None),
            ("lines 5-9/10", None),
            ("bytes -5-9/10", None),
            ("bytes 99999999999999999999-9/10", None),
        ] {
            assert_eq!(super::range(text), read, "{text}");
        }
    }
}
