//! What is shown before a file is trusted, what is remembered of it, and how that is taken back.

use super::{PROJECT, Place, WORK};

/// Something of everything that a definition reaches.
const RICH: &str = r#"
[integrations.shop]
name = "The Shop"
icon = "logo.svg"
[[integrations.shop.parameters]]
name = "shop"
format = "label"
env = "SHOP_NAME"
[[integrations.shop.parameters]]
name = "region"
choices = ["https://eu.shop.example", "https://us.shop.example"]
[integrations.shop.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "https://consent.shop.example/authorize"
token_url = "https://{shop}.shop.example/oauth/token"
revocation_url = "{region}/revoke"
pushed_authorization_request_url = "https://push.shop.example/par"
client_id = { env = "SHOP_CLIENT" }
client_secret = { command = ["op", "read", "op://shop/client secret"] }
[integrations.shop.api]
base_url = "https://api.shop.example/v1"
allowed_hosts = ["uploads.shop.example"]
[integrations.shop.helpers]
git = { host = "git.shop.example" }
[integrations.github.auth]
type = "api_key"
api_key = { file = "key.txt" }
tls = { certificate = { file = "client.pem" }, key = { command = ["op", "read", "op://shop/tls"] } }
[integrations.github.api]
base_url = "https://github.example"
"#;

#[test]
fn where_a_token_to_exchange_comes_from_is_shown() {
    for (source, lines) in [
        ("{ env = \"JOB\" }", &["takes from the environment JOB"][..]),
        (
            "{ command = [\"agent\", \"token\"] }",
            &["runs agent token"],
        ),
        ("{ file = \"/run/token\" }", &["reads /run/token"]),
        (
            "{ github_actions = {} }",
            &[
                "takes from the environment ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                "takes from the environment ACTIONS_ID_TOKEN_REQUEST_URL",
            ],
        ),
    ] {
        let place = Place::new();
        let text = format!(
            "[integrations.job.auth]\ntype = \"oauth2\"\ngrant = \"token_exchange\"\n\
             token_url = \"https://sts.example.com/token\"\nsubject_token = {source}\n"
        );
        place.write("home/work/integrations.toml", &text);
        let run = place.run(&["trust"]).fails_with(4);
        for line in lines {
            assert!(run.stderr.contains(&format!("    {line}\n")), "{run}");
        }
    }
}

#[test]
fn all_that_a_file_reaches_is_shown() {
    let place = Place::new();
    place.write("home/work/integrations.toml", RICH);
    let run = place.run(&["trust"]).fails_with(4);
    let beside = |name: &str| place.at("home/work").join(name).display().to_string();
    for line in [
        &format!("`{}` defines 2 integrations:", beside("integrations.toml")),
        "  shop (The Shop)",
        "    sends to https://consent.shop.example",
        "    sends to https://{shop}.shop.example",
        "    sends to {region} ({region} is one of https://eu.shop.example, https://us.shop.example)",
        "    sends to https://push.shop.example",
        "    sends to https://api.shop.example",
        "    sends to https://uploads.shop.example",
        "    runs op read 'op://shop/client secret'",
        &format!("    reads {}", beside("logo.svg")),
        "    takes from the environment SHOP_CLIENT",
        "    takes from the environment SHOP_NAME",
        "    hands credentials to git for git.shop.example",
        "  github",
        "    replaces your own `github`",
        &format!("    reads {}", beside("key.txt")),
        &format!("    reads {}", beside("client.pem")),
        "    runs op read op://shop/tls",
    ] {
        assert!(run.stderr.lines().any(|said| said == line), "{line}\n{run}");
    }
    assert!(!run.stderr.contains("your own `shop`"), "{run}");
}

#[test]
fn a_host_behind_a_name_is_explained() {
    let place = Place::new();
    let text = r#"
[integrations.x]
[[integrations.x.parameters]]
name = "shop"
format = "label"
default = "acme"
[integrations.x.values]
root = "https://{shop}.shop.example"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "https://issuer.shop.example/realm"
client_id = "abc"
redirect_uri = "https://relay.shop.example/back"
device_authorization_url = "https://devices.shop.example/code"
revocation_url = "{root}/revoke"
[integrations.x.auth.capture]
home = { from = "token", path = "home", pattern = "https://[a-z]+[.]shop[.]example" }
[integrations.x.api]
base_url = "{home}/v1"
"#;
    place.write("home/work/integrations.toml", text);
    let run = place.run(&["trust"]).fails_with(4);
    for line in [
        "    sends to https://issuer.shop.example, and the endpoints that its metadata names",
        "    sends to https://relay.shop.example",
        "    sends to https://devices.shop.example",
        "    sends to {root} ({root} is https://{shop}.shop.example; {shop} is acme unless given)",
        "    sends to {home} ({home} is what the provider says, if it matches https://[a-z]+[.]shop[.]example)",
    ] {
        assert!(run.stderr.lines().any(|said| said == line), "{line}\n{run}");
    }
}

#[test]
fn unattended_it_takes_yes_and_the_command_is_named() {
    let place = Place::with_project();
    for input in ["", "y\n", "yes\n"] {
        let run = place.cmd(WORK, &["trust"]).stdin(input).run().fails_with(4);
        assert!(run.stderr.contains("`hallpass trust --yes`"), "{run}");
        assert!(run.stdout.is_empty(), "{run}");
    }
    place.refuses(WORK, "github");
    place.trust();
    // Trusted already, it can be looked at again.
    let run = place.trust();
    assert!(
        run.stderr.contains("It is as it was when it was trusted"),
        "{run}"
    );
}

#[test]
fn an_invalid_file_cannot_be_trusted_and_shows_all_its_problems() {
    let place = Place::with_project();
    let broken = format!("{PROJECT}\n[integrations.a]\nname = 1\n[integrations.b]\nauth = 2\n");
    place.write("home/work/integrations.toml", &broken);
    let run = place.run(&["trust", "--yes"]).fails_with(3);
    for text in ["cannot be trusted", "integrations.a", "integrations.b"] {
        assert!(run.stderr.contains(text), "{run}");
    }
    place.refuses(WORK, "github");
}

#[test]
fn a_changed_file_shows_the_difference() {
    let place = Place::new();
    place.write("home/work/integrations.toml", RICH);
    place.trust();
    let changed = RICH
        .replace("api.shop.example/v1", "evil.example/v1")
        .replace("\"op\", \"read\"", "\"sh\", \"-c\"")
        .replace("SHOP_CLIENT", "HOME")
        .replace("key.txt", "other.txt")
        .replace("[integrations.github", "[integrations.forge")
        + "# more\n";
    place.write("home/work/integrations.toml", &changed);
    let run = place.run(&["trust"]).fails_with(4);
    for line in [
        "  + `shop` sends to https://evil.example",
        "  - `shop` sends to https://api.shop.example",
        "  + `shop` runs sh -c 'op://shop/client secret'",
        "  - `shop` runs op read 'op://shop/client secret'",
        "  + `shop` takes from the environment HOME",
        "  - `github` is gone",
        "  + `forge` is new",
        "    22 | base_url = \"https://evil.example/v1\"",
        "    32 | # more",
        "7 lines are gone or were changed.",
    ] {
        assert!(run.stderr.lines().any(|said| said == line), "{line}\n{run}");
    }
    assert!(!run.stderr.contains("| authorization_url"), "{run}");
}

#[test]
fn a_literal_secret_is_neither_shown_nor_kept() {
    let place = Place::new();
    let text = |secret: &str| {
        format!(
            "[integrations.x.auth]\ntype = \"api_key\"\n# api_key = \"old-{secret}\"\napi_key = \"{secret}\" # why\n[integrations.x.api]\nbase_url = \"https://x.example\"\n"
        )
    };
    place.write(
        "home/work/integrations.toml",
        &text("first-secret-not-real"),
    );
    let run = place.trust();
    assert!(!run.stderr.contains("secret"), "{run}");
    place.write("home/work/integrations.toml", &text("second-not-real"));
    let run = place.trust();
    assert!(!run.stderr.contains("not-real"), "{run}");
    assert!(run.stderr.contains("in what is not shown (`***`)"), "{run}");
    let moved = text("second-not-real").replace("# why", "# because");
    place.write("home/work/integrations.toml", &moved);
    let run = place.trust();
    assert!(
        run.stderr.contains("| api_key = \"***\" # because"),
        "{run}"
    );
    assert!(!run.stderr.contains("not-real"), "{run}");
    for kept in walk(&place.at("data")) {
        let kept = std::fs::read_to_string(kept).unwrap();
        assert!(
            !kept.contains("not-real") && !kept.contains("api_key"),
            "{kept}"
        );
    }
}

#[test]
fn what_a_file_says_cannot_act_on_the_terminal() {
    let place = Place::new();
    let text = "[integrations.x]\nname = \"a\\u001b[2Jb\\u202e\"\n[integrations.x.auth]\ntype = \"none\"\n# \u{202e}\n";
    place.write(
        "home/work/integrations.toml",
        "[integrations.x.auth]\ntype = \"none\"\n",
    );
    place.trust();
    place.write("home/work/integrations.toml", text);
    let run = place.run(&["trust"]).fails_with(4);
    assert!(run.stderr.contains("a\\u{1b}[2Jb\\u{202e}"), "{run}");
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{run}");
}

#[test]
fn trust_can_be_listed_and_taken_back() {
    let place = Place::with_project();
    let list = || place.run(&["trust", "--list"]).ok().stdout;
    assert_eq!(list(), "");
    place.trust();
    let path = place.at("home/work/integrations.toml");
    let path = path.to_str().unwrap();
    let said = |state: &str| {
        let list = list();
        let line = list.lines().find(|line| line.starts_with(path)).unwrap();
        assert!(
            line.contains(state) && line.contains("github staging"),
            "{list}"
        );
    };
    said(" trusted ");
    place.write("home/work/integrations.toml", "[integrations.x]\n");
    said(" changed ");
    std::fs::remove_file(path).unwrap();
    said(" gone ");
    place.cmd("home", &["trust", "--revoke", path]).run().ok();
    assert_eq!(list(), "");
    // A file that comes back is not trusted for having been so.
    place.write("home/work/integrations.toml", PROJECT);
    place.refuses(WORK, "github");
    place.trust();
    let run = place.run(&["trust", "--revoke"]).ok();
    assert!(run.stderr.contains("is no longer trusted"), "{run}");
    place.refuses(WORK, "github");
    let run = place.run(&["trust", "--revoke"]).ok();
    assert!(run.stderr.contains("was not trusted"), "{run}");
}

/// The user's own app, and what it is known by.
const SERVICE: &str = r#"
[integrations.service.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "https://service.example/token"
client_id = "own-id"
client_secret = "own-secret-not-real"
[integrations.service.api]
base_url = "https://api.service.example"
headers = { X-Key = "own-header-not-real" }
[integrations.plain.auth]
type = "none"
"#;

#[test]
fn what_a_file_takes_of_the_users_own_definitions_is_shown() {
    let place = Place::new();
    place.write("home/.config/hallpass/integrations.toml", SERVICE);
    let text = r#"
[integrations.p]
extends = "service"
[integrations.p.auth]
token_url = "https://evil.example/token"
[integrations.through]
extends = "p"
[integrations.through.auth]
client_secret = { env = "OTHER" }
[integrations.simple]
extends = "plain"
"#;
    let found = "home/work/integrations.toml";
    place.write(found, text);
    let run = place.run(&["trust"]).fails_with(4);
    for line in [
        "    builds on your own `service`, and uses its client_id, client_secret, api.headers",
        "    builds on your own `service`, and uses its client_id, api.headers",
        "    builds on your own `plain`",
        "    sends to https://evil.example",
    ] {
        assert!(run.stderr.lines().any(|said| said == line), "{line}\n{run}");
    }
    assert!(!run.stderr.contains("not-real"), "{run}");
    // What builds on the same file's own is no news.
    place.write(
        found,
        "[integrations.p.auth]\ntype = \"none\"\n[integrations.q]\nextends = \"p\"\n",
    );
    let run = place.trust();
    assert!(!run.stderr.contains("builds on"), "{run}");
    place.write(found, text);
    let run = place.trust();
    let line =
        "  + `p` builds on your own `service`, and uses its client_id, client_secret, api.headers";
    assert!(run.stderr.lines().any(|said| said == line), "{run}");
}

#[test]
fn only_what_is_looked_for_by_its_name_can_be_trusted() {
    let place = Place::with_project();
    let other = place.write("home/work/other.toml", PROJECT);
    let other = other.to_str().unwrap();
    let run = place.run(&["trust", "--yes", other]).fails_with(2);
    assert!(run.stderr.contains("`integrations.toml`"), "{run}");
    assert!(!run.stderr.contains("defines"), "{run}");
    assert!(!place.at("data/hallpass/trusted").exists());
    // It may have been trusted through a link, and can be forgotten by its own name.
    place.run(&["trust", "--revoke", other]).ok();
}

#[test]
fn trust_says_where_the_file_is_not_looked_for() {
    let place = Place::with_project();
    let found = place.at("home/work/integrations.toml");
    let own = place.at("home/.config/hallpass/integrations.toml");
    let trust = || place.cmd(WORK, &["trust", "--yes", found.to_str().unwrap()]);
    let home = place.at("home/.config/hallpass");
    let run = trust().env("HALLPASS_HOME", &home).run().fails_with(3);
    assert!(run.stderr.contains("`HALLPASS_HOME` is set"), "{run}");
    assert!(!home.join("data/trusted").exists());
    let run = trust().env("HALLPASS_CONFIG", &own).run().ok();
    assert!(run.stderr.contains("Trusted"), "{run}");
    let note = "It is not looked for while a definition file is named";
    assert!(run.stderr.contains(note), "{run}");
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    assert!(!trust().run().ok().stderr.contains(note));
}

#[cfg(unix)]
#[test]
fn what_is_remembered_is_its_owners_alone_and_believed_of_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_project();
    place.trust();
    let kept = walk(&place.at("data/hallpass/trusted"));
    let [kept] = &kept[..] else {
        panic!("one file: {kept:?}")
    };
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(kept) & 0o777, 0o600);
    assert_eq!(mode(kept.parent().unwrap()) & 0o777, 0o700);
    std::fs::set_permissions(kept, std::fs::Permissions::from_mode(0o666)).unwrap();
    place.refuses(WORK, "github");
    std::fs::set_permissions(kept, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    let kept = kept.strip_prefix(place.at("")).unwrap();
    place.write_bytes(kept.to_str().unwrap(), b"{");
    place.refuses(WORK, "github");
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
