//! An answer on its way into a file, which appears whole or not at all: what is
//! on its way lies beside it, and is renamed. What breaks off stays (`part`)
//! where the API says enough of it to go on from there another time.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::answer::{How, Trouble, copy, head, too_long};
use super::part::{self, Note, Part};
use super::whole::{hidden, place_of};
use crate::api::Answer;
use crate::error::{Failure, Kind, Result};
use crate::progress::{Direction, Progress};
use crate::signals;

const FROM_THE_START: &str = "run the command without `-C -`, which begins anew";

/// A file to be filled.
#[derive(Debug)]
pub struct Download {
    path: PathBuf,
    of: String,
    only_new: bool,
    found: Option<Found>,
}

/// What an earlier time left, and this is to go on with.
#[derive(Debug)]
struct Found {
    offset: u64,
    /// Nothing where it is the file itself, which another tool left half done.
    part: Option<Part>,
}

/// What became of an answer that was to go into a file.
pub(super) enum Taken {
    /// It is there.
    In,
    /// All of it was, already: the answer's status is no error.
    WasThere,
    /// It is none for the file, and goes where it went without one.
    Not(Box<Answer>),
}

/// Where the bytes go until they are whole.
enum Way {
    Hidden(NamedTempFile),
    Part(File, Part),
}

impl Download {
    /// Into this file, replacing what is there; `request` tells one request
    /// from another and is not kept.
    pub fn to(path: PathBuf, request: &str) -> Self {
        Self {
            path,
            of: hex::encode(Sha256::digest(request.as_bytes())),
            only_new: false,
            found: None,
        }
    }

    /// Never in the place of a file that is there.
    #[must_use]
    pub fn only_new(mut self) -> Self {
        self.only_new = true;
        self
    }

    /// Goes on with what an earlier time left: our part, or the file itself.
    pub fn continuing(mut self) -> Result<Self> {
        let place = place_of(&self.path);
        let kept = Part::kept(&place).map_err(|error| unwritable(&self.path, error))?;
        self.found = match kept {
            Some(part) => {
                let fits = part.note.as_ref().is_some_and(|note| note.of == self.of);
                let offset = part.length();
                let part = Some(part).filter(|_| fits && offset > 0);
                part.map(|part| Found {
                    offset,
                    part: Some(part),
                })
            }
            None => {
                let meta = std::fs::metadata(&place).ok();
                let meta = meta.filter(|meta| meta.is_file() && meta.len() > 0);
                meta.map(|meta| Found {
                    offset: meta.len(),
                    part: None,
                })
            }
        };
        Ok(self)
    }

    /// The headers that ask for the rest (RFC 9110 section 13.1.5 and 14.2), of
    /// the bytes as they are.
    pub fn asks(&self) -> Vec<(String, String)> {
        let mut asked = vec![("accept-encoding".to_owned(), "identity".to_owned())];
        if let Some(found) = &self.found {
            asked.push(("range".to_owned(), format!("bytes={}-", found.offset)));
            let note = found.part.as_ref().and_then(|part| part.note.as_ref());
            if let Some(note) = note.filter(|note| !note.validator.is_empty()) {
                asked.push(("if-range".to_owned(), note.validator.clone()));
            }
        }
        asked
    }

    /// Takes the answer in.
    pub(super) fn take(mut self, mut answer: Answer, how: &How) -> Result<Taken> {
        if is_special(&self.path) {
            return self.special(answer, how).map(|()| Taken::In);
        }
        let place = place_of(&self.path);
        let Some(found) = self.found.take() else {
            self.whole(&place, &mut answer, how)?;
            return Ok(Taken::In);
        };
        match answer.status {
            StatusCode::PARTIAL_CONTENT => self.rest(found, &place, &mut answer, how)?,
            StatusCode::RANGE_NOT_SATISFIABLE if is_all(&found, &answer) => {
                if let Some(part) = found.part {
                    let finished = part.finish(&place);
                    finished.map_err(|error| unwritable(&self.path, error))?;
                }
                how.ui.note("it was all there already");
                self.reached();
                return Ok(Taken::WasThere);
            }
            status if status.is_success() => {
                how.ui.note(
                    "the API cannot go on with it, or it has changed: it begins from the start",
                );
                drop(found);
                self.whole(&place, &mut answer, how)?;
            }
            _ => return Ok(Taken::Not(Box::new(answer))),
        }
        Ok(Taken::In)
    }

