//! A change to a JSON file of somebody else's: one entry is put in, and every
//! other byte stays as it is, order, indentation and all.

use std::ops::Range;

use serde_json::Value;

/// A member of an object, by its places in the text.
struct Member {
    name: String,
    name_at: usize,
    value: Range<usize>,
}

/// The text with `{ object: { name: value } }` in it; `None` where that is so
/// already. An empty text counts as an empty object.
pub(super) fn with_entry(
    text: &str,
    object: &str,
    name: &str,
    value: &str,
) -> Result<Option<String>, String> {
    let fresh = format!(
        "{{\n\t{}: {}\n}}\n",
        quoted(object),
        entry(name, value, "\n\t\t")
    );
    if text.trim().is_empty() {
        return Ok(Some(fresh));
    }
    let parsed: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let known = parsed.as_object().ok_or("it is no object")?.get(object);
    match known {
        Some(Value::Object(entries)) if entries.get(name) == Some(&Value::from(value)) => {
            return Ok(None);
        }
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(_) => return Err(format!("`{object}` is no object")),
    }
    let start = skip_space(text, 0);
    let top = members(text, start);
    // Of those that come twice the last counts.
    let Some(inner) = top.iter().rfind(|member| member.name == object) else {
        let between = indentation(text, start, &top).unwrap_or("\n\t");
        let new = format!(
            "{}: {}",
            quoted(object),
            entry(name, value, &deeper(between))
        );
        return Ok(Some(inserted(text, start, &top, between, &new)));
    };
    if !text[inner.value.clone()].starts_with('{') {
        let between = indentation(text, start, &top).unwrap_or("\n\t");
        let new = entry(name, value, &deeper(between));
        return Ok(Some(replaced(text, &inner.value, &new)));
    }
    let entries = members(text, inner.value.start);
    if let Some(old) = entries.iter().rfind(|member| member.name == name) {
        return Ok(Some(replaced(text, &old.value, &quoted(value))));
    }
    let around = indentation(text, start, &top).unwrap_or("\n\t");
    let within = indentation(text, inner.value.start, &entries);
    let within = within.map_or_else(|| deeper(around), ToOwned::to_owned);
    let new = format!("{}: {}", quoted(name), quoted(value));
    Ok(Some(inserted(
        text,
        inner.value.start,
        &entries,
        &within,
        &new,
    )))
}

/// The white space before what stands one step further in.
fn deeper(between: &str) -> String {
    if between.contains('\n') {
        format!("{between}\t")
    } else {
        between.to_owned()
    }
}

/// An object with one entry. `between` is the white space before it.
fn entry(name: &str, value: &str, between: &str) -> String {
    let end = between.strip_suffix('\t').unwrap_or("");
    format!("{{{between}{}: {}{end}}}", quoted(name), quoted(value))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn replaced(text: &str, place: &Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..place.start], &text[place.end..])
}

/// The text with a new last member of the object that begins at `start`.
fn inserted(text: &str, start: usize, members: &[Member], between: &str, new: &str) -> String {
    match members.last() {
        Some(last) => replaced(
            text,
            &(last.value.end..last.value.end),
            &format!(",{between}{new}"),
        ),
        None => {
            let end = between.strip_suffix('\t').unwrap_or("");
            let close = end_of_value(text, start) - 1;
            replaced(text, &(start + 1..close), &format!("{between}{new}{end}"))
        }
    }
}

/// The white space before the last member.
fn indentation<'t>(text: &'t str, start: usize, members: &[Member]) -> Option<&'t str> {
    let last = members.last()?;
    let before = match members.len() {
        1 => start + 1,
        more => members[more - 2].value.end,
    };
    let gap = &text[before..last.name_at];
    Some(gap.split_once(',').map_or(gap, |(_, behind)| behind))
}

