//! `export`: what it writes, where, and that nothing is forgotten here before it is safe there.

use super::{key, recipient};
use crate::support::{Home, Provider, Run};

#[test]
fn a_recipient_that_is_none_is_not_repeated_and_nothing_is_forgotten() {
    let (_provider, home) = Provider::connected(&[]);
    let (secret, _) = key();
    for to in [secret.as_str(), "age1nonsense", ""] {
        let run = home
            .hallpass(&["export", "sandbox", "--to", to])
            .run()
            .fails_with(2);
        assert_eq!(run.stdout, "");
        assert!(to.is_empty() || !run.stderr.contains(to), "{run}");
        assert!(run.stderr.contains("import --recipient"), "{run}");
    }
    home.token("sandbox");
    let (_, to) = key();
    home.hallpass(&["export", "sandbox@nobody", "--to", &to])
        .run()
        .fails_with(4);
}

#[test]
fn an_export_to_a_file_is_its_owners_alone_and_overwrites_nothing() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let to = recipient(&other);
    home.write("there.age", "the only copy of something");
    let export = |file: &str| {
        home.hallpass(&["export", "sandbox", "--to", &to, "-o", file])
            .dir(home.path())
            .run()
    };
    let run = export("there.age").fails_with(2);
    assert!(
        run.stderr.contains("there is a file `there.age` already"),
        "{run}"
    );
    home.token("sandbox");
    let run = export("new.age").ok();
    assert_eq!(run.stdout, "");
    let path = home.path().join("new.age");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    other
        .hallpass(&["import", path.to_str().unwrap()])
        .run()
        .ok();
    other.token("sandbox");
}

/// Runs an export in a shell, with its output where the script says.
#[cfg(unix)]
fn shell(home: &Home, to: &str, rest: &str) -> Run {
    home.shell(&format!("hallpass export sandbox --to {to} {rest}"))
        .run()
}

#[cfg(unix)]
#[test]
fn an_export_that_cannot_be_written_forgets_nothing() {
    let (provider, home) = Provider::connected(&[]);
    let to = recipient(&provider.home());
    let full = shell(&home, &to, "> /dev/full").fails_with(1);
    assert!(full.stderr.contains("still here"), "{full}");
    // A shell's `>&-` closes stdout; what is written then goes nowhere.
    for nowhere in [">&-", "> /dev/null"] {
        let run = shell(&home, &to, nowhere).fails_with(2);
        assert!(run.stderr.contains("goes nowhere"), "{run}");
    }
    shell(&home, &to, "-o /proc/here.age").fails_with(1);
    let absent = home.path().join("no/such/place");
    let file = absent.join("here.age");
    let run = shell(&home, &to, &format!("-o {}", file.display())).fails_with(2);
    assert!(run.stderr.contains("there is no directory"), "{run}");
    assert!(!home.path().join("no").exists());
    home.token("sandbox");
    home.hallpass(&["token", "sandbox", "--refresh"]).run().ok();
    // A reader that is gone before anything is written.
    let gone = home
        .shell(&format!(
            "exec 3> >(exec true); wait $!; exec hallpass export sandbox --to {to} >&3"
        ))
        .run()
        .fails_with(1);
    assert!(gone.stderr.contains("still here"), "{gone}");
    home.token("sandbox");
}

#[cfg(unix)]
#[test]
fn an_export_into_a_pipe_forgets_nothing_whatever_becomes_of_it() {
    let (provider, home) = Provider::connected(&[]);
    let other = provider.home();
    let to = recipient(&other);
    // As with an `ssh` that fails after it has read everything.
    let run = shell(&home, &to, "| (cat > /dev/null; exit 255)").exits(255);
    let remedy = "hallpass disconnect sandbox --local";
    assert!(run.stderr.contains(remedy), "{run}");
    let token = home.token("sandbox");
    let run = shell(&home, &to, "").ok();
    assert!(run.stderr.contains(remedy), "{run}");
    assert!(!run.stderr.contains("forgot it"), "{run}");
    other
        .hallpass(&["import", "-"])
        .stdin(run.stdout)
        .run()
        .ok();
    assert_eq!(other.token("sandbox"), token);
    home.hallpass(&["disconnect", "sandbox", "--local"])
        .run()
        .ok();
    other
        .hallpass(&["token", "sandbox", "--refresh"])
        .run()
        .ok();
    assert_eq!(provider.count("refresh_token"), 1);
}

#[cfg(unix)]
#[test]
fn an_export_into_a_file_that_the_shell_opened_is_on_disk_and_forgotten_here() {
    let (provider, home) = Provider::connected(&[]);
    let to = recipient(&provider.home());
    let file = home.path().join("out.age");
    let run = shell(&home, &to, &format!("> {}", file.display())).ok();
    assert!(run.stderr.contains("forgot it here"), "{run}");
    home.hallpass(&["token", "sandbox"]).run().fails_with(4);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("AGE ENCRYPTED"));
}
