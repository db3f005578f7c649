//! What a person recognises a service by: its name, a sentence, a picture, a
//! colour. A picture is a file beside the definitions, looked at only when it
//! is shown; nothing is ever loaded from the network.

use std::path::{Component, Path, PathBuf};

use super::doubts::Doubt;
use super::table::TableReader;
use super::tree::Node;
use crate::fs::{self, ReadError};
use crate::ui;

/// The most a picture may have, in bytes: it stands in a page as a whole.
const LARGEST: u64 = 64 * 1024;
/// The most characters an emoji is made of; flags and families have many.
const LONGEST_EMOJI: usize = 16;
/// The most letters that stand for a picture.
const LETTERS: usize = 3;

/// How a service presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// What people call it.
    pub name: String,
    /// One sentence on it.
    pub description: Option<String>,
    /// Its picture.
    pub icon: Option<Icon>,
    /// Its colour.
    pub color: Option<Color>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Icon {
    /// An emoji, or up to three letters.
    Text(String),
    /// A file beside the definitions.
    File(Picture),
}

/// A picture in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it is.
    pub path: PathBuf,
    /// Its media type, as its name says.
    pub media_type: &'static str,
}

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is no file.
    #[error("it is not a file")]
    NoFile,
    /// It has more than 64 KiB.
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// Its bytes are no picture of the kind its name says.
    #[error("it is not what its name says, {0}")]
    OtherKind(&'static str),
}

impl From<ReadError> for PictureError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotAFile { .. } => Self::NoFile,
            other => Self::Unreadable(other.why()),
        }
    }
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red, green and blue.
    pub rgb: [u8; 3],
}

/// Media types by the ends of file names.
const KINDS: [(&str, &str); 6] = [
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// What helps against most mistakes.
const SAVE_IT: &str = "save the picture beside the definitions and write its name, such as `icon = \"logo.svg\"`, or write an emoji or up to three letters";

impl Picture {
    /// Its bytes, which are a picture of its kind as far as their beginning
    /// tells.
    pub fn read(&self) -> Result<Vec<u8>, PictureError> {
        let (bytes, whole) = fs::read_up_to(&self.path, LARGEST)?;
        if !whole {
            return Err(PictureError::TooLarge);
        }
        let fits = match self.media_type {
            "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
            "image/gif" => bytes.starts_with(b"GIF8"),
            "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
            _ => bytes.windows(4).any(|window| window == b"<svg"),
        };
        if fits {
            Ok(bytes)
        } else {
            Err(PictureError::OtherKind(self.media_type))
        }
    }
}

impl Color {
    /// Reads `#rgb` or `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let digits: Vec<u8> = digits
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let rgb = match digits[..] {
            [r, g, b] => [r * 17, g * 17, b * 17],
            [r1, r0, g1, g0, b1, b0] => [r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0],
            _ => return None,
        };
        Some(Self { rgb })
    }
}

/// Reads `icon`.
pub(super) fn icon(table: &mut TableReader<'_>) -> Option<Icon> {
    let (text, node) = table.string("icon")?;
    match read_icon(text, node) {
        Ok(icon) => {
            if let Icon::File(picture) = &icon {
                let doubt = Doubt::picture(node, picture.clone());
                table.problems().doubt(doubt);
            }
            Some(icon)
        }
        Err(what) => {
            let problem = node.problem(format!("`icon` is {what}"), SAVE_IT);
            table.problems().add(problem);
            None
        }
    }
}

fn read_icon(text: &str, node: &Node) -> Result<Icon, &'static str> {
    if text.trim().is_empty() {
        return Err("empty");
    }
    if text.chars().any(ui::is_harmful) {
        return Err("a text with control characters in it");
    }
    if text.contains("://") || text.starts_with("//") || text.starts_with("data:") {
        return Err("a URL, and nothing is loaded from the network");
    }
    if let Some((_, end)) = text.rsplit_once('.')
        && let Some((_, media_type)) = KINDS
            .iter()
            .find(|(kind, _)| end.eq_ignore_ascii_case(kind))
    {
        return picture(text, media_type, node).map(Icon::File);
    }
    let length = text.chars().count();
    let letters = length <= LETTERS && !text.contains(char::is_whitespace);
    let emoji = length <= LONGEST_EMOJI
        && !text.contains(|c: char| c.is_ascii() || c.is_alphanumeric() || c.is_whitespace());
    if letters || emoji {
        Ok(Icon::Text(text.to_owned()))
    } else if text.contains(['.', '/', '\\']) {
        Err("not a png, svg, jpeg, gif or webp file")
    } else {
        Err("neither an emoji, nor up to three letters, nor a picture's name")
    }
}

fn picture(text: &str, media_type: &'static str, node: &Node) -> Result<Picture, &'static str> {
    let path = Path::new(text);
    let below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !path.components().all(below) {
        return Err("not beside the definitions");
    }
    let beside = node.source.path.parent().map(|dir| dir.join(path));
    Ok(Picture {
        path: beside.unwrap_or_else(|| path.to_owned()),
        media_type,
    })
}

/// Reads `color`.
pub(super) fn color(table: &mut TableReader<'_>) -> Option<Color> {
    let (text, node) = table.string("color")?;
    let color = Color::parse(text);
    if color.is_none() {
        table.problems().add(node.problem(
            format!("`{text}` is not a colour"),
            "write `#rgb` or `#rrggbb`, such as `color = \"#24292f\"`",
        ));
    }
    color
}
