//! The language's edges as tables; what a person sees of it is tried through the
//! binary.

use super::*;
use crate::ui::Color;

fn filter(expression: &str) -> Result<Filter> {
    Filter::new(expression, Ui::new(Color::Never, true, false))
}

/// What it finds, one a line, and how it ended.
fn outcome(expression: &str, body: &[u8]) -> (String, Result<()>) {
    let mut lines = String::new();
    let ended = filter(expression).unwrap().run(body, &mut |found| {
        let json = found.json()?;
        let bytes = found.text().unwrap_or(&json);
        lines.push_str(&String::from_utf8_lossy(bytes));
        lines.push('\n');
        Ok(ControlFlow::Continue(()))
    });
    (lines, ended)
}

fn found(expression: &str, body: &str) -> String {
    let (lines, ended) = outcome(expression, body.as_bytes());
    ended.unwrap();
    lines
}

fn misfit(expression: &str, body: &[u8]) -> Failure {
    outcome(expression, body).1.unwrap_err()
}

#[test]
fn expressions_find_what_jq_finds() {
    for (expression, body, expected) in [
        (
            ".",
            r#"{"b":1,"a":[1.50,null]}"#,
            "{\"b\":1,\"a\":[1.50,null]}\n",
        ),
        (
            ".[].name",
            r#"[{"name":"a b"},{"name":"c\nd"}]"#,
            "a b\nc\nd\n",
        ),
        ("map(.x) | add", r#"[{"x":1},{"x":2}]"#, "3\n"),
        (".a // \"none\"", "{}", "none\n"),
        (
            "@csv",
            r#"["a \"b\", c",1.5,null,true]"#,
            "\"a \"\"b\"\", c\",1.5,,true\n",
        ),
        (
            "@tsv",
            r#"["a\tb\nc\\d\r",1.5,null,true]"#,
            "a\\tb\\nc\\\\d\\r\t1.5\t\ttrue\n",
        ),
        ("toarray[0] | trimstr(\"a\")", "\"aba\"", "b\n"),
        (".[] | select(IN(2, 3))", "[1,2]", "2\n"),
        ("INDEX(.id) | keys[]", r#"[{"id":7},{"id":8}]"#, "7\n8\n"),
        ("@tsv \"\\(.a):\"", r#"{"a":["x",2]}"#, "x\t2:\n"),
        (
            "[.[] | select(.n > 1) | .id] | @csv",
            r#"[{"n":1,"id":1},{"n":2,"id":2}]"#,
            "2\n",
        ),
        (
            "to_entries[] | \"\\(.key)=\\(.value)\"",
            r#"{"a":1,"b":"x"}"#,
            "a=1\nb=x\n",
        ),
        (".s | fromjson | .k", r#"{"s":"{\"k\":[1]}"}"#, "[1]\n"),
        (".n | tonumber", r#"{"n":"12"}"#, "12\n"),
        ("test(\"^a.c$\")", "\"abc\"", "true\n"),
        ("debug | .", "1", "1\n"),
        ("first(range(10; 1000000000))", "null", "10\n"),
        ("., halt, .", "1", "1\n"),
        (".a", "{\"a\":1}\n{\"a\":2}\n", "1\n2\n"),
        (".", "\u{1e}1\n\u{1e}2\n", "1\n2\n"),
        (".", "\u{feff}[]", "[]\n"),
        (".", "", ""),
        (".", " \n", ""),
        (
            ".",
            "123456789012345678901234567890",
            "123456789012345678901234567890\n",
        ),
    ] {
        assert_eq!(found(expression, body), expected, "{expression}");
    }
}

#[test]
fn an_expression_that_is_wrong_is_told_with_its_place() {
    for (expression, says) in [
        (".[", "character 3: expected the end of `[`"),
        (".a | ", "character 6: expected term, found its end"),
        ("if . then 1", "character 12"),
        (".a | foo", "character 6: there is no filter `foo`"),
        ("map(1; 2)", "character 1: there is no filter `map/2`"),
        ("\"ü\" | $x", "character 7: there is no variable `$x`"),
        ("include \"m\"; .", "expected no module"),
        ("\"\\q\"", "expected string escape sequence"),
        ("", "expected term"),
    ] {
        let failure = filter(expression).err().unwrap();
        assert_eq!(failure.kind(), Kind::Usage);
        let message = failure.message();
        assert!(message.contains(says), "{expression}: {message}");
    }
}

#[test]
fn the_environment_and_files_are_closed_to_expressions() {
    for expression in [
        "env",
        "$ENV",
        "$ENV.HOME",
        "env.HOME",
        "input",
        "inputs",
        "import \"a\" as $a; $a",
    ] {
        let failure = filter(expression).err().unwrap();
        assert_eq!(failure.kind(), Kind::Usage, "{expression}");
    }
    let failure = filter("$ENV.HOME").err().unwrap();
    assert!(
        failure
            .hints()
            .iter()
            .any(|hint| hint.contains("environment"))
    );
}

#[test]
fn what_does_not_fit_is_told_without_what_the_api_said() {
    let body = br#"{"token":"abc-not-real","list":[{"key":"def-not-real \" ]"}],"n":5}"#;
    for (expression, says) in [
        (". + 1", "cannot calculate {…} + 1"),
        (".list.name", "cannot index […] with \"name\""),
        (".token.name", "cannot index \"…\" with \"name\""),
        (".token | fromjson", "cannot parse a string as JSON"),
        (".token | tonumber", "cannot parse a string as JSON"),
        (".token * {}", "cannot calculate \"…\" * {…}"),
        (".n | keys", "5"),
        ("error(\"what I say\")", "what I say"),
        ("error({a: .token})", "{…}"),
        ("error(\"no [x]\")", "no [x]"),
        (".token | mktime", "\"…\""),
        (".list | tobytes", "{…}"),
        ("halt_error", "halt_error"),
    ] {
        let failure = misfit(expression, body);
        assert_eq!(failure.kind(), Kind::Usage, "{expression}");
        let message = failure.message();
        assert!(message.contains(says), "{expression}: {message}");
        assert!(!message.contains("not-real"), "{expression}: {message}");
    }
    let long = format!("\"{}\"", "x".repeat(100_000));
    assert!(misfit("error(.)", long.as_bytes()).message().len() < 500);
}

#[test]
fn a_body_is_held_to_json_and_to_bounds() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(found("flatten[0]", &deep(256)), "1\n");
    let endless = "[".repeat(3_000_000);
    let digits = format!("[{}]", "9".repeat(5000));
    let quoted = format!("\"{}\"", "[".repeat(300));
    for (body, says) in [
        ("<html>", "no JSON"),
        ("{\"a\":1", "no JSON"),
        ("[1] oops", "no JSON"),
        ("NaN", "no JSON"),
        ("# comment", "no JSON"),
        (&deep(257), "nested deeper"),
        (&deep(100_000), "nested deeper"),
        (&endless, "no JSON"),
        (&digits, "digits"),
    ] {
        let failure = misfit(".", body.as_bytes());
        assert_eq!(failure.kind(), Kind::Unavailable, "{says}");
        let message = failure.message();
        assert!(message.contains(says), "{says}: {message}");
    }
    assert_eq!(found("length", &quoted), "300\n");
    // What comes in a string is held to the same.
    for body in [deep(100_000), digits] {
        let body = serde_json::to_string(&body).unwrap();
        let failure = misfit("fromjson", body.as_bytes());
        assert_eq!(failure.kind(), Kind::Usage);
    }
    let long = vec![b' '; MAX_INPUT + 1];
    assert_eq!(misfit(".", &long).kind(), Kind::Unavailable);
}

#[test]
fn a_result_that_is_no_json_is_not_passed_off_as_such() {
    for expression in ["nan", "[infinite]", "{(0): 1}", "[\"a\" | tobytes]"] {
        assert_eq!(misfit(expression, b"1").kind(), Kind::Usage, "{expression}");
    }
}

#[test]
fn whoever_has_enough_gets_no_more() {
    let mut seen = 0;
    let endless = filter("repeat(1)").unwrap();
    endless
        .run(b"1\n1", &mut |_| {
            seen += 1;
            Ok(if seen < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })
        .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn a_filter_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&filter(".").unwrap());
}
