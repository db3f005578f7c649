//! Blanks the literal secrets of a definition file, so that it can be shown.
//! Every secret is replaced by stars, byte for byte: spans, lines and columns
//! still fit. A file that can be parsed is blanked by its tree; in one that
//! cannot, the words are gone through as well. In doubt a value is blanked:
//! a hidden harmless word costs a look into the file, a shown secret more.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::closest;
use super::tree::inside_quotes;

/// Keys whose values are secrets, and what a misspelt key is likened to.
const SECRET_KEYS: [&str; 10] = [
    "client_secret",
    "secret",
    "password",
    "passphrase",
    "api_key",
    "apikey",
    "private_key",
    "key",
    // Its key may stand in the same text.
    "certificate",
    "subject_token",
];

/// Keys that resemble those and are none.
const HARMLESS_KEYS: [&str; 22] = [
    "account",
    "api",
    "auth",
    "authorization_params",
    "authorization_url",
    "client_auth",
    "client_id",
    "icon",
    "key_id",
    "parameters",
    "params",
    "path",
    "pattern",
    "pkce",
    "ports",
    "redirect",
    "refresh",
    "scope_separator",
    "scopes",
    "site",
    "subject_token_type",
    "type",
];

/// Parts of a key that give it away, however it goes on.
const SECRET_PARTS: [&str; 5] = ["secret", "passw", "passphrase", "api_key", "apikey"];

/// Parts of the name of a header, or of a query parameter, that carries a
/// credential.
const CREDENTIAL_PARTS: [&str; 10] = [
    "auth",
    "key",
    "token",
    "secret",
    "passw",
    "cookie",
    "credential",
    "session",
    "signature",
    "bearer",
];

/// Tables whose keys are names on the wire.
const WIRE_TABLES: [&str; 5] = ["headers", "query", "params", "form", "json"];

/// The same text with the literal secrets replaced by stars.
pub(super) fn blanked(text: &str) -> String {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut blanks = Blanks {
        text,
        ranges: Vec::new(),
    };
    blanks.document(document.get_ref());
    if !errors.is_empty() {
        blanks.words();
    }
    blanks.apply()
}

struct Blanks<'t> {
    text: &'t str,
    ranges: Vec<Range<usize>>,
}

