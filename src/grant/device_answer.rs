//! Reading a device authorization answer (RFC 8628 section 3.2) as leniently as
//! real providers need it, and as strictly as the person needs it who is sent
//! where it says: only https, or this machine, and nothing that would act on
//! their terminal.

use std::fmt;
use std::time::Duration;

use serde_json::Value as Json;
use url::Url;

use crate::definition::answer_path::text_of;
use crate::http;
use crate::secret::Secret;

/// Between two polls, unless the answer says otherwise (RFC 8628 section 3.5).
const USUAL_INTERVAL: Duration = Duration::from_secs(5);
/// However eager the provider is.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// However patient.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// The life of a code whose answer does not say it, though it must.
const USUAL_LIFE: Duration = Duration::from_secs(15 * 60);
/// No person is waited for longer than this.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// More characters than anybody types.
const LONGEST_CODE: usize = 64;
/// More than any link needs.
const LONGEST_LINK: usize = 2000;

/// What a person is asked to do.
#[derive(Clone, Debug)]
pub struct DeviceInvitation {
    /// Where to enter the code.
    pub verification_uri: Url,
    /// The same, with the code in it.
    pub complete: Option<Url>,
    /// The code, without anything that would act on a terminal.
    pub user_code: String,
    /// How long the code is good for.
    pub life: Duration,
}

/// What the device authorization endpoint gave.
pub(super) struct DeviceAnswer {
    pub(super) device_code: Secret,
    pub(super) interval: Duration,
    pub(super) invitation: DeviceInvitation,
}

impl fmt::Debug for DeviceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAnswer")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// What is wrong with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It lacks something, or has it in a shape that is of no use.
    Useless(String),
    /// It sends people where nobody should be sent.
    Link(String),
}

impl DeviceAnswer {
    /// Reads the answer's fields.
    pub(super) fn read(json: &Json) -> Result<Self, Unfit> {
        let text = |names: &[&str]| {
            let mut found = names.iter().filter_map(|name| json.get(*name));
            let text = found.find_map(text_of)?.trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let lacking = |name: &str| Unfit::Useless(format!("it holds no `{name}`"));
        let device_code = text(&["device_code"]).ok_or_else(|| lacking("device_code"))?;
        let user_code = text(&["user_code"]).ok_or_else(|| lacking("user_code"))?;
        if user_code.chars().count() > LONGEST_CODE {
            let why = "its `user_code` is longer than anybody types";
            return Err(Unfit::Useless(why.to_owned()));
        }
        let complete = text(&["verification_uri_complete", "verification_url_complete"]);
        let complete = complete.map(|text| link(&text)).transpose()?;
        let plain = text(&["verification_uri", "verification_url"]);
        let plain = plain.map(|text| link(&text)).transpose()?;
        let verification_uri = plain.or_else(|| complete.clone());
        let seconds = |name: &str| {
            let number = text_of(json.get(name)?)?.trim().parse::<f64>().ok()?;
            let given = number.is_finite() && number > 0.0;
            given.then(|| Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX))
        };
        let interval = seconds("interval").unwrap_or(USUAL_INTERVAL);
        let life = seconds("expires_in").unwrap_or(USUAL_LIFE);
        Ok(Self {
            device_code: Secret::new(device_code),
            interval: interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL),
            invitation: DeviceInvitation {
                verification_uri: verification_uri.ok_or_else(|| lacking("verification_uri"))?,
                complete,
                user_code: crate::ui::escape(&user_code).into_owned(),
                life: life.min(LONGEST_LIFE),
            },
        })
    }
}

