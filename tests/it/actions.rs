//! `request --action`: a definition's named requests, with arguments.

use serde_json::json;

use crate::support::{Home, Recorder, Reply};

const DEFINITION: &str = r#"
[integrations.mail.auth]
type = "api_key"
api_key = { env = "MAIL_KEY" }
[integrations.mail.api]
base_url = "ORIGIN/v1"
[integrations.mail.actions.send]
method = "PUT"
path = "/boxes/{box}/letters"
query = { draft = "{draft}" }
headers = { X-Priority = "{priority}" }
json = { to = "{to}", count = 2, note = "{note}" }
[[integrations.mail.actions.send.parameters]]
name = "box"
pattern = "[a-z./]+"
[[integrations.mail.actions.send.parameters]]
name = "to"
[[integrations.mail.actions.send.parameters]]
name = "priority"
default = "low"
choices = ["low", "high"]
[[integrations.mail.actions.send.parameters]]
name = "note"
optional = true
[[integrations.mail.actions.send.parameters]]
name = "draft"
optional = true
secret = true
[[integrations.mail.actions.file.steps]]
path = "/boxes?of={owner}"
save = { box = "[0].id" }
[[integrations.mail.actions.file.steps]]
path = "/boxes/{box}/letters"
form = { text = "{text}" }
[[integrations.mail.actions.file.parameters]]
name = "owner"
[[integrations.mail.actions.file.parameters]]
name = "text"
"#;

fn home(recorder: &Recorder) -> Home {
    let home = Home::new();
    home.write(
        "integrations.toml",
        &DEFINITION.replace("ORIGIN", recorder.origin()),
    );
    home
}

fn act(home: &Home, args: &[&str]) -> crate::support::Run {
    home.hallpass(&[&["request", "mail", "--action"], args].concat())
        .env("MAIL_KEY", "mail-key-not-real")
        .env("DRAFT", "draft-not-real")
        .run()
}

#[test]
fn an_action_is_one_request_with_its_arguments_in_place() {
    let recorder = Recorder::start();
    let home = home(&recorder);
    let run = act(
        &home,
        &[
            "send",
            "box=a/../b",
            "to=x\",\"admin\":\"y",
            "priority=high",
        ],
    )
    .ok();
    assert_eq!(run.json(), json!({ "ok": true }), "{run}");
    let asked = recorder.last("/v1/boxes/a%2F..%2Fb/letters");
    assert_eq!(asked.method, "PUT");
    assert_eq!(asked.query, "");
    assert_eq!(asked.header("x-priority").as_deref(), Some("high"));
    let bearer = "Bearer mail-key-not-real";
    assert_eq!(asked.header("authorization").as_deref(), Some(bearer));
    assert_eq!(
        asked.json(),
        json!({ "to": "x\",\"admin\":\"y", "count": 2 })
    );
}

#[test]
fn a_default_stands_in_and_a_secret_argument_comes_from_elsewhere() {
    let recorder = Recorder::start();
    let home = home(&recorder);
    act(&home, &["send", "box=a", "to=x", "draft=env:DRAFT", "-i"]).ok();
    let asked = recorder.last("/v1/boxes/a/letters");
    assert_eq!(asked.header("x-priority").as_deref(), Some("low"));
    assert_eq!(asked.query("draft").as_deref(), Some("draft-not-real"));
    act(&home, &["send", "box=a", "to=@here and env:x", "note=-"]).ok();
    let asked = recorder.last("/v1/boxes/a/letters").json();
    assert_eq!(asked["to"], "@here and env:x");
    assert_eq!(asked["note"], "-");
    let run = act(&home, &["send", "box=a", "to=x", "draft=in-argv"]).fails_with(2);
    assert!(run.stderr.contains("draft=env:VARIABLE"), "{run}");
}

#[test]
fn a_later_request_uses_what_an_earlier_one_brought() {
    let recorder = Recorder::answering(|asked, _| {
        let of = asked.query("of")?;
        let boxes = json!([{ "id": format!("box of {of}") }]);
        Some(Reply::json(200, &boxes))
    });
    let home = home(&recorder);
    act(&home, &["file", "owner=ada", "text=a&b"]).ok();
    let asked = recorder.last("/v1/boxes/box%20of%20ada/letters");
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.body, "text=a%26b");
    // A first answer without what the second needs ends it.
    let run = act(&home, &["file", "owner=", "text=x"]).fails_with(2);
    assert!(run.stderr.contains("`owner` is empty"), "{run}");
}

#[test]
fn the_first_answer_that_is_no_success_is_the_last() {
    let recorder = Recorder::answering(|asked, _| {
        asked.query("of")?;
        Some(Reply::json(404, &json!({ "message": "no such owner" })))
    });
    let home = home(&recorder);
    let run = act(&home, &["file", "owner=ada", "text=x"]).fails_with(8);
    assert!(run.stdout.contains("no such owner"), "{run}");
    assert_eq!(recorder.asked().len(), 1);
    let recorder = Recorder::answering(|_, _| Some(Reply::json(200, &json!([]))));
    let home = self::home(&recorder);
    let run = act(&home, &["file", "owner=ada", "text=x"]).fails_with(8);
    assert!(run.stderr.contains("holds no `box`"), "{run}");
}

#[test]
fn what_an_action_does_not_know_is_told_before_anything_is_sent() {
    let recorder = Recorder::start();
    let home = home(&recorder);
    for (args, said) in [
        (&["sned"][..], "its actions are send, file"),
        (&["send", "box=a"], "needs `to`"),
        (&["send", "box=a", "too=x"], "has no parameter `too`"),
        (
            &["send", "box=A", "to=x"],
            "does not have the expected form",
        ),
        (&["send", "box=a", "to"], "NAME=VALUE"),
        (
            &["send", "box=a", "to=x", "priority=odd"],
            "must be one of low, high",
        ),
        (&["send", "--json", "{}"], "cannot be used with"),
    ] {
        let run = act(&home, args).fails_with(2);
        assert!(run.stderr.contains(said), "{args:?}: {run}");
    }
    let run = act(&home, &["send", "box=a"]).fails_with(2);
    let usage = "--action send box=… to=… [priority=…] [note=…] [draft=env:…]";
    assert!(run.stderr.contains(usage), "{run}");
    assert_eq!(recorder.asked().len(), 0);
    let run = home.hallpass(&["request", "mail"]).run().fails_with(2);
    assert!(run.stderr.contains("hallpass request CONN PATH"), "{run}");
}
