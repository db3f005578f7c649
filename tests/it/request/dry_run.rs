//! `request --dry-run`: what would be sent, without secrets; and nothing is sent.

use serde_json::json;

use crate::support::{Home, Provider, Recorder, Run};

const DEFINITIONS: &str = r#"
[integrations.key.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.key.api]
base_url = "ORIGIN/v1"
headers = { X-Api-Key = "{api_key}", X-Signed = "{api_key|sha256}", X-App = "app" }
query = { k = "{api_key|base64}", v = "2" }
json = { auth = "{api_key}" }
[integrations.key.actions.add]
path = "/items/{id}"
json = { id = "{id}", pin = "{pin}" }
parameters = [{ name = "id", format = "integer" }, { name = "pin", secret = true, optional = true }]
[[integrations.key.actions.two.steps]]
path = "/find?of={of}"
save = { box = "id" }
[[integrations.key.actions.two.steps]]
method = "DELETE"
path = "/boxes/{box}"
[[integrations.key.actions.two.parameters]]
name = "of"
[integrations.user.auth]
type = "basic"
username = "ada"
password = { env = "KEY" }
[integrations.user.api]
base_url = "ORIGIN/v1"
"#;

fn dry(home: &Home, args: &[&str]) -> Run {
    let args = [&["request"], args, &["--dry-run"]].concat();
    home.hallpass(&args)
        .env("KEY", "key-not-real")
        .env("PIN", "pin-not-real")
        .run()
}

#[test]
fn a_request_is_shown_with_its_credential_in_place_and_redacted() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    let origin = recorder.origin();
    let run = dry(
        &home,
        &[
            "key",
            "/x?a=1",
            "--json",
            "{\"b\":\"\u{202e}\"}",
            "-H",
            "X-Trace: t",
            "-H",
            "X-Token: u-not-real",
        ],
    )
    .ok();
    let expected = format!("POST {origin}/v1/x?a=1&k=***&v=2\n");
    assert!(run.stdout.starts_with(&expected), "{run}");
    for line in [
        "x-api-key: ***",
        "x-signed: ***",
        "x-app: app",
        "x-trace: t",
        "x-token: ***",
        "accept: application/json",
        "content-type: application/json",
    ] {
        assert!(
            run.stdout.lines().any(|shown| shown == line),
            "{line}: {run}"
        );
    }
    assert!(
        run.stdout.contains("\"auth\":\"***\"") && run.stdout.contains("\"b\":\"\\u{202e}\""),
        "{run}"
    );
    let run = dry(&home, &["user", "/x"]).ok();
    assert!(run.stdout.contains("\nauthorization: Basic ***\n"), "{run}");
    let run = dry(&home, &["key", "--action", "add", "id=7", "pin=env:PIN"]).ok();
    assert!(
        run.stdout.contains("\"id\":7") && run.stdout.contains("\"pin\":\"***\""),
        "{run}"
    );
    assert!(!run.stdout.contains("not-real"), "{run}");
    assert_eq!(recorder.asked().len(), 0);
}

#[test]
fn an_action_is_shown_step_by_step() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    let run = dry(&home, &["key", "--action", "two", "of=a b"]).ok();
    let origin = recorder.origin();
    for shown in [
        "# step 1 of 2\n".to_owned(),
        format!("GET {origin}/v1/find?of=a%20b&"),
        "# the answer brings `box`".to_owned(),
        "# step 2 of 2\n".to_owned(),
        format!("DELETE {origin}/v1/boxes/***?"),
    ] {
        assert!(run.stdout.contains(&shown), "{shown}: {run}");
    }
    assert_eq!(recorder.asked().len(), 0);
}

#[test]
fn bodies_are_shown_as_far_as_they_are_text_and_files_by_their_size() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    let file = home.write("body.bin", &"x".repeat(1234));
    let at = format!("@{}", file.display());
    let run = dry(&home, &["user", "/x", "--data-binary", &at]).ok();
    assert!(run.stdout.contains("body.bin`, 1234 bytes"), "{run}");
    let run = dry(&home, &["user", "/x", "--data-binary", "a\u{1b}[2J\nb"]).ok();
    assert!(run.stdout.ends_with("\n\na\\u{1b}[2J\nb\n"), "{run}");
    let long = home.write("long.txt", &"y".repeat(100_000));
    let at = format!("@{}", long.display());
    let run = dry(&home, &["user", "/x", "-d", &at]).ok();
    assert!(run.stdout.contains("100000 bytes in all"), "{run}");
    assert_eq!(
        run.stdout.matches('y').count() / 65536,
        1,
        "no more than 64 KiB"
    );
    let run = dry(&home, &["user", "/x", "--data-binary", "@-"]).ok();
    assert!(run.stdout.contains("what comes on stdin"), "{run}");
    dry(&home, &["user", "/x", "--data-binary", "@/no/such"]).fails_with(2);
}

