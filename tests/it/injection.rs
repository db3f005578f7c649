//! Values that would like to be structure. Whatever is typed, or sent by a provider, either arrives as
//! data, to the letter and where it belongs, or is refused before anything is sent.

mod provider;

use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::support::{Asked, Home, Recorder};

/// What people type, paste, or are told to type.
const HOSTILE: [&str; 27] = [
    "a/b",
    "/a",
    "a@evil.example",
    "a:80@evil.example",
    "a#b",
    "a?b=c&d=e",
    "a\r\nX-Evil: 1",
    "a\nb",
    "a\rb",
    "a\tb",
    "a\"b",
    "\",\"evil\":\"1",
    "a'b\\",
    "..",
    ".",
    "../..",
    "a/../b",
    "%2e%2e",
    "%2E./b",
    "%2e%2e%2fb",
    "%0d%0aX-Evil: 1",
    "{token}",
    "{{token}}",
    "evil.ex\u{0430}mple",
    "\u{ff45}vil\u{3002}example",
    "a\\..\\b",
    "a\u{202e}b;c,d+e f",
];

/// A service whose client acts for itself, with a parameter that takes anything.
fn definition(token: &str, api: &str) -> String {
    format!(
        r#"
[[integrations.x.parameters]]
name = "value"
env = "VALUE"
pattern = "(?s).*"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/token"
client_id = "app-0000"
client_secret = "not-a-real-secret"
{token}
[integrations.x.api]
{api}
"#
    )
}

/// How a value fared.
enum Fate {
    /// It was refused, and nothing went to the API.
    Refused,
    /// The call to the API in which it arrived.
    Arrived(Asked),
}

/// Calls `/things` with the value in the environment; nothing is kept between two calls.
#[track_caller]
fn sent(recorder: &Recorder, home: &Home, value: &str) -> Fate {
    let tokens = recorder.asked_at("/token").len();
    let all = recorder.asked().len();
    let run = home
        .hallpass(&["request", "x", "/things", "--json", "{}"])
        .env("VALUE", value)
        .env("HALLPASS_STORE", "none")
        .run();
    if run.code == Some(0) {
        return Fate::Arrived(recorder.asked().pop().unwrap());
    }
    assert!(matches!(run.code, Some(2 | 3)), "{value:?}: {run}");
    let sent = recorder.asked().len() - all;
    let tokens = recorder.asked_at("/token").len() - tokens;
    assert_eq!(
        sent, tokens,
        "{value:?} was refused, and something was sent"
    );
    Fate::Refused
}

/// Sends every hostile value, and holds what arrives to `as_data`; at least so many must arrive.
#[track_caller]
fn hold(token: &str, api: &str, least: usize, as_data: impl Fn(&Asked, &str)) {
    let recorder = Recorder::start();
    let home = recorder.home(&definition(token, api));
    let mut arrived = 0;
    for value in HOSTILE {
        if let Fate::Arrived(asked) = sent(&recorder, &home, value) {
            assert_eq!(asked.header("x-evil"), None, "{value:?}");
            let said = asked.header("authorization").unwrap();
            assert!(said.starts_with("Bearer token-"), "{value:?}: {said}");
            as_data(&asked, value);
            arrived += 1;
        }
    }
    assert!(arrived >= least, "only {arrived} arrived");
}

#[test]
fn a_value_in_a_path_stays_one_segment() {
    hold(
        "",
        "base_url = \"ORIGIN/api/{value}/end\"",
        20,
        |asked, value| {
            let segments: Vec<&str> = asked.path.split('/').collect();
            let [_, "api", segment, "end", "things"] = segments[..] else {
                panic!("{value:?}: {}", asked.path);
            };
            assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), value);
            assert!(asked.query.is_empty(), "{value:?}: {}", asked.query);
        },
    );
}

#[test]
fn a_value_given_when_connecting_is_held_to_the_same() {
    let recorder = Recorder::start();
    let home = recorder.home(&definition("", "base_url = \"ORIGIN/api/{value}\""));
    for (value, arrives) in [("..", false), ("a\u{0}b/?#\r\nX-Evil: 1", true)] {
        let file = home.write("value.txt", value);
        let given = format!("value=@{}", file.display());
        let before = recorder.asked_at("/token").len();
        let connect = ["connect", "x", "--force", "--param", &given];
        let run = home.hallpass(&connect).run();
        if !arrives {
            assert!(matches!(run.code, Some(2 | 3)), "{run}");
            assert_eq!(recorder.asked_at("/token").len(), before);
            continue;
        }
        run.ok();
        home.hallpass(&["request", "x", "/things"]).run().ok();
        let path = recorder.asked().pop().unwrap().path;
        assert_eq!(path, "/api/a%00b%2F%3F%23%0D%0AX-Evil%3A%201/things");
    }
}

#[test]
fn a_value_that_keeps_its_slashes_cannot_climb() {
    let api = "base_url = \"ORIGIN/api/{value|path}/end\"";
    hold("", api, 15, |asked, value| {
        let inner = asked.path.strip_prefix("/api/").unwrap();
        let inner = inner.strip_suffix("/end/things").unwrap();
        assert_eq!(percent_decode_str(inner).decode_utf8().unwrap(), value);
        let climbs = |part: &str| matches!(part.replace("%2e", ".").as_str(), "." | "..");
        assert!(!inner.split('/').any(climbs), "{value:?}: {}", asked.path);
        assert!(asked.query.is_empty(), "{value:?}: {}", asked.query);
    });
}

