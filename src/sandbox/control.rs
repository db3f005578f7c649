//! The strings a test pulls: `POST /sandbox/control` and the log.
//!
//! Promises: an order is carried out whole or, with 400 and every reason, not at all; a web page
//! cannot give one (a foreign `Origin` is refused).

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::dpop::Nonces;
use super::state::{Scripted, State};
use super::visit::is_loopback;
use super::wire::{Reply, Request, is_token};

const KEYS: [&str; 11] = [
    "token_ttl",
    "latency_ms",
    "dpop_nonce",
    "expire_access_tokens",
    "revoke_grants",
    "require_pushed_requests",
    "pushed_ttl",
    "device_interval",
    "device_ttl",
    "expire_device_codes",
    "answers",
];
const ANSWER_KEYS: [&str; 5] = ["path", "status", "headers", "body", "times"];
const MAX_LATENCY_MS: f64 = 600_000.0;

/// Answers a request below `/sandbox/`.
pub fn answer(state: &State, request: &Request) -> Reply {
    if let Some(origin) = request.header("origin")
        && !Url::parse(origin).is_ok_and(|origin| is_loopback(&origin))
    {
        return Reply::json(
            403,
            &json!({ "error": "orders from web pages are not taken" }),
        );
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/sandbox/control") => match Order::parse(&request.body) {
            Ok(order) => {
                order.carry_out(state);
                Reply::json(200, &json!({ "ok": true }))
            }
            Err(problems) => Reply::json(400, &json!({ "error": problems.join("; ") })),
        },
        ("GET", "/sandbox/log") => {
            let log = state.with_log(|log| serde_json::to_vec(log).unwrap_or_default());
            Reply::new(200, "application/json", log).with("Cache-Control", "no-store")
        }
        ("DELETE", "/sandbox/log") => {
            state.clear_log();
            Reply::json(200, &json!({ "ok": true }))
        }
        (_, "/sandbox/control") => not_allowed("POST"),
        (_, "/sandbox/log") => not_allowed("GET, DELETE"),
        _ => Reply::json(404, &json!({ "error": "no such control" })),
    }
}

fn not_allowed(allow: &str) -> Reply {
    Reply::json(405, &json!({ "error": "method not allowed" })).with("Allow", allow)
}

#[derive(Default)]
struct Order {
    token_ttl: Option<Duration>,
    latency: Option<Duration>,
    nonces: Option<Nonces>,
    expire_access_tokens: bool,
    revoke_grants: bool,
    demands_push: Option<bool>,
    pushed_ttl: Option<Duration>,
    device_interval: Option<Duration>,
    device_ttl: Option<Duration>,
    expire_device_codes: bool,
    answers: Option<Vec<Scripted>>,
}

impl Order {
    fn parse(body: &[u8]) -> Result<Order, Vec<String>> {
        let Ok(Value::Object(order)) = serde_json::from_slice(body) else {
            return Err(vec!["the body must be a JSON object".to_owned()]);
        };
        let mut problems = Vec::new();
        unknown_keys("", &order, &KEYS, &mut problems);
        let mut parsed = Order::default();
        for (key, value) in &order {
            let understood = match key.as_str() {
                "token_ttl" => seconds(value, 1.0).map(|ttl| parsed.token_ttl = Some(ttl)),
                "latency_ms" => (value.as_f64().filter(|ms| *ms <= MAX_LATENCY_MS))
                    .and_then(|_| seconds(value, 1000.0))
                    .map(|latency| parsed.latency = Some(latency)),
                "dpop_nonce" => match value.as_str() {
                    Some("off") => Some(Nonces::Off),
                    Some("steady") => Some(Nonces::Steady),
                    Some("once") => Some(Nonces::Once),
                    _ => None,
                }
                .map(|nonces| parsed.nonces = Some(nonces)),
                "expire_access_tokens" => {
                    value.as_bool().map(|on| parsed.expire_access_tokens = on)
                }
                "revoke_grants" => value.as_bool().map(|on| parsed.revoke_grants = on),
                "require_pushed_requests" => {
                    value.as_bool().map(|on| parsed.demands_push = Some(on))
                }
                "pushed_ttl" => seconds(value, 1.0).map(|ttl| parsed.pushed_ttl = Some(ttl)),
                "device_interval" => {
                    seconds(value, 1.0).map(|interval| parsed.device_interval = Some(interval))
                }
                "device_ttl" => seconds(value, 1.0).map(|ttl| parsed.device_ttl = Some(ttl)),
                "expire_device_codes" => value.as_bool().map(|on| parsed.expire_device_codes = on),
                "answers" => value.as_array().map(|answers| {
                    let numbered = answers.iter().enumerate();
                    let answers = numbered
                        .filter_map(|(index, answer)| scripted(index, answer, &mut problems));
                    parsed.answers = Some(answers.collect());
                }),
                _ => Some(()),
            };
            if understood.is_none() {
                problems.push(format!("`{key}` has no usable value"));
            }
        }
        if problems.is_empty() {
            Ok(parsed)
        } else {
            Err(problems)
        }
    }

