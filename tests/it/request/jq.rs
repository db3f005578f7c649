//! `request --jq`: what is picked from an answer.

use serde_json::json;

use crate::support::{Asked, Home, Recorder, Reply};

const SHOP: &str = "
[integrations.shop.auth]
type = \"api_key\"
api_key = \"key-not-real\"
[integrations.shop.api]
base_url = \"ORIGIN\"
";

fn answering(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Recorder, Home) {
    let recorder = Recorder::answering(move |asked, _| Some(reply(asked)));
    let home = recorder.home(SHOP);
    (recorder, home)
}

fn shop() -> (Recorder, Home) {
    answering(|asked| match asked.path.as_str() {
        "/items" => Reply::json(
            200,
            &json!([{"name": "a b", "n": 1}, {"name": "c\u{1b}[2J", "n": 2}]),
        ),
        "/lines" => Reply::text(200, "application/x-ndjson", "{\"n\":1}\n{\"n\":2}\n"),
        "/html" => Reply::text(200, "text/html", "<p>secret-not-real</p>"),
        "/deep" => Reply::text(200, "application/json", &"[".repeat(500_000)),
        "/nested" => {
            let text = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
            Reply::text(200, "application/json", &text)
        }
        "/empty" => Reply::text(200, "application/json", ""),
        "/odd" => Reply::json(200, &json!({"token": "abc-not-real"})),
        _ => Reply::json(404, &json!({"message": "no such thing"})),
    })
}

#[test]
fn strings_are_printed_raw_and_the_rest_as_json_one_a_line() {
    let (_recorder, home) = shop();
    let picked = |path: &str, expression: &str| {
        let args = ["request", "shop", path, "--jq", expression];
        home.hallpass(&args).run().ok().stdout
    };
    assert_eq!(picked("/items", ".[].name"), "a b\nc\u{1b}[2J\n");
    assert_eq!(
        picked("/items", ".[0], length"),
        "{\"n\":1,\"name\":\"a b\"}\n2\n"
    );
    assert_eq!(picked("/lines", ".n"), "1\n2\n");
    assert_eq!(picked("/empty", "."), "");
    assert_eq!(picked("/items", "empty"), "");
}

#[test]
fn an_expression_that_is_wrong_is_told_before_anything_is_sent() {
    let (recorder, home) = shop();
    for expression in [".[", "nothing_of_that_name", "env.HALLPASS_KEY", "$ENV"] {
        let args = ["request", "shop", "/items", "--jq", expression];
        let run = home.hallpass(&args).run().fails_with(2);
        assert!(
            run.stderr.contains("the `--jq` expression cannot be used"),
            "{run}"
        );
        assert!(run.stderr.contains("character "), "{run}");
        assert_eq!(run.stdout, "");
    }
    assert!(recorder.asked().is_empty());
}

#[test]
fn an_error_is_printed_whole_and_not_filtered() {
    let (_recorder, home) = shop();
    let args = ["request", "shop", "/none", "--jq", ".[].name"];
    let run = home.hallpass(&args).run().fails_with(8);
    assert_eq!(run.stdout, "{\"message\":\"no such thing\"}");
}

#[test]
fn what_is_no_json_or_beyond_the_bounds_is_the_apis_fault() {
    let (_recorder, home) = shop();
    for (path, says) in [
        ("/html", "no JSON"),
        ("/deep", "no JSON"),
        ("/nested", "nested deeper"),
    ] {
        let run = home
            .hallpass(&["request", "shop", path, "--jq", "."])
            .run()
            .fails_with(6);
        assert!(run.stderr.contains(says), "{run}");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
}

#[test]
fn an_expression_that_does_not_fit_tells_nothing_of_the_answer() {
    let (_recorder, home) = shop();
    for expression in [
        ". + 1",
        ".token.x",
        ".token | fromjson",
        "error({t: .token})",
    ] {
        let args = ["request", "shop", "/odd", "--jq", expression];
        let run = home.hallpass(&args).run().fails_with(2);
        assert!(run.stderr.contains("does not fit the answer"), "{run}");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
}

#[test]
fn a_reader_who_has_enough_ends_an_endless_filter() {
    let (_recorder, home) = shop();
    let script = "set -o pipefail; hallpass request shop /items --jq 'repeat(1)' | head -n 2";
    let run = home.shell(script).run().ok();
    assert_eq!(run.stdout, "1\n1\n");
}

#[test]
fn debug_speaks_on_stderr_and_harmlessly() {
    let (_recorder, home) = shop();
    let args = [
        "request",
        "shop",
        "/items",
        "--jq",
        ".[1].name | debug | stderr | length",
    ];
    let run = home.hallpass(&args).run().ok();
    assert_eq!(run.stdout, "5\n");
    assert!(run.stderr.contains("[\"DEBUG:\","), "{run}");
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
}

#[test]
fn the_head_is_printed_before_what_is_picked() {
    let (_recorder, home) = shop();
    let args = ["request", "shop", "/items", "-i", "--jq", "length"];
    let run = home.hallpass(&args).run().ok();
    assert!(run.stdout.starts_with("HTTP/1.1 200"), "{run}");
    assert!(run.stdout.ends_with("\r\n\r\n2\n"), "{run}");
}

#[test]
fn what_is_picked_goes_to_stdout_alone() {
    let (recorder, home) = shop();
    let args = ["request", "shop", "/items", "--jq", ".", "-o", "x"];
    home.hallpass(&args).run().fails_with(2);
    assert!(recorder.asked().is_empty());
}
