//! What a home keeps of a connection, opened with its key: to see that it is whole, and to put it
//! back changed.

use std::fs;
use std::io::Write as _;
use std::str::FromStr as _;

use serde_json::Value;

use crate::support::Home;

/// The file of a connection named `default`.
pub fn path(home: &Home, key: &str) -> std::path::PathBuf {
    home.path()
        .join(format!("data/credentials/{key}@default.age"))
}

fn identity(home: &Home) -> age::x25519::Identity {
    let text = fs::read_to_string(home.path().join("key.txt")).expect("the key was made");
    let line = text.lines().find(|line| !line.starts_with('#'));
    age::x25519::Identity::from_str(line.expect("a key")).expect("an age identity")
}

/// The item, if there is one; it must be whole.
#[track_caller]
pub fn item(home: &Home, key: &str) -> Option<Value> {
    let bytes = fs::read(path(home, key)).ok()?;
    let opened = age::decrypt(&identity(home), &bytes).expect("what is kept is whole");
    Some(serde_json::from_slice(&opened).expect("what is kept is JSON"))
}

/// The refresh token that is kept.
#[track_caller]
pub fn refresh_token(home: &Home, key: &str) -> Option<String> {
    let item = item(home, key)?;
    let token = item["credential"]["refresh_token"].as_str();
    Some(token.expect("a refresh token is kept").to_owned())
}

/// Puts a changed item back.
#[track_caller]
pub fn change(home: &Home, key: &str, change: impl FnOnce(&mut Value)) {
    let mut item = item(home, key).expect("there is an item");
    change(&mut item);
    let sealed = age::encrypt(&identity(home).to_public(), item.to_string().as_bytes());
    let path = path(home, key);
    let mut file = tempfile::NamedTempFile::new_in(path.parent().expect("it is in a directory"))
        .expect("it can be made");
    file.write_all(&sealed.expect("it can be sealed"))
        .expect("it can be written");
    file.persist(path).expect("it can be put in place");
}

/// Moves the moments of an item by this many seconds, as a clock that was moved the other way would
/// make them look.
#[track_caller]
pub fn shift(home: &Home, key: &str, seconds: i64) {
    change(home, key, |item| {
        for name in ["obtained_at", "expires_at"] {
            let moment = &mut item["credential"][name];
            let Some(text) = moment.as_str() else {
                continue;
            };
            let time = humantime::parse_rfc3339(text).expect("a moment");
            let by = std::time::Duration::from_secs(seconds.unsigned_abs());
            let time = if seconds < 0 { time - by } else { time + by };
            *moment = humantime::format_rfc3339_seconds(time).to_string().into();
        }
    });
}
