//! What a request carries. Small bodies are bytes; others are streamed in
//! constant memory: a file is opened anew for each try and sent with its
//! length, what can be read once (stdin, a pipe) is sent once.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::ApiError;
use super::multipart::Form;
use crate::progress::{Direction, Progress};
use crate::ui::Ui;

/// What cannot be read twice is kept whole up to here, in bytes, so that it can
/// be sent again all the same.
const KEPT: u64 = 1024 * 1024;

/// One read of a file, in bytes: the network's pieces are smaller.
const PIECE: usize = 256 * 1024;

/// Where it changed while it was sent, a file's state is anybody's guess.
const SHRANK: &str = "it became shorter while it was sent";
const GREW: &str = "it grew while it was sent";

/// What a request carries; it cannot be printed.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is read while it is sent.
    Stream(Stream),
}

/// A body that is read while it is sent.
#[derive(Clone)]
pub struct Stream {
    source: Source,
    length: Option<u64>,
    ui: Option<Ui>,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Once(Once),
    Form(Arc<Form>),
}

impl Body {
    /// A file that a person named: streamed, and opened anew for every try. One
    /// that is a pipe or a device can be read once.
    pub fn file(path: &Path) -> Result<Self, ApiError> {
        let fail = |source| ApiError::Body {
            path: path.to_owned(),
            source,
        };
        let kind = std::fs::metadata(path).map_err(fail)?.file_type();
        if kind.is_dir() {
            return Err(fail(io::Error::other("it is a directory")));
        }
        // Opened now, so that what cannot be read is told before anything is sent.
        let file = File::open(path).map_err(fail)?;
        if kind.is_file() {
            return Ok(Self::stream(Source::File(path.to_owned())));
        }
        let once = Once::begin(path.display().to_string(), file);
        once.map(Self::once).map_err(fail)
    }

    /// What stdin holds.
    pub fn stdin() -> Result<Self, ApiError> {
        let once = Once::begin("stdin".to_owned(), io::stdin());
        once.map(Self::once).map_err(|source| ApiError::Body {
            path: "stdin".into(),
            source,
        })
    }

    /// What is there to be spoken of and not to be sent: stdin, left unread.
    pub fn unread() -> Self {
        Self::stream(Source::Once(Once {
            what: "stdin".to_owned(),
            reader: Arc::default(),
        }))
    }

    /// multipart/form-data.
    pub fn form(form: Form) -> Self {
        Self::stream(Source::Form(Arc::new(form)))
    }

    fn once(read: Begun) -> Self {
        match read {
            Begun::Whole(bytes) => Self::Bytes(bytes),
            Begun::More(once) => Self::stream(Source::Once(once)),
        }
    }

    fn stream(source: Source) -> Self {
        Self::Stream(Stream {
            source,
            length: None,
            ui: None,
        })
    }

    /// The same, with its progress shown.
    #[must_use]
    pub fn shown(mut self, ui: Ui) -> Self {
        if let Self::Stream(stream) = &mut self {
            stream.ui = Some(ui);
        }
        self
    }

    /// The same, with the length that a person says it has, in bytes; the error
    /// is the length that it has instead.
    pub fn of_length(&mut self, said: u64) -> Result<(), u64> {
        let known = match self {
            Self::None => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(stream) => match &stream.source {
                Source::Once(_) => {
                    stream.length = Some(said);
                    None
                }
                Source::File(path) => std::fs::metadata(path).ok().map(|meta| meta.len()),
                Source::Form(form) => form.length(),
            },
        };
        match known {
            Some(known) if known != said => Err(known),
            _ => Ok(()),
        }
    }

    /// Whether it can be sent a second time.
    pub fn is_replayable(&self) -> bool {
        match self {
            Self::None | Self::Bytes(_) => true,
            Self::Stream(stream) => match &stream.source {
                Source::File(_) => true,
                Source::Once(_) => false,
                Source::Form(form) => form.is_replayable(),
            },
        }
    }
}

/// A streamed body as it goes over the wire.
pub(super) struct Wire {
    /// What is read.
    pub(super) reader: Box<dyn Read + Send>,
    /// How long it is, in bytes, where that is known.
    pub(super) length: Option<u64>,
    /// Whom it is shown to.
    pub(super) progress: Progress,
    /// Asked what was wrong with it, should the sending fail.
    pub(super) fault: Fault,
}

