//! Who is answered: exactly the host that a definition names, over https, and nobody else.

use super::{KEYED, KEYS, attribute, docker, git, home};
use crate::support::{Cmd, HALLPASS, Home};

const NOT_FOUND: &str = "credentials not found in native keychain\n";

#[test]
fn git_is_answered_for_the_very_host_over_https_and_for_nothing_else() {
    let home = home(KEYED);
    for host in ["forge.example", "FORGE.Example", "forge.example:443"] {
        let run = git(&home, "get", format!("protocol=https\nhost={host}\n\n")).ok();
        assert_eq!(run.stdout, "username=oauth2\npassword=key-not-real\n");
        assert_eq!(run.stderr, "");
    }
    for (protocol, host) in [
        ("http", "forge.example"),
        ("HTTPS", "forge.example"),
        ("ssh", "forge.example"),
        ("https", "api.forge.example"),
        ("https", "evil-forge.example"),
        ("https", "forge.example.evil.example"),
        ("https", "forge.example:8443"),
        ("https", "forge.example:80"),
        ("https", "forge.example."),
        ("https", "user@forge.example"),
        ("https", "forge.example@evil.example"),
        ("https", "forge.example/x"),
        ("https", "forge\u{3002}example"),
        ("https", "f\u{43e}rge.example"),
        ("https", ""),
    ] {
        let run = git(
            &home,
            "get",
            format!("protocol={protocol}\nhost={host}\n\n"),
        )
        .ok();
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{protocol} {host}"
        );
    }
}

#[test]
fn docker_is_answered_for_the_very_registry_and_for_nothing_else() {
    let home = home(KEYED);
    for server in [
        "registry.forge.example:5000",
        "Registry.Forge.example:5000\n",
        "https://registry.forge.example:5000",
        "https://registry.forge.example:5000/v2/",
    ] {
        let run = docker(&home, "get", server).ok();
        assert_eq!(run.json()["Secret"], "key-not-real", "{run}");
        assert_eq!(run.json()["ServerURL"], server.trim(), "{run}");
    }
    for server in [
        "registry.forge.example",
        "registry.forge.example:443",
        "http://registry.forge.example:5000",
        "https://registry.forge.example:5000@evil.example",
        "https://evil.example/registry.forge.example:5000",
        "registry.forge.example:5000/someone",
        "forge.example",
    ] {
        let run = docker(&home, "get", server).exits(1);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            (NOT_FOUND, ""),
            "{server}"
        );
    }
}

#[test]
fn docker_hub_is_known_by_the_name_docker_gives_it() {
    let home = home(&KEYED.replace("registry.forge.example:5000", "docker.io"));
    for server in [
        "https://index.docker.io/v1/",
        "docker.io",
        "index.docker.io",
    ] {
        let run = docker(&home, "get", server).ok();
        assert_eq!(run.json()["ServerURL"], server, "{run}");
    }
    docker(&home, "get", "registry-1.docker.io").exits(1);
    let list = docker(&home, "list", "").ok().json();
    assert_eq!(list["https://index.docker.io/v1/"], "oauth2");
}

#[test]
fn with_no_definitions_at_all_git_and_docker_ask_the_next() {
    let home = Home::new();
    let run = git(&home, "get", "protocol=https\nhost=forge.example\n").ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let run = docker(&home, "get", "ghcr.io").exits(1);
    assert_eq!(run.stdout, NOT_FOUND);
    assert_eq!(docker(&home, "list", "").ok().json(), serde_json::json!({}));
}

#[test]
fn a_definition_that_cannot_be_read_is_said_where_it_may_be_the_one() {
    let home = home(&KEYED.replace("type = \"api_key\"", "type = \"api_keys\""));
    let run = git(&home, "get", "protocol=https\nhost=forge.example\n").fails_with(3);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("hallpass check"), "{run}");
    let run = git(&home, "get", "protocol=https\nhost=other.example\n").ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn odd_input_is_answered_with_nothing_and_never_waited_for() {
    let home = home(KEYED);
    let whole = "protocol=https\nhost=forge.example";
    // Without a line break at the end; the last of two counts; the rest is let go.
    for request in [
        whole.to_owned(),
        format!(
            "host=evil.example\npath=a/b\nwwwauth[]=Basic\ncapability[]=authtype\nnew=1\n{whole}"
        ),
        format!("{whole}\n\nhost=evil.example\n"),
        // As a program on Windows writes lines.
        format!("{whole}\n\nhost=evil.example\n").replace('\n', "\r\n"),
    ] {
        let run = git(&home, "get", request).ok();
        assert_eq!(attribute(&run, "password"), Some("key-not-real"), "{run}");
        assert_eq!(run.stdout.lines().count(), 2, "{run}");
    }
    // Empty; nothing but what is not known; no text where it counts.
    for request in [
        b"".as_slice(),
        b"\n\n",
        b"new=1\n",
        b"protocol=https\n",
        b"protocol=https\nhost=forge.example\nusername=\xff\n",
        b"protocol=https\nhost=forge.example\xff\n",
        b"protocol=https\nhost=forge.example\0\n",
        // A carriage return in a host is no line's end (CVE-2024-52006).
        b"protocol=https\nhost=forge.example\r\n",
        b"protocol=https\nhost=forge.example\rhost=evil.example\n",
    ] {
        let run = git(&home, "get", request).ok();
        assert_eq!(run.stdout, "", "{run}");
    }
    let huge = vec![b'a'; 3_000_000];
    for request in [b"\xff\xfe\0".to_vec(), huge.clone()] {
        let run = git(&home, "get", request).fails_with(2);
        assert_eq!(run.stdout, "", "{run}");
    }
    for request in [b"".to_vec(), b"\n".to_vec(), b"\xff".to_vec(), huge] {
        docker(&home, "get", request).fails_with(2);
    }
}

#[test]
fn a_project_file_is_not_even_looked_for() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let put = |path: &str, text: &str| {
        let mut file = tempfile::NamedTempFile::new_in(at(path).parent().unwrap()).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        file.persist(at(path)).unwrap();
    };
    put("home/.config/hallpass/integrations.toml", KEYED);
    let project = KEYED.replace("env = \"KEY\"", "env = \"OTHER\"");
    put(
        "home/work/integrations.toml",
        &project.replace("Forge.example", "evil.example"),
    );
    let ask = |words: &[&str], input: &str| {
        Cmd::new(HALLPASS, words)
            .env("HOME", root.path().join("home"))
            .env("HALLPASS_STORE", "file")
            .envs(KEYS.map(|(name, value)| (name, value.to_owned())))
            .dir(&root.path().join("home/work"))
            .stdin(input)
            .run()
    };
    let run = ask(
        &["helper", "git", "get"],
        "protocol=https\nhost=forge.example\n",
    )
    .ok();
    assert_eq!(attribute(&run, "password"), Some("key-not-real"), "{run}");
    let run = ask(
        &["helper", "git", "get"],
        "protocol=https\nhost=evil.example\n",
    )
    .ok();
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("", ""),
        "{run}"
    );
    let run = ask(&["helper", "docker", "get"], "registry.forge.example:5000").ok();
    assert_eq!(run.json()["Secret"], "key-not-real", "{run}");
}

#[test]
fn a_host_that_is_named_later_is_another_place_for_the_credential() {
    let (_provider, home) = super::connected("1h");
    home.edit(|text| text.replace("git.example.com", "evil.example"));
    let run = git(&home, "get", "protocol=https\nhost=evil.example\n").fails_with(4);
    assert_eq!(run.stdout, "quit=1\n");
    assert!(
        run.stderr.contains("now also names https://evil.example"),
        "{run}"
    );
}
