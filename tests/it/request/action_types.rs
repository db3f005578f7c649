//! Arguments of actions that are more than text, and where long ones come from.

use serde_json::json;

use crate::support::{Home, Recorder, Run};

const DEFINITIONS: &str = r#"
[integrations.tasks]
parameters = [{ name = "board", format = "integer", default = "12" }]
[integrations.tasks.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.tasks.api]
base_url = "ORIGIN/api"
json = { board = "{board}" }
[integrations.tasks.actions.add]
path = "/tasks/{weight}"
query = { urgent = "{urgent}" }
json = { title = "{title}", weight = "{weight}", share = "{share}", urgent = "{urgent}", due = "{due}", labels = "{labels}", note = "weighs {weight}" }
[[integrations.tasks.actions.add.parameters]]
name = "title"
[[integrations.tasks.actions.add.parameters]]
name = "weight"
format = "integer"
default = "1"
[[integrations.tasks.actions.add.parameters]]
name = "share"
format = "number"
optional = true
[[integrations.tasks.actions.add.parameters]]
name = "urgent"
format = "boolean"
default = "false"
[[integrations.tasks.actions.add.parameters]]
name = "due"
format = "date"
optional = true
[[integrations.tasks.actions.add.parameters]]
name = "labels"
format = "json"
optional = true
[integrations.tasks.actions.tell]
path = "/tell"
form = { text = "{title}", labels = "{labels}" }
parameters = [{ name = "title" }, { name = "labels", format = "json", optional = true }]
[integrations.tasks.actions.board]
path = "/board"
json = { board = "{board}" }
parameters = [{ name = "board" }]
"#;

fn act(home: &Home, args: &[&str]) -> Run {
    act_with(home, args, "")
}

fn act_with(home: &Home, args: &[&str], stdin: &str) -> Run {
    home.hallpass(&[&["request", "tasks", "--action"], args].concat())
        .env("KEY", "key-not-real")
        .stdin(stdin)
        .run()
}

#[test]
fn an_argument_goes_into_a_json_body_as_what_it_is_and_elsewhere_as_text() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    act(
        &home,
        &[
            "add",
            "title=7",
            "weight=42",
            "share=2.50",
            "urgent=true",
            "due=2024-02-29",
            "labels=[\"a\", {\"b\": null}]",
        ],
    )
    .ok();
    let asked = recorder.last("/api/tasks/42");
    assert_eq!(asked.query("urgent").as_deref(), Some("true"));
    let expected = json!({
        "board": 12, "title": "7", "weight": 42, "share": 2.5, "urgent": true,
        "due": "2024-02-29", "labels": ["a", { "b": null }], "note": "weighs 42",
    });
    assert_eq!(asked.json(), expected);
    act(&home, &["add", "title=x"]).ok();
    let expected =
        json!({ "board": 12, "title": "x", "weight": 1, "urgent": false, "note": "weighs 1" });
    assert_eq!(recorder.last("/api/tasks/1").json(), expected);
    act(&home, &["tell", "title=x", "labels=[1]"]).ok();
    assert_eq!(
        recorder.last("/api/tell").form("labels").as_deref(),
        Some("[1]")
    );
    // An action's own parameter goes before the definition's of that name.
    act(&home, &["board", "board=9"]).ok();
    assert_eq!(recorder.last("/api/board").json(), json!({ "board": "9" }));
}

#[test]
fn an_argument_that_is_none_of_its_type_is_refused_before_anything_is_sent() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    for (argument, why) in [
        ("weight=4.2", "`weight` must be a whole number"),
        ("weight=4,\"admin\":true", "`weight` must be a whole number"),
        ("share=many", "`share` must be a number"),
        ("urgent=yes", "`urgent` must be `true` or `false`"),
        ("due=2023-02-29", "`due` must be a day"),
        ("labels=a,b", "`labels` must be JSON"),
        ("title=again", "`title` is given twice"),
    ] {
        let run = act(&home, &["add", "title=x", argument]).fails_with(2);
        assert!(run.stderr.contains(why), "{run}");
    }
    let run = act(&home, &["add"]).fails_with(2);
    let usage = "hallpass request tasks --action add title=… [weight=…]";
    assert!(run.stderr.contains(usage), "{run}");
    assert!(
        run.stderr.contains("hallpass list --actions tasks"),
        "{run}"
    );
    let run = act(&home, &["ad", "title=x"]).fails_with(2);
    assert!(run.stderr.contains("did you mean `add`?"), "{run}");
    assert_eq!(recorder.asked().len(), 0);
}

#[test]
fn a_long_argument_comes_from_a_file_or_stdin() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    let file = home.write("notes.md", "# Title\n\na=b @c\n");
    let at = format!("title@{}", file.display());
    act(&home, &["tell", &at]).ok();
    let told = || recorder.last("/api/tell").form("text");
    assert_eq!(told().as_deref(), Some("# Title\n\na=b @c"));
    act_with(&home, &["tell", "title@-"], "from a pipe\n").ok();
    assert_eq!(told().as_deref(), Some("from a pipe"));
    act(&home, &["tell", "title=@ada, env:X and a@b"]).ok();
    assert_eq!(told().as_deref(), Some("@ada, env:X and a@b"));
    let run = act(&home, &["tell", "title@/no/such/file"]).fails_with(3);
    assert!(run.stderr.contains("/no/such/file"), "{run}");
}

#[test]
fn the_actions_are_listed_with_what_each_wants_and_the_line_to_type() {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    home.edit(|text| {
        text.replace(
            "[integrations.tasks.actions.tell]\n",
            "[integrations.tasks.actions.tell]\ndescription = \"Tell\\u001b[2J everybody\"\n",
        )
    });
    let run = home
        .hallpass(&["list", "--actions", "tasks@work"])
        .run()
        .ok();
    for shown in [
        "tasks@work add\n  POST /tasks/{weight}\n",
        "    weight  integer, default 1\n",
        "    due     date, optional\n",
        "    title   text, needed\n",
        "  $ hallpass request tasks@work --action tell title=… [labels=…]\n",
        "Tell\\u{1b}[2J everybody",
    ] {
        assert!(run.stdout.contains(shown), "{shown}: {run}");
    }
    let list = home
        .hallpass(&["list", "--actions", "--json"])
        .run()
        .ok()
        .json();
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["action"])
        .collect();
    assert_eq!(names, ["add", "tell", "board"]);
    assert_eq!(list[0]["connection"], "tasks");
    assert_eq!(
        list[0]["requests"],
        json!([{ "method": "POST", "path": "/tasks/{weight}" }])
    );
    let weight = json!({
        "name": "weight", "label": "weight", "type": "integer", "required": false, "secret": false,
        "default": "1", "env": null, "choices": [], "pattern": null, "help": null,
    });
    assert_eq!(list[0]["arguments"][1], weight);
    home.hallpass(&["list", "--actions", "nosuch"])
        .run()
        .fails_with(3);
    home.hallpass(&["list", "tasks"]).run().fails_with(2);
    home.write("integrations.toml", "");
    let run = home.hallpass(&["list", "--actions"]).run().ok();
    assert!(
        run.stdout.is_empty() && run.stderr.contains("hint:"),
        "{run}"
    );
}
