//! What a quirk's token endpoint answers: the same facts, put as this provider puts them.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::oauth::OAuthError;
use super::super::wire::Reply;
use super::Call;
use super::client::CLIENT;
use super::jwt::{JWT_KEY, sign};
use super::ledger::Issued;
use super::quirk::{Base, Failure, Format, Life, Quirk, Wrapping};
use crate::clock::Timestamp;

/// What stands where a careless client looks for the token.
pub const ANOTHERS: &str = "sbx_the_bots_token_not_the_persons";

/// The answer that brings a token.
pub fn success(call: &Call<'_>, issued: &Issued) -> Reply {
    let answer = call.quirk.answer;
    let facts = facts(call, issued);
    let reply = match answer.format {
        Format::Json => Reply::json(answer.status, &wrapped(answer.wrapping, facts)),
        Format::Form(content_type) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &facts {
                let text = value.as_str().map_or_else(|| value.to_string(), Into::into);
                form.append_pair(name, &text);
            }
            Reply::new(answer.status, content_type, form.finish())
        }
        Format::Text => {
            let token = issued.access_token.clone();
            Reply::new(answer.status, "text/plain; charset=utf-8", token)
        }
    };
    reply.with("Cache-Control", "no-store")
}

/// The answer that prolongs a token without naming it.
pub fn prolonged() -> Reply {
    Reply::json(200, &json!({ "extended": true })).with("Cache-Control", "no-store")
}

fn facts(call: &Call<'_>, issued: &Issued) -> Map<String, Value> {
    let (quirk, family) = (call.quirk, &issued.family);
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    put("access_token", json!(issued.access_token));
    if let Some(token_type) = quirk.answer.token_type {
        put("token_type", json!(token_type));
    }
    if let Some((name, value)) = life(quirk.answer.life, issued.life.as_secs()) {
        put(name, value);
    }
    if let Some(refresh_token) = &issued.refresh_token {
        put("refresh_token", json!(refresh_token));
    }
    let scope = if quirk.answer.scope_array {
        json!(family.scopes)
    } else {
        json!(family.scopes.join(quirk.separator))
    };
    put("scope", scope);
    match quirk.base {
        Base::Token(name) => {
            put(name, json!(call.url(&family.base)));
        }
        Base::IdToken(name) => {
            let now = Timestamp::now().unix();
            let claims = json!({
                "iss": call.state.issuer,
                "aud": CLIENT.id,
                "sub": "quirk-user",
                "iat": now,
                "exp": now + issued.life.as_secs(),
                name: family.value,
            });
            put("id_token", json!(sign(&claims, JWT_KEY)));
        }
        _ => {}
    }
    facts
}

fn life(life: Life, seconds: u64) -> Option<(&'static str, Value)> {
    let end = Timestamp::from_unix(Timestamp::now().unix().saturating_add(seconds));
    Some(match life {
        Life::Seconds(name) => (name, json!(seconds)),
        Life::Text(name) => (name, json!(seconds.to_string())),
        Life::Milliseconds(name) => (name, json!(seconds.saturating_mul(1000))),
        Life::Unix(name) => (name, json!(end.unix())),
        Life::UnixMilliseconds(name) => (name, json!(end.unix().saturating_mul(1000))),
        Life::Iso(name) => (name, json!(end.to_string())),
        Life::Absent => return None,
    })
}

fn wrapped(wrapping: Wrapping, facts: Map<String, Value>) -> Value {
    match wrapping {
        Wrapping::Top => Value::Object(facts),
        Wrapping::AuthedUser => {
            json!({ "ok": true, "access_token": ANOTHERS, "authed_user": facts })
        }
        Wrapping::Data => json!({ "message": "success", "data": facts }),
        Wrapping::Envelope => json!({ "code": 0, "msg": "success", "data": facts }),
        Wrapping::Ok => {
            let mut facts = facts;
            facts.insert("ok".to_owned(), json!(true));
            Value::Object(facts)
        }
        Wrapping::List => {
            let mut users = facts;
            users.insert("kind".to_owned(), json!("user"));
            json!({ "tokens": [{ "kind": "bot", "access_token": ANOTHERS }, users] })
        }
    }
}

/// The answer that refuses, as this provider words it.
pub fn failure(quirk: &Quirk, error: &OAuthError) -> Reply {
    let dead = error.error == "invalid_grant";
    let text = &error.description;
    let body = match quirk.failure {
        Failure::Standard => return error.reply(),
        Failure::InsideSuccess => {
            let word = if dead {
                "bad_refresh_token"
            } else {
                error.error
            };
            json!({ "error": word, "error_description": text })
        }
        Failure::NotOk => {
            let word = if dead {
                "invalid_refresh_token"
            } else {
                error.error
            };
            json!({ "ok": false, "error": word, "message": text })
        }
        Failure::Code => {
            let code = if dead { 40102 } else { 40000 };
            json!({ "code": code, "msg": text, "data": {} })
        }
    };
    Reply::json(200, &body).with("Cache-Control", "no-store")
}