/// The members of the object that begins at `start`, in a text that is JSON.
fn members(text: &str, start: usize) -> Vec<Member> {
    let mut found = Vec::new();
    let mut at = skip_space(text, start + 1);
    while text[at..].starts_with('"') {
        let name_at = at;
        at = end_of_value(text, at);
        let name = serde_json::from_str(&text[name_at..at]).unwrap_or_default();
        // Behind the colon.
        let value = skip_space(text, skip_space(text, at) + 1);
        at = end_of_value(text, value);
        found.push(Member {
            name,
            name_at,
            value: value..at,
        });
        at = skip_space(text, at);
        if text[at..].starts_with(',') {
            at = skip_space(text, at + 1);
        }
    }
    found
}

fn skip_space(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

/// Where the value ends that begins at `at`.
fn end_of_value(text: &str, at: usize) -> usize {
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                in_string = !in_string;
                if !in_string && depth == 0 {
                    return index + 1;
                }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return index + 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return index,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> String {
        let new = with_entry(text, "credHelpers", "ghcr.io", "hallpass");
        let new = new.unwrap().unwrap();
        let parsed: Value = serde_json::from_str(&new).unwrap();
        assert_eq!(parsed["credHelpers"]["ghcr.io"], "hallpass", "{new}");
        let again = with_entry(&new, "credHelpers", "ghcr.io", "hallpass");
        assert_eq!(again, Ok(None), "{new}");
        new
    }

    #[test]
    fn one_entry_is_put_in_and_every_other_byte_stays() {
        for (before, after) in [
            (
                "",
                "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}\n",
            ),
            (
                "{}",
                "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}",
            ),
            (
                " {\n}\n",
                " {\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}\n",
            ),
            (
                "{\n\t\"z\": \"a } \\\" , {\",\n\t\"a\": [1.50, {\"b\": []}]\n}\n",
                "{\n\t\"z\": \"a } \\\" , {\",\n\t\"a\": [1.50, {\"b\": []}],\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}\n",
            ),
            (
                "{\n  \"credHelpers\": {\n    \"x.io\": \"y\"\n  },\n  \"z\": 1e2\n}",
                "{\n  \"credHelpers\": {\n    \"x.io\": \"y\",\n    \"ghcr.io\": \"hallpass\"\n  },\n  \"z\": 1e2\n}",
            ),
            (
                "{\"credHelpers\":{\"ghcr.io\":\"gcloud\",\"x\":\"y\"},\"b\":1}",
                "{\"credHelpers\":{\"ghcr.io\":\"hallpass\",\"x\":\"y\"},\"b\":1}",
            ),
            (
                "{\"a\":1}",
                "{\"a\":1,\"credHelpers\": {\"ghcr.io\": \"hallpass\"}}",
            ),
            (
                "{\"credHelpers\":{\"a\":\"b\"}}",
                "{\"credHelpers\":{\"a\":\"b\",\"ghcr.io\": \"hallpass\"}}",
            ),
            (
                "{\n\t\"a\": 1,\n\t\"credHelpers\": {}\n}",
                "{\n\t\"a\": 1,\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}",
            ),
            (
                "{\n\t\"credHelpers\": null\n}",
                "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"hallpass\"\n\t}\n}",
            ),
        ] {
            assert_eq!(changed(before), after, "{before}");
        }
    }

    #[test]
    fn odd_but_valid_files_stay_valid() {
        for text in [
            "{\"a\":1}",
            "{ \"a\" : true , \"b\":null }",
            "{\"\\u0063redHelpers\":{}}",
            "{\"credHelpers\":{},\"credHelpers\":{\"x\":\"y\"}}",
            "{\"a\":\"ü\u{1f600}\\\\\"}",
            "\r\n{\r\n  \"a\": -1\r\n}",
        ] {
            changed(text);
        }
    }

    #[test]
    fn what_is_no_object_is_not_touched() {
        for text in [
            "[]",
            "1",
            "{",
            "{\"credHelpers\":[]}",
            "{\"credHelpers\":\"x\"}",
        ] {
            let new = with_entry(text, "credHelpers", "ghcr.io", "hallpass");
            assert!(new.is_err(), "{text}");
        }
    }
}
