//! What a provider's answer holds, whatever the content type says: JSON, or a
//! form; and the refusal in it, in one of the shapes that refusals have.

use serde_json::{Map, Value as Json};

use super::answer::Misanswer;
use crate::definition::answer_path::text_of;

/// The JSON of an answer, or its form as an object of strings.
pub(super) fn parse(body: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        return Some(json);
    }
    // A form is one line of pairs; a page of HTML is not.
    if text.starts_with('<') || text.contains(['\n', '{']) || !text.contains('=') {
        return None;
    }
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    let fields: Map<String, Json> = pairs
        .map(|(name, value)| (name.into_owned(), Json::String(value.into_owned())))
        .collect();
    Some(Json::Object(fields))
}

/// The provider's words for what went wrong.
pub(super) fn description(json: &Json) -> Option<String> {
    let names = ["error_description", "message", "msg", "detail"];
    let texts = names.iter().filter_map(|name| json.get(name)?.as_str());
    let found = texts.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    found.into_iter().next()
}

/// The refusal in an answer: RFC 6749 section 5.2's `error`, or an object in
/// its place.
pub(super) fn refusal(json: &Json) -> Option<Misanswer> {
    let error = match json.get("error")? {
        Json::Null | Json::Bool(false) => return None,
        Json::String(code) if code.is_empty() => return None,
        Json::Object(inner) => {
            let names = ["code", "type", "status", "message"];
            let texts = names
                .iter()
                .filter_map(|name| inner.get(*name).and_then(text_of));
            let error = texts.into_iter().next();
            let description = description(&json["error"]).or_else(|| description(json));
            return Some(Misanswer::Refused {
                error: error.unwrap_or_else(|| "error".to_owned()),
                description,
            });
        }
        other => text_of(other).unwrap_or_else(|| other.to_string()),
    };
    Some(Misanswer::Refused {
        error,
        description: description(json),
    })
}

/// Errors that may pass are no refusal, and nor is any from a server that is
/// out of order or asks for patience.
pub(super) fn by_status(status: u16, refusal: Misanswer) -> Misanswer {
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
