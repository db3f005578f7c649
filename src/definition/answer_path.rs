//! Dotted paths into a provider's JSON answer: `data.access_token`,
//! `[0].id`, `accounts[is_default=true].base_uri`.

use serde_json::Value as Json;

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    /// The first element in which the key has this value.
    Where(String, String),
}

impl AnswerPath {
    /// Parses a path; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let end = inner.find(']').ok_or("a `[` is never closed")?;
                steps.push(bracket(&inner[..end])?);
                rest = &inner[end + 1..];
                if let Some(after) = rest.strip_prefix('.') {
                    if after.is_empty() {
                        return Err("it ends with a `.`".to_owned());
                    }
                    rest = after;
                }
                continue;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err("a key is missing before a `.`".to_owned());
            }
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() {
                    return Err("it ends with a `.`".to_owned());
                }
                rest = after;
            }
        }
        if steps.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self(steps))
    }

    /// What stands at the path, if anything does.
    pub fn find<'a>(&self, json: &'a Json) -> Option<&'a Json> {
        self.0.iter().try_fold(json, |at, step| match step {
            Step::Key(key) => at.get(key),
            Step::Index(index) => at.get(index),
            Step::Where(key, wanted) => at
                .as_array()?
                .iter()
                .find(|item| item.get(key).and_then(text_of).as_ref() == Some(wanted)),
        })
    }

    /// The string, number or boolean at the path, as text.
    pub fn text(&self, json: &Json) -> Option<String> {
        self.find(json).and_then(text_of)
    }
}

fn bracket(inner: &str) -> Result<Step, String> {
    if let Some((key, value)) = inner.split_once('=') {
        if key.is_empty() {
            return Err("a key is missing before `=`".to_owned());
        }
        return Ok(Step::Where(key.to_owned(), value.to_owned()));
    }
    inner
        .parse()
        .map(Step::Index)
        .map_err(|_| format!("`[{inner}]` is neither an index nor `[key=value]`"))
}

fn text_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_what_they_name() {
        let json: Json = serde_json::from_str(
            r#"{"data":{"login":"ada","n":7},"list":[{"id":1,"main":false},{"id":2,"main":true}]}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("data.login", Some("ada")),
            ("data.n", Some("7")),
            ("list[1].id", Some("2")),
            ("list[main=true].id", Some("2")),
            ("list[main=maybe].id", None),
            ("data", None),
            ("nothing.there", None),
        ] {
            let found = AnswerPath::parse(path).unwrap().text(&json);
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        for path in ["", ".", "a.", "a..b", "a[", "a[x]", "a[=1]", "[0]."] {
            assert!(AnswerPath::parse(path).is_err(), "{path}");
        }
    }
}
