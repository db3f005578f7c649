//! JSON for a terminal (RFC 8259): indented and coloured while it comes, token
//! by token. Numbers, escapes, the order of keys and keys that come twice are as
//! they were sent; characters that would act on a terminal become `\uXXXX`.
//! Several values after one another (NDJSON, RFC 7464) each begin a line. What
//! turns out to be no JSON goes on as text. Memory is bounded by the depth.

use std::fmt::Write as _;

use crate::ui;

use super::plain::Plain;

/// The deepest nesting that is followed; what lies deeper is shown as text.
const MAX_DEPTH: usize = 10_000;
/// The levels after which lines are no longer moved to the right.
const MAX_INDENT: usize = 40;

const KEY: &str = "1;34";
const STRING: &str = "32";
const NUMBER: &str = "36";
const BOOLEAN: &str = "33";
const NULL: &str = "90";

/// The state between two pieces of a JSON text.
#[derive(Debug)]
pub(super) struct Pretty {
    color: bool,
    token: Token,
    expected: Expected,
    /// Of each level that is open, whether it is an object.
    levels: Vec<bool>,
    /// Whether there was white space after the last token.
    is_spaced: bool,
    is_written: bool,
    /// What it is, once it is no JSON.
    text: Option<Plain>,
}

/// The token that has begun.
#[derive(Clone, Copy, Debug)]
enum Token {
    None,
    String {
        is_key: bool,
        is_escaped: bool,
    },
    Number,
    Word {
        rest: &'static str,
        style: &'static str,
    },
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// A value, on this line.
    Value,
    /// An array's first value, or its end.
    FirstItem,
    Item,
    /// An object's first key, or its end.
    FirstKey,
    Key,
    Colon,
    /// A comma or the level's end; outside of all levels, another value.
    End,
}

impl Pretty {
    pub(super) fn new(color: bool) -> Self {
        Self {
            color,
            token: Token::None,
            expected: Expected::Value,
            levels: Vec::new(),
            is_spaced: false,
            is_written: false,
            text: None,
        }
    }

