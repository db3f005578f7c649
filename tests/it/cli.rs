//! The command line itself: its help (a snapshot of every page, so that a
//! changed flag shows in review), its version, and what works with nothing there.

use crate::support::{Cmd, HALLPASS, Home};

const COMMANDS: [&str; 19] = [
    "check",
    "list",
    "connect",
    "status",
    "test",
    "token",
    "request",
    "exec",
    "refresh",
    "disconnect",
    "move",
    "rename",
    "export",
    "import",
    "helper",
    "doctor",
    "trust",
    "sandbox",
    "completions",
];

#[test]
fn every_help_page() {
    let mut pages = Cmd::new(HALLPASS, &["--help"]).run().ok().stdout;
    for command in COMMANDS {
        let page = Cmd::new(HALLPASS, &[command, "--help"]).run().ok().stdout;
        pages.extend(["\n======== hallpass ", command, " --help\n\n", &page]);
    }
    let main = pages.lines().take_while(|line| !line.starts_with("====="));
    for command in COMMANDS {
        assert!(
            main.clone()
                .any(|line| line.trim_start().starts_with(command)),
            "{command}"
        );
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn version_is_the_packages() {
    let run = Cmd::new(HALLPASS, &["--version"]).run().ok();
    assert_eq!(run.line(), concat!("hallpass ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_version_and_reading_work_with_no_home_no_keychain_and_no_network() {
    let home = Home::new();
    let file = home.write("some.toml", include_str!("../../integrations.example.toml"));
    let file = file.to_str().unwrap();
    for args in [
        ["--help"].as_slice(),
        &["--version"],
        &["check", "--config", file],
        &["list", "--config", file],
        &["completions", "bash"],
        &["sandbox", "--print-config"],
    ] {
        let run = Cmd::new(HALLPASS, args)
            .env("HOME", "/dev/null")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .env("https_proxy", "http://127.0.0.1:1")
            .run()
            .ok();
        assert!(!run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn the_completions_in_the_repository_are_current() {
    for (shell, file) in [
        ("bash", "hallpass.bash"),
        ("zsh", "_hallpass"),
        ("fish", "hallpass.fish"),
        ("powershell", "_hallpass.ps1"),
        ("elvish", "hallpass.elv"),
    ] {
        let now = Cmd::new(HALLPASS, &["completions", shell])
            .run()
            .ok()
            .stdout;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("completions")
            .join(file);
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            now == kept.replace("\r\n", "\n"),
            "completions/{file} is old: run `cargo run -- completions {shell} > completions/{file}`"
        );
    }
}

#[test]
fn verbose_output_tells_what_is_done_and_no_secret() {
    let provider = crate::support::Provider::start(&[]);
    let home = provider.home();
    home.connect("sandbox");
    let token = home.token("sandbox");
    let run = home
        .hallpass(&["-vv", "request", "sandbox", "/me"])
        .run()
        .ok();
    assert!(
        run.stderr.contains("GET") && run.stderr.contains("/me"),
        "{run}"
    );
    assert!(!run.stderr.contains(&token), "{run}");
    let quiet = home
        .hallpass(&["--quiet", "disconnect", "sandbox"])
        .run()
        .ok();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn the_calls_to_a_provider_are_told_one_by_one_with_vv_alone() {
    let (_provider, home) = crate::support::Provider::connected(&[]);
    for (flag, told) in [("-v", false), ("-vv", true)] {
        let run = home
            .hallpass(&[flag, "token", "sandbox", "--refresh"])
            .run();
        let run = run.ok();
        for line in [
            "DEBUG sending method=POST host=",
            "DEBUG answered status=200 host=",
        ] {
            assert_eq!(run.stderr.contains(line), told, "{flag}: {run}");
        }
    }
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let home = Home::new();
    let run = home.hallpass(&["token", "x"]).run().fails_with(3);
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
    let run = home.hallpass(&["token", "x", "--color", "always"]).run();
    assert!(run.stderr.contains("\u{1b}["), "{run}");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_a_usage_error() {
    let home = Home::new();
    for words in [
        r"$'\xff'",
        r"token $'\xff'",
        r"token $'\xff' --bogus",
        r"token x --format $'\xff'",
    ] {
        let run = home.shell(&format!("hallpass {words}")).run().fails_with(2);
        assert!(!run.stderr.contains("defect"), "{run}");
    }
}

#[test]
fn a_misuse_names_the_help_of_the_command_that_was_meant() {
    let home = Home::new();
    for (args, help) in [
        (["token", "list", "--bogus"].as_slice(), "hallpass token"),
        (&["request", "check", "test", "--bogus"], "hallpass request"),
        (
            &["--quiet", "status", "token", "--bogus"],
            "hallpass status",
        ),
        (&["helper", "install", "git"], "hallpass helper install"),
        (&["refresh"], "hallpass refresh"),
        (&["--bogus"], "hallpass"),
    ] {
        let run = home.hallpass(args).run().fails_with(2);
        let hint = format!("hint: run `{help} --help`");
        assert_eq!(run.stderr.lines().last(), Some(hint.as_str()), "{run}");
    }
}

#[test]
fn a_command_that_takes_every_connection_says_so_where_none_is_named() {
    let home = Home::new();
    for command in ["refresh", "disconnect"] {
        let run = home.hallpass(&[command]).run().fails_with(2);
        let hint = format!("hint: name a connection, or take all: `hallpass {command} --all`");
        assert!(run.stderr.lines().any(|line| line == hint), "{run}");
        // Another mistake is not about that.
        let run = home.hallpass(&[command, "--bogus"]).run().fails_with(2);
        assert!(!run.stderr.contains("--all"), "{run}");
    }
}
