//! Text from elsewhere for a terminal: nothing in it acts on the terminal, and
//! it reads as it is.

use crate::ui;

/// The state between two pieces of a text.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// A carriage return, of which it is not yet known whether a line feed follows.
    returned: bool,
    /// Whether the last line is not ended.
    is_open: bool,
}

impl Plain {
    /// Appends a piece, made harmless: line feed and tab stay, CR LF is one line
    /// break, and every other character that is harmful stands as `\u{…}`.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            if std::mem::take(&mut self.returned) && c != '\n' {
                out.extend('\r'.escape_unicode());
            }
            match c {
                '\r' => self.returned = true,
                '\n' | '\t' => out.push(c),
                c if ui::is_harmful(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
            self.is_open = c != '\n';
        }
    }

    /// The end, wherever it is.
    pub(super) fn end(&mut self, out: &mut String) {
        if std::mem::take(&mut self.returned) {
            out.extend('\r'.escape_unicode());
        }
    }

    /// The end: the last line is ended.
    pub(super) fn finish(&mut self, out: &mut String) {
        self.end(out);
        if std::mem::take(&mut self.is_open) {
            out.push('\n');
        }
    }

    /// Whether what was there before ended in the middle of a line.
    pub(super) fn going_on(is_open: bool) -> Self {
        Self {
            is_open,
            ..Self::default()
        }
    }
}

/// A text, made harmless.
pub(super) fn harmless(bytes: &[u8]) -> String {
    let (mut plain, mut out) = (Plain::default(), String::new());
    plain.push(&String::from_utf8_lossy(bytes), &mut out);
    plain.end(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let (mut plain, mut out) = (Plain::default(), String::new());
        for c in text.chars() {
            plain.push(c.encode_utf8(&mut [0; 4]), &mut out);
        }
        plain.finish(&mut out);
        out
    }

    #[test]
    fn what_would_act_on_a_terminal_stands_as_an_escape() {
        for (text, expected) in [
            ("", ""),
            ("a\tb\n", "a\tb\n"),
            ("no end", "no end\n"),
            ("one\r\ntwo\r\n", "one\ntwo\n"),
            ("over\rwritten", "over\\u{d}written\n"),
            ("end\r", "end\\u{d}\n"),
            ("\r\r\n", "\\u{d}\n"),
            ("\u{1b}[2J", "\\u{1b}[2J\n"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}\n"),
            ("\u{9b}31m", "\\u{9b}31m\n"),
            ("a\0b\u{7f}c\u{8}", "a\\u{0}b\\u{7f}c\\u{8}\n"),
            ("x\u{202e}y\u{2066}z", "x\\u{202e}y\\u{2066}z\n"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
