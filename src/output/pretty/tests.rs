//! The formatter as a table, and against JSON of any shape.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn formatted(text: &str, color: bool, size: usize) -> String {
    let (mut pretty, mut out) = (Pretty::new(color), String::new());
    let chars: Vec<char> = text.chars().collect();
    for piece in chars.chunks(size) {
        pretty.push(&piece.iter().collect::<String>(), &mut out);
    }
    pretty.finish(&mut out);
    out
}

/// The text without white space outside of strings.
fn compacted(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let kept = text.chars().filter(|c| {
        let keep = inside || !c.is_ascii_whitespace();
        if *c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && *c == '\\' && !escaped;
        keep
    });
    kept.collect()
}

#[test]
fn json_is_indented_and_otherwise_as_it_came() {
    for (text, expected) in [
        ("", ""),
        (" \n", ""),
        ("{}", "{}\n"),
        ("[ ]", "[]\n"),
        ("[[],{}]", "[\n  [],\n  {}\n]\n"),
        ("\u{feff}[1]", "[\n  1\n]\n"),
        (
            r#"{"b":1,"a":[true,null]}"#,
            "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null\n  ]\n}\n",
        ),
        (r#"{"a":1,"a":2}"#, "{\n  \"a\": 1,\n  \"a\": 2\n}\n"),
        (
            "[1.0,1E400,-0,12345678901234567890123]",
            "[\n  1.0,\n  1E400,\n  -0,\n  12345678901234567890123\n]\n",
        ),
        (
            r#"["\u00fc\/\"","\\"]"#,
            "[\n  \"\\u00fc\\/\\\"\",\n  \"\\\\\"\n]\n",
        ),
        (
            "{\"a\":1}\n{\"a\":2}\n",
            "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n",
        ),
        ("{}{}", "{}\n{}\n"),
        ("\u{1e}1\n\u{1e}2\n", "1\n2\n"),
        (
            "\"a\u{1b}[2J\u{9b}\u{202e}\nb\u{7f}\"",
            "\"a\\u001b[2J\\u009b\\u202e\\u000ab\\u007f\"\n",
        ),
        ("{\"\u{1b}k\":0}", "{\n  \"\\u001bk\": 0\n}\n"),
    ] {
        for size in 1..=text.len().max(1) {
            assert_eq!(formatted(text, false, size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn what_turns_out_to_be_no_json_is_shown_as_text_to_its_end() {
    for (text, expected) in [
        ("oops", "oops\n"),
        ("<html>\n</html>\n", "<html>\n</html>\n"),
        ("nul", "nul\n"),
        ("nope", "nope\n"),
        ("12abc", "12abc\n"),
        ("12true", "12true\n"),
        ("truely", "truely\n"),
        ("{oops, \"a\"", "{oops, \"a\"\n"),
        ("{1:2}", "{1:2}\n"),
        ("[1 2]", "[\n  1 2]\n"),
        ("[1}", "[\n  1}\n"),
        ("[,1]", "[,1]\n"),
        ("[1,]", "[\n  1,]\n"),
        ("{\"a\" 1}", "{\n  \"a\" 1}\n"),
        ("{\"a\": oops", "{\n  \"a\": oops\n"),
        ("{\"a\":}", "{\n  \"a\": }\n"),
        (
            "{\"a\":1} trailing\u{1b}[2J",
            "{\n  \"a\": 1\n}\ntrailing\\u{1b}[2J\n",
        ),
        ("{\"a\":1}]", "{\n  \"a\": 1\n}]\n"),
        ("\"cut", "\"cut\n"),
        ("[1,", "[\n  1,\n"),
        ("\u{1b}]0;x\u{7}", "\\u{1b}]0;x\\u{7}\n"),
        ("[\u{1b}c", "[\\u{1b}c\n"),
    ] {
        for size in 1..=text.len() {
            assert_eq!(formatted(text, false, size), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn keys_strings_numbers_and_words_have_colours_of_their_own() {
    let text = r#"{"k":["s",1,true,null]}"#;
    let expected = "{\n  \u{1b}[1;34m\"k\"\u{1b}[0m: [\n    \u{1b}[32m\"s\"\u{1b}[0m,\n    \
                    \u{1b}[36m1\u{1b}[0m,\n    \u{1b}[33mtrue\u{1b}[0m,\n    \
                    \u{1b}[90mnull\u{1b}[0m\n  ]\n}\n";
    assert_eq!(formatted(text, true, text.len()), expected);
}

#[test]
fn no_piece_leaves_a_colour_behind() {
    let (mut pretty, mut out) = (Pretty::new(true), String::new());
    for piece in ["[\"lo", "ng\", tr", "ue, 1", "2, \"cut"] {
        pretty.push(piece, &mut out);
        let last = out.rfind("\u{1b}[").unwrap();
        assert!(out[last..].starts_with("\u{1b}[0m"), "{out:?}");
    }
    pretty.push("\"; oops", &mut out);
    assert!(out.ends_with("\"\u{1b}[0m; oops"), "{out:?}");
}

#[test]
fn depth_costs_neither_memory_nor_columns() {
    let deep = "[".repeat(MAX_DEPTH + 5);
    let text = formatted(&deep, false, 64);
    assert_eq!(compacted(&text), deep);
    let widest = text
        .lines()
        .take(MAX_DEPTH - 1)
        .map(str::len)
        .max()
        .unwrap();
    assert_eq!(widest, 2 * MAX_INDENT + 1);
    let mut pretty = Pretty::new(false);
    pretty.push(&deep, &mut String::new());
    assert_eq!(pretty.levels.len(), MAX_DEPTH);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn formatting_keeps_every_token(value in json(), size in 1_usize..40) {
        let text = value.to_string();
        let shown = formatted(&text, false, size);
        let read = |text| serde_json::from_str::<Value>(text).unwrap();
        prop_assert_eq!(read(&shown), read(&text));
        // What is harmful stands escaped: but for that, the tokens are the same.
        if !text.chars().any(ui::is_harmful) {
            prop_assert_eq!(compacted(&shown), compacted(&text));
        }
        prop_assert!(shown.chars().all(|c| c == '\n' || !ui::is_harmful(c)));
    }

    #[test]
    fn nothing_harmful_gets_through_and_no_visible_character_is_lost(text in any::<String>(), size in 1_usize..9) {
        let text = format!("[\"{text}");
        let shown = formatted(&text, false, size);
        prop_assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !ui::is_harmful(c)));
        for c in text.chars().filter(|c| !c.is_whitespace() && !ui::is_harmful(*c)) {
            prop_assert!(shown.contains(c));
        }
    }
}