#[test]
fn a_value_in_a_query_stays_one_parameter() {
    let api = "base_url = \"ORIGIN/api?first={value}\"\nquery = { second = \"{value}\" }";
    hold("", api, HOSTILE.len(), |asked, value| {
        assert_eq!(asked.path, "/api/things", "{value:?}");
        let pairs = url::form_urlencoded::parse(asked.query.as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        let expected = ["first", "second"].map(|name| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
    });
}

#[test]
fn a_value_in_a_header_stays_one_line() {
    let api = "base_url = \"ORIGIN/api\"\n\
        headers = { X-Value = \"<{value}>\", Authorization = \"Bearer {token}\" }";
    hold("", api, 15, |asked, value| {
        assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
        let said = asked.header("x-value").unwrap();
        assert_eq!(said, format!("<{value}>"));
    });
}

#[test]
fn a_value_in_json_stays_a_string() {
    let api = "base_url = \"ORIGIN/api\"\njson = { a = { b = \"{value}\" }, c = [\"<{value}>\"] }";
    hold("", api, HOSTILE.len(), |asked, value| {
        let expected = json!({ "a": { "b": value }, "c": [format!("<{value}>")] });
        assert_eq!(asked.json(), expected);
    });
}

#[test]
fn a_value_in_a_token_request_stays_a_parameter() {
    for encoding in ["form", "json", "query"] {
        let recorder = Recorder::start();
        let token = format!(
            "[integrations.x.auth.token]\nencoding = \"{encoding}\"\nparams = {{ extra = \"{{value}}\" }}"
        );
        let home = recorder.home(&definition(&token, "base_url = \"ORIGIN/api\""));
        for value in HOSTILE {
            let Fate::Arrived(_) = sent(&recorder, &home, value) else {
                panic!("{encoding}: {value:?} was refused");
            };
            let asked = recorder.last("/token");
            let extra = match encoding {
                "form" => asked.form("extra"),
                "query" => asked.query("extra"),
                _ => asked.json()["extra"].as_str().map(str::to_owned),
            };
            assert_eq!(extra.as_deref(), Some(value), "{encoding}");
            let grant = match encoding {
                "form" => asked.form("grant_type"),
                "query" => asked.query("grant_type"),
                _ => asked.json()["grant_type"].as_str().map(str::to_owned),
            };
            assert_eq!(grant.as_deref(), Some("client_credentials"), "{encoding}");
        }
    }
}

#[test]
fn a_value_in_a_token_url_stays_one_segment() {
    let recorder = Recorder::start();
    let home = recorder.home(
        &definition("", "base_url = \"ORIGIN/api\"")
            .replace("ORIGIN/token", "ORIGIN/tenants/{value}/token"),
    );
    for value in HOSTILE {
        let before = recorder.asked().len();
        let Fate::Arrived(_) = sent(&recorder, &home, value) else {
            assert_eq!(recorder.asked().len(), before, "{value:?}");
            continue;
        };
        let asked = recorder.asked();
        let paths = asked[before..].iter().map(|asked| asked.path.as_str());
        for path in paths.filter(|path| *path != "/api/things") {
            let segment = path.strip_prefix("/tenants/").unwrap();
            let segment = segment.strip_suffix("/token").unwrap();
            assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), value);
            assert!(!segment.contains('/'), "{value:?}: {path}");
        }
    }
}

#[test]
fn no_value_that_could_end_the_host_gets_into_one() {
    let recorder = Recorder::start();
    let (_, port) = recorder.origin().rsplit_once(':').unwrap();
    let api = format!("base_url = \"https://{{value}}:{port}/api\"");
    let home = recorder.home(&definition("", &api));
    // Dots alone end nothing: they make a name that does not exist.
    for value in HOSTILE
        .iter()
        .filter(|value| !matches!(**value, "." | ".."))
    {
        let fate = sent(&recorder, &home, value);
        assert!(matches!(fate, Fate::Refused), "{value:?}");
    }
    // What is a host is let through, and called; that nobody speaks TLS there is another matter.
    let given = ["--param", "value=127.0.0.1"];
    let connect = [&["connect", "x", "--no-test", "--force"], given.as_slice()].concat();
    home.hallpass(&connect).run().ok();
    home.hallpass(&["request", "x", "/things"])
        .run()
        .fails_with(6);
}

#[test]
fn what_starts_a_url_is_scheme_host_and_path_alone() {
    let recorder = Recorder::start();
    let text = definition("", "base_url = \"{value}/api\"");
    let home = recorder.home(&text.replace("pattern = \"(?s).*\"", "format = \"url\""));
    let origin = recorder.origin();
    for value in [
        format!("{origin}@evil.example"),
        format!("http://user:pw@{}", &origin["http://".len()..]),
        format!("{origin}/?x="),
        format!("{origin}/#"),
        format!("{origin}\\@evil.example"),
        format!("{origin}/a\r\nX-Evil: 1"),
        format!("{origin} /a"),
        "http://evil.example".to_owned(),
        "http://127.0.0.1.evil.example".to_owned(),
        "//evil.example".to_owned(),
        "evil.example".to_owned(),
        "javascript:alert(1)".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let fate = sent(&recorder, &home, &value);
        assert!(matches!(fate, Fate::Refused), "{value:?}");
    }
    let Fate::Arrived(asked) = sent(&recorder, &home, &format!("{origin}/own")) else {
        panic!("a plain URL was refused");
    };
    assert_eq!(asked.path, "/own/api/things");
}
