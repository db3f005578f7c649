//! Reading a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as
//! leniently as real providers need it: JSON or form whatever the content type
//! says, `token_type` missing or in any case, `expires_in` a number or a
//! string, scopes a string or a list, an `error` in a 200.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::clock::Timestamp;
use crate::credential::Credential;
use crate::secret::Secret;

/// A successful answer.
#[derive(Clone)]
pub struct Answer {
    /// The access token.
    pub access_token: Secret,
    /// Its type; `Bearer` when the provider did not say.
    pub token_type: String,
    /// Its life; `None` when the provider did not say.
    pub expires_in: Option<Duration>,
    /// A refresh token, where one came.
    pub refresh_token: Option<Secret>,
    /// An ID token, where one came.
    pub id_token: Option<Secret>,
    /// What was granted; `None` when the provider did not say.
    pub scopes: Option<Vec<String>>,
}

/// What an answer was instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misanswer {
    /// The provider said no.
    Refused {
        /// The error code.
        error: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// It is no OAuth answer, or one that may be another next time.
    Unusable(String),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Reads status and body.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, Misanswer> {
        let fields = fields(body);
        if let Some(refusal) = fields.as_ref().and_then(refusal) {
            return Err(by_status(status, refusal));
        }
        if !(200..300).contains(&status) {
            return Err(match status {
                // Some providers refuse a client without a word.
                401 | 403 => Misanswer::Refused {
                    error: format!("HTTP {status}"),
                    description: None,
                },
                _ => Misanswer::Unusable(format!("HTTP {status}, and not an OAuth answer")),
            });
        }
        let fields = fields
            .ok_or_else(|| Misanswer::Unusable("it is neither JSON nor a form".to_owned()))?;
        Self::from_fields(&fields)
    }

    fn from_fields(fields: &Map<String, Json>) -> Result<Self, Misanswer> {
        let access_token = token(fields, "access_token")?
            .ok_or_else(|| Misanswer::Unusable("it holds no `access_token`".to_owned()))?;
        let token_type = fields.get("token_type").and_then(Json::as_str);
        Ok(Self {
            access_token,
            token_type: token_type
                .filter(|word| !word.is_empty())
                .map_or_else(|| "Bearer".to_owned(), canonical_type),
            expires_in: fields.get("expires_in").and_then(seconds),
            refresh_token: token(fields, "refresh_token")?,
            id_token: token(fields, "id_token")?,
            scopes: fields.get("scope").and_then(scopes),
        })
    }

    /// The credential this answer is, obtained now. `asked` are the scopes
    /// that were asked for, which count as granted when the answer is silent
    /// (RFC 6749 section 5.1).
    pub fn into_credential(self, asked: &[String], now: Timestamp) -> Credential {
        Credential {
            access_token: self.access_token,
            token_type: self.token_type,
            obtained_at: now,
            expires_at: self.expires_in.map(|life| now.after(life)),
            scopes: self.scopes.unwrap_or_else(|| asked.to_vec()),
            refresh_token: self.refresh_token,
            id_token: self.id_token,
        }
    }

    /// The answer as RFC 6749 section 5.1 would have it.
    pub(super) fn to_standard_json(&self) -> Vec<u8> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Json| fields.insert(name.to_owned(), value);
        put("access_token", self.access_token.expose().into());
        put("token_type", self.token_type.as_str().into());
        if let Some(life) = self.expires_in {
            put("expires_in", life.as_secs().into());
        }
        if let Some(token) = &self.refresh_token {
            put("refresh_token", token.expose().into());
        }
        if let Some(scopes) = &self.scopes {
            put("scope", scopes.join(" ").into());
        }
        Json::Object(fields).to_string().into_bytes()
    }
}

/// `bearer` in any case is `Bearer`, which APIs that look at the case want.
fn canonical_type(word: &str) -> String {
    if word.eq_ignore_ascii_case("bearer") {
        "Bearer".to_owned()
    } else {
        word.to_owned()
    }
}

/// The fields of a JSON object or of a form.
fn fields(body: &[u8]) -> Option<Map<String, Json>> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        return match json {
            Json::Object(fields) => Some(fields),
            _ => None,
        };
    }
    // A form is one line of pairs; a page of HTML is not.
    if text.starts_with('<') || text.contains(['\n', '{']) || !text.contains('=') {
        return None;
    }
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    Some(
        pairs
            .map(|(name, value)| (name.into_owned(), Json::String(value.into_owned())))
            .collect(),
    )
}

