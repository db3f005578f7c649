//! Secrets that are all different, and the search for them in whatever form they may turn up.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::support::{Cmd, Home, Run};

/// Every kind of secret there is: its name in the tests, and its text. Nothing of one is in another,
/// and each holds what forms, URLs and Base64 write otherwise.
pub const CANARIES: [(&str, &str); 19] = [
    ("CLIENT_SECRET", "cs+/7q secret-not-real"),
    ("SERVICE_SECRET", "sv+/1w secret-not-real"),
    ("ACCESS_TOKEN", "at_8Zk2~a/t+not-real"),
    ("REFRESH_TOKEN", "rt_5Yw9~r/t+not-real"),
    (
        "ID_TOKEN",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.id-tok-not-real",
    ),
    ("CODE", "code_3Xv4~c/d+not-real"),
    ("API_KEY", "ak_6Uu1~k/y+not-real"),
    ("PASSWORD", "pw/+4b word:not-real"),
    ("LOGIN_PASSWORD", "lp/+9c word\"not-real"),
    ("LOGIN_TOKEN", "lt_2Ss7~l/t+not-real"),
    ("SIGNING_KEY", "hk/+3d key-to-sign-with-that-is-not-real"),
    ("PIN", "pin/+8e code-not-real"),
    ("KEPT", "kept_1Qq3~k/v+not-real"),
    ("USER_PASSWORD", "up/+6f word:not-real"),
    ("SUBJECT_TOKEN", "subj_7Tt1~s/t+not-real"),
    (RUNNER_TOKEN, "run_4Rr8~r/t+not-real"),
    ("RUNNER_ANSWER", "rid_8Mm5~r/a+not-real"),
    ("DEVICE_CODE", "dc_9Dd2~d/c+not-real"),
    // Whatever shows a key shows its lines.
    ("KEY_LINE", "BggqhkjOPQMBBw=="),
];

/// The variable that a runner of GitHub Actions gives its job's own token in.
const RUNNER_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// A key that clients sign with, which is in the variable `CLIENT_KEY`.
pub const CLIENT_KEY: &str = include_str!("../../keys/signing.p256.sec1.pem");

/// A secret by its name.
pub fn canary(name: &str) -> &'static str {
    let found = CANARIES.iter().find(|(known, _)| *known == name);
    found.expect("it is in the list").1
}

/// Every form of every canary: what it is of, and what to look for.
pub fn forms() -> &'static [(&'static str, String)] {
    static FORMS: LazyLock<Vec<(&str, String)>> = LazyLock::new(all_forms);
    &FORMS
}

fn all_forms() -> Vec<(&'static str, String)> {
    let pair = format!("user-1:{}", canary("PASSWORD"));
    let client = form_encoded(canary("CLIENT_SECRET"));
    let client = format!("app-1:{client}");
    let texts = CANARIES.iter().map(|(name, text)| (*name, *text));
    let texts = texts.chain([("PASSWORD", &*pair), ("CLIENT_SECRET", &*client)]);
    let mut forms = Vec::new();
    for (name, text) in texts {
        let json = serde_json::Value::from(text).to_string();
        for form in [
            text.to_owned(),
            form_encoded(text),
            form_encoded(text).replace('+', "%20"),
            json.trim_matches('"').to_owned(),
            STANDARD_NO_PAD.encode(text),
            URL_SAFE_NO_PAD.encode(text),
        ] {
            forms.push((name, form));
        }
    }
    forms
}

fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Asserts that no canary is in a text, in no form.
#[track_caller]
pub fn clean(what: &str, text: &str) {
    for (name, form) in forms() {
        assert!(
            !text.contains(form),
            "{name} as `{form}` in {what}:\n{text}"
        );
    }
}

/// Asserts that a run said none of them: on stderr, and on stdout where nobody asked for one.
#[track_caller]
pub fn said_nothing(run: &Run, asked_for_on_stdout: bool) {
    clean(&format!("stderr of `{}`", run.what), &run.stderr);
    if !asked_for_on_stdout {
        clean(&format!("stdout of `{}`", run.what), &run.stdout);
    }
}

/// Asserts that no file of a home has one of them in it, or in its name.
#[track_caller]
pub fn none_in_files(home: &Home) {
    for path in home.files() {
        let name = path.to_string_lossy();
        clean("a file's name", &name);
        let bytes = std::fs::read(&path).unwrap();
        clean(&name, &String::from_utf8_lossy(&bytes));
    }
}

/// Where the definitions of a home have their provider.
fn origin(home: &Home) -> String {
    let definitions = std::fs::read_to_string(home.path().join("integrations.toml"));
    let definitions = definitions.unwrap_or_default();
    let mut texts = definitions
        .split('"')
        .filter(|text| text.ends_with("/token"));
    let found = texts.next().and_then(|url| url.strip_suffix("/token"));
    found.unwrap_or_default().to_owned()
}

/// The binary with the variables that the definitions name, a `TMPDIR` within its home, and every
/// variable that makes other programs talk.
pub fn hallpass(home: &Home, args: &[&str]) -> Cmd {
    let tmp = home.path().join("tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    home.hallpass(&[&["-vv"], args].concat())
        .env("TMPDIR", &tmp)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("RUST_LIB_BACKTRACE", "1")
        .env("SSLKEYLOGFILE", home.path().join("tls-keys"))
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .envs(CANARIES.map(|(name, text)| (name, text.to_owned())))
        .env("CLIENT_KEY", CLIENT_KEY)
        .env(
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("{}/runner", origin(home)),
        )
}
