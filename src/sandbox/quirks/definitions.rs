//! The definitions that go with the quirks: those the end-to-end tests use, one file each.

/// Names each quirk and reads its definition.
macro_rules! definitions {
    ($($name:literal)*) => {
        [$((
            $name,
            include_str!(concat!("../../../tests/definitions/quirks/", $name, ".toml")),
        )),*]
    };
}

/// The origin that the files are written for.
const ORIGIN: &str = "http://127.0.0.1:8719";

#[rustfmt::skip] // a line for each kind
const FILES: [(&str, &str); 93] = definitions![
    "1-no-token-type" "1-odd-case" "1-scope-array"
    "2-string" "2-ms" "2-other-name" "2-absolute-unix" "2-absolute-unix-ms" "2-iso" "2-absent"
    "3-nested-authed-user" "3-data" "3-list" "3-raw-text"
    "4-github-200-error" "4-slack-ok-false" "4-envelope" "4-201"
    "5-form" "5-form-as-json" "5-form-as-text"
    "6-client-key" "6-app-id-secret" "6-renamed-code" "6-redirect-url" "6-absent-params"
    "6-no-pkce" "6-extra-param"
    "7-json" "7-get" "7-query-post" "7-query-in-url" "7-json-renamed"
    "8-basic-only" "8-body-only" "8-both" "8-public-no-secret" "8-raw-basic" "8-encoded-basic"
    "9-comma" "9-plus" "9-pipe" "9-semicolon" "9-no-empty-scope"
    "10-rotation" "10-not-returned" "10-from-access-token" "10-other-url" "10-none" "10-prolonged"
    "10-short-lived" "10-expired-is-403"
    "11-callback-value" "11-token-value" "11-id-token-value" "11-region"
    "12-custom-header" "12-token-scheme" "12-raw-authorization" "12-query" "12-path"
    "12-two-headers"
    "13-version-header" "13-user-agent" "13-fresh-uuid"
    "16-lookup"
    "17-offline-params" "17-offline-scope"
    "client-credentials"
    "key-bearer" "key-header" "key-scheme" "key-query" "key-two" "key-path"
    "basic-header" "basic-blank" "basic-template" "basic-query"
    "session-put" "session-steps"
    "signed-app" "signed-token"
    "14-verification-url" "14-complete-url" "14-form" "14-slow-down" "14-pending-in-200"
    "14-client-auth" "14-bent" "14-expired" "14-denied" "14-unknown-code"
];

/// The definitions of all quirks of a sandbox at `issuer` (no trailing slash); the key of each is
/// the quirk's name.
pub fn definitions(issuer: &str) -> String {
    let mut text =
        String::from("# Providers that differ, one quirk each: `hallpass sandbox --quirks`.\n");
    for (_, file) in FILES {
        text.push('\n');
        text.push_str(&file.replace(ORIGIN, issuer));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::quirks::table;

    #[test]
    fn every_quirk_has_a_definition_by_its_name() {
        let files: Vec<_> = FILES.iter().map(|(name, _)| *name).collect();
        let quirks: Vec<_> = table::all().map(|quirk| quirk.name).collect();
        assert_eq!(files, quirks);
        for (name, text) in FILES {
            let parsed: toml::Table = toml::from_str(text).expect(name);
            let integrations = parsed["integrations"].as_table().expect("a table");
            assert_eq!(integrations.keys().collect::<Vec<_>>(), [name]);
            assert!(text.starts_with("# "), "{name} says what is special");
        }
        let all = definitions("http://127.0.0.1:1");
        let parsed: toml::Table = toml::from_str(&all).expect("valid TOML");
        let integrations = parsed["integrations"].as_table().expect("a table");
        assert_eq!(integrations.len(), FILES.len());
        assert!(!all.contains("8719"));
    }
}
