//! What reading definitions refuses and lets pass, case by case. Whole files: `definition_files`.

use std::path::Path;

use hallpass::definition::Definitions;
use hallpass::definition::report::{self, Problem, Severity};

use crate::support::Home;

/// A definition that is right, to be made wrong in one place.
const BASE: &str = r#"
[[integrations.x.parameters]]
name = "shop"
format = "label"
[[integrations.x.parameters]]
name = "site"
format = "url"
[[integrations.x.parameters]]
name = "place"
pattern = "https://[a-z]+\\.example\\.com"
[[integrations.x.parameters]]
name = "region"
choices = { "Europe" = "https://eu.example.com", "America" = "https://us.example.com" }
[[integrations.x.parameters]]
name = "free"
[[integrations.x.parameters]]
name = "hidden"
secret = true
pattern = "[a-z]+"
[integrations.x.values]
pair = "{hidden}:{token}"
deep = "{pair|base64}"
label = "{shop}-eu"
loose = "{shop}-{free}"
base = "https://{shop}.example.com"
loose_base = "https://{shop}.example.com/{free}"
word = "acme"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
client_id = "id"
site = "https://h.example"
authorization_url = "/a"
token_url = "/t"
scopes = ["read"]
[integrations.x.api]
base_url = "https://api.example"
"#;

fn read(text: &str) -> Vec<Problem> {
    Definitions::of_text(Path::new("integrations.toml"), text.to_owned())
        .all()
        .problems
}

/// What is said when a line of `auth` or `api` is replaced, or added.
fn said(half: &str, line: &str) -> Vec<String> {
    let (key, _) = line.split_once('=').unwrap();
    let kept = BASE.lines().filter(|known| !known.starts_with(key));
    let text = kept.collect::<Vec<_>>().join("\n");
    let header = format!("[integrations.x.{half}]");
    let text = text.replace(&header, &format!("{header}\n{line}"));
    read(&text).into_iter().map(|p| p.message).collect()
}

#[track_caller]
fn passes(half: &str, line: &str) {
    assert_eq!(said(half, line), Vec::<String>::new(), "{line}");
}

#[track_caller]
fn refused(half: &str, line: &str, why: &str) {
    let said = said(half, line);
    assert!(
        said.iter().any(|text| text.contains(why)),
        "{line}: {said:?}"
    );
}