impl Blanks<'_> {
    fn document(&mut self, document: &DeTable<'_>) {
        for (key, value) in document {
            match value.get_ref() {
                // The keys of integrations are names people chose.
                DeValue::Table(table) if key.get_ref() == "integrations" => {
                    for (name, value) in table {
                        match value.get_ref() {
                            DeValue::Table(inner) => self.table(inner),
                            _ => self.entry(name.get_ref(), value),
                        }
                    }
                }
                _ => self.entry(key.get_ref(), value),
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        if sounds_secret(key) {
            return self.all(value);
        }
        match value.get_ref() {
            DeValue::Table(table) if is_like(key, &WIRE_TABLES) => self.wire(table),
            DeValue::Array(pair) if is_like(key, &["basic"]) => {
                let literal = pair.iter().filter(|half| is_literal(half));
                literal.for_each(|half| self.all(half));
            }
            DeValue::Array(items) if is_like(key, &["parameters"]) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(parameter) => self.parameter(parameter),
                        _ => self.below(item),
                    }
                }
            }
            _ => self.below(value),
        }
    }

    /// What holds no secret by its own key.
    fn below(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(items) => items.iter().for_each(|item| self.below(item)),
            DeValue::String(_) => self.userinfo(value.span()),
            _ => {}
        }
    }

    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.entry(key.get_ref(), value);
        }
    }

    /// Headers and their like: a literal under a credential's name is one.
    fn wire(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let name = name.get_ref().to_ascii_lowercase();
            if is_literal(value) && CREDENTIAL_PARTS.iter().any(|part| name.contains(part)) {
                self.all(value);
            } else {
                self.below(value);
            }
        }
    }

    /// A secret parameter's default is a secret written out.
    fn parameter(&mut self, parameter: &DeTable<'_>) {
        let mut secret = false;
        for (key, value) in parameter {
            secret |= match value.get_ref() {
                DeValue::Boolean(flag) => *flag && is_like(key.get_ref(), &["secret"]),
                DeValue::String(text) if key.get_ref() == "name" => sounds_secret(text),
                _ => false,
            };
        }
        for (key, value) in parameter {
            if secret && is_like(key.get_ref(), &["default", "choices"]) {
                self.all(value);
            } else {
                self.entry(key.get_ref(), value);
            }
        }
    }

    /// Everything below a secret's key but the names of places: `{ env = "NAME" }`.
    fn all(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in table {
                    if !["env", "file", "command", "github_actions"]
                        .contains(&key.get_ref().as_ref())
                    {
                        self.all(value);
                    }
                }
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.all(item)),
            DeValue::Boolean(_) => {}
            _ => self.inside(value.span()),
        }
    }

    fn inside(&mut self, span: Range<usize>) {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let inside = inside_quotes(raw);
        let range = span.start + inside.start..span.start + inside.end;
        self.ranges.push(range);
    }

    /// `user:password@` of a URL.
    fn userinfo(&mut self, span: Range<usize>) {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let Some(start) = raw.find("://").map(|at| at + 3) else {
            return;
        };
        let authority = raw[start..].split(['/', '?', '#']).next();
        if let Some(end) = authority.and_then(|authority| authority.rfind('@')) {
            let start = span.start + start;
            self.ranges.push(start..start + end);
        }
    }

    /// What looks like a secret's key and value, whatever is around it and
    /// between them.
    fn words(&mut self) {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut at = 0;
        while let Some(start) = self.text[at..].find(is_word).map(|found| at + found) {
            let rest = &self.text[start..];
            let end = start + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            // Likeness is the dearer question of the two.
            let value = loose_value(self.text, end);
            self.ranges
                .extend(value.filter(|_| is_secret_word(&self.text[start..end])));
            at = end;
        }
    }

    fn apply(self) -> String {
        let mut bytes = self.text.as_bytes().to_vec();
        let whole = |range: &Range<usize>| self.text.get(range.clone()).is_some();
        for range in self.ranges.iter().filter(|range| whole(range)) {
            for byte in bytes.get_mut(range.clone()).unwrap_or_default() {
                if !matches!(byte, b'\n' | b'\r') {
                    *byte = b'*';
                }
            }
        }
        // Whole characters are replaced, so it is text still.
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// Not a string with a placeholder, which gets its credential from elsewhere.
fn is_literal(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::String(text) => !text.replace("{{", "").contains('{'),
        _ => true,
    }
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let known = SECRET_KEYS.iter().chain(&HARMLESS_KEYS).copied();
    SECRET_PARTS.iter().any(|part| key.contains(part))
        || closest(&key, known).is_some_and(|word| SECRET_KEYS.contains(&word))
}

/// Whether a key is one of these words, or a misspelling of one.
fn is_like(key: &str, words: &[&str]) -> bool {
    closest(key, words.iter().copied()).is_some()
}

fn is_secret_word(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let header = key.contains('-') || key == "authorization";
    sounds_secret(&key)
        || key == "basic"
        || header && CREDENTIAL_PARTS.iter().any(|part| key.contains(part))
}

/// The bytes of the value after a key, both perhaps malformed: to its closing
/// quotes, or as far as it could go.
fn loose_value(text: &str, key_end: usize) -> Option<Range<usize>> {
    const SPACE: [char; 2] = [' ', '\t'];
    let rest = text[key_end..].trim_start_matches(['"', '\'']);
    let rest = rest.trim_start_matches(SPACE);
    let value = rest.trim_start_matches(['=', ':']);
    let separated = value.len() < rest.len();
    let value = value.trim_start_matches(SPACE);
    let start = text.len() - value.len();
    let line = value.find('\n').unwrap_or(value.len());
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        let Some(inner) = value.strip_prefix(quotes) else {
            continue;
        };
        let bound = if quotes.len() == 3 {
            inner.len()
        } else {
            line - quotes.len()
        };
        let end = closing(&inner[..bound], quotes).unwrap_or(bound);
        let start = start + quotes.len();
        return Some(start..start + end);
    }
    // `{ env = "NAME" }` and its like name a place; what else a table holds is
    // gone through by its own keys.
    if !separated || value.starts_with('{') {
        return None;
    }
    let end = match value.strip_prefix('[') {
        Some(_) => value.find(']').unwrap_or(value.len()),
        None => value[..line].find([',', '}']).unwrap_or(line),
    };
    Some(start..start + end)
}

