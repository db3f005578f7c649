//! `trust` of a project file: every key of an unattended connection that names where a secret goes or
//! comes from is shown before the file is used.

use crate::support::{HALLPASS, Home};

/// What a definition may name, and how that is shown.
const KEYS: [(&str, &str); 16] = [
    (
        "token_url = \"https://o.example/t\"",
        "sends to https://o.example",
    ),
    (
        "device_authorization_url = \"https://o.example/d\"",
        "sends to https://o.example",
    ),
    (
        "pushed_authorization_request_url = \"https://o.example/p\"",
        "sends to https://o.example",
    ),
    (
        "registration_url = \"https://o.example/r\"",
        "sends to https://o.example",
    ),
    (
        "issuer = \"https://o.example\"",
        "sends to https://o.example, and the endpoints that its metadata names",
    ),
    (
        "jwt = { alg = \"ES256\", key = { file = \"/keys/own.pem\" } }",
        "reads /keys/own.pem",
    ),
    (
        "jwt = { alg = \"ES256\", key = { env = \"OWN_KEY\" } }",
        "takes from the environment OWN_KEY",
    ),
    (
        "jwt = { alg = \"ES256\", key = { command = [\"agent\", \"key\"] } }",
        "runs agent key",
    ),
    (
        "tls = { certificate = { env = \"OWN_CERT\" }, key = { file = \"/keys/tls.pem\" } }",
        "takes from the environment OWN_CERT",
    ),
    (
        "tls = { certificate = { env = \"OWN_CERT\" }, key = { file = \"/keys/tls.pem\" } }",
        "reads /keys/tls.pem",
    ),
    (
        "tls = { certificate = { command = [\"agent\", \"cert\"] }, key = { env = \"K\" } }",
        "runs agent cert",
    ),
    ("subject_token = { file = \"/run/own\" }", "reads /run/own"),
    (
        "subject_token = { command = [\"agent\", \"subject\"] }",
        "runs agent subject",
    ),
    (
        "username = { env = \"OWN_NAME\" }\npassword = { file = \"/keys/word\" }",
        "takes from the environment OWN_NAME",
    ),
    (
        "username = { env = \"OWN_NAME\" }\npassword = { file = \"/keys/word\" }",
        "reads /keys/word",
    ),
    (
        "refresh = { url = \"https://o.example/refresh\" }",
        "sends to https://o.example",
    ),
];

#[test]
fn every_key_that_names_an_origin_a_file_a_command_or_a_variable_is_shown() {
    for (line, shown) in KEYS {
        let grant = match line {
            line if line.starts_with("subject") => "token_exchange",
            line if line.starts_with("username") => "password",
            line if line.starts_with("device") || line.starts_with("issuer") => "device_code",
            line if line.starts_with("jwt") => "jwt_bearer",
            line if line.starts_with("pushed") || line.starts_with("registration") => {
                "authorization_code"
            }
            _ => "client_credentials",
        };
        let mut auth = format!("type = \"oauth2\"\ngrant = \"{grant}\"\n{line}\n");
        for (name, needed) in [
            ("token_url", "token_url = \"https://other.example/t\"\n"),
            ("client_id", "client_id = \"id\"\n"),
        ] {
            let known = auth.contains(&format!("{name} =")) || line.starts_with("issuer");
            if !(known && name == "token_url") {
                auth.push_str(needed);
            }
        }
        if grant == "authorization_code" {
            auth.push_str("authorization_url = \"https://other.example/a\"\n");
        }
        let place = Home::new();
        place.write(
            "work/integrations.toml",
            &format!("[integrations.x.auth]\n{auth}"),
        );
        let run = crate::support::Cmd::new(HALLPASS, &["trust"])
            .env("HOME", place.path())
            .env("XDG_CONFIG_HOME", place.path().join("config"))
            .env("XDG_DATA_HOME", place.path().join("share"))
            .dir(&place.path().join("work"))
            .run()
            .fails_with(4);
        let shown = format!("    {shown}");
        assert!(
            run.stderr.lines().any(|said| said == shown),
            "{line}\n{run}"
        );
    }
}