    /// From the first byte on.
    fn whole(&self, place: &Path, answer: &mut Answer, how: &How) -> Result<()> {
        let unwritable = |error| unwritable(&self.path, error);
        if let Some(most) = how.most.filter(|most| answer.length() > Some(*most)) {
            let host = crate::http::host_of(&answer.url);
            return Err(too_long(most, &host));
        }
        let way = match self.part_for(place, answer, how).map_err(unwritable)? {
            Some(way) => way,
            None => Way::Hidden(hidden(place).map_err(unwritable)?),
        };
        self.fill(way, place, 0, answer, how)
    }

    /// A part, where the answer says enough to go on from it another time.
    fn part_for(&self, place: &Path, answer: &Answer, how: &How) -> io::Result<Option<Way>> {
        let is_plain = answer.status == StatusCode::OK
            && !answer.is_decoded
            && answer.left_coded.is_none()
            && !how.include
            && !how.only_head
            && !self.only_new;
        let Some(validator) = part::validator(answer).filter(|_| is_plain) else {
            return Ok(None);
        };
        let Some(mut part) = Part::claim(place)? else {
            return Ok(None);
        };
        part.begin(&Note {
            of: self.of.clone(),
            validator,
            total: answer.length(),
        })?;
        let file = part.writer(false)?;
        Ok(Some(Way::Part(file, part)))
    }

    /// The rest of what is there, held to what the API says it is.
    fn rest(&self, found: Found, place: &Path, answer: &mut Answer, how: &How) -> Result<()> {
        let host = crate::http::host_of(&answer.url);
        let unwritable = |error| unwritable(&self.path, error);
        let wrong = |why: &str| {
            Failure::new(
                Kind::Unavailable,
                format!("the answer of {host} does not go on from what is there: {why}"),
            )
            .hint(FROM_THE_START)
        };
        let note = found.part.as_ref().and_then(|part| part.note.as_ref());
        let total = match part::rest_of(answer, found.offset, note) {
            Ok(total) => total,
            Err(why) => return Err(wrong(why)),
        };
        let part = match found.part {
            Some(part) => part,
            None => self.adopted(place, answer, total)?,
        };
        let file = part.writer(true).map_err(unwritable)?;
        self.fill(Way::Part(file, part), place, found.offset, answer, how)?;
        Ok(())
    }

    /// The file that another tool left half done, as a part of ours.
    fn adopted(&self, place: &Path, answer: &Answer, total: Option<u64>) -> Result<Part> {
        let unwritable = |error| unwritable(&self.path, error);
        let Some(mut part) = Part::claim(place).map_err(unwritable)? else {
            let taken = part::path_of(place);
            return Err(unwritable(io::ErrorKind::AlreadyExists.into())
                .context(format!("`{}` is taken", taken.display())));
        };
        let begun = part.begin(&Note {
            of: self.of.clone(),
            validator: part::validator(answer).unwrap_or_default(),
            total,
        });
        begun
            .and_then(|()| std::fs::rename(place, &part.data))
            .map_err(unwritable)?;
        Ok(part)
    }

    /// Lets the body in, and puts the file in its place.
    fn fill(
        &self,
        mut way: Way,
        place: &Path,
        offset: u64,
        answer: &mut Answer,
        how: &How,
    ) -> Result<()> {
        let host = crate::http::host_of(&answer.url);
        let whole = part::content_range(answer).and_then(|(_, total)| total);
        let whole = whole.filter(|_| offset > 0);
        let most = how.most.map(|most| most.saturating_sub(offset));
        way.announce(&self.path, how);
        let _fleeting = match &way {
            Way::Hidden(temp) => Some(signals::fleeting(temp.path())),
            Way::Part(..) => None,
        };
        let file = way.file();
        if let Ok(meta) = std::fs::metadata(place) {
            // A file that is replaced keeps its mode.
            let set = file.set_permissions(meta.permissions());
            set.map_err(|error| unwritable(&self.path, error))?;
        }
        if let Some(head) = head(answer, how) {
            let written = file.write_all(&head);
            written.map_err(|error| unwritable(&self.path, error))?;
        }
        let mut came = offset;
        if !how.only_head {
            let total = answer.length().map(|length| offset.saturating_add(length));
            let progress = Progress::resumed(&how.ui, Direction::Download, total, offset);
            let copied = copy(answer, file, most, &mut |bytes| {
                came += bytes;
                progress.moved(bytes);
            });
            progress.finish();
            if let Err(trouble) = copied {
                return Err(self.broken(way, trouble, how, &host));
            }
        }
        if whole.is_some_and(|whole| whole != came) {
            let short = io::Error::other(format!("{came} bytes have come, and there are more"));
            return Err(self.broken(way, Trouble::Reading(short), how, &host));
        }
        let put = way.put(place, self.only_new);
        put.map_err(|error| unwritable(&self.path, error))?;
        self.reached();
        Ok(())
    }

