//! Devices that wait for a person (RFC 8628): the code they are given, the page it is entered on, and
//! what the token endpoint says until it was.
//!
//! Promises: a code works once, for the client it was given to; one who polls before the interval is
//! over is told to slow down, and has to.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use url::form_urlencoded;
use uuid::Uuid;

use super::client_auth::client_of;
use super::dpop::BOUND_CLIENT;
use super::oauth::{Client, DEVICE_CLIENT, Form, OAuthError, Scopes, parse_scopes, random};
use super::page;
use super::state::{Entry, State, loggable};
use super::token::{answer, read_form};
use super::wire::{Reply, Request};

/// So many devices wait at once; more, and the oldest are forgotten.
const WAITING: usize = 1_000;
/// What a client adds to its interval when it is told to slow down (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The letters of user codes: no vowels, so that no word comes out (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

struct Device {
    client: &'static Client,
    scopes: Scopes,
    user_code: String,
    /// What the form of its page carries.
    request_id: String,
    ends: Instant,
    interval: Duration,
    polled: Instant,
    allowed: Option<bool>,
}

/// The devices that wait, by their device code.
pub struct Devices {
    /// What a client has to wait between two polls.
    pub interval: Duration,
    /// The life of a code.
    pub ttl: Duration,
    waiting: HashMap<String, Device>,
}

impl Default for Devices {
    fn default() -> Devices {
        Devices {
            // The standard's five seconds are long for trying things.
            interval: Duration::from_secs(1),
            ttl: Duration::from_secs(900),
            waiting: HashMap::new(),
        }
    }
}

impl Devices {
    /// A device code and a user code.
    fn begin(&mut self, client: &'static Client, scopes: Scopes, now: Instant) -> (String, String) {
        if self.waiting.len() >= WAITING {
            self.waiting.clear();
        }
        let (device_code, user_code) = (random("sbx_dc_"), user_code());
        let device = Device {
            client,
            scopes,
            user_code: user_code.clone(),
            request_id: random(""),
            ends: now.checked_add(self.ttl).unwrap_or(now),
            interval: self.interval,
            polled: now,
            allowed: None,
        };
        self.waiting.insert(device_code.clone(), device);
        (device_code, user_code)
    }

    fn undecided(&mut self, wanted: impl Fn(&Device) -> bool) -> Option<&mut Device> {
        let now = Instant::now();
        let mut waiting = self.waiting.values_mut();
        waiting.find(|device| device.allowed.is_none() && now < device.ends && wanted(device))
    }

    /// What a poll is told: the scopes that the person allowed, or why there are none (RFC 8628, 3.5).
    pub fn poll(
        &mut self,
        client: &'static Client,
        device_code: &str,
        now: Instant,
    ) -> Result<Scopes, OAuthError> {
        let device = self.waiting.get_mut(device_code);
        let device = device.filter(|device| device.client.id == client.id);
        let device = device.ok_or_else(|| {
            OAuthError::new(
                "invalid_grant",
                "the device code is unknown, or was used before",
            )
        })?;
        let early = now.duration_since(device.polled) < device.interval;
        device.polled = now;
        let (error, text) = match device.allowed {
            _ if now >= device.ends => ("expired_token", "the device code has expired"),
            _ if early => {
                device.interval += SLOWER;
                ("slow_down", "the interval was not over")
            }
            None => ("authorization_pending", "nobody has entered the code yet"),
            Some(false) => ("access_denied", "the person said no"),
            Some(true) => {
                let device = self.waiting.remove(device_code);
                return Ok(device.map(|device| device.scopes).unwrap_or_default());
            }
        };
        Err(OAuthError::new(error, text))
    }

    /// Ends the life of every code.
    pub fn expire(&mut self) {
        let now = Instant::now();
        for device in self.waiting.values_mut() {
            device.ends = now;
        }
    }
}

/// A code of eight letters that a person can type.
pub fn user_code() -> String {
    let id = Uuid::new_v4();
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    // The version and the variant stand in the bytes between.
    let half = |bytes: &[u8]| bytes.iter().map(letter).collect::<String>();
    format!(
        "{}-{}",
        half(&id.as_bytes()[..4]),
        half(&id.as_bytes()[12..])
    )
}