fn refusal(fields: &Map<String, Json>) -> Option<Misanswer> {
    let error = match fields.get("error")? {
        Json::Null | Json::Bool(false) => return None,
        Json::String(code) if code.is_empty() => return None,
        Json::String(code) => code.clone(),
        Json::Object(inner) => ["code", "type", "message", "status"]
            .iter()
            .find_map(|key| inner.get(*key).and_then(Json::as_str))
            .unwrap_or("error")
            .to_owned(),
        other => other.to_string(),
    };
    let description = fields
        .get("error_description")
        .or_else(|| fields.get("message"))
        .and_then(Json::as_str)
        .filter(|text| !text.is_empty())
        .map(ToOwned::to_owned);
    Some(Misanswer::Refused { error, description })
}

/// Errors that may pass are no refusal, and nor is any from a server that is
/// out of order or asks for patience.
fn by_status(status: u16, refusal: Misanswer) -> Misanswer {
    let Misanswer::Refused { error, description } = &refusal else {
        return refusal;
    };
    let passing = ["temporarily_unavailable", "server_error", "slow_down"];
    if status == 429 || status >= 500 || passing.contains(&error.as_str()) {
        let description = super::described(description.as_deref());
        return Misanswer::Unusable(format!("HTTP {status}, `{error}`{description}"));
    }
    refusal
}

/// A token: visible ASCII, else it would reach into the header it travels in.
fn token(fields: &Map<String, Json>, name: &str) -> Result<Option<Secret>, Misanswer> {
    let Some(text) = fields.get(name).and_then(Json::as_str) else {
        return Ok(None);
    };
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = format!("its `{name}` holds characters that no token may have");
        return Err(Misanswer::Unusable(why));
    }
    Ok(Some(Secret::new(text)))
}

fn seconds(value: &Json) -> Option<Duration> {
    let seconds = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

fn scopes(value: &Json) -> Option<Vec<String>> {
    let words: Vec<String> = match value {
        Json::String(text) => text
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(ToOwned::to_owned)
            .collect(),
        Json::Array(items) => items
            .iter()
            .filter_map(Json::as_str)
            .map(ToOwned::to_owned)
            .collect(),
        _ => return None,
    };
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Answer, Misanswer> {
        Answer::read(200, body.as_bytes())
    }

    #[test]
    fn answers_of_many_shapes_are_read() {
        for (body, token_type, seconds, scopes) in [
            (
                r#"{"access_token":"a","token_type":"bearer","expires_in":60,"scope":"x y"}"#,
                "Bearer",
                Some(60),
                "x y",
            ),
            (
                r#"{"access_token":"a","expires_in":"3600","scope":["x","y"]}"#,
                "Bearer",
                Some(3600),
                "x y",
            ),
            (
                "access_token=a&scope=x%2Cy&token_type=mac",
                "mac",
                None,
                "x y",
            ),
            (
                "\u{feff}{\"access_token\":\"a\",\"expires_in\":-5,\"scope\":\"x y\"}",
                "Bearer",
                Some(0),
                "x y",
            ),
        ] {
            let answer = read(body).unwrap();
            assert_eq!(answer.access_token.expose(), "a", "{body}");
            assert_eq!(answer.token_type, token_type, "{body}");
            assert_eq!(
                answer.expires_in.map(|life| life.as_secs()),
                seconds,
                "{body}"
            );
            assert_eq!(answer.scopes.unwrap().join(" "), scopes, "{body}");
        }
    }

    #[test]
    fn refusals_are_told_from_trouble() {
        for (status, body, refused) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"gone"}"#,
                true,
            ),
            (200, r#"{"error":"bad_verification_code"}"#, true),
            (200, "error=access_denied", true),
            (403, "", true),
            (503, r#"{"error":"temporarily_unavailable"}"#, false),
            (400, r#"{"error":"server_error"}"#, false),
            (429, r#"{"error":"invalid_request"}"#, false),
            (500, "<html>oops = bad</html>", false),
            (200, "<html>log in</html>", false),
            (200, "{}", false),
            (302, "", false),
            (200, r#"{"access_token":"a\r\nX: y"}"#, false),
            (200, r#"{"access_token":"ä"}"#, false),
        ] {
            let wrong = Answer::read(status, body.as_bytes()).unwrap_err();
            assert_eq!(
                matches!(wrong, Misanswer::Refused { .. }),
                refused,
                "{status} {body}"
            );
        }
    }
}