impl Stream {
    /// Opens it.
    pub(super) fn wire(&self) -> Result<Wire, ApiError> {
        let fault = Fault::default();
        let (reader, length): (Box<dyn Read + Send>, _) = match &self.source {
            Source::File(path) => {
                let (file, length) = opened(path, &fault)?;
                (Box::new(file), Some(length))
            }
            Source::Once(once) => (once.open(self.length, &fault)?, self.length),
            Source::Form(form) => form.open(&fault)?,
        };
        let progress = match &self.ui {
            Some(ui) => Progress::new(ui, Direction::Upload, length),
            None => Progress::hidden(),
        };
        let shown = Shown {
            reader,
            progress: progress.clone(),
        };
        Ok(Wire {
            reader: Box::new(shown),
            length,
            progress,
            fault,
        })
    }
}

/// Opens a file; it must stay as long as it is now.
pub(super) fn opened(
    path: &Path,
    fault: &Fault,
) -> Result<(impl Read + Send + 'static, u64), ApiError> {
    let file = File::open(path).and_then(|file| {
        let length = file.metadata()?.len();
        Ok((file, length))
    });
    let (file, length) = file.map_err(|source| ApiError::Body {
        path: path.to_owned(),
        source,
    })?;
    let exact = Exact {
        reader: BufReader::with_capacity(PIECE, file),
        left: length,
        what: path.display().to_string(),
        fault: fault.clone(),
    };
    Ok((exact, length))
}

/// What was wrong with a body that was not sent to its end.
#[derive(Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<ApiError>>>);

impl Fault {
    /// What it was, where it was the body's.
    pub(super) fn take(&self) -> Option<ApiError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, what: &str, why: &str) -> io::Error {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *fault = Some(ApiError::Upload {
            what: what.to_owned(),
            why: why.to_owned(),
        });
        io::Error::other(why.to_owned())
    }
}

/// A reader that must give so many bytes, no more and no less: whoever was
/// promised them would wait for ever, or take the rest for a request.
struct Exact<R> {
    reader: R,
    left: u64,
    what: String,
    fault: Fault,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let room = room.min(buffer.len());
        let read = match self.reader.read(&mut buffer[..room]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(self.fault.note(&self.what, &error.to_string())),
        };
        if read == 0 {
            return Err(self.fault.note(&self.what, SHRANK));
        }
        self.left -= read as u64;
        // The last piece is held back until it is known to be the last.
        if self.left == 0 && self.reader.read(&mut [0])? > 0 {
            return Err(self.fault.note(&self.what, GREW));
        }
        Ok(read)
    }
}

/// A reader whose errors are noted.
struct Noted<R> {
    reader: R,
    what: String,
    fault: Fault,
}

impl<R: Read> Read for Noted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            self.fault.note(&self.what, &error.to_string())
        })
    }
}

/// A reader that tells how far it has come.
struct Shown {
    reader: Box<dyn Read + Send>,
    progress: Progress,
}

impl Read for Shown {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.progress.moved(read as u64);
        Ok(read)
    }
}

/// Sent, or given up.
impl Drop for Shown {
    fn drop(&mut self) {
        self.progress.finish();
    }
}

/// What can be read once.
#[derive(Clone)]
pub struct Once {
    what: String,
    reader: Arc<Mutex<Option<Box<dyn Read + Send>>>>,
}

/// What reading it once came to.
pub enum Begun {
    /// It was short enough to be kept.
    Whole(Vec<u8>),
    /// There is more of it.
    More(Once),
}

impl Once {
    /// Reads the beginning. `what` names it in messages.
    pub fn begin(what: String, mut reader: impl Read + Send + 'static) -> io::Result<Begun> {
        let mut first = Vec::new();
        reader.by_ref().take(KEPT + 1).read_to_end(&mut first)?;
        if first.len() as u64 <= KEPT {
            return Ok(Begun::Whole(first));
        }
        let whole = Cursor::new(first).chain(BufReader::with_capacity(PIECE, reader));
        Ok(Begun::More(Self {
            what,
            reader: Arc::new(Mutex::new(Some(Box::new(whole)))),
        }))
    }

    pub(super) fn open(
        &self,
        length: Option<u64>,
        fault: &Fault,
    ) -> Result<Box<dyn Read + Send>, ApiError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reader) = reader.take() else {
            return Err(ApiError::Upload {
                what: self.what.clone(),
                why: "it was sent already, and cannot be read twice".to_owned(),
            });
        };
        let (what, fault) = (self.what.clone(), fault.clone());
        Ok(match length {
            Some(left) => Box::new(Exact {
                reader,
                left,
                what,
                fault,
            }),
            None => Box::new(Noted {
                reader,
                what,
                fault,
            }),
        })
    }
}