/// A link that a person may be sent to: https, or http to this machine; without
/// a user name, which would look like a host. Parsed, it has no character in it
/// that would act on a terminal.
fn link(text: &str) -> Result<Url, Unfit> {
    if text.len() > LONGEST_LINK {
        let why = "its link is longer than any that is one";
        return Err(Unfit::Useless(why.to_owned()));
    }
    let shown = || crate::ui::escape(text).into_owned();
    let url = Url::parse(text).map_err(|_| Unfit::Link(shown()))?;
    let bare = url.username().is_empty() && url.password().is_none();
    if http::is_protected(&url) && bare {
        Ok(url)
    } else {
        Err(Unfit::Link(shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(more: &Json) -> Json {
        let mut answer = json!({
            "device_code": "device-code-not-real",
            "user_code": "WDJB-MJHT",
            "verification_uri": "https://example.com/device",
        });
        for (name, value) in more.as_object().unwrap() {
            answer[name] = value.clone();
        }
        answer
    }

    fn read(more: &Json) -> DeviceAnswer {
        DeviceAnswer::read(&answer(more)).unwrap()
    }

    #[test]
    fn times_are_read_from_numbers_and_strings_and_bounded() {
        for (interval, expires_in, pause, life) in [
            (json!(null), json!(null), 5, 900),
            (json!(7), json!(600), 7, 600),
            (json!("7"), json!("600"), 7, 600),
            (json!(0), json!(0), 5, 900),
            (json!(0.01), json!(-3), 1, 900),
            (json!(1e9), json!(1e300), 300, 86_400),
            (json!("soon"), json!({}), 5, 900),
        ] {
            let read = read(&json!({ "interval": interval, "expires_in": expires_in }));
            assert_eq!(read.interval.as_secs(), pause, "{interval}");
            assert_eq!(read.invitation.life.as_secs(), life, "{expires_in}");
        }
    }

    #[test]
    fn links_are_found_under_every_name_they_go_by() {
        let google = json!({
            "verification_uri": null,
            "verification_url": "https://example.com/url",
            "verification_url_complete": "https://example.com/url?c=1",
        });
        let google = read(&google).invitation;
        assert_eq!(google.verification_uri.path(), "/url");
        assert_eq!(google.complete.unwrap().query(), Some("c=1"));
        assert!(read(&json!({})).invitation.complete.is_none());
        let alone = json!({
            "verification_uri": "",
            "verification_uri_complete": "https://example.com/c?c=1",
        });
        assert_eq!(read(&alone).invitation.verification_uri.path(), "/c");
    }

    #[test]
    fn nobody_is_sent_to_what_is_neither_https_nor_this_machine() {
        for fit in [
            "https://example.com/device",
            "http://127.0.0.1:1/device",
            "http://[::1]/d",
            "http://localhost/d",
        ] {
            assert!(DeviceAnswer::read(&answer(&json!({ "verification_uri": fit }))).is_ok());
        }
        for unfit in [
            "http://example.com/device",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://github.com@evil.example/device",
            "//example.com",
            "example.com/device",
        ] {
            for name in ["verification_uri", "verification_uri_complete"] {
                let wrong = DeviceAnswer::read(&answer(&json!({ name: unfit }))).unwrap_err();
                assert!(matches!(wrong, Unfit::Link(_)), "{unfit}: {wrong:?}");
            }
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_what_is_too_long_is_refused() {
        let read = read(&json!({ "user_code": "\u{1b}[2JAB\u{202e}CD" }));
        assert_eq!(read.invitation.user_code, "\\u{1b}[2JAB\\u{202e}CD");
        let (code, link) = ("X".repeat(65), "https://a.example/".repeat(200));
        for (name, value) in [("user_code", code), ("verification_uri", link)] {
            let wrong = DeviceAnswer::read(&answer(&json!({ name: value }))).unwrap_err();
            assert!(matches!(wrong, Unfit::Useless(_)), "{name}");
        }
        for name in ["device_code", "user_code", "verification_uri"] {
            let wrong = DeviceAnswer::read(&answer(&json!({ name: null }))).unwrap_err();
            assert_eq!(wrong, Unfit::Useless(format!("it holds no `{name}`")));
        }
    }
}
