//! Dotted paths into a provider's JSON answer: `data.access_token`,
//! `[0].id`, `accounts[is_default=true].base_uri`; a key that holds dots,
//! brackets or slashes in quotes: `["https://acme.example/org"].id`. A path is
//! literal but for the value an element is looked for by: `sites[name={site}].url`.

mod raw;

use serde_json::Value as Json;

pub use raw::{each_item, text_of_raw};

use super::template::{Names, RenderError, Scope, Template};

/// A parsed path.
#[derive(Clone, Debug)]
pub struct AnswerPath(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
    /// The first element in which the key has this value.
    Where(String, Template),
}

impl AnswerPath {
    /// The path to one key at the top.
    pub fn key(name: &str) -> Self {
        Self(vec![Step::Key(name.to_owned())])
    }

    /// Parses a path; the error says what is wrong with it.
    pub fn parse(text: &str, names: &Names) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (step, after) = match inner.strip_prefix('"') {
                    Some(quoted) => quoted_key(quoted)?,
                    None => {
                        let end = inner.find(']').ok_or("a `[` is never closed")?;
                        (bracket(&inner[..end], names)?, &inner[end + 1..])
                    }
                };
                steps.push(step);
                rest = after;
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

    /// The strings with placeholders in it.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.0.iter().filter_map(|step| match step {
            Step::Where(_, wanted) => Some(wanted),
            Step::Key(_) | Step::Index(_) => None,
        })
    }

    /// What stands at the path, if anything does.
    pub fn find<'a>(
        &self,
        json: &'a Json,
        scope: &dyn Scope,
    ) -> Result<Option<&'a Json>, RenderError> {
        let mut at = json;
        for step in &self.0 {
            let next = match step {
                Step::Key(key) => at.get(key),
                Step::Index(index) => at.get(index),
                Step::Where(key, wanted) => {
                    let Some(wanted) = wanted.render(scope)? else {
                        return Ok(None);
                    };
                    let fits = |item: &&Json| {
                        item.get(key).and_then(text_of).as_deref() == Some(wanted.text.expose())
                    };
                    at.as_array().and_then(|items| items.iter().find(fits))
                }
            };
            match next {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// The string, number or boolean at the path, as text.
    pub fn text(&self, json: &Json, scope: &dyn Scope) -> Result<Option<String>, RenderError> {
        Ok(self.find(json, scope)?.and_then(text_of))
    }
}

/// The key that begins after `["`, and what follows its `"]`.
fn quoted_key(quoted: &str) -> Result<(Step, &str), String> {
    let (key, after) = quoted
        .split_once("\"]")
        .filter(|(key, _)| !key.contains('"'))
        .ok_or("a quoted key ends with `\"]`")?;
    if key.is_empty() {
        return Err("a key is missing between the quotes".to_owned());
    }
    Ok((Step::Key(key.to_owned()), after))
}

fn bracket(inner: &str, names: &Names) -> Result<Step, String> {
    if let Some((key, value)) = inner.split_once('=') {
        if key.is_empty() {
            return Err("a key is missing before `=`".to_owned());
        }
        let wanted = Template::parse(value, names).map_err(|problem| problem.message)?;
        return Ok(Step::Where(key.to_owned(), wanted));
    }
    inner
        .parse()
        .map(Step::Index)
        .map_err(|_| format!("`[{inner}]` is neither an index nor `[key=value]`"))
}

/// A string, number or boolean as text.
pub fn text_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Whether what an answer holds is what a definition wants there: the same
/// JSON, or a number or boolean and the text written like it.
pub fn is_same(found: &Json, wanted: &Json) -> bool {
    found == wanted || text_of(found).is_some_and(|text| Some(text) == text_of(wanted))
}

#[cfg(test)]
mod tests {
    use super::super::template::Value;
    use super::*;

    struct Nothing;

    impl Scope for Nothing {
        fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
            Ok((name == "site").then(|| Value::plain("b")))
        }
    }

    fn names() -> Names {
        let mut names = Names::default();
        names.add("site");
        names
    }

    #[test]
    fn paths_find_what_they_name() {
        let json: Json = serde_json::from_str(
            r#"{"data":{"login":"ada","n":7},"list":[{"id":1,"main":false},{"id":2,"main":true,"name":"b"}],"https://acme.example/org":{"id":3,"a.b]":[{"id":4}]}}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("data.login", Some("ada")),
            ("data.n", Some("7")),
            ("list[1].id", Some("2")),
            ("list[main=true].id", Some("2")),
            ("list[main=maybe].id", None),
            ("list[name={site}].id", Some("2")),
            (r#"["https://acme.example/org"].id"#, Some("3")),
            (r#"["https://acme.example/org"]["a.b]"][0].id"#, Some("4")),
            (r#"data["login"]"#, Some("ada")),
            (r#"["{site}"]"#, None),
            ("data", None),
            ("nothing.there", None),
        ] {
            let found = AnswerPath::parse(path, &names()).unwrap();
            let found = found.text(&json, &Nothing).unwrap();
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_written_alike_is_the_same() {
        for (found, wanted, expected) in [
            ("1", "1", true),
            ("1", "\"1\"", true),
            ("\"true\"", "true", true),
            ("[1]", "[1]", true),
            ("null", "null", true),
            ("1", "2", false),
            ("null", "\"null\"", false),
            ("[1]", "\"[1]\"", false),
            ("\"a\"", "\"A\"", false),
        ] {
            let [found, wanted] = [found, wanted].map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(is_same(&found, &wanted), expected, "{found} {wanted}");
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        for path in [
            "",
            ".",
            "a.",
            "a..b",
            "a[",
            "a[x]",
            "a[=1]",
            "[0].",
            "a[b={c}]",
            r#"[""]"#,
            r#"["a]"#,
            r#"["a"b]"#,
            r#"["a"=b]"#,
            r#"["a"]."#,
        ] {
            assert!(AnswerPath::parse(path, &names()).is_err(), "{path}");
        }
    }
}
