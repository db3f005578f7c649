//! Reading a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as
//! leniently as real providers need it, and where the definition says:
//! `token_type` missing or in any case, a life as number, string or moment,
//! scopes a string or a list. Whether it is an answer at all is for `success`.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::fields::parse;
use super::success::{Misanswer, Rules};
use crate::clock::Timestamp;
use crate::credential::DPOP;
use crate::definition::answer_path::{AnswerPath, text_of};
use crate::definition::template::{RenderError, Scope};
use crate::definition::{Response, TokenAt, Unit};
use crate::secret::Secret;

/// A successful answer.
#[derive(Clone, Default)]
pub struct Answer {
    /// The access token, where a usable one came.
    pub access_token: Option<Secret>,
    /// Why there is none, where one was to come.
    pub(super) fault: Option<String>,
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
    /// All of it; null where it was neither JSON nor a form. Plain, since JSON
    /// is what paths lead into; it lives no longer than the calls that follow.
    pub(super) json: Json,
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
        let json = parse(body);
        rules.hold(status, json.as_ref())?;
        if response.raw == Some(true) {
            return Ok(Self::of_text(body, json.as_ref(), response));
        }
        let is_readable = json.is_some();
        let json = json.unwrap_or_default();
        let text = |paths: &[AnswerPath], usual: &str| {
            Ok::<_, RenderError>(find(&json, paths, usual, rules.scope)?.and_then(text_of))
        };
        let (access_token, fault) = match &response.access_token {
            Some(TokenAt::Kept) => (None, None),
            Some(TokenAt::Paths(paths)) => {
                token_or_fault(text(paths, "access_token")?, is_readable)
            }
            None => token_or_fault(text(&[], "access_token")?, is_readable),
        };
        let token_type = json.get("token_type").and_then(Json::as_str);
        let scope = find(&json, &response.scope, "scope", rules.scope)?;
        Ok(Self {
            access_token,
            fault,
            token_type: token_type
                .filter(|word| !word.is_empty())
                .map(canonical_type),
            expires_in: life(&json, rules)?,
            // One that cannot be sent is as good as none, and no reason to
            // lose the others.
            refresh_token: text(&response.refresh_token, "refresh_token")?.and_then(usable),
            id_token: text(&response.id_token, "id_token")?.and_then(usable),
            scopes: scope.and_then(|value| scopes(value, rules.separator)),
            json,
        })
    }

    /// An answer whose body is the token.
    fn of_text(body: &[u8], json: Option<&Json>, response: &Response) -> Self {
        let text = match json {
            Some(Json::String(text)) => text.clone(),
            _ => String::from_utf8_lossy(body).trim().to_owned(),
        };
        let page = text.starts_with('<');
        let (access_token, fault) = token_or_fault(Some(text).filter(|_| !page), !page);
        Self {
            access_token,
            fault,
            expires_in: response.ttl,
            ..Self::default()
        }
    }

    /// Whether its token is bound to a key (RFC 9449 section 5).
    pub(super) fn is_bound(&self) -> bool {
        self.token_type.as_deref() == Some(DPOP)
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

/// The life of the token, however it is told.
fn life(json: &Json, rules: &Rules<'_>) -> Result<Option<Duration>, RenderError> {
    let response = rules.response;
    let unit = match response.expires_in_unit {
        Some(Unit::Milliseconds) => 1000.0,
        Some(Unit::Seconds) | None => 1.0,
    };
    let moment = |end: Option<&Json>| {
        let end = end
            .and_then(text_of)
            .and_then(|text| Timestamp::read(&text));
        end.map(|end| end.remaining(Timestamp::now()))
    };
    // What the definition names counts before what stands there by chance.
    if response.expires_in.is_empty() && !response.expires_at.is_empty() {
        let end = find(json, &response.expires_at, "expires_at", rules.scope)?;
        if let Some(life) = moment(end) {
            return Ok(Some(life));
        }
    }
    let named = find(json, &response.expires_in, "expires_in", rules.scope)?;
    if let Some(life) = named.and_then(number) {
        return Ok(Duration::try_from_secs_f64((life / unit).max(0.0)).ok());
    }
    let end = find(json, &response.expires_at, "expires_at", rules.scope)?;
    Ok(moment(end).or(response.ttl))
}

fn number(value: &Json) -> Option<f64> {
    let number = match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// `bearer` in any case is `Bearer`, which APIs that look at the case want; the
/// same for `DPoP`.
fn canonical_type(word: &str) -> String {
    let known = ["Bearer", DPOP];
    let known = known.iter().find(|known| word.eq_ignore_ascii_case(known));
    (*known.unwrap_or(&word)).to_owned()
}

/// The access token, or why there is none.
fn token_or_fault(text: Option<String>, is_readable: bool) -> (Option<Secret>, Option<String>) {
    let fault = match &text {
        _ if !is_readable => "it is neither JSON nor a form",
        None => "it holds no access token",
        Some(_) => "its access token holds characters that no token may have",
    };
    match text.and_then(usable) {
        Some(token) => (Some(token), None),
        None => (None, Some(fault.to_owned())),
    }
}

/// A token: visible ASCII, else it would reach into the header it travels in.
fn usable(text: String) -> Option<Secret> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Secret::new(text))
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
        ] {
            let wrong = answered(status, body, &Response::default()).unwrap_err();
            assert_eq!(
                matches!(wrong, Misanswer::Refused { .. }),
                refused,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn without_a_usable_access_token_the_rest_of_the_answer_stays() {
        for (body, fault) in [
            ("<html>log in</html>", "it is neither JSON nor a form"),
            ("{}", "it holds no access token"),
            (
                r#"{"access_token":"a\r\nX: y","refresh_token":"r"}"#,
                "its access token holds characters that no token may have",
            ),
            (
                r#"{"access_token":"ä","refresh_token":"r"}"#,
                "its access token holds characters that no token may have",
            ),
        ] {
            let answer = read(body).unwrap();
            assert_eq!(answer.fault.as_deref(), Some(fault), "{body}");
            assert_eq!(answer.refresh_token.is_some(), body.contains("refresh"));
        }
        let answer = read(r#"{"access_token":"a","id_token":"x y","error":0}"#).unwrap();
        assert!(answer.fault.is_none() && answer.id_token.is_none());
    }

    #[test]
    fn what_is_required_says_more_than_the_status() {
        let response = Response {
            require: vec![(AnswerPath::key("code"), 0.into())],
            ..Response::default()
        };
        let refused = |error: &str| {
            Err(Misanswer::Refused {
                error: error.to_owned(),
                description: None,
            })
        };
        for (status, body, expected) in [
            (
                200,
                r#"{"code":40102,"access_token":"a"}"#,
                refused("40102"),
            ),
            (401, r#"{"code":40102}"#, refused("40102")),
            (400, r#"{"code":40102}"#, refused("40102")),
            (200, r#"{"access_token":"a"}"#, refused("no success")),
            (401, "", refused("HTTP 401")),
        ] {
            let answer = answered(status, body, &response).map(|_| ());
            assert_eq!(answer, expected, "{status} {body}");
        }
        assert!(answered(200, r#"{"code":"0","access_token":"a"}"#, &response).is_ok());
    }

    #[test]
    fn a_body_that_is_the_token_is_still_no_error_and_no_page() {
        let response = Response {
            raw: Some(true),
            ..Response::default()
        };
        let raw = |body: &str| answered(200, body, &response);
        for (body, token) in [
            ("tok-1\n", "tok-1"),
            ("\"tok-2\"", "tok-2"),
            ("YWJj==", "YWJj=="),
        ] {
            assert_eq!(raw(body).unwrap().access_token.unwrap().expose(), token);
        }
        assert!(raw(r#"{"error":"bad_login"}"#).is_err() && raw("error=denied").is_err());
        assert!(raw("<html></html>").unwrap().fault.is_some());
    }
}
