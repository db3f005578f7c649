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
    use super::*;

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
