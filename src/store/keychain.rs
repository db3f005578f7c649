//! Connections in the platform's keychain, service `hallpass`, account CONN.
//! Where the platform limits an item, a text is kept in parts: they are
//! written first, under names of the new generation (`CONN#g7.1`; no CONN has
//! a `#`), and the head last, under CONN itself; it says generation, number,
//! length and digest. Only then do the parts of the generation before go.
//!
//! Promises: a reader gets the old text or the new one, also from a write or
//! a delete that was cut off anywhere; what such a one left behind goes with
//! the next write.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::vault::{SecretBytes, Vault, VaultError};
use super::{Store, StoreError};
use crate::connection::ConnectionId;
use crate::secret::Secret;

/// What a head begins with; a text of ours is JSON and never does.
const MARK: u8 = b'#';
/// The most parts of one text.
const MAX_PARTS: usize = 100;
/// How often a reader begins anew because a writer came between.
const TRIES: usize = 8;

/// Keeps credentials in a keychain.
#[derive(Debug)]
pub(super) struct Keychain<V> {
    vault: V,
    /// The most one item holds, in bytes.
    limit: Option<usize>,
}

/// The first line of an item that is limited in size; a text of no parts
/// stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    generation: u64,
    parts: usize,
    /// In bytes.
    length: usize,
    /// SHA-256 of the text, in hex.
    sha256: String,
    /// The text is forgotten; its parts may still be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
}

/// What stands under CONN.
enum Top {
    Nothing,
    /// A text that was kept whole, without a head.
    Bare(SecretBytes),
    Headed(Head, SecretBytes),
}

impl<V: Vault> Keychain<V> {
    pub(super) fn new(vault: V, limit: Option<usize>) -> Self {
        Self { vault, limit }
    }