    fn carry_out(self, state: &State) {
        if let Some(ttl) = self.token_ttl {
            state.set_token_ttl(ttl);
        }
        if let Some(latency) = self.latency {
            state.set_latency(latency);
        }
        if let Some(nonces) = self.nonces {
            state.dpop().ask_for(nonces);
        }
        if let Some(demanded) = self.demands_push {
            state.set_demands_push(demanded);
        }
        if let Some(ttl) = self.pushed_ttl {
            state.set_pushed_ttl(ttl);
        }
        if self.expire_access_tokens {
            state.grants().expire_access_tokens();
            state.quirks().expire_access_tokens();
        }
        if self.revoke_grants {
            state.grants().kill_refresh_tokens();
            state.quirks().kill_refresh_tokens();
        }
        if let Some(interval) = self.device_interval {
            state.devices().interval = interval;
        }
        if let Some(ttl) = self.device_ttl {
            state.devices().ttl = ttl;
        }
        if self.expire_device_codes {
            state.devices().expire();
        }
        if let Some(answers) = self.answers {
            state.add_answers(answers);
        }
    }
}

/// A duration given as a JSON number of which so many make a second.
fn seconds(value: &Value, per_second: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()? / per_second).ok()
}

fn unknown_keys(place: &str, map: &Map<String, Value>, known: &[&str], problems: &mut Vec<String>) {
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        let known = known.join(", ");
        problems.push(format!("{place}unknown key `{key}`, known: {known}"));
    }
}

fn scripted(index: usize, answer: &Value, problems: &mut Vec<String>) -> Option<Scripted> {
    let place = format!("answers[{index}]: ");
    let before = problems.len();
    let mut problem = |text: &str| problems.push(format!("{place}{text}"));
    let Some(answer) = answer.as_object() else {
        problem("must be an object");
        return None;
    };
    let path = answer.get("path").and_then(Value::as_str).unwrap_or("");
    if !path.starts_with('/') {
        problem("`path` must be a path");
    }
    let status = answer.get("status").map_or(Some(200), Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (200..=599).contains(status));
    if status.is_none() {
        problem("`status` must be a number from 200 to 599");
    }
    let times = answer.get("times").map_or(Some(1), Value::as_u64);
    let times = times.filter(|times| *times > 0);
    if times.is_none() {
        problem("`times` must be a number from 1");
    }
    let headers = scripted_headers(answer.get("headers"));
    if headers.is_none() {
        problem("`headers` must be an object of header names and plain texts");
    }
    unknown_keys(&place, answer, &ANSWER_KEYS, problems);
    if problems.len() > before {
        return None;
    }
    Some(Scripted {
        path: path.to_owned(),
        status: status?,
        headers: headers?,
        body: match answer.get("body") {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(json) => json.to_string(),
        },
        times: times?,
    })
}

fn scripted_headers(headers: Option<&Value>) -> Option<Vec<(String, String)>> {
    let Some(headers) = headers else {
        return Some(Vec::new());
    };
    let pairs = headers.as_object()?.iter().map(|(name, value)| {
        let value = value
            .as_str()
            .filter(|text| !text.contains(char::is_control))?;
        let framing = ["content-length", "transfer-encoding", "connection"];
        let free = is_token(name) && !framing.contains(&name.to_ascii_lowercase().as_str());
        free.then(|| (name.clone(), value.to_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_understood_whole_or_refused_with_every_reason() {
        for good in [
            "{}",
            r#"{"device_interval":1,"device_ttl":0,"expire_device_codes":true}"#,
            r#"{"token_ttl":0,"latency_ms":1.5,"expire_access_tokens":true,"revoke_grants":false}"#,
            r#"{"answers":[]}"#,
            r#"{"answers":[{"path":"/me","status":503,"headers":{"Retry-After":"1"},"body":{"a":1},"times":2}]}"#,
        ] {
            assert!(Order::parse(good.as_bytes()).is_ok(), "{good}");
        }
        for (bad, named) in [
            ("", "JSON object"),
            ("[]", "JSON object"),
            (r#"{"tokenttl":1,"other":2}"#, "`other`"),
            (r#"{"tokenttl":1,"other":2}"#, "`tokenttl`"),
            (r#"{"token_ttl":-1}"#, "`token_ttl`"),
            (r#"{"token_ttl":1e300}"#, "`token_ttl`"),
            (r#"{"latency_ms":1e9}"#, "`latency_ms`"),
            (r#"{"dpop_nonce":true}"#, "`dpop_nonce`"),
            (r#"{"answers":{}}"#, "`answers`"),
            (r#"{"answers":[{"path":"token"}]}"#, "`path`"),
            (r#"{"answers":[{"path":"/","status":99}]}"#, "`status`"),
            (r#"{"answers":[{"path":"/","times":0}]}"#, "`times`"),
            (
                r#"{"answers":[{"path":"/","headers":{"a":"b\r\nc"}}]}"#,
                "`headers`",
            ),
            (
                r#"{"answers":[{"path":"/","headers":{"Content-Length":"1"}}]}"#,
                "`headers`",
            ),
            (r#"{"answers":[{"path":"/","time":1}]}"#, "`time`"),
        ] {
            let problems = Order::parse(bad.as_bytes()).err().expect(bad).join("; ");
            assert!(problems.contains(named), "{bad}: {problems}");
        }
    }
}