#[test]
fn what_is_streamed_is_told_without_being_waited_for() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    home.write("a.bin", "xyz");
    for (args, told) in [
        (
            &[
                "/x",
                "-F",
                "a=b",
                "-F",
                "f=@a.bin;type=x/y",
                "-F",
                "token=t-not-real",
            ][..],
            "# the body is a form:\n# `a`: b\n# `f`: `a.bin`, 3 bytes, x/y\n# `token`: ***\n",
        ),
        (&["/d/", "-T", "a.bin"], "/v1/d/a.bin\n"),
        (&["/x", "-T", "-"], "PUT "),
        (&["/x", "-F", "f=@-"], "# `f`: what comes on stdin"),
        (&["/x", "-d", "@-"], "# the body is what comes on stdin"),
        (
            &["/x", "-G", "--data-urlencode", "q@-"],
            "# the query goes on with what comes on stdin",
        ),
        (&["/x", "-G", "-d", "q=1"], "/v1/x?q=1\n"),
        (&["/x"], "\naccept-encoding: gzip\n"),
        (&["/x", "-H", "Range: bytes=0-1"], "\nrange: bytes=0-1\n"),
        (
            &["/x", "-o", "new", "-C", "-"],
            "\naccept-encoding: identity\n",
        ),
        (&["/x", "--unix-socket", "s"], "# on the Unix socket `s`\n"),
        (
            &["/x", "--paginate"],
            "# and one such request for each further page",
        ),
    ] {
        // A terminal or a pipe that says nothing would keep it waiting.
        let all = [&["request", "user"], args, &["--dry-run"]].concat();
        let run = home
            .hallpass(&all)
            .env("KEY", "key-not-real")
            .dir(home.path());
        let run = run.stdin("stdin-not-real").run().ok();
        assert!(run.stdout.contains(told), "{args:?}: {run}");
        assert!(!run.stdout.contains("not-real"), "{run}");
    }
    let run = dry(&home, &["user", "/x", "-H", "Range: bytes=0-1"]).ok();
    assert!(!run.stdout.contains("accept-encoding"), "{run}");
    for (args, why) in [
        (
            &["user", "--batch", "-"][..],
            "a batch is read line by line",
        ),
        (
            &["user", "/x", "--paginate", "-d", "a"],
            "asks page after page",
        ),
        (&["user", "/x", "--jq", "["], "jq"),
        (&["user", "/x", "-H", "@-"], "headers come on stdin"),
        (
            &["key", "/x", "--json", "@-"],
            "the definition adds to a JSON body",
        ),
    ] {
        let run = dry(&home, args).fails_with(2);
        assert!(run.stderr.contains(why), "{args:?}: {run}");
        assert_eq!(run.stdout, "");
    }
    assert_eq!(recorder.asked().len(), 0);
    assert!(!home.path().join("new").exists());
}

#[test]
fn a_connected_one_is_neither_renewed_nor_unlocked() {
    let (provider, home) = Provider::connected(&["--token-ttl", "0s"]);
    let before = provider.log().len();
    std::fs::remove_file(home.path().join("key.txt")).unwrap();
    let files = || {
        let mut files = home.files();
        files.sort();
        let read = |path: &std::path::PathBuf| std::fs::read(path).unwrap();
        files.iter().map(read).collect::<Vec<_>>()
    };
    let kept = files();
    let run = dry(&home, &["sandbox", "/echo", "-d", "a=1"]).ok();
    assert!(
        run.stdout.contains("\nauthorization: Bearer ***\n"),
        "{run}"
    );
    assert!(run.stdout.ends_with("\n\na=1\n"), "{run}");
    assert!(run.stderr.contains("would be renewed first"), "{run}");
    assert_eq!(provider.log().len(), before);
    assert_eq!(files(), kept);
}

#[test]
fn it_ends_as_the_request_would_before_it_is_sent() {
    let (provider, home) = Provider::connected(&[]);
    let cases = [
        (&["sandbox", "https://elsewhere.example.com/"][..], 2),
        (&["sandbox@other", "/x"], 4),
        (&["sandbox", "/x", "-H", "nothing"], 2),
        (&["nosuch", "/x"], 3),
    ];
    let before = provider.log().len();
    for (args, code) in cases {
        let args = [&["request"], args].concat();
        let real = home.hallpass(&args).env("HALLPASS_ERRORS", "json").run();
        let args = [&args[..], &["--dry-run"]].concat();
        let dry = home.hallpass(&args).env("HALLPASS_ERRORS", "json").run();
        let dry = dry.fails_with(code);
        let error = |run: &Run| -> serde_json::Value {
            serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap()
        };
        assert_eq!(
            error(&dry)["error"]["kind"],
            error(&real)["error"]["kind"],
            "{dry}"
        );
        assert_eq!(dry.stdout, "");
    }
    assert_eq!(provider.log().len(), before);
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    for args in [
        &["request", "key", "/x", "--json", "{}"][..],
        &["request", "user", "/x"],
    ] {
        let real = home.hallpass(args).run().fails_with(3);
        let dry = home
            .hallpass(&[args, &["--dry-run"]].concat())
            .run()
            .fails_with(3);
        assert!(
            dry.stderr.contains("`KEY` is not set") && real.stderr.contains("KEY"),
            "{dry}"
        );
    }
    assert_eq!(json!(recorder.asked().len()), 0);
}
