//! Where the certificate and its key come from, and what is said of those that are of no use.

use super::server::{Asks, Server, client};
use super::{BY_FILE, hallpass, home, run};
use crate::support::Home;

const CERTIFICATE: &str = include_str!("../../keys/client.pem");
const KEY: &str = include_str!("../../keys/client.key.pem");

/// An API that wants a certificate, which comes from here.
fn with(server: &Server, tls: &str) -> Home {
    home(
        server,
        &format!(
            "[integrations.x.auth]\ntype = \"none\"\n{tls}\n[integrations.x.api]\nbase_url = \"ORIGIN\"\n"
        ),
    )
}

#[test]
fn files_variables_commands_and_literals_do() {
    let server = Server::start(Asks::Insists);
    let both = format!("{CERTIFICATE}{KEY}");
    let authority = include_str!("../../keys/client-ca.pem");
    let one_line = both.replace('\n', "\\n");
    for (tls, value) in [
        (BY_FILE, ""),
        ("tls.certificate = { env = \"BOTH\" }", both.as_str()),
        // The key first, the chain after the certificate, on one line.
        (
            "tls.certificate = { env = \"BOTH\" }",
            &format!("{KEY}{CERTIFICATE}{authority}"),
        ),
        ("tls.certificate = { env = \"BOTH\" }", &one_line),
        (
            "tls = { certificate = { file = \"client.pem\" }, key = { command = [\"cat\", \"client.key.pem\"] } }",
            "",
        ),
        (&format!("tls.certificate = '''\n{both}'''"), ""),
    ] {
        let home = with(&server, tls);
        let request = hallpass(&home, &["request", "x", "/me"]).dir(home.path());
        request.env("BOTH", value).run().ok();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.certificate, Some(client()), "{tls}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_is_asked_once_in_a_run() {
    let server = Server::start(Asks::Insists);
    let home = home(
        &server,
        &super::SERVICE.replace(
            "key = { file = \"client.key.pem\" }",
            "key = { command = [\"sh\", \"-c\", \"echo asked >> asked; cat client.key.pem\"] }",
        ),
    );
    let connect = hallpass(&home, &["connect", "x"]).dir(home.path());
    connect.run().ok();
    assert_eq!(server.paths(), ["/token", "/api/me"]);
    let asked = std::fs::read_to_string(home.path().join("asked")).unwrap();
    assert_eq!(asked, "asked\n");
}

#[test]
fn one_may_be_given_when_connecting_and_is_kept_sealed() {
    let server = Server::start(Asks::Insists);
    let tls = "tls.certificate = { file = \"client.pem\" }";
    let home = home(
        &server,
        &super::SERVICE
            .lines()
            .map(|line| if line.starts_with("tls") { tls } else { line })
            .collect::<Vec<_>>()
            .join("\n"),
    );
    let run_without = run(&home, &["connect", "x"]).fails_with(3);
    assert!(
        run_without.stderr.contains("`key` names none"),
        "{run_without}"
    );
    let key = home.path().join("client.key.pem");
    let param = format!("tls.key=@{}", key.display());
    run(&home, &["connect", "x", "--param", &param]).ok();
    std::fs::remove_file(key).unwrap();
    run(&home, &["token", "x", "--refresh"]).ok();
    let middle = KEY.lines().nth(1).unwrap();
    assert!(home.files_with(middle).is_empty());
    run(&home, &["connect", "x", "--param", "tls.key=in-argv"]).fails_with(2);
}

#[test]
fn what_is_of_no_use_is_told_by_its_name_and_not_shown() {
    let server = Server::start(Asks::Insists);
    let encrypted = include_str!("../../keys/signing.p256.encrypted.pem");
    let other = include_str!("../../keys/stranger.key.pem");
    let cut = &KEY[..KEY.len() / 2];
    for (certificate, key, names, why) in [
        (
            CERTIFICATE,
            other,
            "auth.tls.key",
            "not the key of the certificate",
        ),
        (CERTIFICATE, encrypted, "auth.tls.key", "encrypted"),
        (CERTIFICATE, cut, "auth.tls.key", ""),
        (CERTIFICATE, CERTIFICATE, "auth.tls.key", "no private key"),
        (
            CERTIFICATE,
            "s3cret-not-real",
            "auth.tls.key",
            "no private key",
        ),
        (KEY, KEY, "auth.tls.certificate", "no certificate"),
        (
            "s3cret-not-real",
            KEY,
            "auth.tls.certificate",
            "no certificate",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nczNjcmV0LW5vdC1yZWFs\n-----END CERTIFICATE-----\n",
            KEY,
            "auth.tls.certificate",
            "version 3",
        ),
        // The one that vouches stands before the client's own.
        (
            &format!("{}{CERTIFICATE}", include_str!("../../keys/client-ca.pem")),
            KEY,
            "auth.tls.key",
            "comes first",
        ),
    ] {
        let tls = "tls = { certificate = { env = \"CERTIFICATE\" }, key = { env = \"KEY\" } }";
        let home = with(&server, tls);
        let request = hallpass(&home, &["-vv", "request", "x", "/me"]);
        let run = request
            .env("CERTIFICATE", certificate)
            .env("KEY", key)
            .run();
        let run = run.fails_with(3);
        assert!(run.stderr.contains(names), "{names}: {why}\n{run}");
        assert!(run.stderr.contains(why), "{names}: {why}\n{run}");
        for text in [certificate, key] {
            for line in text.lines().filter(|line| !line.starts_with("-----")) {
                assert!(!run.stderr.contains(line), "{run}");
            }
        }
    }
    let home = with(&server, "tls.certificate = { file = \"gone.pem\" }");
    let gone = run(&home, &["request", "x", "/me"]).fails_with(3);
    assert!(gone.stderr.contains("gone.pem"), "{gone}");
    assert!(server.seen().is_empty());
}

#[test]
fn a_key_that_is_written_out_where_others_see_it_gets_a_warning() {
    let server = Server::start(Asks::Insists);
    let home = with(
        &server,
        &format!("tls.certificate = '''\n{CERTIFICATE}{KEY}'''"),
    );
    let path = home.path().join("integrations.toml");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let run = run(&home, &["check"]).ok();
        assert!(
            run.stderr.contains("tls.certificate` is written out")
                || run.stdout.contains("tls.certificate` is written out"),
            "{run}"
        );
        let middle = KEY.lines().nth(1).unwrap();
        assert!(
            !run.stderr.contains(middle) && !run.stdout.contains(middle),
            "{run}"
        );
    }
    drop(path);
}
