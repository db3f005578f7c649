//! The cookbook is true as far as can be told here: each of its definitions passes `check` as it
//! stands, has the name that stands above it, and the command below it gives parameters that it has.

use hallpass::definition::Definitions;

use crate::support::Home;

const COOKBOOK: &str = include_str!("../../docs/COOKBOOK.md");

/// A recipe: its heading, its definition and its commands.
struct Recipe {
    title: &'static str,
    definition: &'static str,
    commands: &'static str,
}

fn recipes() -> Vec<Recipe> {
    let sections = COOKBOOK.split("\n## ").skip(1);
    let recipes = sections.filter_map(|section| {
        Some(Recipe {
            title: section.lines().next()?,
            definition: block(section, "toml")?,
            commands: block(section, "sh")?,
        })
    });
    recipes.collect()
}

/// The first fenced block of a language.
fn block(section: &'static str, language: &str) -> Option<&'static str> {
    let (_, rest) = section.split_once(&format!("```{language}\n"))?;
    rest.split("```").next()
}

#[test]
fn every_recipe_passes_check_as_it_stands() {
    for recipe in recipes() {
        let home = Home::new();
        home.write("integrations.toml", recipe.definition);
        let run = home.hallpass(&["check"]).run().ok();
        assert_eq!(run.stderr, "", "{}", recipe.title);
    }
}

#[test]
fn there_are_fifteen_and_each_has_the_name_above_it() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 15);
    assert_eq!(COOKBOOK.matches("```toml").count(), 15);
    let whole: String = recipes.iter().map(|recipe| recipe.definition).collect();
    let definitions = Definitions::of_text("integrations.toml".as_ref(), whole);
    let found = definitions.all();
    let names: Vec<&str> = found.integrations.iter().map(|i| i.name.as_str()).collect();
    let titles: Vec<&str> = recipes.iter().map(|recipe| recipe.title).collect();
    assert_eq!(names, titles);
}

#[test]
fn every_recipe_says_how_to_connect_and_what_to_call() {
    for Recipe {
        title,
        definition,
        commands,
    } in recipes()
    {
        let key = definition.lines().find_map(|line| {
            let key = line.strip_prefix("[integrations.")?;
            key.strip_suffix(']')
        });
        let key = key.unwrap_or_else(|| panic!("{title} has no definition"));
        let known = known_names(definition, key);
        for param in commands.split("--param ").skip(1) {
            let name = param.split('=').next().unwrap();
            assert!(known.iter().any(|known| known == name), "{title}: {name}");
        }
        for command in ["connect", "request"] {
            let line = format!("hallpass {command} {key}");
            assert!(commands.contains(&line), "{title}: {line}");
        }
    }
}

/// The names that `--param` takes for a definition, as `connect` says itself when it gets another.
fn known_names(definition: &str, key: &str) -> Vec<String> {
    let home = Home::new();
    home.write("integrations.toml", definition);
    let connect = home.hallpass(&["connect", key, "--param", "zzqqx=1"]);
    let run = connect.run().fails_with(2);
    let (_, names) = run
        .stderr
        .split_once("its parameters are ")
        .expect("a hint");
    let names = names.lines().next().unwrap_or_default();
    names.split(", ").map(ToOwned::to_owned).collect()
}

#[test]
fn every_link_within_the_cookbook_leads_somewhere() {
    let headings: Vec<String> = COOKBOOK
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(anchor)
        .collect();
    for link in COOKBOOK.split("](#").skip(1) {
        let target = link.split(')').next().unwrap().to_owned();
        assert!(headings.contains(&target), "#{target}");
    }
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches(['#', ' ']).to_lowercase();
    let kept = words.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' => Some(c),
        _ => None,
    });
    kept.collect()
}
