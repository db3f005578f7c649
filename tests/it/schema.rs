//! `check --schema`: what editors are told of integrations.toml. It is held against the reader, so
//! that a key which one of the two learns cannot be forgotten in the other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Cmd, HALLPASS, Home};

/// Every table of the language: its name, where the schema has its keys, and where it stands in a
/// definition. The reader is asked once with each of `TYPES`.
const TABLES: &[(&str, &str, &str)] = &[
    ("integration", "/definitions/integration", "integrations.x"),
    (
        "parameter",
        "/definitions/parameter",
        "integrations.x.parameters[]",
    ),
    ("auth", "/definitions/auth", "integrations.x.auth"),
    (
        "place",
        "/definitions/place",
        "integrations.x.auth.client_id",
    ),
    (
        "subject_token",
        "/definitions/subject_token",
        "integrations.x.auth.subject_token",
    ),
    (
        "github_actions",
        "/definitions/subject_token/properties/github_actions",
        "integrations.x.auth.subject_token.github_actions",
    ),
    (
        "redirect",
        "/definitions/auth/properties/redirect",
        "integrations.x.auth.redirect",
    ),
    (
        "optional_scope",
        "/definitions/auth/properties/optional_scopes/items/anyOf/1",
        "integrations.x.auth.optional_scopes[]",
    ),
    ("token", "/definitions/token", "integrations.x.auth.token"),
    (
        "refresh",
        "/definitions/refresh",
        "integrations.x.auth.refresh",
    ),
    ("step", "/definitions/step", "integrations.x.auth.steps[]"),
    (
        "lookup",
        "/definitions/lookup",
        "integrations.x.auth.lookup",
    ),
    (
        "revoke",
        "/definitions/revoke",
        "integrations.x.auth.revoke",
    ),
    (
        "device",
        "/definitions/device",
        "integrations.x.auth.device",
    ),
    (
        "response",
        "/definitions/response",
        "integrations.x.auth.token.response",
    ),
    (
        "refresh_response",
        "/definitions/refresh_response",
        "integrations.x.auth.refresh.response",
    ),
    (
        "saved",
        "/definitions/saved",
        "integrations.x.auth.lookup.save.y",
    ),
    (
        "capture",
        "/definitions/capture",
        "integrations.x.auth.capture.y",
    ),
    ("jwt", "/definitions/jwt", "integrations.x.auth.jwt"),
    ("tls", "/definitions/tls", "integrations.x.auth.tls"),
    ("api", "/definitions/api", "integrations.x.api"),
    ("test", "/definitions/test", "integrations.x.api.test"),
    (
        "expect",
        "/definitions/test/properties/expect",
        "integrations.x.api.test.expect",
    ),
    (
        "paginate",
        "/definitions/api/properties/paginate",
        "integrations.x.api.paginate",
    ),
    ("action", "/definitions/action", "integrations.x.actions.y"),
    (
        "action_step",
        "/definitions/action_step",
        "integrations.x.actions.y.steps[]",
    ),
];

/// The types of credentials, and the grants, whose tables may know keys of their own.
const TYPES: [&str; 9] = [
    "type = \"oauth2\"\ngrant = \"authorization_code\"",
    "type = \"oauth2\"\ngrant = \"device_code\"",
    "type = \"oauth2\"\ngrant = \"client_credentials\"",
    "type = \"oauth2\"\ngrant = \"token_exchange\"",
    "type = \"api_key\"",
    "type = \"basic\"",
    "type = \"custom_token\"",
    "type = \"jwt\"",
    "type = \"none\"",
];

fn schema() -> Value {
    let run = Cmd::new(HALLPASS, &["check", "--schema"])
        .env("HOME", "/nonexistent")
        .run()
        .ok();
    assert_eq!(run.stderr, "");
    run.json()
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft7::new(schema).expect("a schema of draft-07")
}

/// What the schema finds wrong in a definition file.
fn faults(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).expect("TOML");
    let document = serde_json::to_value(table).expect("JSON");
    let errors = validator.iter_errors(&document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The definition files of a directory of `tests/definitions`, where there is one.
fn files(directory: &str) -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions");
    let Ok(entries) = std::fs::read_dir(tests.join(directory)) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect()
}

/// The keys that the reader knows in a table, as it says itself when it meets another one; nothing
/// where it does not know the table.
fn known_to_the_reader(place: &str) -> Option<BTreeSet<String>> {
    let home = Home::new();
    let mut known: Option<BTreeSet<String>> = None;
    let path = place.replace("[]", "");
    for auth in TYPES {
        let table = match place.strip_suffix("[]") {
            Some(array) => format!("[[{array}]]"),
            None => format!("[{place}]"),
        };
        let tables = if path == "integrations.x.auth" {
            format!("{table}\n{auth}\nzzqqx = 1\n")
        } else {
            format!("[integrations.x.auth]\n{auth}\n{table}\nzzqqx = 1\n")
        };
        home.write("integrations.toml", &tables);
        let run = home.hallpass(&["check", "--json"]).run().exits(3);
        let report = run.json();
        let problems = report["problems"].as_array().unwrap();
        let helps = problems
            .iter()
            .filter_map(|problem| problem["help"].as_str());
        for help in helps {
            if let Some(keys) = help.strip_prefix(&format!("`{path}` knows ")) {
                let keys = keys.split(", ").map(|key| key.trim_matches('`').to_owned());
                known.get_or_insert_default().extend(keys);
            }
        }
    }
    known
}

