//! The house's order: a module imports only what stands below it. The
//! `use crate::` lines are read, so that a new upward import fails here.

use std::path::{Path, PathBuf};

/// From the ground up; a module may import those before it and itself.
const ORDER: [&str; 32] = [
    "error",
    "env",
    "surroundings",
    "browser",
    "secret",
    "clock",
    "fs",
    "paths",
    "ui",
    "filter",
    "progress",
    "signals",
    "guard",
    "settings",
    "http",
    "interaction",
    "definition",
    "trust",
    "credential",
    "connection",
    "store",
    "grant",
    "broker",
    "api",
    "output",
    "context",
    "exec",
    "sandbox",
    "doctor",
    "cli",
    "lib",
    "main",
];

/// What is not yet where the order would have it, with the reason.
const ALLOWED: [(&str, &str); 1] = [
    // URLs that may hold secrets know what is loopback from `http`, a leaf like itself.
    ("secret", "http"),
];

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn rank(module: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == module)
        .unwrap_or_else(|| panic!("`{module}` has no place in the order"))
}

/// The modules that a file's `crate::` paths name, its tests included.
fn imports(text: &str) -> Vec<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            assert!(
                !name.is_empty(),
                "one module a line, so that this test can read it: {line}"
            );
            found.push(name);
        }
    }
    found
}

#[test]
fn data_flows_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 50, "the house has rooms");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let first = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let module = first.trim_end_matches(".rs");
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            let upward = rank(&import) > rank(module);
            if upward && !ALLOWED.contains(&(module, import.as_str())) {
                wrong.push(format!("{}: {import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "upward imports:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{}", file.display());
    }
}
