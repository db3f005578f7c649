//! What a provider's answer holds, whatever the content type says: JSON, or a
//! form; and the refusal in it, in one of the shapes that refusals have.

use serde_json::{Map, Value as Json};

use super::success::Misanswer;
use crate::definition::answer_path::text_of;

/// The JSON of an answer, or its form as an object of strings.
pub(super) fn parse(body: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        return Some(json);
    }
    // A form is one line of pairs; a page of HTML is not.
    if text.starts_with(['<', '{', '[']) || text.contains('\n') || !text.contains('=') {
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
    let names = [
        "error_description",
        "message",
        "msg",
        "detail",
        "error_message",
    ];
    let texts = names.iter().filter_map(|name| json.get(name)?.as_str());
    let mut found = texts.filter(|text| !text.is_empty());
    let found = found.next().map(ToOwned::to_owned);
    // Some say it field by field.
    found.or_else(|| {
        let fields = json.get("errors")?;
        let is_empty = fields.as_object().is_some_and(Map::is_empty) || fields.is_null();
        (!is_empty).then(|| fields.to_string())
    })
}

/// The refusal in an answer: RFC 6749 section 5.2's `error`, or an object in
/// its place.
pub(super) fn refusal(json: &Json) -> Option<Misanswer> {
    let error = json.get("error")?;
    let (code, words) = match error {
        Json::Object(inner) if inner.is_empty() => return None,
        Json::Array(items) if items.is_empty() => return None,
        Json::Object(inner) => {
            let names = ["code", "type", "status", "message"];
            let mut texts = names
                .iter()
                .filter_map(|name| inner.get(*name).and_then(text_of));
            let words = description(error).or_else(|| description(json));
            (texts.next().unwrap_or_else(|| "error".to_owned()), words)
        }
        Json::Null => return None,
        other => {
            let code = text_of(other).unwrap_or_else(|| other.to_string());
            (code, description(json))
        }
    };
    // What some services write where there is no error.
    let none = ["", "0", "false", "null", "none", "ok", "success"];
    if none.contains(&code.to_ascii_lowercase().as_str()) {
        return None;
    }
    Some(Misanswer::Refused {
        error: code,
        description: words,
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