/// Whether a person who typed this meant that code.
pub fn is_code(typed: &str, code: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_uppercase()).collect()
    };
    plain(typed) == plain(code)
}

/// Answers `POST /device_authorization`.
pub fn begin(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let outcome = read_form(request).and_then(|form| {
        entry.client_id = form.get("client_id").map(loggable);
        let client = client_of(state, request, &form)?;
        entry.client_id = Some(client.id.to_owned());
        // Whoever shows more than an id may as well.
        if client.id != DEVICE_CLIENT && client.id != BOUND_CLIENT && client.key.is_none() {
            let text = format!("only {DEVICE_CLIENT} may ask for a device code");
            return Err(OAuthError::new("unauthorized_client", text));
        }
        let scopes = parse_scopes(form.get("scope"))?;
        let mut devices = state.devices();
        let (device_code, user_code) = devices.begin(client, scopes, Instant::now());
        let page = format!("{}/device", state.issuer);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("user_code", &user_code)
            .finish();
        Ok(json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?{query}"),
            "expires_in": devices.ttl.as_secs(),
            "interval": devices.interval.as_secs(),
        }))
    });
    answer(entry, outcome)
}

/// Answers `GET /device`.
pub fn ask(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    match Form::parse(request.query.as_bytes()).get("user_code") {
        Some(code) => question(state, code, entry),
        None => page::enter_code("/device"),
    }
}

/// Answers `POST /device`: the code, or the person's Allow or Deny.
pub fn decide(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let form = Form::parse(&request.body);
    if let Some(code) = form.get("user_code") {
        return question(state, code, entry);
    }
    let allowed = form.get("decision") == Some("allow");
    let mut devices = state.devices();
    let id = form.get("request_id").unwrap_or_default();
    let Some(device) = devices.undecided(|device| device.request_id == id) else {
        entry.error = Some("invalid_request");
        return page::problem(400, "This request was answered before, or has expired.");
    };
    entry.client_id = Some(device.client.id.to_owned());
    device.allowed = Some(allowed);
    page::answered(allowed)
}

fn question(state: &State, code: &str, entry: &mut Entry) -> Reply {
    let mut devices = state.devices();
    let Some(device) = devices.undecided(|device| is_code(code, &device.user_code)) else {
        entry.error = Some("invalid_request");
        return page::problem(400, "No device waits with this code.");
    };
    entry.client_id = Some(device.client.id.to_owned());
    page::device(
        device.client,
        "/device",
        &device.scopes,
        &device.user_code,
        &device.request_id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::oauth::client;

    #[test]
    fn a_code_is_what_a_person_types_however_they_type_it() {
        let code = user_code();
        assert_eq!(code.len(), 9);
        let typed = code.to_lowercase().replace('-', " ");
        assert!(is_code(&typed, &code) && !is_code("AAAA-AAAA", &code));
    }

    #[test]
    fn a_poll_is_told_how_it_stands() {
        let mut devices = Devices::default();
        let app = client(DEVICE_CLIENT).unwrap();
        let begun = Instant::now();
        let (code, _) = devices.begin(app, vec!["profile"], begun);
        let mut at = |seconds: u64, allowed: Option<bool>| {
            if let Some(device) = devices.waiting.get_mut(&code) {
                device.allowed = allowed;
            }
            let polled = devices.poll(app, &code, begun + Duration::from_secs(seconds));
            polled.map_err(|error| error.error)
        };
        assert_eq!(at(1, None), Err("authorization_pending"));
        assert_eq!(at(1, None), Err("slow_down"));
        assert_eq!(at(3, None), Err("slow_down"), "the interval has grown");
        assert_eq!(at(100, Some(false)), Err("access_denied"));
        assert_eq!(at(200, Some(true)), Ok(vec!["profile"]));
        assert_eq!(at(300, None), Err("invalid_grant"));
        let (late, _) = devices.begin(app, vec![], begun);
        let polled = devices.poll(app, &late, begun + Duration::from_secs(900));
        assert_eq!(polled.err().map(|error| error.error), Some("expired_token"));
        let other = client("sandbox-app").unwrap();
        assert!(devices.poll(other, &late, begun).is_err());
    }
}
