//! Everything from the environment: an unattended grant needs no `connect`, no home and no store, and
//! leaves nothing behind.

use super::definition;
use crate::support::{Cmd, HALLPASS, Home, Recorder};

const KEY: &str = include_str!("../../keys/rfc7515-a2.jwk.json");
const PARAMETERS: &str = "[[integrations.x.parameters]]\nname = \"tenant\"\nenv = \"TENANT\"\n\
                          [[integrations.x.parameters]]\nname = \"app_key\"\nenv = \"APP_KEY\"\nsecret = true\n";

#[cfg(unix)]
#[test]
fn a_job_with_an_empty_home_and_no_store_has_all_it_needs_in_its_environment() {
    let grants = [
        (
            "client_credentials",
            "client_id = { env = \"ID\" }\nclient_secret = { env = \"S\" }\n",
        ),
        (
            "jwt_bearer",
            "jwt = { alg = \"RS256\", key = { env = \"KEY\" }, claims = { iss = \"{tenant}\" } }\n",
        ),
        ("token_exchange", "subject_token = { env = \"S\" }\n"),
        (
            "password",
            "username = { env = \"ID\" }\npassword = { env = \"S\" }\n",
        ),
    ];
    for (grant, lines) in grants {
        let recorder = Recorder::start();
        let home = Home::new();
        let table = "token.params = { tenant = \"{tenant}\" }\ntoken.headers = { X-App-Key = \"{app_key}\" }";
        let text = format!(
            "{}{PARAMETERS}",
            definition(grant, &format!("{lines}{table}"))
        );
        let file = home.write("job.toml", &text.replace("ORIGIN", recorder.origin()));
        let token = |missing: &str| {
            Cmd::new(
                HALLPASS,
                &["token", "x", "--config", file.to_str().unwrap()],
            )
            .env("CI", "true")
            .env("HOME", "/dev/null")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .env("ID", "id-not-real")
            .env("S", "s3cret-not-real")
            .env("KEY", KEY)
            .env("TENANT", "acme")
            .env("APP_KEY", "app-not-real")
            .env_remove(missing)
            .run()
        };
        assert_eq!(token("").ok().line(), "token-1", "{grant}");
        let asked = recorder.last("/token");
        assert_eq!(asked.form("tenant").as_deref(), Some("acme"), "{grant}");
        assert_eq!(
            asked.header("x-app-key").as_deref(),
            Some("app-not-real"),
            "{grant}"
        );
        let source = if grant == "jwt_bearer" { "KEY" } else { "S" };
        let run = token(source).fails_with(3);
        assert!(
            run.stderr.contains(&format!("`{source}` is not set")),
            "{run}"
        );
        let run = token("TENANT").fails_with(4);
        assert!(run.stderr.contains("`TENANT`"), "{run}");
        assert_eq!(recorder.asked().len(), 1, "{grant}");
        assert_eq!(home.files(), [file], "{grant}: nothing is left behind");
    }
}
