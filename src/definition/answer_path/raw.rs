//! The same paths through JSON that is kept as it was written: numbers, order
//! and doubled keys stay, and no tree of it is built, however deep it is.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{AnswerPath, Step, text_of};
use crate::definition::template::{RenderError, Scope};

impl AnswerPath {
    /// What stands at the path, as it is written; of a doubled key the last.
    pub fn find_raw<'a>(
        &self,
        json: &'a RawValue,
        scope: &dyn Scope,
    ) -> Result<Option<&'a RawValue>, RenderError> {
        let mut at = json;
        for step in &self.0 {
            let mut found = None;
            match step {
                Step::Key(key) => found = member(at, key),
                Step::Index(index) => {
                    let mut place = 0;
                    each_item(at, &mut |item| {
                        if place == *index {
                            found = Some(item);
                        }
                        place += 1;
                    });
                }
                Step::Where(key, wanted) => {
                    let Some(wanted) = wanted.render(scope)? else {
                        return Ok(None);
                    };
                    each_item(at, &mut |item| {
                        let text = || member(item, key).and_then(text_of_raw);
                        if found.is_none() && text().as_deref() == Some(wanted.text.expose()) {
                            found = Some(item);
                        }
                    });
                }
            }
            match found {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }
}

/// A string, number or boolean as text, a number as it is written.
pub fn text_of_raw(json: &RawValue) -> Option<String> {
    match json.get().as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Some(json.get().to_owned()),
        Some(b'"' | b't' | b'f') => text_of(&serde_json::from_str(json.get()).ok()?),
        _ => None,
    }
}

/// Hands out the items of an array, in their order; `false` where it is none.
pub fn each_item<'a>(json: &'a RawValue, take: &mut dyn FnMut(&'a RawValue)) -> bool {
    json.get().starts_with('[')
        && serde_json::Deserializer::from_str(json.get())
            .deserialize_seq(Items(take))
            .is_ok()
}

/// The member of an object.
fn member<'a>(json: &'a RawValue, key: &str) -> Option<&'a RawValue> {
    if !json.get().starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json.get())
        .deserialize_map(Member(key))
        .ok()
        .flatten()
}

struct Items<'f, 'a>(&'f mut dyn FnMut(&'a RawValue));

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'a RawValue>()? {
            (self.0)(item);
        }
        Ok(())
    }
}

struct Member<'k>(&'k str);

impl<'a> Visitor<'a> for Member<'_> {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((key, value)) = members.next_entry::<String, &'a RawValue>()? {
            if key == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::template::{Names, Value};
    use super::*;

    struct Nothing;

    impl Scope for Nothing {
        fn value(&self, _: &str) -> Result<Option<Value>, RenderError> {
            Ok(None)
        }
    }

    #[test]
    fn what_a_path_names_is_found_as_it_is_written() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let text = format!(
            r#"{{ "data": [ {{"id":1.0e2 ,"id": 1.50}}, {{"k":"\u0061", "n": 12345678901234567890123}} ], "n": null, "deep": {deep} }}"#
        );
        let json: &RawValue = serde_json::from_str(&text).unwrap();
        for (path, expected) in [
            ("data[0].id", Some("1.50")),
            ("data[k=a].n", Some("12345678901234567890123")),
            ("data[1].k", Some(r#""\u0061""#)),
            ("n", Some("null")),
            ("deep", Some(deep.as_str())),
            ("data[2]", None),
            ("data.id", None),
            ("n.x", None),
            ("[0]", None),
        ] {
            let path = AnswerPath::parse(path, &Names::default()).unwrap();
            let found = path.find_raw(json, &Nothing).unwrap();
            assert_eq!(found.map(RawValue::get), expected, "{path:?}");
        }
    }
}