    fn top(&self, account: &str) -> Result<Top, VaultError> {
        let Some(bytes) = self.vault.get(account)? else {
            return Ok(Top::Nothing);
        };
        if bytes.first() != Some(&MARK) {
            return Ok(Top::Bare(bytes));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let head = end.and_then(|end| serde_json::from_slice(&bytes[1..end]).ok());
        match (head, end) {
            (Some(head), Some(end)) => {
                Ok(Top::Headed(head, Zeroizing::new(bytes[end + 1..].to_vec())))
            }
            _ => Err(VaultError::Malformed("its head is damaged".to_owned())),
        }
    }

    /// The text; a reader that a writer overtakes begins anew.
    fn read(&self, account: &str) -> Result<Option<SecretBytes>, VaultError> {
        let mut before = None;
        for _ in 0..TRIES {
            let (head, inline) = match self.top(account)? {
                Top::Nothing => return Ok(None),
                Top::Bare(text) => return Ok(Some(text)),
                Top::Headed(head, _) if head.gone => return Ok(None),
                Top::Headed(head, inline) => (head, inline),
            };
            if before.as_ref() == Some(&head) {
                return Err(VaultError::Malformed(
                    "parts of it are missing or changed".to_owned(),
                ));
            }
            let text = match head.parts {
                0 => Some(inline),
                _ => self.join(account, &head)?,
            };
            match text.filter(|text| head.is_of(text)) {
                Some(text) => return Ok(Some(text)),
                None => before = Some(head),
            }
        }
        Err(VaultError::Malformed(
            "it changes too fast to be read".to_owned(),
        ))
    }

    fn join(&self, account: &str, head: &Head) -> Result<Option<SecretBytes>, VaultError> {
        if head.parts > MAX_PARTS {
            return Ok(None);
        }
        let mut text = Zeroizing::new(Vec::with_capacity(head.length.min(1 << 20)));
        for number in 1..=head.parts {
            match self.vault.get(&part(account, head.generation, number))? {
                Some(bytes) => text.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
        Ok(Some(text))
    }

    fn write(&self, account: &str, text: &[u8]) -> Result<(), VaultError> {
        let Some(limit) = self.limit else {
            return self.vault.set(account, text);
        };
        let old = self.generation(account)?;
        let generation = old + 1;
        // What writes before this one left behind, should they have been cut
        // off: parts that were to go, and parts that no head came to name.
        self.clear(account, old.saturating_sub(1), 0)?;
        let mut head = Head::new(generation, 0, text);
        let mut whole = head.line();
        whole.extend_from_slice(text);
        if whole.len() > limit {
            head.parts = text.len().div_ceil(limit);
            whole = head.line();
        }
        if head.parts > MAX_PARTS || whole.len() > limit {
            return Err(VaultError::TooLarge(
                u32::try_from(limit).unwrap_or(u32::MAX),
            ));
        }
        let written = self
            .write_parts(account, &head, text, limit)
            .and_then(|()| self.clear(account, generation, head.parts));
        if let Err(error) = written {
            // The old text stands; these parts would go with the next write.
            let _ = self.clear(account, generation, 0);
            return Err(error);
        }
        self.vault.set(account, &whole)?;
        // The new text is kept; what does not go now goes with the next write.
        let _ = self.clear(account, old, 0);
        Ok(())
    }

    fn write_parts(
        &self,
        account: &str,
        head: &Head,
        text: &[u8],
        limit: usize,
    ) -> Result<(), VaultError> {
        let parts = text.chunks(limit).take(head.parts);
        for (at, bytes) in parts.enumerate() {
            let name = part(account, head.generation, at + 1);
            self.vault.set(&name, bytes)?;
        }
        Ok(())
    }

    /// The generation that is kept now; damage counts as the first.
    fn generation(&self, account: &str) -> Result<u64, VaultError> {
        match self.top(account) {
            Ok(Top::Headed(head, _)) => Ok(head.generation),
            Ok(Top::Nothing | Top::Bare(_)) | Err(VaultError::Malformed(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Deletes a generation's parts behind the first `keep`, the last one
    /// first: what is left when that is cut off has no gap, and is found again.
    fn clear(&self, account: &str, generation: u64, keep: usize) -> Result<(), VaultError> {
        let mut last = keep;
        while last < MAX_PARTS
            && self
                .vault
                .get(&part(account, generation, last + 1))?
                .is_some()
        {
            last += 1;
        }
        for number in (keep + 1..=last).rev() {
            self.vault.delete(&part(account, generation, number))?;
        }
        Ok(())
    }

    /// The head says that the text is gone before its parts go.
    fn forget(&self, account: &str) -> Result<(), VaultError> {
        let headed = match self.top(account) {
            Ok(Top::Headed(head, _)) => Some(head),
            Ok(Top::Nothing | Top::Bare(_)) | Err(VaultError::Malformed(_)) => None,
            Err(error) => return Err(error),
        };
        if let Some(mut head) = headed {
            if !head.gone {
                head.gone = true;
                self.vault.set(account, &head.line())?;
            }
            let next = head.generation + 1;
            for generation in [next, head.generation, head.generation.saturating_sub(1)] {
                self.clear(account, generation, 0)?;
            }
        } else if self.limit.is_some() {
            // A first write that was cut off has no head yet.
            self.clear(account, 1, 0)?;
        }
        self.vault.delete(account)
    }
}

impl Head {
    fn new(generation: u64, parts: usize, text: &[u8]) -> Self {
        Self {
            generation,
            parts,
            length: text.len(),
            sha256: hex::encode(Sha256::digest(text)),
            gone: false,
        }
    }

    fn is_of(&self, text: &[u8]) -> bool {
        *self == Self::new(self.generation, self.parts, text)
    }

    fn line(&self) -> SecretBytes {
        let mut line = vec![MARK];
        // A struct of numbers and hex always has a JSON form.
        line.extend(serde_json::to_vec(self).unwrap_or_default());
        line.push(b'\n');
        Zeroizing::new(line)
    }
}

fn part(account: &str, generation: u64, number: usize) -> String {
    format!("{account}#g{generation}.{number}")
}

impl<V: Vault> Store for Keychain<V> {
    fn get(&self, id: &ConnectionId) -> Result<Option<Secret>, StoreError> {
        let account = id.to_string();
        let bytes = self.read(&account).map_err(|error| told(id, error))?;
        bytes
            .map(|bytes| match std::str::from_utf8(&bytes) {
                Ok(text) => Ok(Secret::new(text)),
                Err(_) => Err(StoreError::corrupt(id, "it is not text")),
            })
            .transpose()
    }

    fn put(&self, id: &ConnectionId, text: &Secret) -> Result<(), StoreError> {
        let account = id.to_string();
        self.write(&account, text.expose().as_bytes())
            .map_err(|error| told(id, error))
    }

    /// Keeps something and forgets it: a keychain may be unlocked only when it
    /// is written to, and a person is asked for that best before anything else.
    fn probe(&self) -> Result<(), StoreError> {
        let id = ConnectionId::new("hallpass", "probe");
        let account = format!("{id}#{}", std::process::id());
        let probed = self.vault.set(&account, b"probe");
        let probed = probed.and_then(|()| self.vault.delete(&account));
        probed.map_err(|error| told(&id, error))
    }

    /// Whether it takes writes now is all that can be made sure of.
    fn reserve(&self, _id: &ConnectionId, _writes: usize) -> Result<(), StoreError> {
        self.probe()
    }

    fn look(&self) -> Result<(), StoreError> {
        let id = ConnectionId::new("hallpass", "look");
        self.vault.look().map_err(|error| told(&id, error))?;
        self.get(&id).map(drop)
    }

    fn delete(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.forget(&id.to_string())
            .map_err(|error| told(id, error))
    }
}

fn told(id: &ConnectionId, error: VaultError) -> StoreError {
    match error {
        VaultError::Absent(why) => StoreError::Absent(why),
        VaultError::Locked(why) => StoreError::Locked(why),
        VaultError::Denied(why) => StoreError::Denied(why),
        VaultError::TimedOut(waited) => StoreError::TimedOut(waited),
        VaultError::TooLarge(limit) => StoreError::TooLarge {
            id: id.clone(),
            limit,
        },
        VaultError::Malformed(why) => StoreError::corrupt(id, why),
    }
}

#[cfg(test)]
mod tests;
