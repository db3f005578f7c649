//! One definition out of many, by its headers: everything else is blanked
//! before the parser sees it, so that a file of a thousand definitions costs
//! little more than a file of one. Offsets stay what they are in the file.
//! Where the text is not plain enough to be sure, there is no slice, and the
//! whole file is parsed.

/// The text with the tables of other integrations blanked; `None` where that
/// cannot be told by lines alone.
pub(super) fn only(text: &str, key: &str) -> Option<String> {
    // A line within such a string could look like a header.
    if text.contains("\"\"\"") || text.contains("'''") {
        return None;
    }
    let mut slice = String::with_capacity(text.len());
    let mut keep = true;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with('[') {
            keep = match owner(trimmed)? {
                Owner::One(name) => name == key,
                Owner::All => true,
            };
        }
        if keep {
            slice.push_str(line);
        } else {
            blank(&mut slice, line.len());
        }
    }
    Some(slice)
}

/// As many spaces, a piece at a time: most of a large file is blanked.
fn blank(slice: &mut String, mut length: usize) {
    const PIECE: &str = "                                                                ";
    while length > 0 {
        let piece = &PIECE[..length.min(PIECE.len())];
        slice.push_str(piece);
        length -= piece.len();
    }
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
    fn the_tables_of_others_are_blanked_and_offsets_stay() {
        let text = "# top\n[integrations.a]\nname = \"A\"\n[integrations.b.auth]\nx = 1\n[[integrations.a.parameters]]\ny = 2\n";
        let slice = only(text, "a").unwrap();
        assert_eq!(slice.len(), text.len());
        assert!(
            slice.contains("name = \"A\"") && slice.contains("y = 2") && !slice.contains("x = 1")
        );
        assert_eq!(slice.find("y = 2"), text.find("y = 2"));
        let both: toml::Table = toml::from_str(text).unwrap();
        let one: toml::Table = toml::from_str(&slice).unwrap();
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
            assert_eq!(only(text, "a"), None, "{text}");
        }
    }
}
