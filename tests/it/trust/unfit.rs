//! Files in a project file's place that can be none: they are warned of, take no other key with
//! them, and cannot be trusted.

use std::fs;

use crate::support::Cmd;

use super::{PROJECT, Place, WORK};

/// That the user's keys work with a warning, and that nobody can trust the file.
#[track_caller]
fn is_warned_of(place: &Place, why: &str) {
    let run = place.run(&["request", "mine", "/x"]).ok();
    let warnings = run.stderr.matches("warning:").count();
    assert!(warnings == 1 && run.stderr.contains(why), "{why}\n{run}");
    let run = place.run(&["list"]).ok();
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{run}");
    assert!(run.stdout.contains("mine"), "{run}");
    let run = place.run(&["trust", "--yes"]).fails_with(3);
    assert!(run.stderr.contains("cannot be trusted"), "{run}");
    place.run(&["check"]).fails_with(3);
}

#[test]
fn one_that_is_not_toml_withholds_what_it_mentions() {
    let place = Place::new();
    for text in [
        "[integrations.github\ntype = ",
        "integrations = { github = { auth = ",
        "[integrations.github.auth]\ntype = \"none\"\n[integrations.github.auth]\n\"",
        "# github\n<<<<<<< HEAD\n",
    ] {
        place.write("home/work/integrations.toml", text);
        is_warned_of(&place, "it is not TOML");
        let run = place.refuses(WORK, "github");
        assert!(run.stderr.contains("it is not TOML"), "{run}");
    }
    // Where it mentions nothing, nothing is withheld.
    place.write("home/work/integrations.toml", "[[[");
    is_warned_of(&place, "it is not TOML");
    assert_eq!(place.reaches(WORK, "github"), "own-github");
}

#[test]
fn one_that_was_trusted_and_broke_withholds_what_it_defined() {
    let place = Place::with_project();
    place.trust();
    place.write("home/work/integrations.toml", "[[[");
    is_warned_of(&place, "it is not TOML");
    place.refuses(WORK, "github");
    place.refuses(WORK, "staging");
}

#[test]
fn one_that_is_no_text_withholds_what_it_mentions() {
    let place = Place::new();
    let mut bytes = b"[integrations.github]\nname = \"".to_vec();
    bytes.extend([0xff, 0xfe, b'"', b'\n']);
    place.write_bytes("home/work/integrations.toml", &bytes);
    is_warned_of(&place, "it is not text");
    place.refuses(WORK, "github");
}

#[test]
fn one_that_is_huge_is_not_read_to_its_end() {
    let place = Place::new();
    let path = place.write("home/work/integrations.toml", PROJECT);
    // A gigabyte that takes no room.
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(1 << 30).unwrap();
    is_warned_of(&place, "it is larger than 1024 KiB");
    place.refuses(WORK, "github");
}

#[test]
fn one_that_nests_without_end_takes_nothing_away() {
    let place = Place::new();
    let deep = 200_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a{} = 1", ".a".repeat(deep)),
        format!("[a{}]", ".a".repeat(deep)),
    ] {
        place.write("home/work/integrations.toml", &text);
        assert_eq!(place.reaches(WORK, "github"), "own-github");
    }
}

#[test]
fn a_directory_takes_nothing_away() {
    let place = Place::new();
    fs::create_dir(place.at("home/work/integrations.toml")).unwrap();
    if cfg!(unix) {
        is_warned_of(&place, "it is not a regular file");
    }
    assert_eq!(place.reaches(WORK, "github"), "own-github");
}

#[cfg(unix)]
#[test]
fn what_would_wait_or_leads_nowhere_takes_nothing_away() {
    let place = Place::new();
    let path = place.at("home/work/integrations.toml");
    Cmd::new("mkfifo", &[path.to_str().unwrap()]).run().ok();
    is_warned_of(&place, "it is not a regular file");
    assert_eq!(place.reaches(WORK, "github"), "own-github");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    is_warned_of(&place, "it cannot be read");
    assert_eq!(place.reaches(WORK, "github"), "own-github");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    is_warned_of(&place, "it is not a regular file");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_named_as_it_was_found_and_is_to_be_taken_away() {
    use std::os::unix::fs::symlink;
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    // What was trusted is missed, and so there is something to refuse.
    place.trust();
    fs::create_dir_all(place.at("home/elsewhere")).unwrap();
    for target in ["nowhere", "/dev/zero", "../elsewhere"] {
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        // Trust is remembered under the path without links.
        let dangling = target == "nowhere";
        let mut args = vec![["check"].as_slice(), &["trust", "--yes"]];
        args.extend(dangling.then_some(["token", "github"].as_slice()));
        for args in args {
            let run = place.run(args).fails_with(3);
            let named = format!("`{}`", path.display());
            assert!(run.stderr.contains(&named), "{named}\n{run}");
            assert!(run.stderr.contains("or take it away"), "{run}");
            assert!(!run.stderr.contains("hallpass trust"), "{run}");
            assert!(!run.stderr.contains("`../"), "{run}");
            assert!(dangling || !run.stderr.contains(target), "{run}");
        }
        let run = place.run(&["list"]).ok();
        assert!(run.stderr.contains(path.to_str().unwrap()), "{run}");
    }
}

/// To root everything is readable, and then it is a file like any other.
#[cfg(unix)]
#[test]
fn one_that_cannot_be_read_takes_nothing_away() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        place.refuses(WORK, "github");
        return;
    }
    is_warned_of(&place, "it cannot be read");
    assert_eq!(place.reaches(WORK, "github"), "own-github");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    place.trust();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // What was trusted of it is known.
    place.refuses(WORK, "github");
    assert_eq!(place.reaches(WORK, "mine"), "mine");
}

#[cfg(unix)]
#[test]
fn one_that_others_of_the_group_can_write_is_as_good_as_its_bytes() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    place.trust();
    assert_eq!(place.reaches(WORK, "github"), "project-github");
}

/// Only root can give files away: where the tests are not root's, what is left is that one's own
/// file, and root's, are good.
#[cfg(unix)]
#[test]
fn a_file_of_another_user_is_neither_used_nor_trusted() {
    const STRANGER: u32 = 54321;
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    place.trust();
    match std::os::unix::fs::chown(&path, Some(STRANGER), None) {
        Ok(()) => {
            is_warned_of(&place, "it belongs to user 54321, not to you");
            let run = place.refuses(WORK, "github");
            assert!(run.stderr.contains("it belongs to user 54321"), "{run}");
            place.refuses(WORK, "staging");
            // Given back, it is what it was.
            std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    let link = place.at("home/work/deep/integrations.toml");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    let run = place.run(&["trust"]);
    assert!(!run.stderr.contains("belongs to user"), "{run}");
}
