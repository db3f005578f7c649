//! Which project files may be used: a person looked at the bytes and said so.
//! What is remembered is the bytes' hash, under the file's own path without
//! links, in the data directory; with it what the file could do then, and a
//! hash of each line with its secrets blanked, so that a later look can tell
//! the difference without the text being kept.
//!
//! Promises: what is remembered is the hash of the bytes that were shown, and
//! whoever cannot be asked has to say `--yes`.

mod review;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::definition::{Definitions, Project, Reach, Standing};
use crate::error::{Failure, Kind, Result};
use crate::fs;
use crate::interaction::Interaction;
use crate::ui::{Ui, escape};

/// What is remembered of a file that was trusted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The file's own path, as far as it is text.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// When.
    pub trusted_at: Timestamp,
    /// Its definitions, by key, and what each could do.
    pub reach: BTreeMap<String, Reach>,
    /// Its lines, secrets blanked, each as the beginning of its hash.
    lines: Vec<String>,
}

/// What the hot path needs of a record.
#[derive(Deserialize)]
struct Mark {
    sha256: String,
}

/// The memory of trusted files.
#[derive(Clone, Debug)]
pub struct Ledger {
    dir: PathBuf,
}

impl Ledger {
    /// The one kept in this directory, which need not be there.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// What is known of a file. What is remembered and cannot be read, or could
    /// have been written by others, is not remembered.
    pub fn standing(&self, file: &Project) -> Standing {
        let Some(text) = self.text(file.canonical()) else {
            return Standing::New;
        };
        match serde_json::from_str::<Mark>(&text).ok() {
            Some(mark) if mark.sha256 == file.sha256() => Standing::Trusted,
            Some(_) => {
                let record = serde_json::from_str::<Record>(&text).ok();
                let keys = record.map(|record| record.reach.into_keys().collect());
                Standing::Changed(keys.unwrap_or_default())
            }
            None => Standing::New,
        }
    }

    /// What is remembered of the file at this path without links.
    pub fn record(&self, canonical: &Path) -> Option<Record> {
        serde_json::from_str(&self.text(canonical)?).ok()
    }

    /// All that is remembered, by path.
    pub fn all(&self) -> Result<Vec<Record>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if fs::is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.unusable(error)),
        };
        let texts = entries.filter_map(|entry| fs::read_trusted(&entry.ok()?.path()).ok());
        let mut records: Vec<Record> = texts
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect();
        records.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(records)
    }

    /// Forgets the file at this path without links; `false` when there was
    /// nothing to forget.
    pub fn forget(&self, canonical: &Path) -> Result<bool> {
        let place = self.place(canonical);
        let was = std::fs::symlink_metadata(&place).is_ok();
        fs::remove(&place).map_err(|error| self.unusable(error))?;
        Ok(was)
    }

    fn keep(&self, canonical: &Path, record: &Record) -> Result<()> {
        let text = serde_json::to_vec_pretty(record).map_err(anyhow::Error::from)?;
        fs::write_atomic(&self.place(canonical), &text).map_err(|error| self.unusable(error))
    }

    fn text(&self, canonical: &Path) -> Option<String> {
        fs::read_trusted(&self.place(canonical)).ok()
    }

    fn place(&self, canonical: &Path) -> PathBuf {
        let name = Sha256::digest(canonical.as_os_str().as_encoded_bytes());
        self.dir.join(format!("{}.json", hex::encode(name)))
    }

    fn unusable(&self, error: std::io::Error) -> Failure {
        let dir = self.dir.display();
        Failure::caused(Kind::Store, error)
            .context(format!("what is trusted cannot be kept in `{dir}`"))
            .hint(format!(
                "see that you can write in `{dir}`, then run the command again"
            ))
    }
}

/// Who is asked, and how.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The person.
    pub interaction: &'a Interaction,
    /// How they are spoken to.
    pub ui: Ui,
    /// Whether the answer was given beforehand: yes.
    pub yes: bool,
}

/// Shows what a file would do, asks, and remembers a yes. Returns whether the
/// file is trusted now; a file with problems cannot be.
pub fn offer(
    file: &Project,
    own: &Definitions,
    ledger: &Ledger,
    asking: Asking<'_>,
) -> Result<bool> {
    let path = escape(&file.path().display().to_string()).into_owned();
    if let Some(fault) = file.fault() {
        return Err(Failure::new(Kind::Definition, fault)
            .context(format!("`{path}` cannot be trusted"))
            .hint(file.remedy()));
    }
    let review = review::of(file, own, ledger.record(file.canonical()).as_ref())?;
    let attended = asking.interaction.attended();
    if attended {
        // They are asked about it, whatever they silenced.
        asking.ui.always(&review.text);
    } else {
        asking.ui.note(&review.text);
    }
    if !asking.yes && !attended {
        return Err(Failure::new(
            Kind::NeedsConnecting,
            format!("`{path}` is not trusted: nobody is there to ask"),
        )
        .hint("run `hallpass trust` at a terminal, or `hallpass trust --yes` where the file is known to be good"));
    }
    let question = format!("Let hallpass use `{path}`?");
    if !asking.yes && !asking.interaction.confirm(&question, false)? {
        return Ok(false);
    }
    ledger.keep(file.canonical(), &review.record)?;
    Ok(true)
}
