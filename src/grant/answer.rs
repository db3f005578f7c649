//! Reading a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as
//! leniently as real providers need it, and where the definition says:
//! `token_type` missing or in any case, a life as number, string or moment,
//! scopes a string or a list, an `error` in a 200 (`fields`).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::fields::{by_status, description, parse, refusal};
use crate::clock::Timestamp;
use crate::definition::answer_path::{AnswerPath, text_of};
use crate::definition::template::{RenderError, Scope};
use crate::definition::{Response, TokenAt, Unit};
use crate::secret::Secret;

/// How an answer is read.
pub(super) struct Rules<'a> {
    /// Where things stand, and what must hold.
    pub(super) response: &'a Response,
    /// What scopes are joined with, besides spaces and commas.
    pub(super) separator: &'a str,
    /// What fills placeholders in paths.
    pub(super) scope: &'a dyn Scope,
}

/// A successful answer.
#[derive(Clone, Default)]
pub struct Answer {
    /// The access token, where one came.
    pub access_token: Option<Secret>,
    /// Its type, where the provider said one.
    pub token_type: Option<String>,
    /// Its life; `None` when the provider did not say.
    pub expires_in: Option<Duration>,
    /// A refresh token, where one came.
    pub refresh_token: Option<Secret>,
    /// An ID token, where one came.
    pub id_token: Option<Secret>,
    /// What was granted; `None` when the provider did not say.
    pub scopes: Option<Vec<String>>,
    /// All of it; null where it was neither JSON nor a form.
    pub(super) json: Json,
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
    /// A placeholder in a path could not be filled.
    Render(RenderError),
}

impl From<RenderError> for Misanswer {
    fn from(error: RenderError) -> Self {
        Misanswer::Render(error)
    }
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
    pub(super) fn read(status: u16, body: &[u8], rules: &Rules<'_>) -> Result<Self, Misanswer> {
        let response = rules.response;
        if response.raw == Some(true) && (200..300).contains(&status) {
            let text = std::str::from_utf8(body).unwrap_or_default().trim();
            return Ok(Self {
                access_token: token("body", Some(text.to_owned()))?,
                expires_in: response.ttl,
                ..Self::default()
            });
        }
        Self::refusal(status, body)?;
        let json = parse(body).unwrap_or_default();
        for (path, wanted) in &response.require {
            hold(status, &json, path, wanted, rules.scope)?;
        }
        let text = |paths: &[AnswerPath], usual: &str| find(&json, paths, usual, rules.scope);
        let access_token = match &response.access_token {
            None => text(&[], "access_token")?,
            Some(TokenAt::Paths(paths)) => text(paths, "access_token")?,
            Some(TokenAt::Kept) => None,
        };
        let token_type = json.get("token_type").and_then(Json::as_str);
        let scope = find(&json, &response.scope, "scope", rules.scope)?;
        Ok(Self {
            access_token: token("access_token", access_token.and_then(text_of))?,
            token_type: token_type
                .filter(|word| !word.is_empty())
                .map(canonical_type),
            expires_in: life(&json, rules)?,
            refresh_token: token(
                "refresh_token",
                text(&response.refresh_token, "refresh_token")?.and_then(text_of),
            )?,
            id_token: token(
                "id_token",
                text(&response.id_token, "id_token")?.and_then(text_of),
            )?,
            scopes: scope.and_then(|value| scopes(value, rules.separator)),
            json,
        })
    }

    /// Whether status and body are a refusal or trouble, whatever else they
    /// are.
    pub(super) fn refusal(status: u16, body: &[u8]) -> Result<(), Misanswer> {
        let json = parse(body);
        if let Some(refusal) = json.as_ref().and_then(refusal) {
            return Err(by_status(status, refusal));
        }
        match status {
            200..300 => Ok(()),
            // Some providers refuse a client without a word of OAuth.
            401 | 403 => Err(Misanswer::Refused {
                error: format!("HTTP {status}"),
                description: json.as_ref().and_then(description),
            }),
            _ => {
                let words = json.as_ref().and_then(description);
                let words = super::described(words.as_deref());
                Err(Misanswer::Unusable(format!(
                    "HTTP {status}, and not an OAuth answer{words}"
                )))
            }
        }
    }

    /// Whether it holds anything at all that can be read.
    pub(super) fn is_readable(&self) -> bool {
        !self.json.is_null()
    }

