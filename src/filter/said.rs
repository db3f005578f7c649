//! What is said of an expression that cannot be used: jaq's own words and the
//! place; of one that does not fit an answer, its words without the answer's,
//! which may be secrets.

use jaq_core::compile::Undefined;
use jaq_core::load::{self, lex};
use jaq_core::{compile, load::Errors};
use jaq_json::{Error, Val};

use crate::error::{Failure, Kind};

/// The most of a message that is shown, in characters.
const LONGEST: usize = 200;

/// It is not in the language.
pub(super) fn unreadable(expression: &str, errors: &Errors<&str, ()>) -> Failure {
    let first = errors.iter().find_map(|(_, error)| match error {
        load::Error::Lex(errors) => errors.first().map(|(expected, found)| {
            let expected = match expected {
                lex::Expect::Delim(open) => format!("the end of `{open}`"),
                other => other.as_str().to_owned(),
            };
            (expected, *found)
        }),
        load::Error::Parse(errors) => {
            let first = errors.first();
            first.map(|(expected, found)| (expected.as_str().to_owned(), *found))
        }
        load::Error::Io(errors) => errors
            .first()
            .map(|(path, _)| ("no module, since none is read".to_owned(), *path)),
    });
    let (expected, found) = first.unwrap_or_default();
    let at = place(expression, found);
    let found = match found.chars().next() {
        None => "its end".to_owned(),
        Some(_) => format!("`{}`", shortened(found, 20)),
    };
    unusable(&format!("{at}: expected {expected}, found {found}"))
}

/// It uses what is not there.
pub(super) fn unknown(expression: &str, errors: &compile::Errors<&str, ()>) -> Failure {
    let first = errors.iter().find_map(|(_, errors)| errors.first());
    let Some((name, undefined)) = first else {
        return unusable("it cannot be compiled");
    };
    let at = place(expression, name);
    let kind = undefined.as_str();
    let failure = match undefined {
        Undefined::Filter(arity) if *arity > 0 => {
            unusable(&format!("{at}: there is no {kind} `{name}/{arity}`"))
        }
        _ => unusable(&format!("{at}: there is no {kind} `{name}`")),
    };
    if matches!(*name, "env" | "$ENV") {
        return failure
            .hint("the environment is closed to it: have the shell put in what it needs");
    }
    failure
}

fn unusable(why: &str) -> Failure {
    Failure::new(
        Kind::Usage,
        format!("the `--jq` expression cannot be used: {why}"),
    )
    .hint("quote it for the shell, as in `--jq '.[].name'`; its language is that of `man jq`")
}

/// Where a part of the expression stands; what is not part of it is its end.
fn place(expression: &str, part: &str) -> String {
    let offset = part.as_ptr().addr().checked_sub(expression.as_ptr().addr());
    let before = offset.and_then(|offset| expression.get(..offset));
    let column = before.unwrap_or(expression).chars().count() + 1;
    format!("character {column}")
}

/// Why an expression does not fit. What the expression itself says (`error`) is
/// said; of the answer's values no more than what kind they are.
pub(super) fn misfit(expression: &str, error: Error) -> String {
    let words = error.to_string();
    match error.into_val() {
        // A message, which is the expression's own, or a function's.
        Val::TStr(text) if words.starts_with('"') => {
            let text = String::from_utf8_lossy(&text);
            if expression.contains(&*text) {
                return shortened(&text, LONGEST);
            }
            shortened(&without_values(expression, &text), LONGEST)
        }
        _ => shortened(&without_values(expression, &words), LONGEST),
    }
}

/// Takes what is inside of arrays, objects and strings out of jaq's words,
/// unless the expression has the string itself.
fn without_values(expression: &str, words: &str) -> String {
    let mut kept = String::new();
    let mut rest = words.chars();
    while let Some(c) = rest.next() {
        let text = rest.as_str();
        let end = match c {
            '"' => string_end(text),
            '{' | '[' => level_end(text),
            _ => {
                kept.push(c);
                continue;
            }
        };
        let (inside, after) = text.split_at(end);
        let is_own = c == '"' && expression.contains(inside.trim_end_matches('"'));
        match (c, is_own) {
            (_, true) => kept.extend(['"'].into_iter().chain(inside.chars())),
            ('{', _) => kept.push_str("{…}"),
            ('[', _) => kept.push_str("[…]"),
            _ => kept.push_str("\"…\""),
        }
        rest = after.chars();
    }
    kept
}

/// Behind the quote that ends a string.
fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == '"' && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

/// Behind the bracket that ends a level.
fn level_end(text: &str) -> usize {
    let (mut depth, mut at) = (1_usize, 0);
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        match c {
            '"' => at += string_end(&text[at..]),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
