//! The project file: the nearest `integrations.toml` from the working
//! directory upward. Anybody may have put it there, so it is found with a few
//! looks at names, opened without waiting, read once and no further than a
//! bound; its hash is that of the bytes its definitions are made of. Whether it
//! may be used is not decided here.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::blank::blanked;
use super::load::{Definitions, Found};
use crate::fs;

/// What it is called.
pub const NAME: &str = "integrations.toml";

/// The most that is read of one, in bytes.
const MOST: u64 = 1024 * 1024;

/// A file that was found, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Project {
    definitions: Definitions,
    path: PathBuf,
    canonical: PathBuf,
    sha256: String,
    fault: Option<String>,
    whole: bool,
}

/// Looks for one: up to `home` when the working directory is inside it, else
/// to the file system's edge, and on Unix no further than the device. `own`,
/// the user's own definitions, is none.
pub fn find(home: Option<&Path>, own: Option<&Path>) -> Option<PathBuf> {
    // The system gives it without links, so home is compared without them.
    let from = std::env::current_dir().ok()?;
    let home = home.and_then(|home| std::fs::canonicalize(home).ok());
    let last = home.filter(|home| from.starts_with(home));
    let is_one = |path: &Path| std::fs::symlink_metadata(path).is_ok() && !is_same(path, own);
    nearest(&from, last.as_deref(), device, is_one)
}

/// The nearest file that is one, in the directories up to `last`, as long as
/// they are on the same device.
fn nearest<D: PartialEq>(
    from: &Path,
    last: Option<&Path>,
    device: impl Fn(&Path) -> D,
    is_one: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let first = device(from);
    for dir in from.ancestors() {
        if dir != from && device(dir) != first {
            return None;
        }
        let path = dir.join(NAME);
        if is_one(&path) {
            return Some(path);
        }
        if last == Some(dir) {
            return None;
        }
    }
    None
}

#[cfg(unix)]
fn device(dir: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(dir).ok().map(|meta| meta.dev())
}

/// Elsewhere a volume has a root of its own.
#[cfg(not(unix))]
fn device(_dir: &Path) -> Option<u64> {
    None
}

fn is_same(path: &Path, own: Option<&Path>) -> bool {
    let own = own.and_then(|own| std::fs::canonicalize(own).ok());
    own.is_some() && own == std::fs::canonicalize(path).ok()
}

impl Project {
    /// Reads the file; what is wrong with it is its fault, and no error.
    pub fn read(path: &Path) -> Self {
        let canonical = canonical(path);
        // What a definition names beside it is beside the file itself.
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
        let place = if is_link { &canonical } else { path };
        let (bytes, mut fault, mut whole) = match fs::read_found(path, MOST) {
            Ok(found) => (found.bytes, found.fault, found.whole),
            Err(error) => (Vec::new(), Some(error.to_string()), false),
        };
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            fault.get_or_insert_with(|| "it is not text".to_owned());
            whole = false;
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Self {
            definitions: Definitions::of_text(place, text),
            path: path.to_owned(),
            canonical,
            sha256,
            fault,
            whole,
        }
    }

    /// Where it was found, be that a link.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own path, without links: what trust is remembered under.
    pub fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// SHA-256 of the bytes that were read, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What it says, as far as it could be read.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Its lines, literal secrets blanked.
    pub fn shown_lines(&self) -> Vec<String> {
        shown_lines(&self.definitions.source().text)
    }

    /// What its definitions come to, over those of `own`; nothing outside the
    /// two texts is looked at.
    pub fn all(&self, own: &Definitions) -> Found {
        self.definitions.all_over(Some(own), &|_| true)
    }

    /// Why it cannot be used, whatever anybody says; what it says, as TOML or
    /// as definitions, is not looked at.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// What to do about its fault.
    pub fn remedy(&self) -> &'static str {
        if self.whole || self.is_unread() {
            "make it a file of your own, or take it away"
        } else {
            "mend it, or take it away"
        }
    }

    /// Whether nothing of it could be read.
    pub(super) fn is_unread(&self) -> bool {
        !self.whole && self.definitions.source().text.is_empty()
    }

    /// Whether all of it was read.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }
}

/// A path without links; one of a file that is gone still has its directory's.
pub fn canonical(path: &Path) -> PathBuf {
    let whole = std::fs::canonicalize(path);
    let beside = || {
        let path = std::path::absolute(path).ok()?;
        let dir = std::fs::canonicalize(path.parent()?).ok()?;
        Some(dir.join(path.file_name()?))
    };
    whole
        .ok()
        .or_else(beside)
        .unwrap_or_else(|| path.to_owned())
}

/// The lines of a text as they may be shown: literal secrets, those in
/// comments too, are `***` whatever their length.
fn shown_lines(text: &str) -> Vec<String> {
    let shown = blanked(text);
    let line = |line: &str| match line.trim_start().strip_prefix('#') {
        Some(comment) => format!("#{}", blanked(comment)),
        None => line.to_owned(),
    };
    shown.lines().map(|text| collapsed(&line(text))).collect()
}

/// The same with one length for all runs of stars.
fn collapsed(line: &str) -> String {
    let mut collapsed = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('*') {
        collapsed.push_str(&rest[..at]);
        collapsed.push_str("***");
        rest = rest[at..].trim_start_matches('*');
    }
    collapsed.push_str(rest);
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_line_tells_no_secret_nor_its_length() {
        let text =
            "[integrations.x.auth] # **\nclient_secret = \"hunter2\"\n# api_key = \"hunter2\"\n";
        let shown = [
            "[integrations.x.auth] # ***",
            "client_secret = \"***\"",
            "# api_key = \"***\"",
        ];
        assert_eq!(shown_lines(text), shown);
    }

    #[cfg(unix)]
    #[test]
    fn the_search_ends_at_home_the_device_and_the_edge() {
        let looked = |home: Option<&str>, mounted: &'static str| {
            let looked = std::cell::RefCell::new(Vec::new());
            let device = |dir: &Path| dir.starts_with(mounted);
            let found = nearest(Path::new("/h/me/a"), home.map(Path::new), device, |path| {
                looked.borrow_mut().push(path.parent().unwrap().to_owned());
                false
            });
            assert_eq!(found, None);
            looked.into_inner()
        };
        for (home, mounted, expected) in [
            (None, "/", vec!["/h/me/a", "/h/me", "/h", "/"]),
            (Some("/h/me"), "/", vec!["/h/me/a", "/h/me"]),
            (Some("/h/me/a"), "/", vec!["/h/me/a"]),
            (None, "/h/me", vec!["/h/me/a", "/h/me"]),
            (Some("/h"), "/h/me/a", vec!["/h/me/a"]),
        ] {
            let expected: Vec<&Path> = expected.into_iter().map(Path::new).collect();
            assert_eq!(looked(home, mounted), expected, "{home:?} {mounted}");
        }
    }
}
