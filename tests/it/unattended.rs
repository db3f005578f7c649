//! Nobody is there: every command, with stdin closed, at its end, or open and mute; with no terminal,
//! no home to write to, no keychain, and no network but a port where nobody listens. None may hang, ask,
//! open a browser, or start a connect; each says what is wrong with the code that the contract has.

#![cfg(unix)]

use std::fmt::Write as _;

use crate::support::{Cmd, HALLPASS, Home, Run};

/// What lacks what: a person, a key, a provider that answers.
const DEFINITIONS: &str = r#"
[integrations.person.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "http://127.0.0.1:9/authorize"
token_url = "http://127.0.0.1:9/token"
client_id = "app-not-real"

[integrations.person.api]
base_url = "http://127.0.0.1:9"
test = "/me"

[integrations.person.helpers]
git = { host = "git.example.com" }
docker = { registry = "registry.example.com" }
kubectl = { use = "access_token" }

[integrations.device.auth]
type = "oauth2"
grant = "device_code"
device_authorization_url = "http://127.0.0.1:9/device"
token_url = "http://127.0.0.1:9/token"
client_id = "app-not-real"

[integrations.device.api]
base_url = "http://127.0.0.1:9"

[integrations.key.auth]
type = "api_key"

[integrations.key.api]
base_url = "http://127.0.0.1:9"

[integrations.job.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "http://127.0.0.1:9/token"
client_id = "job-not-real"
client_secret = { env = "JOB_SECRET" }

[integrations.job.api]
base_url = "http://127.0.0.1:9"
test = "/me"

[integrations.unset.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "http://127.0.0.1:9/token"
client_id = "job-not-real"
client_secret = { env = "NO_SUCH_SECRET" }
"#;

/// Command lines, and the code of each: with nowhere to keep a key or a token; a `CI` line is run under
/// `CI=true` alone, where even showing a link is no use.
const LINES: &[(&str, u8)] = &[
    ("check", 0),
    ("check --json", 0),
    ("list", 0),
    ("list --json", 0),
    ("list --actions", 0),
    // A new connection would have to be kept, and nobody can be asked whether in files.
    ("connect person --timeout 1s", 7),
    ("connect device --timeout 1s", 7),
    ("connect job", 7),
    ("connect key", 4),
    ("connect person --paste", 7),
    ("status person", 4),
    ("status job", 0),
    ("test person", 4),
    ("test job", 6),
    ("test unset", 3),
    ("token person", 4),
    ("token device", 4),
    ("token key", 4),
    ("token job", 6),
    ("token unset", 3),
    ("token nosuch", 3),
    ("request person /x", 4),
    ("request person /x --dry-run", 4),
    ("request person /x --curl", 0),
    ("request job /x", 6),
    ("request key /x", 4),
    ("exec person -- true", 4),
    ("exec key -- true", 4),
    ("exec job -- true", 6),
    ("refresh person", 4),
    ("refresh key", 4),
    ("refresh job", 6),
    ("refresh --all", 0),
    // Without a place for its lock, nothing is changed.
    ("disconnect person", 7),
    ("disconnect --all", 0),
    ("move person --to file", 7),
    ("rename person private", 7),
    ("export person --to age1notreal", 2),
    ("import no-such-file.age", 2),
    ("helper git get", 0),
    ("helper docker get", 2),
    ("helper docker list", 0),
    ("helper kubectl person", 4),
    ("helper install git person", 4),
    ("doctor", 7),
    ("doctor --json", 7),
    ("trust no-such-file.toml", 2),
    ("sandbox --print-config", 0),
    ("completions bash", 0),
];

/// How stdin is when nobody is there.
#[derive(Clone, Copy, Debug)]
enum Stdin {
    /// There is none.
    Closed,
    /// It is at its end.
    Ended,
    /// Nothing comes, and no end.
    Mute,
}

/// A machine where nobody is.
struct Desert {
    home: Home,
}

impl Desert {
    fn new() -> Desert {
        let home = Home::new();
        home.write("definitions.toml", DEFINITIONS);
        home.write("not-a-directory", "");
        // Whatever a browser could be started by leaves a trace.
        let trap = "#!/bin/sh\necho \"$0 $*\" >> \"$TRAP\"\n";
        for name in [
            "xdg-open",
            "x-www-browser",
            "www-browser",
            "wslview",
            "gio",
            "sensible-browser",
            "open",
            "firefox",
        ] {
            use std::os::unix::fs::PermissionsExt as _;
            let path = home.write(&format!("bin/{name}"), trap);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Desert { home }
    }

    fn trace(&self) -> std::path::PathBuf {
        self.home.path().join("opened")
    }

    #[track_caller]
    fn run(&self, line: &str, stdin: Stdin, ci: bool) -> Run {
        let words = shell_words::split(line).unwrap();
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        let program = match stdin {
            Stdin::Closed => {
                args.splice(0..0, ["-c", "exec \"$0\" \"$@\" <&-", HALLPASS]);
                "sh"
            }
            Stdin::Ended | Stdin::Mute => HALLPASS,
        };
        let path = self.home.path();
        let nowhere = path.join("not-a-directory/below");
        let found = format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            path.join("bin").display()
        );
        let mut cmd = Cmd::new(program, &args)
            .dir(path)
            .env("PATH", found)
            .env("TRAP", self.trace())
            .env("HALLPASS_CONFIG", path.join("definitions.toml"))
            .env("HALLPASS_ERRORS", "json")
            .env("JOB_SECRET", "job-secret-not-real")
            // A desktop that nobody sits at, and no home: what is below a file cannot be made.
            .env("DISPLAY", ":0")
            .env("XDG_CONFIG_HOME", &nowhere)
            .env("XDG_DATA_HOME", &nowhere)
            .env("XDG_RUNTIME_DIR", &nowhere)
            .env_remove("HOME");
        if ci {
            cmd = cmd.env("CI", "true");
        }
        match stdin {
            Stdin::Mute => cmd.stdin_open().run(),
            Stdin::Closed | Stdin::Ended => cmd.run(),
        }
    }
}

/// What of a run is not as the contract says.
fn wrong_with(run: &Run, code: u8, line: &str) -> Option<&'static str> {
    if run.code != Some(code.into()) {
        return Some("the code");
    }
    // What speaks another tool's protocol answers in that tool's words.
    if code == 0 || line.starts_with("helper docker") {
        return None;
    }
    let last = run.stderr.lines().last().unwrap_or_default();
    let Ok(error) = serde_json::from_str::<serde_json::Value>(last) else {
        return Some("no error as JSON");
    };
    if error["error"]["exit_code"] != code {
        return Some("another code in the JSON");
    }
    let hints = error["error"]["hints"].as_array();
    if hints.is_none_or(Vec::is_empty) {
        return Some("no next step");
    }
    run.stderr.contains("not-real").then_some("a secret")
}

#[track_caller]
fn every_line_ends_well(stdin: Stdin) {
    let desert = Desert::new();
    let mut wrong = String::new();
    for (line, code) in LINES {
        // These are there to read what comes, however long it takes.
        let reads = ["helper git get", "helper docker get"].contains(line);
        if matches!(stdin, Stdin::Mute) && reads {
            continue;
        }
        for ci in [false, true] {
            // Under CI a link is of no use to anybody, which is found out before the store is.
            let by_person =
                line.starts_with("connect person --t") || line.starts_with("connect device");
            let code = if ci && by_person { 4 } else { *code };
            let run = desert.run(line, stdin, ci);
            if let Some(what) = wrong_with(&run, code, line) {
                writeln!(wrong, "{what}, where {code} was expected (CI: {ci}): {run}").unwrap();
            }
        }
    }
    assert_eq!(wrong, "");
    let opened = std::fs::read_to_string(desert.trace()).unwrap_or_default();
    assert_eq!(opened, "", "a browser was started");
}

#[test]
fn every_command_ends_well_when_stdin_is_closed() {
    every_line_ends_well(Stdin::Closed);
}

#[test]
fn every_command_ends_well_when_stdin_is_at_its_end() {
    every_line_ends_well(Stdin::Ended);
}

#[test]
fn every_command_ends_well_when_stdin_is_open_and_nothing_comes() {
    every_line_ends_well(Stdin::Mute);
}

#[test]
fn no_command_is_left_out_above() {
    let help = Cmd::new(HALLPASS, &["--help"]).run().ok().stdout;
    let (_, commands) = help.split_once("Commands:").expect("a list");
    let commands = commands.lines().skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    for name in names.filter(|name| !name.is_empty()) {
        let tried = LINES
            .iter()
            .any(|(line, _)| line.split(' ').next() == Some(name));
        assert!(tried, "`{name}` is not tried with nobody there");
    }
}