    /// Appends a piece, formatted. Colours end with it, so that a program that
    /// is ended between two pieces leaves none behind.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        self.begin_style(out);
        for (at, c) in text.char_indices() {
            if let Some(plain) = &mut self.text {
                plain.push(&text[at..], out);
                return;
            }
            self.take(c, out);
        }
        self.end_style(out);
    }

    /// The end: the last line is ended.
    pub(super) fn finish(&mut self, out: &mut String) {
        match &mut self.text {
            Some(plain) => plain.finish(out),
            None if self.is_written => out.push('\n'),
            None => {}
        }
    }

    fn take(&mut self, c: char, out: &mut String) {
        match self.token {
            Token::String { is_key, is_escaped } => self.in_string(c, is_key, is_escaped, out),
            Token::Number if matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E') => out.push(c),
            Token::Number => {
                self.end_token(Expected::End, out);
                self.between(c, out);
            }
            Token::Word { rest, style } => match rest.strip_prefix(c) {
                None => self.give_up(c, out),
                Some(rest) => {
                    out.push(c);
                    if rest.is_empty() {
                        self.end_token(Expected::End, out);
                    } else {
                        self.token = Token::Word { rest, style };
                    }
                }
            },
            Token::None => self.between(c, out),
        }
    }

    fn in_string(&mut self, c: char, is_key: bool, is_escaped: bool, out: &mut String) {
        if ui::is_harmful(c) {
            // All of these are within the basic plane.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        if c == '"' && !is_escaped {
            let next = if is_key {
                Expected::Colon
            } else {
                Expected::End
            };
            return self.end_token(next, out);
        }
        let is_escaped = c == '\\' && !is_escaped;
        self.token = Token::String { is_key, is_escaped };
    }

    fn between(&mut self, c: char, out: &mut String) {
        let is_outside = self.levels.is_empty();
        match c {
            ' ' | '\t' | '\n' | '\r' => self.is_spaced = true,
            // A record separator (RFC 7464), a byte order mark.
            '\u{1e}' if is_outside => self.is_spaced = true,
            '\u{feff}' if !self.is_written => {}
            ':' if self.expected == Expected::Colon => {
                out.push_str(": ");
                self.after(Expected::Value);
            }
            ',' if self.expected == Expected::End && !is_outside => {
                out.push(',');
                self.after(match self.levels.last() {
                    Some(true) => Expected::Key,
                    _ => Expected::Item,
                });
            }
            ']' | '}' if self.may_close(c) => {
                self.levels.pop();
                if self.expected == Expected::End {
                    self.break_line(out);
                }
                out.push(c);
                self.after(Expected::End);
            }
            _ => self.begin(c, out),
        }
    }

    fn may_close(&self, c: char) -> bool {
        let (level, first) = match c {
            '}' => (true, Expected::FirstKey),
            _ => (false, Expected::FirstItem),
        };
        let may_end = self.expected == Expected::End || self.expected == first;
        may_end && self.levels.last() == Some(&level)
    }

    /// The beginning of a key or a value.
    fn begin(&mut self, c: char, out: &mut String) {
        let is_key = matches!(self.expected, Expected::FirstKey | Expected::Key);
        let token = match c {
            '"' => Token::String {
                is_key,
                is_escaped: false,
            },
            '-' | '0'..='9' => Token::Number,
            't' => Token::Word {
                rest: "rue",
                style: BOOLEAN,
            },
            'f' => Token::Word {
                rest: "alse",
                style: BOOLEAN,
            },
            'n' => Token::Word {
                rest: "ull",
                style: NULL,
            },
            '{' | '[' if self.levels.len() < MAX_DEPTH => Token::None,
            _ => return self.give_up(c, out),
        };
        let fits = match self.expected {
            Expected::Colon => false,
            Expected::FirstKey | Expected::Key => c == '"',
            // Values that follow one another are told apart by something.
            Expected::End => self.levels.is_empty() && (self.is_spaced || "{[".contains(c)),
            Expected::Value | Expected::Item | Expected::FirstItem => true,
        };
        if !fits {
            return self.give_up(c, out);
        }
        if self.expected != Expected::Value {
            self.break_line(out);
        }
        self.token = token;
        self.begin_style(out);
        out.push(c);
        match c {
            '{' => self.open(true),
            '[' => self.open(false),
            _ => {}
        }
        self.is_written = true;
        self.is_spaced = false;
    }

    fn open(&mut self, is_object: bool) {
        self.levels.push(is_object);
        self.expected = if is_object {
            Expected::FirstKey
        } else {
            Expected::FirstItem
        };
    }

    fn after(&mut self, next: Expected) {
        self.expected = next;
        self.is_spaced = false;
    }

    fn end_token(&mut self, next: Expected, out: &mut String) {
        self.end_style(out);
        self.token = Token::None;
        self.after(next);
    }

    fn break_line(&self, out: &mut String) {
        out.push('\n');
        out.push_str(&"  ".repeat(self.levels.len().min(MAX_INDENT)));
    }

    /// It is no JSON: this and the rest is text.
    fn give_up(&mut self, c: char, out: &mut String) {
        self.end_style(out);
        self.token = Token::None;
        // Behind a colon stands a space already.
        if self.is_spaced && self.is_written && self.expected != Expected::Value {
            out.push(if self.levels.is_empty() { '\n' } else { ' ' });
        }
        let mut plain = Plain::going_on(self.is_written);
        plain.push(c.encode_utf8(&mut [0; 4]), out);
        self.text = Some(plain);
    }

    fn style(&self) -> Option<&'static str> {
        match self.token {
            _ if !self.color => None,
            Token::None => None,
            Token::String { is_key: true, .. } => Some(KEY),
            Token::String { .. } => Some(STRING),
            Token::Number => Some(NUMBER),
            Token::Word { style, .. } => Some(style),
        }
    }

    fn begin_style(&self, out: &mut String) {
        if let Some(style) = self.style() {
            out.push_str("\u{1b}[");
            out.push_str(style);
            out.push('m');
        }
    }

    fn end_style(&self, out: &mut String) {
        if self.style().is_some() {
            out.push_str("\u{1b}[0m");
        }
    }
}

#[cfg(test)]
mod tests;
