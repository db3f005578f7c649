//! One definition out of many, by its headers: the parser sees nothing else, so
//! that a file of a thousand definitions costs little more than a file of one.
//! Where the text is not plain enough to be sure, there is no slice, and the
//! whole file is parsed.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

/// Those pieces of a file that one definition consists of.
#[derive(Debug, Default)]
pub(super) struct Slice {
    /// The pieces, one after the other.
    pub(super) text: String,
    /// Where each begins: here, and in the file.
    places: Vec<(usize, usize)>,
}

impl Slice {
    fn push(&mut self, text: &str, piece: Range<usize>) {
        if !piece.is_empty() {
            self.places.push((self.text.len(), piece.start));
            self.text.push_str(&text[piece]);
        }
    }

    /// Where bytes of the slice stand in the file.
    pub(super) fn in_file(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        match range.end.checked_sub(1).filter(|last| *last >= range.start) {
            Some(last) => start..self.offset(last) + 1,
            None => start..start,
        }
    }

    fn offset(&self, here: usize) -> usize {
        let after = self.places.partition_point(|(begin, _)| *begin <= here);
        match after
            .checked_sub(1)
            .and_then(|piece| self.places.get(piece))
        {
            Some((begin, place)) => place + (here - begin),
            None => here,
        }
    }
}

/// The text without the tables of other integrations; `None` where these cannot
/// be told by lines alone.
pub(super) fn only(text: &str, key: &str) -> Option<Slice> {
    let bytes = text.as_bytes();
    // A line within such a string could look like a header.
    for quotes in [b"\"\"\"", b"'''"] {
        if memmem::find(bytes, quotes).is_some() {
            return None;
        }
    }
    let mut slice = Slice::default();
    // What stands before the first header is nobody's.
    let mut kept_from = Some(0);
    for bracket in memchr_iter(b'[', bytes) {
        let Some(line) = line_opened_by(bytes, bracket) else {
            continue;
        };
        let keep = match owner(&text[bracket..])? {
            Owner::One(name) => name == key,
            Owner::All => true,
        };
        if keep {
            kept_from.get_or_insert(line);
        } else if let Some(from) = kept_from.take() {
            slice.push(text, from..line);
        }
    }
    if let Some(from) = kept_from {
        slice.push(text, from..text.len());
    }
    Some(slice)
}

/// Where the line begins whose first character, but for blanks, is this one.
fn line_opened_by(bytes: &[u8], at: usize) -> Option<usize> {
    let blanks = bytes[..at].iter().rev();
    let blanks = blanks
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let line = at - blanks;
    (line == 0 || bytes[line - 1] == b'\n').then_some(line)
}

/// Whose table a header line opens.
enum Owner<'a> {
    /// The table of all integrations.
    All,
    /// One integration's, or a table within it.
    One(&'a str),
}

/// Whose table a header line opens; `None` for what is no plain header.
fn owner(line: &str) -> Option<Owner<'_>> {
    let path = line.trim_start_matches('[').trim_start();
    let rest = path.strip_prefix("integrations")?;
    let Some(rest) = rest.strip_prefix('.') else {
        return rest.starts_with(']').then_some(Owner::All);
    };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    let plain = end > 0 && rest[end..].starts_with(['.', ']']);
    plain.then_some(Owner::One(&rest[..end]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use toml::de::{DeTable, DeValue};

    use super::*;
    use crate::definition::report::Source;
    use crate::definition::tree::{Node, Tree};

    /// Lines of which files are put together.
    const LINES: [&str; 20] = [
        "[integrations.a]\n",
        "[integrations.a.auth]\r\n",
        "  [integrations.a.api] # of a\n",
        "[[integrations.a.parameters]]\n",
        "[integrations.aa]\n",
        "\t[integrations.aa.auth]\n",
        "[integrations.b-1]\n",
        "[integrations.b-1.api.x]\r\n",
        "[integrations]\n",
        "c.x = 1\n",
        "x = 1\n",
        "y = \"é\"\r\n",
        "z.n = [\"[q]\", \"🙂\"]\n",
        "w = [\n  [1],\n]\n",
        "v = { a = 1, b = [2] }\n",
        "# [integrations.aa]\n",
        "\n",
        "u = '[integrations.b-1]'\n",
        "t = 1979-05-27\n",
        "s = true",
    ];

    /// The kinds and places of a node, and of all within.
    fn places(node: &Node, found: &mut Vec<(&'static str, Range<usize>)>) {
        found.push((node.type_name(), node.span.clone()));
        match &node.value {
            Tree::Array(items) => items.iter().for_each(|item| places(item, found)),
            Tree::Table(entries) => {
                for entry in entries {
                    found.push(("a key", entry.key_span.clone()));
                    places(&entry.node, found);
                }
            }
            _ => {}
        }
    }

    /// Where a parser finds one definition; `None` where there is none, or no TOML.
    fn found(text: &str, key: &str, source: &Arc<Source>) -> Option<Node> {
        let document = DeTable::parse(text).ok()?;
        match document.get_ref().get("integrations")?.get_ref() {
            DeValue::Table(table) => Some(Node::convert(table.get(key)?, source)),
            _ => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(1024)
        })]

        #[test]
        fn a_definition_is_the_same_alone_and_in_its_file(
            lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..10),
        ) {
            let text = lines.concat();
            let source = Arc::new(Source { path: "x".into(), text: text.clone() });
            for key in ["a", "aa", "b-1", "c"] {
                let Some(slice) = only(&text, key) else { continue };
                // What is wrong elsewhere in the file is not seen.
                let Some(whole) = found(&text, key, &source) else { continue };
                let mut alone = found(&slice.text, key, &source).unwrap();
                alone.place(&|span| slice.in_file(span));
                let (mut here, mut there) = (Vec::new(), Vec::new());
                places(&alone, &mut here);
                places(&whole, &mut there);
                prop_assert_eq!(here, there);
            }
        }
    }

    #[test]
    fn the_tables_of_others_are_left_out_and_places_are_those_of_the_file() {
        let text = "# top\n[integrations.a]\nname = \"A\"\n[integrations.b.auth]\nx = 1\n[[integrations.a.parameters]]\ny = 2\n";
        let slice = only(text, "a").unwrap();
        assert_eq!(
            slice.text,
            "# top\n[integrations.a]\nname = \"A\"\n[[integrations.a.parameters]]\ny = 2\n"
        );
        for piece in ["# top", "[integrations.a]\nname = \"A\"\n", "y = 2\n"] {
            let here = slice.text.find(piece).unwrap();
            let there = slice.in_file(&(here..here + piece.len()));
            assert_eq!(&text[there], piece);
        }
        let end = slice.text.len();
        assert_eq!(slice.in_file(&(end..end)), text.len()..text.len());
        assert_eq!(Slice::default().in_file(&(0..0)), 0..0);
        let both: toml::Table = toml::from_str(text).unwrap();
        let one: toml::Table = toml::from_str(&slice.text).unwrap();
        assert_eq!(one["integrations"]["a"], both["integrations"]["a"]);
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for text in [
            "[integrations.\"a\"]\n",
            "[ \"integrations\".a]\n",
            "[integrations . a]\n",
            "[other]\n",
            "x = [\n[1],\n]\n",
            "x = \"\"\"\n[integrations.b]\n\"\"\"\n",
        ] {
            assert!(only(text, "a").is_none(), "{text}");
        }
    }
}
