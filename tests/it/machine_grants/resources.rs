//! Resource indicators (RFC 8707) and audiences: a list is so many parameters of the name, in the
//! authorization request, in every form and query; in JSON it is an array.

use serde_json::json;
use url::form_urlencoded;

use super::home;
use crate::support::{Home, Recorder};

const TWO: [&str; 2] = ["https://a.example/x y", "https://b.example/?q&r"];

fn all(text: &str, name: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let found = pairs.filter(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned()).collect()
}

fn list() -> String {
    format!("resource = {}", json!(TWO))
}

#[test]
fn a_person_consents_to_several_resources_and_each_call_names_them() {
    let recorder = Recorder::start();
    let home = recorder.consenting(&format!(
        "authorization_params = {{ {}, prompt = \"consent\" }}\n[integrations.x.auth.token.params]\n{}",
        list(),
        list()
    ));
    home.connect_untested("x");
    home.hallpass(&["token", "x", "--refresh"]).run().ok();
    let asked = recorder.last("/authorize");
    assert_eq!(all(&asked.query, "resource"), TWO);
    assert_eq!(all(&asked.query, "prompt"), ["consent"]);
    assert_eq!(all(&asked.query, "client_id"), ["id"]);
    let calls = recorder.asked_at("/token");
    let grants: Vec<_> = calls
        .iter()
        .map(|call| call.form("grant_type").unwrap())
        .collect();
    assert_eq!(grants, ["authorization_code", "refresh_token"]);
    for call in calls {
        assert_eq!(all(&call.body, "resource"), TWO);
    }
}

#[test]
fn a_list_takes_the_place_of_what_the_link_has_of_that_name() {
    let recorder = Recorder::start();
    let home =
        recorder.consenting("scopes = [\"a\"]\nauthorization_params = { scope = [\"b\", \"c\"] }");
    home.connect_untested("x");
    assert_eq!(all(&recorder.last("/authorize").query, "scope"), ["b", "c"]);
}

#[test]
fn every_grant_and_encoding_carries_them() {
    let secret = "client_id = \"id\"\nclient_secret = \"s-not-real\"";
    let grants = [
        ("client_credentials", secret),
        ("token_exchange", "subject_token = { env = \"JOB_TOKEN\" }"),
        (
            "password",
            "username = \"ada\"\npassword = \"word-not-real\"",
        ),
    ];
    for (grant, lines) in grants {
        for encoding in ["form", "query", "json"] {
            let recorder = Recorder::start();
            let table = format!(
                "{lines}\n[integrations.x.auth.token]\nencoding = \"{encoding}\"\nparams = {{ {}, audience = \"one\", n = [1, true] }}",
                list()
            );
            let home = home(&recorder, grant, &table);
            let run = home
                .hallpass(&["token", "x"])
                .env("JOB_TOKEN", "job-not-real");
            run.run().ok();
            let asked = recorder.last("/token");
            if encoding == "json" {
                assert_eq!(asked.json()["resource"], json!(TWO), "{grant}");
                continue;
            }
            let sent = if encoding == "form" {
                &asked.body
            } else {
                &asked.query
            };
            assert_eq!(all(sent, "resource"), TWO, "{grant} {encoding}");
            assert_eq!(all(sent, "audience"), ["one"], "{grant} {encoding}");
            assert_eq!(all(sent, "n"), ["1", "true"], "{grant} {encoding}");
        }
    }
}

#[test]
fn another_resource_makes_another_token() {
    let recorder = Recorder::start();
    let lines = "client_id = \"id\"\nclient_secret = \"s-not-real\"\ntoken.params = { resource = \"https://a.example/\" }";
    let home = home(&recorder, "client_credentials", lines);
    assert_eq!(home.token("x"), "token-1");
    assert_eq!(home.token("x"), "token-1");
    home.edit(|text| text.replace("https://a.example/", "https://b.example/"));
    assert_eq!(home.token("x"), "token-2");
}

#[test]
fn an_entry_whose_parameter_is_unset_is_left_out_of_a_list() {
    let recorder = Recorder::start();
    let home = Home::new();
    let text = super::definition(
        "client_credentials",
        "client_id = \"id\"\nclient_secret = \"s-not-real\"\ntoken.params = { resource = [\"https://a.example/\", \"{more}\"] }\n\
         [[integrations.x.parameters]]\nname = \"more\"\noptional = true\nenv = \"MORE\"",
    );
    home.write(
        "integrations.toml",
        &text.replace("ORIGIN", recorder.origin()),
    );
    home.token("x");
    assert_eq!(
        all(&recorder.last("/token").body, "resource"),
        ["https://a.example/"]
    );
    home.hallpass(&["token", "x"])
        .env("MORE", "urn:more")
        .run()
        .ok();
    assert_eq!(
        all(&recorder.last("/token").body, "resource"),
        ["https://a.example/", "urn:more"]
    );
}
