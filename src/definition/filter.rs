//! The filters of placeholders: `{name|filter|filter:argument}`. A chain works
//! on bytes; what comes out is text again, a digest that nothing encoded as
//! hex. Reading a filter finds every mistake, so that running one fails only
//! for what a value holds.

use std::ops::Range;

use base64::Engine as _;
use hmac::{KeyInit as _, Mac as _};
use sha2::Digest as _;

use super::report::closest;
use super::template::{Names, RenderError, Scope, TemplateProblem, Value, check_name};
use super::url_rules::encode_all;
use crate::clock::Timestamp;

/// A function on bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Base64,
    Base64Url,
    UrlEncode,
    Sha256,
    /// With the name of the key, and where that stands in the string.
    HmacSha256 {
        key: String,
        at: Range<usize>,
    },
    Hex,
    Lower,
    Rfc3339,
    Path,
}

const FILTERS: [&str; 9] = [
    "base64",
    "base64url",
    "urlencode",
    "sha256",
    "hmac_sha256",
    "hex",
    "lower",
    "rfc3339",
    "path",
];

impl Filter {
    /// Reads a filter that begins at `offset` of the string.
    pub(super) fn parse(text: &str, offset: usize, names: &Names) -> Result<Self, TemplateProblem> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let problem = |message: String, help: String| TemplateProblem {
            range: offset..offset + text.len(),
            message,
            help,
        };
        let filter = match name {
            "base64" => Filter::Base64,
            "base64url" => Filter::Base64Url,
            "urlencode" => Filter::UrlEncode,
            "sha256" => Filter::Sha256,
            "hex" => Filter::Hex,
            "lower" => Filter::Lower,
            "rfc3339" => Filter::Rfc3339,
            "path" => Filter::Path,
            "hmac_sha256" => {
                let Some(key) = argument else {
                    return Err(problem(
                        "`hmac_sha256` needs a key".to_owned(),
                        "name one: `hmac_sha256:client_secret`".to_owned(),
                    ));
                };
                let start = offset + name.len() + 1;
                check_name(key, start, names)?;
                return Ok(Filter::HmacSha256 {
                    key: key.to_owned(),
                    at: start..start + key.len(),
                });
            }
            _ => {
                let help = match closest(name, FILTERS) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => format!("the filters are {}", FILTERS.join(", ")),
                };
                return Err(problem(format!("`{name}` is not a filter"), help));
            }
        };
        match argument {
            None => Ok(filter),
            Some(_) => Err(problem(
                format!("`{name}` takes no argument"),
                format!("write `{name}`"),
            )),
        }
    }
}

/// A value after a chain of filters; secret when the value or a key was.
/// `None`: a key is optional and unset.
pub(super) fn run(
    filters: &[Filter],
    name: &str,
    value: Value,
    scope: &dyn Scope,
) -> Result<Option<Value>, RenderError> {
    if filters.is_empty() {
        return Ok(Some(value));
    }
    let mut secret = value.secret;
    let mut data = Data::text(value.text.expose());
    for filter in filters {
        if let Filter::HmacSha256 { key, .. } = filter {
            let Some(key) = scope.value(key)? else {
                return Ok(None);
            };
            secret |= key.secret;
            data = data.hmac(key.text.expose().as_bytes());
        } else {
            data = data.through(filter, name)?;
        }
    }
    let text = data.into_text(name)?;
    Ok(Some(Value {
        text: text.into(),
        secret,
    }))
}

/// What flows through a chain of filters.
struct Data {
    bytes: Vec<u8>,
    digest: bool,
}

impl Data {
    fn text(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            digest: false,
        }
    }

    fn hmac(self, key: &[u8]) -> Self {
        // HMAC takes keys of any length, so making one cannot fail.
        let Ok(mut mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(key) else {
            return self;
        };
        mac.update(&self.bytes);
        Self {
            bytes: mac.finalize().into_bytes().to_vec(),
            digest: true,
        }
    }

    fn through(self, filter: &Filter, name: &str) -> Result<Self, RenderError> {
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        Ok(match filter {
            Filter::Base64 => Self::text(STANDARD.encode(&self.bytes)),
            Filter::Base64Url => Self::text(URL_SAFE_NO_PAD.encode(&self.bytes)),
            Filter::UrlEncode => Self::text(encode_all(&self.bytes)),
            Filter::Sha256 => Self {
                bytes: sha2::Sha256::digest(&self.bytes).to_vec(),
                digest: true,
            },
            Filter::Hex => Self::text(hex::encode(&self.bytes)),
            Filter::Lower => Self::text(self.into_text(name)?.to_lowercase()),
            Filter::Rfc3339 => {
                let text = self.into_text(name)?;
                let seconds = text.parse().map_err(|_| RenderError::Unfit {
                    name: name.to_owned(),
                    place: "before `rfc3339`",
                    why: "it is not a number of seconds".to_owned(),
                })?;
                Self::text(Timestamp::from_unix(seconds).to_string())
            }
            Filter::Path | Filter::HmacSha256 { .. } => self,
        })
    }

    /// A digest that no filter encoded is hex.
    fn into_text(self, name: &str) -> Result<String, RenderError> {
        if self.digest {
            return Ok(hex::encode(self.bytes));
        }
        String::from_utf8(self.bytes).map_err(|_| RenderError::Unfit {
            name: name.to_owned(),
            place: "in text",
            why: "it is not UTF-8".to_owned(),
        })
    }
}
