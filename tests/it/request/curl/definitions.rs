//! What a definition asks for, as a command of curl or as the reason why there
//! is none.

use super::{execute, printed};
use crate::support::{Home, Recorder};

const DEFINITIONS: &str = r#"
[integrations.key.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.key.api]
base_url = "ORIGIN/v1"
headers = { X-Api-Key = "{api_key}" }
timeout = "20s"
[integrations.key.actions.add]
path = "/items/{id}"
query = { pin = "{pin}" }
json = { id = "{id}", text = "{text}" }
parameters = [{ name = "id", format = "integer" }, { name = "text" }, { name = "pin", secret = true, optional = true }]
[integrations.key.actions.raw]
path = "/raw"
body = "@{text}"
parameters = [{ name = "text" }]
[[integrations.key.actions.two.steps]]
path = "/a"
save = { b = "b" }
[[integrations.key.actions.two.steps]]
path = "/{b}"
[integrations.open.auth]
type = "none"
[integrations.open.api]
base_url = "ORIGIN/open"
[integrations.query.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.query.api]
base_url = "ORIGIN/v1"
query = { k = "{api_key|base64}" }
[integrations.path.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.path.api]
base_url = "ORIGIN/{api_key}"
[integrations.json.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.json.api]
base_url = "ORIGIN/v1"
json = { auth = "{api_key}" }
[integrations.two.auth]
type = "api_key"
api_key = { env = "KEY" }
[[integrations.two.parameters]]
name = "app"
secret = true
env = "APP"
[integrations.two.api]
base_url = "ORIGIN/v1"
headers = { Authorization = "Key {api_key}", X-App = "{app}" }
[integrations.once.auth]
type = "none"
[integrations.once.api]
base_url = "ORIGIN/v1"
headers = { Idempotency-Id = "{uuid}" }
[integrations.when.auth]
type = "none"
[integrations.when.api]
base_url = "ORIGIN/v1"
query = { at = "{now}" }
[integrations.bound.auth]
type = "oauth2"
grant = "client_credentials"
dpop = true
token_url = "ORIGIN/token"
client_id = "id"
client_secret = { env = "KEY" }
[integrations.bound.api]
base_url = "ORIGIN/v1"
[integrations.cert.auth]
type = "none"
tls = { certificate = { file = "a:b.pem" }, key = { file = "key.pem" } }
[integrations.cert.api]
base_url = "https://127.0.0.1:9/v1"
[integrations.envcert.auth]
type = "none"
tls = { certificate = { env = "KEY" } }
[integrations.envcert.api]
base_url = "https://127.0.0.1:9/v1"
[integrations.person]
parameters = [{ name = "site", format = "label" }]
[integrations.person.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
[integrations.person.api]
base_url = "https://{site}.example.com/v1"
"#;

pub(super) fn recorded() -> (Recorder, Home) {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    (recorder, home)
}

#[test]
fn an_action_of_one_request_becomes_a_command_too() {
    let (recorder, home) = recorded();
    for (args, path) in [
        (
            &["key", "--action", "add", "id=7", "text=@it's"][..],
            "/v1/items/7",
        ),
        (&["key", "--action", "raw", "text=/etc/passwd"], "/v1/raw"),
        (&["open", "/x"], "/open/x"),
    ] {
        let args = [&["request"], args].concat();
        let command = printed(&home, &args);
        home.hallpass(&args).env("KEY", "key-not-real").run().ok();
        let wanted = recorder.last(path);
        execute(&home, &command, "");
        let got = recorder.last(path);
        assert_eq!(recorder.asked_at(path).len(), 2, "{command}");
        assert_eq!(
            (&got.method, &got.query, &got.body),
            (&wanted.method, &wanted.query, &wanted.body)
        );
        for name in ["x-api-key", "content-type", "authorization"] {
            assert_eq!(got.header(name), wanted.header(name), "{name}: {command}");
        }
    }
    let command = printed(&home, &["request", "open", "/x"]);
    assert!(command.starts_with("curl http"), "{command}");
}

#[test]
fn what_no_curl_command_can_do_without_a_secret_in_it_is_refused() {
    let (recorder, home) = recorded();
    for (args, why) in [
        (&["query", "/x"][..], "does not travel in a header"),
        (&["path", "/x"], "does not travel in a header"),
        (
            &["json", "/x", "--json", "{}"],
            "does not travel in a header",
        ),
        (&["two", "/x"], "stands in its header `x-app`"),
        (&["bound", "/x"], "bound to a key (DPoP)"),
        (&["once", "/x"], "stands in its header `idempotency-id`"),
        (&["when", "/x"], "stands in its URL"),
        (&["envcert", "/x"], "is in no file"),
        (&["key", "--action", "two"], "several requests"),
        (
            &["key", "--action", "add", "id=1", "text=x", "pin=env:KEY"],
            "a secret, or a value of the moment, stands in its URL",
        ),
        (
            &["key", "/x", "-H", "Cookie: a=b"],
            "stands in its header `cookie`",
        ),
        (&["key", "https://elsewhere.example.com/"], "is not a place"),
        (&["key", "/x", "--dry-run"], "cannot be used with"),
    ] {
        let args = [&["request"], args, &["--curl"]].concat();
        let run = home.hallpass(&args).env("KEY", "key-not-real").run();
        let run = run.fails_with(2);
        assert!(run.stderr.contains(why), "{args:?}: {run}");
        assert_eq!(run.stdout, "");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
    assert_eq!(recorder.asked().len(), 0);
}

#[test]
fn a_client_certificate_in_files_is_handed_on_with_a_deadline_that_stands_in_the_definition() {
    let (_recorder, home) = recorded();
    let command = printed(&home, &["request", "cert", "/x"]);
    let words = shell_words::split(&command).unwrap();
    let after = |flag: &str| words[words.iter().position(|word| word == flag).unwrap() + 1].clone();
    assert!(after("--cert").ends_with("/a\\:b.pem"), "{command}");
    assert!(after("--key").ends_with("/key.pem"), "{command}");
    let command = printed(&home, &["request", "key", "/x"]);
    assert!(command.contains("--max-time 20 "), "{command}");
}

#[test]
fn a_connection_that_is_not_there_yet_is_named_and_nothing_is_asked() {
    let (recorder, home) = recorded();
    let run = home
        .hallpass(&["request", "person", "/x", "--curl"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("`{site}` is not known yet"), "{run}");
    home.edit(|text| text.replace("https://{site}.example.com", "https://api.example.com"));
    let run = home
        .hallpass(&["request", "person", "/x", "--curl"])
        .run()
        .ok();
    let command = "hallpass token person --format header | curl -H @- https://api.example.com/v1/x";
    assert_eq!(run.line(), command);
    assert!(
        run.stderr
            .contains("run `hallpass connect person` before it"),
        "{run}"
    );
    assert_eq!(recorder.asked().len(), 0);
}
