//! `helper install`: shown first, written after a yes alone, once, and nothing besides.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::{KEYED, home};
use crate::support::{Cmd, HALLPASS, Home, Provider, Run};

/// A home directory for the other tools, with `bin` in it first in `PATH`.
struct Person {
    home: Home,
    root: tempfile::TempDir,
}

impl Person {
    fn with(definitions: &str) -> Person {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        let person = Person {
            home: home(definitions),
            root,
        };
        symlink(HALLPASS, person.at("bin/hallpass")).unwrap();
        person
    }

    fn at(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.root.path()).unwrap().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.at(path);
        let dir = path.parent().unwrap();
        fs::create_dir_all(dir).unwrap();
        let mut file = tempfile::NamedTempFile::new_in(dir).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        file.persist(&path).unwrap();
    }

    /// Puts a program into `bin`.
    fn program(&self, name: &str, script: &str) {
        let name = format!("bin/{name}");
        self.put(&name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.at(&name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn in_bin_and(&self, dirs: &str, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Cmd {
        let path = format!("{}:{dirs}", self.at("bin").display());
        Cmd::new(program, words)
            .env("PATH", path)
            .env("HOME", self.at(""))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HALLPASS_HOME", self.home.path())
            .env("HALLPASS_STORE", "file")
            .env("KEY", "key-not-real")
    }

    fn cmd(&self, words: &[&str]) -> Cmd {
        self.in_bin_and("/usr/local/bin:/usr/bin:/bin", HALLPASS, words)
    }

    #[track_caller]
    fn install(&self, tool: &str) -> Run {
        self.cmd(&["helper", "install", tool, "forge", "--yes"])
            .run()
    }

    #[track_caller]
    fn git(&self, words: &[&str], input: &str) -> Run {
        let cmd = self.in_bin_and("/usr/local/bin:/usr/bin:/bin", "git", words);
        cmd.env("GIT_TERMINAL_PROMPT", "0").stdin(input).run()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn git_itself_asks_hallpass_and_no_other_helper_once_it_is_set_up() {
    let person = Person::with(KEYED);
    person.program("hallpass-other", "echo username=wrong; echo password=wrong");
    let key = "credential.https://forge.example.helper";
    let other = format!("!{}", person.at("bin/hallpass-other").display());
    for (name, value) in [
        ("user.name", "Somebody"),
        ("credential.helper", &other),
        (key, "cache"),
    ] {
        person
            .git(&["config", "--global", "--add", name, value], "")
            .ok();
    }
    let run = person.install("git").ok();
    assert!(
        run.stderr.contains("git config --global --add")
            && run.stderr.contains("This helper goes: cache"),
        "{run}"
    );
    let values = person
        .git(&["config", "--global", "--get-all", key], "")
        .ok();
    let own = format!("!{} helper git", person.at("bin/hallpass").display());
    assert_eq!(values.stdout, format!("\n{own}\n"));
    let before = person.read(".gitconfig");
    assert!(before.contains("Somebody"), "{before}");
    // git runs it, by a shell, whatever is in its own `PATH`.
    let filled = person
        .git(
            &["credential", "fill"],
            "protocol=https\nhost=forge.example\n\n",
        )
        .ok();
    assert!(
        filled.stdout.contains("password=key-not-real\n"),
        "{filled}"
    );
    let filled = person
        .git(
            &["credential", "fill"],
            "protocol=https\nhost=else.example\n\n",
        )
        .ok();
    assert!(filled.stdout.contains("password=wrong\n"), "{filled}");
    // Again: nothing to do.
    let run = person.install("git").ok();
    assert!(run.stderr.contains("already"), "{run}");
    assert_eq!(person.read(".gitconfig"), before);
}

#[test]
fn the_command_line_for_git_carries_the_file_and_the_connection_that_were_named() {
    let person = Person::with("");
    person.put("it's here/mine.toml", KEYED);
    let config = person.at("it's here/mine.toml");
    let words = [
        "helper",
        "install",
        "git",
        "forge@work",
        "--yes",
        "--config",
        config.to_str().unwrap(),
    ];
    person.cmd(&words).run().ok();
    let key = "credential.https://forge.example.helper";
    let run = person
        .git(&["config", "--global", "--get-all", key], "")
        .ok();
    assert!(
        run.stdout.contains("--config") && run.stdout.ends_with("--connection forge@work\n"),
        "{run}"
    );
    let filled = person
        .git(
            &["credential", "fill"],
            "protocol=https\nhost=forge.example\n\n",
        )
        .ok();
    assert!(
        filled.stdout.contains("password=key-not-real\n"),
        "{filled}"
    );
}

#[test]
fn nothing_is_written_while_nobody_said_yes() {
    let person = Person::with(&format!("{KEYED}kubectl = {{}}\n"));
    person.program("kubectl", "echo \"$@\" >> \"$HOME/asked\"; echo '{}'");
    for tool in ["git", "docker", "kubectl"] {
        let words = ["helper", "install", tool, "forge"];
        let run = person.cmd(&words).run().fails_with(4);
        assert!(
            run.stderr.contains("nothing was changed") && run.stderr.contains("--yes"),
            "{run}"
        );
        assert_eq!(run.stdout, "");
        // Nor after a no.
        let (mut running, _terminal) = person.cmd(&words).spawn_at_terminal();
        running.wait_for_question("Write this?");
        running.types("n");
        running.wait().exits(4);
    }
    let mut left: Vec<_> = fs::read_dir(person.root.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["asked", "bin"]);
    assert!(!person.read("asked").contains("set-credentials"));
    assert!(!person.at("bin/docker-credential-hallpass").exists());
}

#[test]
fn a_yes_at_a_terminal_has_it_written() {
    let person = Person::with(KEYED);
    let (mut running, _terminal) = person
        .cmd(&["helper", "install", "git", "forge"])
        .spawn_at_terminal();
    running.wait_for_question("Write this?");
    running.types("y");
    running.wait().ok();
    assert!(person.read(".gitconfig").contains("helper git"));
}

#[test]
fn dockers_configuration_keeps_all_else_its_mode_and_its_link() {
    let person = Person::with(KEYED);
    let before = "{\n\t\"auths\": {\n\t\t\"z.io\": {}\n\t},\n\t\"credsStore\": \"desktop\",\n\t\"aliases\": {\"b\": \"1.0\"}\n}\n";
    person.put("dotfiles/docker.json", before);
    fs::set_permissions(
        person.at("dotfiles/docker.json"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    fs::create_dir(person.at(".docker")).unwrap();
    symlink("../dotfiles/docker.json", person.at(".docker/config.json")).unwrap();
    let run = person.install("docker").ok();
    let entry = "\"registry.forge.example:5000\": \"hallpass\"";
    assert!(run.stderr.contains(entry), "{run}");
    let after = person.read("dotfiles/docker.json");
    let added = format!(",\n\t\"credHelpers\": {{\n\t\t{entry}\n\t}}\n}}\n");
    assert_eq!(after, before.replace("\n}\n", &added));
    assert_eq!(mode(&person.at("dotfiles/docker.json")), 0o640);
    assert!(
        fs::symlink_metadata(person.at(".docker/config.json"))
            .unwrap()
            .is_symlink()
    );
    // The name by which docker finds it, beside the other, leads to it.
    let link = person.at("bin/docker-credential-hallpass");
    assert_eq!(fs::read_link(&link).unwrap(), person.at("bin/hallpass"));
    let asked = person.in_bin_and("", "docker-credential-hallpass", &["get"]);
    let run = asked.stdin("registry.forge.example:5000").run().ok();
    assert_eq!(run.json()["Secret"], "key-not-real");
    let run = person.install("docker").ok();
    assert!(run.stderr.contains("already"), "{run}");
    assert_eq!(person.read("dotfiles/docker.json"), after);
}

#[test]
fn dockers_configuration_is_made_where_there_is_none() {
    let person = Person::with(KEYED);
    let words = ["helper", "install", "docker", "forge", "--yes"];
    let elsewhere = person.at("elsewhere");
    person
        .cmd(&words)
        .env("DOCKER_CONFIG", &elsewhere)
        .run()
        .ok();
    assert_eq!(
        person.read("elsewhere/config.json"),
        "{\n\t\"credHelpers\": {\n\t\t\"registry.forge.example:5000\": \"hallpass\"\n\t}\n}\n"
    );
    assert_eq!(mode(&person.at("elsewhere/config.json")), 0o600);
    assert!(!person.at(".docker").exists());
}

#[test]
fn what_docker_could_not_use_is_not_written() {
    let person = Person::with(KEYED);
    for text in ["[]", "{", "{\"credHelpers\": 1}"] {
        person.put(".docker/config.json", text);
        person.install("docker").fails_with(2);
        assert_eq!(person.read(".docker/config.json"), text);
    }
    // A link that leads nowhere, yet: the dotfiles' disk is not there.
    fs::remove_file(person.at(".docker/config.json")).unwrap();
    symlink("../dotfiles/docker.json", person.at(".docker/config.json")).unwrap();
    person.install("docker").fails_with(2);
    let link = fs::read_link(person.at(".docker/config.json")).unwrap();
    assert_eq!(link, Path::new("../dotfiles/docker.json"));
    fs::remove_file(person.at(".docker/config.json")).unwrap();
    person.put(".docker/config.json", "{}");
    // Another connection than the definition's own, and a file that it would not find.
    person
        .cmd(&["helper", "install", "docker", "forge@work", "--yes"])
        .run()
        .fails_with(2);
    let file = person.home.path().join("integrations.toml");
    let named = [
        "helper",
        "install",
        "docker",
        "forge",
        "--yes",
        "--config",
        file.to_str().unwrap(),
    ];
    person.cmd(&named).run().fails_with(2);
    // No place for the link, and another program in its place.
    let words = ["helper", "install", "docker", "forge", "--yes"];
    let run = person
        .cmd(&words)
        .env("PATH", "/nonexistent")
        .run()
        .fails_with(2);
    assert!(run.stderr.contains("ln -s"), "{run}");
    person.program("docker-credential-hallpass", "exit 0");
    let run = person.install("docker").fails_with(2);
    assert!(run.stderr.contains("another program"), "{run}");
    assert_eq!(person.read(".docker/config.json"), "{}");
}

#[test]
fn a_tool_that_the_definition_does_not_name_is_not_set_up() {
    let person = Person::with(&KEYED[..KEYED.find("[integrations.forge.helpers]").unwrap()]);
    for (tool, example) in [
        ("git", "git = {"),
        ("docker", "docker = {"),
        ("kubectl", "kubectl = {"),
    ] {
        let run = person.install(tool).fails_with(3);
        assert!(
            run.stderr.contains(example) && run.stderr.contains("integrations.toml:"),
            "{run}"
        );
    }
}

#[test]
fn the_kubeconfig_gets_a_user_by_kubectl_once() {
    let person = Person::with(&format!("{KEYED}kubectl = {{}}\n"));
    // What it is told is what it then shows.
    person.program(
        "kubectl",
        r#"[ "$2" = view ] && { cat "$HOME/view"; exit; }
printf '%s\n' "$@" > "$HOME/told""#,
    );
    person.put("view", "{\"users\": null}");
    let run = person.install("kubectl").ok();
    assert!(
        run.stderr.contains("kubectl config set-credentials"),
        "{run}"
    );
    let hallpass = person.at("bin/hallpass").display().to_string();
    let told = [
        "config",
        "set-credentials",
        "hallpass-forge",
        "--exec-api-version=client.authentication.k8s.io/v1",
        "--exec-interactive-mode=Never",
        &format!("--exec-command={hallpass}"),
        "--exec-arg=helper",
        "--exec-arg=kubectl",
        "--exec-arg=forge",
    ];
    assert_eq!(person.read("told").lines().collect::<Vec<_>>(), told);
    let exec = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "provideClusterInfo": false,
        "command": hallpass, "args": ["helper", "kubectl", "forge"], "env": null,
    });
    let view = serde_json::json!({"users": [{"name": "x", "user": {}}, {"name": "hallpass-forge", "user": {"exec": exec}}]});
    person.put("view", &view.to_string());
    fs::remove_file(person.at("told")).unwrap();
    let run = person.install("kubectl").ok();
    assert!(run.stderr.contains("already"), "{run}");
    assert!(!person.at("told").exists());
    // An older one that knows not all of it: what to write by hand is there.
    person.program(
        "kubectl",
        "[ \"$2\" = view ] && { echo '{}'; exit; }; echo 'unknown flag' >&2; exit 1",
    );
    let run = person.install("kubectl").fails_with(2);
    assert!(
        run.stderr.contains("unknown flag") && run.stderr.contains("interactiveMode: Never"),
        "{run}"
    );
}

#[test]
fn without_kubectl_what_to_write_is_printed() {
    let person = Person::with(&format!("{KEYED}kubectl = {{}}\n"));
    let words = ["helper", "install", "kubectl", "forge"];
    let run = person.cmd(&words).env("PATH", person.at("bin")).run().ok();
    let hallpass = person.at("bin/hallpass").display().to_string();
    assert!(
        run.stdout
            .starts_with("- name: hallpass-forge\n  user:\n    exec:\n"),
        "{run}"
    );
    assert!(
        run.stdout.contains(&format!(
            "      command: \"{hallpass}\"\n      args: [\"helper\", \"kubectl\", \"forge\"]\n"
        )),
        "{run}"
    );
}

#[test]
fn what_still_keeps_the_tool_from_its_credential_is_said() {
    let provider = Provider::start(&[]);
    let definitions = fs::read_to_string(provider.home().path().join("integrations.toml"));
    let person = Person::with(&definitions.unwrap());
    let install = || {
        let words = ["helper", "install", "git", "sandbox", "--yes"];
        person.cmd(&words).run().ok()
    };
    let helpers = "\n[integrations.sandbox.helpers]\ngit = { host = \"git.example.com\", username = \"x\" }\n";
    person.home.connect_untested("sandbox");
    // A host that was not named when it was connected: nothing goes there yet.
    person.home.edit(|text| format!("{text}{helpers}"));
    let run = install();
    assert!(run.stderr.contains("has to be connected again"), "{run}");
    assert!(run.stderr.contains("`hallpass status sandbox`"), "{run}");
    let connect = ["connect", "sandbox", "--no-test", "--force"];
    let connect = person.home.hallpass(&connect);
    let browser = Home::sandbox_person();
    connect.env("HALLPASS_BROWSER", browser).run().ok();
    let run = install();
    assert!(!run.stderr.contains("connected"), "{run}");
    person.home.hallpass(&["disconnect", "sandbox"]).run().ok();
    let run = install();
    assert!(run.stderr.contains("is not connected yet"), "{run}");
}