#[test]
fn the_reader_and_the_schema_know_the_same_keys() {
    let schema = schema();
    let mut told = Vec::new();
    for (name, pointer, place) in TABLES {
        let table = schema.pointer(pointer).expect(pointer);
        assert_eq!(table["additionalProperties"], false, "{pointer}");
        let properties = table["properties"].as_object().expect(pointer);
        let Some(known) = known_to_the_reader(place) else {
            told.push(format!("the reader does not know the table `{name}`"));
            continue;
        };
        for key in &known {
            if !properties.contains_key(key) {
                told.push(format!("the schema's `{name}` lacks `{key}`"));
            }
        }
        for key in properties.keys() {
            if !known.contains(key) {
                told.push(format!("the reader does not know `{name}.{key}`"));
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn what_is_valid_is_valid_in_the_editor_too() {
    let validator = validator(&schema());
    let sandbox = Cmd::new(HALLPASS, &["sandbox", "--print-config"])
        .run()
        .ok();
    let mut texts = vec![
        (
            "example".to_owned(),
            include_str!("../../integrations.example.toml").to_owned(),
        ),
        ("sandbox".to_owned(), sandbox.stdout),
    ];
    for path in files("valid") {
        let text = std::fs::read_to_string(&path).unwrap();
        texts.push((path.display().to_string(), text));
    }
    for (name, text) in texts {
        let faults = faults(&validator, &text);
        assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    }
}

#[test]
fn what_is_mistyped_is_marked_in_the_editor() {
    let validator = validator(&schema());
    let auth = "[integrations.x.auth]\ntype = \"api_key\"\n";
    for wrong in [
        "[integration.x]\n",
        "[integrations.x]\nname = \"no auth\"\n",
        "[integrations.X.auth]\ntype = \"api_key\"\n",
        "[integrations.x]\nauth = { type = \"oauth\" }\n",
        "[integrations.x]\nauth = { type = \"oauth2\" }\n",
        "[integrations.x]\nauth = { type = \"api_key\", scopes = [] }\n",
        "[integrations.x]\nauth = { type = \"api_key\", token_url = \"https://x.test/\" }\n",
        "[integrations.x]\nauth = { type = \"api_key\", api_key = { env = \"A\", file = \"b\" } }\n",
        "[integrations.x]\ncolor = \"red\"\n[integrations.x.auth]\ntype = \"none\"\n",
        "[integrations.x]\nicon = \"https://x.test/i.png\"\nauth.type = \"none\"\n",
        &format!("{auth}[[integrations.x.parameters]]\nname = \"token\"\n"),
        &format!("{auth}[integrations.x.api]\nbase_url = \"http://x.test\"\n"),
        &format!("{auth}[integrations.x.api]\ntimeout = \"soon\"\n"),
        &format!("{auth}[integrations.x.actions.y]\nmethod = \"GET\"\n"),
    ] {
        assert!(!faults(&validator, wrong).is_empty(), "{wrong}");
    }
    for path in files("invalid") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("key_of_") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!faults(&validator, &text).is_empty(), "{name}");
        }
    }
}

#[test]
fn what_extends_another_needs_no_auth_of_its_own() {
    let text = "[integrations.y]\nextends = \"x\"\nauth.scopes = [\"mail\"]\n";
    assert_eq!(faults(&validator(&schema()), text), Vec::<String>::new());
}

/// The properties of a schema and of all below it, with the schema that describes each.
fn properties<'s>(root: &'s Value, schema: &'s Value, found: &mut Vec<(&'s String, &'s Value)>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.iter().map(|(key, property)| {
                    let reference = property["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
                    let pointed = reference.map(|r| root.pointer(r).expect(r));
                    (key, pointed.unwrap_or(property))
                }));
            }
            let below = object
                .iter()
                .filter(|(key, _)| *key != "then" && *key != "if");
            below.for_each(|(_, schema)| properties(root, schema, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|schema| properties(root, schema, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_explained_in_a_way_that_editors_show() {
    let schema = schema();
    assert_eq!(
        jsonschema::meta::validate(&schema).map_err(|e| e.to_string()),
        Ok(())
    );
    let mut found = Vec::new();
    properties(&schema, &schema, &mut found);
    assert!(found.len() > 150, "{}", found.len());
    for (key, property) in found {
        let text = property["description"].as_str().unwrap_or_default();
        assert!(
            text.ends_with(['.', '`']) || text.ends_with("…`."),
            "{key}: {text:?}"
        );
        // taplo shows no description of a schema with `allOf`, and none beside `$ref`.
        assert!(
            property["allOf"].is_null() && property["$ref"].is_null(),
            "{key}"
        );
    }
}