#[test]
fn no_secret_reaches_the_authorization_url() {
    let why = "into the authorization URL";
    for line in [
        r#"authorization_params = { a = "{client_secret}" }"#,
        r#"authorization_params = { a = "{token|sha256}" }"#,
        r#"authorization_params = { a = "x{hidden}" }"#,
        r#"authorization_params = { a = "{pair}" }"#,
        r#"authorization_params = { a = "{deep}" }"#,
        r#"authorization_params = { a = "{state|hmac_sha256:pair}" }"#,
        r#"authorization_url = "https://h.example/{hidden}""#,
        r#"authorization_url = "/a?b={deep}""#,
        r#"site = "https://h.example/{hidden}""#,
        r#"scopes = ["read", "team:{hidden}"]"#,
        r#"redirect_uri = "https://h.example/{hidden}""#,
    ] {
        refused("auth", line, why);
    }
    refused(
        "auth",
        r#"authorization_params = { a = "{deep}" }"#,
        "`{hidden}`, which `{deep}` is made of,",
    );
    // A site that only the token endpoint stands on is seen by no browser.
    let apart = BASE.replace(
        "authorization_url = \"/a\"",
        "authorization_url = \"https://h.example/a\"",
    );
    let apart = apart.replace(
        "site = \"https://h.example\"",
        "site = \"https://h.example/{hidden}\"",
    );
    assert!(read(&apart).is_empty());
    passes("auth", r#"token_url = "/t/{hidden}""#);
}

#[test]
fn a_name_is_refused_where_it_has_no_value() {
    for line in [
        r#"authorization_params = { a = "{redirect_uri}", b = "{state}", c = "{client_id}", d = "{free}", e = "{uuid}", f = "{now}", g = "{word}", h = 1.10 }"#,
        r#"scopes = ["{free}", "{client_id}", "{label}"]"#,
        r#"token_url = "/{free}/{client_id}?at={now}&id={uuid}""#,
    ] {
        passes("auth", line);
    }
    passes(
        "api",
        r#"headers = { A = "{token}", B = "{id_token}", C = "{client_id|hmac_sha256:client_secret}", D = "{deep}", E = "{uuid} {now} {free} {hidden}" }"#,
    );
    for (name, half, key) in [
        ("code", "auth", "token_url"),
        ("code", "api", "headers"),
        ("callback.realm", "api", "headers"),
        ("state", "api", "headers"),
        ("redirect_uri", "api", "query"),
        ("redirect_uri", "auth", "token_url"),
        ("refresh_token", "api", "headers"),
        ("jwt", "api", "headers"),
        ("token", "auth", "token_url"),
        ("client_secret", "auth", "revocation_url"),
        ("callback.realm", "auth", "authorization_params"),
        ("callback.realm", "auth", "token_url"),
        ("callback.realm", "auth", "site"),
    ] {
        let line = if key.ends_with("url") || key == "site" {
            format!("{key} = \"https://h.example/x/{{{name}}}\"")
        } else {
            format!("{key} = {{ A = \"{{{name}}}\" }}")
        };
        refused(half, &line, &format!("`{{{name}}}` has no value here: "));
    }
    refused(
        "auth",
        "token_url = \"/{pair}\"",
        "`{token}`, which `{pair}` is made of, has no value here",
    );
    let own = "[[integrations.x.parameters]]\nname = \"api_key\"\n";
    let text = BASE.replace(
        "[integrations.x.api]",
        "[integrations.x.api]\nquery = { k = \"{api_key}\" }",
    );
    // Without a parameter that describes it, it is asked for all the same.
    assert!(read(&format!("{own}{text}")).is_empty());
    assert!(read(&text).is_empty());
}

#[test]
fn nothing_unpinned_chooses_a_host() {
    for line in [
        r#"base_url = "https://{shop}.example.com""#,
        r#"base_url = "https://{label}.example.com/{free}""#,
        r#"base_url = "https://{word}.example.com""#,
        r#"base_url = "{site}""#,
        r#"base_url = "{site}/{free}""#,
        r#"base_url = "{place}/x""#,
        r#"base_url = "{region}?x={free}""#,
        r#"base_url = "{base}/x""#,
    ] {
        passes("api", line);
    }
    for (line, why) in [
        (
            r#"base_url = "https://{free}.example.com""#,
            "`{free}` stands in a host name, but anything may be typed",
        ),
        (
            r#"base_url = "https://{loose}.example.com""#,
            "`{free}` stands in a host name, but anything",
        ),
        (
            r#"base_url = "https://{token}.example.com""#,
            "`{token}` stands in a host name, but it is not a parameter",
        ),
        (
            r#"base_url = "https://{uuid}.example.com""#,
            "`{uuid}` stands in a host name",
        ),
        (
            r#"base_url = "https://{client_id}.example.com""#,
            "`{client_id}` stands in a host name",
        ),
        (
            r#"base_url = "https://{pair}.example.com""#,
            "stands in a host name",
        ),
        (
            r#"base_url = "https://{hidden}.example.com""#,
            "but it is a secret",
        ),
        (
            r#"base_url = "https://{site}.example.com""#,
            "but it is a whole URL",
        ),
        (
            r#"base_url = "https://h.example:{free}/""#,
            "`{free}` stands in a host name",
        ),
        (
            r#"base_url = "{shop}/x""#,
            "`{shop}` is the start of a URL, but need not be one",
        ),
        (r#"base_url = "{free}""#, "`{free}` is the start of a URL"),
        (
            r#"base_url = "{token}/x""#,
            "`{token}` stands in a host name",
        ),
        (
            r#"base_url = "{loose_base}/x""#,
            "`{free}` stands in a host name",
        ),
        (
            r#"base_url = "{label}/x""#,
            "`{label}` is the start of a URL, but this value is none",
        ),
        (r#"base_url = "{site}{free|path}""#, "the host is left open"),
        (
            r#"base_url = "{site}.evil.example""#,
            "the host is left open",
        ),
        (
            r#"base_url = "{site}@evil.example/""#,
            "the host is left open",
        ),
        (r#"base_url = "{{x}}/y""#, "is neither a URL nor a path"),
        (
            r#"base_url = "https://me:pw@h.example/""#,
            "has a user name in it",
        ),
        (
            r#"base_url = "http://h.example/{free}""#,
            "is not encrypted",
        ),
    ] {
        refused("api", line, why);
    }
    refused(
        "auth",
        "token_url = \"https://{loose}.example\"",
        "`{free}` stands in a host name",
    );
    refused("auth", "site = \"/x\"", "`site` is a path");
}

#[test]
fn numbers_that_cannot_be_written_out_are_refused() {
    passes("api", "query = { a = 1, b = 1.10, c = true, d = 0x1f }");
    refused(
        "api",
        "query = { a = 99999999999999999999 }",
        "`a` is a number too large",
    );
    refused(
        "api",
        "query = { a = nan }",
        "`a` is a number too large, or none",
    );
    for before in [
        "18446744073709551615s 1s",
        "99999999999999999999y",
        "1.999999999999999999999999s",
        "",
    ] {
        let text = format!("{BASE}\n[integrations.x.auth.refresh]\nbefore = \"{before}\"");
        assert_eq!(read(&text).len(), 1, "{before}");
    }
}

#[test]
fn a_pattern_cannot_slip_out_of_its_anchors() {
    let text = BASE.replace("pattern = \"[a-z]+\"", "pattern = \"a)|(?:b\"");
    assert!(read(&text)[0].message.contains("not a regular expression"));
}

#[cfg(unix)]
#[test]
fn a_secret_written_out_where_others_can_read_it_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let text = BASE.replace(
        "client_id =",
        "client_secret = \"hunter2-not-real\"\nclient_id =",
    );
    let home = Home::new();
    let path = home.write("integrations.toml", &text);
    for (mode, warned) in [(0o600, false), (0o400, false), (0o644, true), (0o640, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let definitions = Definitions::load(&path, true).unwrap();
        let found = definitions.check();
        assert_eq!(found.problems.len(), usize::from(warned), "{mode:o}");
        for problem in &found.problems {
            assert_eq!(problem.severity, Severity::Warning);
            let shown = report::render(&found.problems, false);
            assert!(
                shown.starts_with("warning: ") && shown.contains("chmod 600"),
                "{shown}"
            );
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(found.integrations.len(), 1);
        definitions.get("x").unwrap();
    }
}
