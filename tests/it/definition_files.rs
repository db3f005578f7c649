//! The definitions of `tests/definitions`: those in `valid` pass `check` without a word, what is said
//! of each in `invalid` is a snapshot; and no file, however broken, makes the reading panic or point
//! outside of itself. A file added there is a test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hallpass::definition::Definitions;
use hallpass::definition::report;

use crate::support::{Home, Run};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/definitions");

/// A definition file: its name without the ending, and its text.
struct File {
    name: String,
    text: String,
}

/// The files of a folder, by name.
fn files(folder: &str) -> Vec<File> {
    let read = |path: PathBuf| File {
        name: stem(&path),
        text: std::fs::read_to_string(&path).unwrap(),
    };
    let mut files: Vec<File> = with_ending(&Path::new(FOLDER).join(folder), "toml")
        .map(read)
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

fn with_ending(folder: &Path, ending: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(move |path| path.extension().is_some_and(|found| found == ending))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// `check` of a file in a home where everything it names is there; its path reads `NAME.toml`.
fn check(file: &File) -> Run {
    let home = Home::new();
    let name = format!("{}.toml", file.name);
    let path = home.write(&name, &file.text);
    for beside in strings_after(&file.text, "file = \"") {
        home.write(beside, "not-a-real-value");
    }
    let picture = Path::new(FOLDER).join("valid/museum.svg");
    home.write("museum.svg", &std::fs::read_to_string(picture).unwrap());
    let path = path.to_str().unwrap();
    let variables = strings_after(&file.text, "env = \"");
    let mut run = home
        .hallpass(&["--config", path, "check"])
        .envs(variables.map(|variable| (variable, "not-a-real-value".to_owned())))
        .run();
    run.stderr = run.stderr.replace(path, &name);
    run
}

/// The strings that follow a piece of text, up to their closing quote.
fn strings_after<'a>(text: &'a str, piece: &'a str) -> impl Iterator<Item = &'a str> {
    let rest = text.split(piece).skip(1);
    rest.filter_map(|rest| rest.split('"').next())
}

#[test]
fn there_are_many_and_each_says_what_it_shows() {
    for folder in ["valid", "invalid"] {
        let files = files(folder);
        assert!(files.len() >= 40, "{folder} has {} files", files.len());
        for file in files {
            assert!(file.text.starts_with("# "), "{folder}/{}", file.name);
        }
    }
}

#[test]
fn every_valid_file_passes() {
    let failed: Vec<String> = (files("valid").iter())
        .map(check)
        .filter(|run| run.code != Some(0) || !run.stderr.is_empty())
        .map(|run| run.to_string())
        .collect();
    assert!(failed.is_empty(), "{}", failed.concat());
}

#[test]
fn what_is_said_of_every_invalid_file() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/invalid");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let files = files("invalid");
    let runs: Vec<(&File, Run)> = files.iter().map(|file| (file, check(file))).collect();
    let passed = runs.iter().filter(|(_, run)| run.code == Some(0));
    let passed: Vec<&str> = passed.map(|(file, _)| file.name.as_str()).collect();
    assert!(
        passed.is_empty(),
        "nothing is said of {}",
        passed.join(", ")
    );
    for (file, run) in runs {
        let run = run.fails_with(3);
        settings.bind(|| insta::assert_snapshot!(file.name.as_str(), run.stderr));
    }
}

#[test]
fn no_snapshot_outlives_its_file() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/invalid");
    let names: BTreeSet<String> = files("invalid").into_iter().map(|file| file.name).collect();
    for snapshot in with_ending(&snapshots, "snap") {
        assert!(names.contains(&stem(&snapshot)), "{}", snapshot.display());
    }
}

/// What is broken on purpose below: every file there is, and the example.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let example = include_str!("../../integrations.example.toml").to_owned();
    let files = [files("valid"), files("invalid")].into_iter().flatten();
    std::iter::once(example)
        .chain(files.map(|file| file.text))
        .collect()
});

/// Pieces that definitions are made of, and pieces that have no place in them.
const PIECES: [&str; 28] = [
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "=",
    "\n",
    "\\",
    "#",
    ".",
    "|",
    ":",
    "\u{e9}",
    "\u{1f511}",
    "\r",
    "\0",
    "false",
    "{ a = [1, { b = 2 }] }",
    "99999999999999999999",
    "client_secret",
    "\"\\u007b\"",
    "{token|path}",
    "\u{feff}",
    "extends = \"mail\"",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::with_cases(512)
    })]

    #[test]
    fn no_file_makes_it_panic_or_point_outside(
        (seed, other) in (0usize..10_000, 0usize..10_000),
        changes in proptest::collection::vec(
            (0u8..6, 0usize..10_000, 0usize..10_000, 0usize..PIECES.len()), 1..12),
    ) {
        let other = &SEEDS[other % SEEDS.len()];
        let mut text = SEEDS[seed % SEEDS.len()].clone();
        for (what, at, to, piece) in changes {
            text = changed(&text, other, what, (at, to), PIECES[piece]);
        }
        let definitions = Definitions::of_text(Path::new("integrations.toml"), text.clone());
        let found = definitions.all();
        for problem in &found.problems {
            let (span, message) = (problem.span.clone(), &problem.message);
            proptest::prop_assert!(text.get(span.clone()).is_some(), "{span:?} {message}");
        }
        report::render(&found.problems, true);
        for key in found.keys {
            let _ = definitions.get(&key);
        }
    }
}

fn changed(text: &str, other: &str, what: u8, (at, to): (usize, usize), piece: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return piece.to_owned();
    }
    let (from, to_char) = (at % chars.len(), to % chars.len());
    let (line, to_line) = (at % lines.len(), to % lines.len());
    match what {
        // A piece put in, or in the place of a character.
        0 | 1 => {
            let rest = from + usize::from(what);
            let (before, after) = (&chars[..from], &chars[rest..]);
            let before: String = before.iter().collect();
            before + piece + &after.iter().collect::<String>()
        }
        // A stretch taken away.
        2 => {
            let end = (from + to % 40).min(chars.len());
            let kept = chars[..from].iter().chain(&chars[end..]);
            kept.collect()
        }
        // Two characters change places.
        3 => {
            let mut chars = chars;
            chars.swap(from, to_char);
            chars.into_iter().collect()
        }
        // A line moves.
        4 => {
            let mut lines = lines;
            lines.swap(line, to_line);
            lines.join("\n")
        }
        // A line of another file stands in the place of one.
        _ => {
            let strangers: Vec<&str> = other.lines().collect();
            let mut lines = lines;
            lines[line] = strangers[to % strangers.len()];
            lines.join("\n")
        }
    }
}