    /// The answer as RFC 6749 section 5.1 would have it.
    pub(super) fn to_standard_json(&self) -> Vec<u8> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Json| fields.insert(name.to_owned(), value);
        // What brings no token keeps the old one, which is none of the crate's.
        let token = self.access_token.as_ref().map_or("-", Secret::expose);
        put("access_token", token.into());
        put(
            "token_type",
            self.token_type.as_deref().unwrap_or("Bearer").into(),
        );
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

/// What stands at the first path that leads somewhere; without paths, at the
/// usual name.
fn find<'j>(
    json: &'j Json,
    paths: &[AnswerPath],
    usual: &str,
    scope: &dyn Scope,
) -> Result<Option<&'j Json>, RenderError> {
    if paths.is_empty() {
        return Ok(json.get(usual).filter(|found| !found.is_null()));
    }
    for path in paths {
        if let Some(found) = path.find(json, scope)?
            && !found.is_null()
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Holds an answer to what must be so.
fn hold(
    status: u16,
    json: &Json,
    path: &AnswerPath,
    wanted: &Json,
    scope: &dyn Scope,
) -> Result<(), Misanswer> {
    let found = path.find(json, scope)?;
    if found.is_some_and(|found| is_same(found, wanted)) {
        return Ok(());
    }
    let code = found.and_then(text_of);
    Err(by_status(
        status,
        Misanswer::Refused {
            error: code.unwrap_or_else(|| "no success".to_owned()),
            description: description(json),
        },
    ))
}

/// Whether two values are equal; a number or boolean is also equal to the text
/// it is written as.
pub fn is_same(found: &Json, wanted: &Json) -> bool {
    found == wanted || text_of(found).is_some_and(|text| Some(text) == text_of(wanted))
}

/// The life of the token, however it is told.
fn life(json: &Json, rules: &Rules<'_>) -> Result<Option<Duration>, RenderError> {
    let response = rules.response;
    let unit = match response.expires_in_unit {
        Some(Unit::Milliseconds) => 1000.0,
        Some(Unit::Seconds) | None => 1.0,
    };
    let named = find(json, &response.expires_in, "expires_in", rules.scope)?;
    if let Some(life) = named.and_then(number) {
        return Ok(Duration::try_from_secs_f64((life / unit).max(0.0)).ok());
    }
    let end = find(json, &response.expires_at, "expires_at", rules.scope)?;
    let end = end
        .and_then(text_of)
        .and_then(|text| Timestamp::read(&text));
    Ok(end
        .map(|end| end.remaining(Timestamp::now()))
        .or(response.ttl))
}

fn number(value: &Json) -> Option<f64> {
    let number = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// `bearer` in any case is `Bearer`, which APIs that look at the case want.
fn canonical_type(word: &str) -> String {
    if word.eq_ignore_ascii_case("bearer") {
        "Bearer".to_owned()
    } else {
        word.to_owned()
    }
}

/// A token: visible ASCII, else it would reach into the header it travels in.
fn token(name: &str, text: Option<String>) -> Result<Option<Secret>, Misanswer> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = format!("its `{name}` holds characters that no token may have");
        return Err(Misanswer::Unusable(why));
    }
    Ok(Some(Secret::new(text)))
}

fn scopes(value: &Json, separator: &str) -> Option<Vec<String>> {
    let words: Vec<String> = match value {
        Json::String(text) => {
            let separator = if separator.is_empty() { " " } else { separator };
            let pieces = text
                .split(separator)
                .flat_map(|piece| piece.split([' ', ',']));
            let words = pieces.filter(|word| !word.is_empty());
            words.map(ToOwned::to_owned).collect()
        }
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

    struct Nothing;

    impl Scope for Nothing {
        fn value(
            &self,
            _name: &str,
        ) -> Result<Option<crate::definition::template::Value>, RenderError> {
            Ok(None)
        }
    }

    fn answered(status: u16, body: &str, response: &Response) -> Result<Answer, Misanswer> {
        let rules = Rules {
            response,
            separator: "|",
            scope: &Nothing,
        };
        Answer::read(status, body.as_bytes(), &rules)
    }

    fn read(body: &str) -> Result<Answer, Misanswer> {
        answered(200, body, &Response::default())
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
            assert_eq!(answer.access_token.unwrap().expose(), "a", "{body}");
            let said = answer.token_type.as_deref();
            assert_eq!(said.unwrap_or("Bearer"), token_type, "{body}");
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
            (302, "", false),
            (200, r#"{"access_token":"a\r\nX: y"}"#, false),
            (200, r#"{"access_token":"ä"}"#, false),
        ] {
            let wrong = answered(status, body, &Response::default()).unwrap_err();
            assert_eq!(
                matches!(wrong, Misanswer::Refused { .. }),
                refused,
                "{status} {body}"
            );
        }
    }
}