    /// What is left of a body that did not come whole, and what to do with it.
    fn broken(&self, way: Way, trouble: Trouble, how: &How, host: &str) -> Failure {
        if let (Trouble::TooLong(_), Some(most)) = (&trouble, how.most) {
            way.discard();
            return too_long(most, host);
        }
        let is_disk = matches!(trouble, Trouble::Writing(_));
        let failure = match trouble {
            Trouble::Writing(error) => Failure::caused(Kind::Internal, error)
                .context(format!("`{}` cannot be written", self.path.display())),
            trouble => trouble.failure(host),
        };
        let first = if is_disk { "make room, then " } else { "" };
        match way {
            Way::Part(_, part) if part.length() > 0 => failure.hint(format!(
                "{first}run the command again with `-C -`: what came is kept in `{}`",
                part.data.display()
            )),
            way => {
                way.discard();
                failure.hint(format!("{first}run the command again; nothing was kept"))
            }
        }
    }

    /// A pipe or a device gets the bytes as they come.
    fn special(&self, mut answer: Answer, how: &How) -> Result<()> {
        let unwritable = |error| unwritable(&self.path, error);
        let host = crate::http::host_of(&answer.url);
        let opened = std::fs::OpenOptions::new().write(true).open(&self.path);
        let mut file = opened.map_err(unwritable)?;
        if let Some(head) = head(&answer, how) {
            file.write_all(&head).map_err(unwritable)?;
        }
        if how.only_head {
            return Ok(());
        }
        match copy(&mut answer, &mut file, how.most, &mut |_| {}) {
            Ok(()) => Ok(()),
            Err(Trouble::Writing(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(Trouble::Writing(error)) => Err(unwritable(error)),
            Err(trouble) => Err(trouble.hinted(&host)),
        }
    }

    fn reached(&self) {
        tracing::info!(file = %self.path.display(), "written");
    }
}

impl Way {
    fn file(&mut self) -> &mut File {
        match self {
            Way::Hidden(temp) => temp.as_file_mut(),
            Way::Part(file, _) => file,
        }
    }

    /// Tells whoever interrupts it what is left then.
    fn announce(&self, path: &Path, how: &How) {
        if let Way::Part(_, part) = self {
            signals::watch(
                how.ui,
                &format!("downloading `{}`", path.display()),
                &format!(
                    "run the command again with `-C -`: what came is kept in `{}`",
                    part.data.display()
                ),
            );
        }
    }

    fn put(self, place: &Path, only_new: bool) -> io::Result<()> {
        match self {
            Way::Hidden(temp) if only_new => {
                temp.persist_noclobber(place).map_err(|error| error.error)?;
            }
            Way::Hidden(temp) => {
                temp.persist(place).map_err(|error| error.error)?;
            }
            Way::Part(file, part) => {
                drop(file);
                part.finish(place)?;
            }
        }
        Ok(())
    }

    fn discard(self) {
        if let Way::Part(file, part) = self {
            drop(file);
            part.discard();
        }
    }
}

/// Whether the API says that there is nothing behind what is there.
fn is_all(found: &Found, answer: &Answer) -> bool {
    part::content_range(answer) == Some((None, Some(found.offset)))
}

/// `/dev/null`, a named pipe: written to, never replaced.
pub(super) fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

pub(super) fn unwritable(path: &Path, error: io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::AlreadyExists => "move what is there away, or name another file: `-o FILE`",
        io::ErrorKind::NotFound => "make its directory with `--create-dirs`, or name another file",
        _ => "name another file: `-o FILE`",
    };
    Failure::caused(Kind::Usage, error)
        .context(format!("`{}` cannot be written", path.display()))
        .hint(hint)
}