/// Where a string closes; a backslash keeps the character after it.
fn closing(inner: &str, quotes: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if !escaped && inner[at..].starts_with(quotes) {
            return Some(at);
        }
        escaped = c == '\\' && !escaped && quotes.starts_with('"');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2-not-real";

    fn shows(text: &str) -> bool {
        let shown = blanked(text);
        assert_eq!(shown.len(), text.len(), "{text}");
        shown.contains("hunter2")
    }

    #[test]
    fn a_secret_is_blanked_wherever_it_stands() {
        for text in [
            "[integrations.x.auth]\nclient_secret = \"S\"",
            "[integrations.x.auth]\nclient_secrt = 'S'",
            "[integrations.x]\nauth = { client_secret = \"S\", bogus = 1 }",
            "[integrations.x]\nauth.client_secret = \"\"\"\na\nS\"\"\"",
            "[integrations.x.auth.jwt]\nkey = '''\nS\nb'''",
            "[integrations.x.auth]\ntls = { certificate = \"S\", key = { file = \"k\" } }",
            "[integrations.x.auth]\ntls = { certificate = { file = \"c\" }, key = \"S\" }",
            "[integrations.x.auth]\npassword = { value = \"S\", env = \"E\" }",
            "[integrations.x.auth]\napi_keys = [\"a\", \"S\"]",
            "[integrations.x.api]\nheaders = { X-Api-Key = \"S\" }",
            "[integrations.x.api.headers]\nAuthorization = \"Bearer S {{x}}\"",
            "[integrations.x.api.query]\naccess_token = \"S\"",
            "[[integrations.x.parameters]]\nname = \"k\"\nsecret = true\ndefault = \"S\"",
            "[[integrations.x.parameters]]\nname = \"password\"\ndefalt = \"S\"",
            "[integrations.x.auth]\ntoken_url = \"https://me:S@h.example/t\"",
            "[integrations.x.auth.token]\nbasic = [\"a\", \"S\", 1]",
            "[integrations.x.api]\njson = { session = { token = \"S\" } }",
            "[integrations]\nclient_secret = \"S\"",
            "client_secret = \"S\"",
            // Files that are no TOML.
            "[integrations.x.auth]\nclient_secret = \"S",
            "[integrations.x.auth]\nclient_secret = S",
            "[integrations.x.auth]\nclient_secret \"S\"",
            "[integrations.x.auth]\n\"X-Api-Key\": \"S\"",
            "[integrations.x]\nauth = { client_secret = \"S\", bogus = }",
            "[integrations.x.auth]\nclient_secret = \"a\"\nclient_secret = \"S\"",
            "[integrations.x.auth]\npassword = \"\"\"a\nS",
            "[integrations.x.auth]\npassword = [ 'a', 'S'",
            "[integrations.x.auth.token]\nbasic = [\"a\", \"S",
        ] {
            assert!(!shows(&text.replace('S', SECRET)), "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "[integrations.x.auth]\nclient_id = \"S\"",
            "[integrations.x.auth]\nclient_secret = { env = \"S\" }",
            "[integrations.x.auth]\ntoken_url = \"https://h.example/S@x\"",
            "[integrations.my-secret.auth]\ntype = \"S\"",
            "[integrations.x.api]\nheaders = { X-Api-Key = \"S {token}\", Accept = \"a\" }",
            "[integrations.x.auth.token]\nbasic = [\"{username}/S\", \"{api_key}\"]",
            "[[integrations.x.parameters]]\nname = \"k\"\ndefault = \"S\"",
            "[integrations.x.api]\nbase_url = \"https://S.example\"\ntest = \"/S\"",
        ] {
            assert!(shows(&text.replace('S', SECRET)), "{text}");
        }
    }

    #[test]
    fn lines_and_columns_still_fit() {
        let text = "client_secret = \"\"\"\na\u{e9}\r\nb\"\"\" # c\nname = 1\n";
        let shown = blanked(text);
        assert_eq!(
            shown,
            "client_secret = \"\"\"\n***\r\n*\"\"\" # c\nname = 1\n"
        );
    }
}
