//! `request --curl`: the printed command is run, and does what `request` does.

#![cfg(unix)]

use serde_json::Value;

use crate::support::{Cmd, HALLPASS, Home, Provider, Recorder, Run};

/// The command that is printed for these arguments.
fn printed(home: &Home, args: &[&str]) -> String {
    let args = [args, &["--curl"]].concat();
    let run = home.hallpass(&args).dir(home.path()).run().ok();
    // A body may have line breaks of its own.
    run.stdout.trim_end_matches('\n').to_owned()
}

/// Runs a command by `sh`, or by bash where it is written for that, with the
/// binary in `PATH`.
fn execute(home: &Home, command: &str, stdin: &str) -> Run {
    let shell = if command.contains("@<(") {
        "bash"
    } else {
        "sh"
    };
    let directory = std::path::Path::new(HALLPASS).parent().unwrap();
    let path = shell_words::quote(directory.to_str().unwrap()).into_owned();
    let script = format!("PATH={path}:$PATH; {command}");
    Cmd::new(shell, &["-c", &script])
        .env("HALLPASS_HOME", home.path())
        .env("HALLPASS_STORE", "file")
        .env("KEY", "key-not-real")
        .dir(home.path())
        .stdin(stdin)
        .run()
        .ok()
}

/// An echo without what says which program asked, and how it frames a body whose length it does
/// not know.
fn told(run: &Run) -> Value {
    let mut echo = run.json();
    let headers = echo["headers"].as_object_mut().expect("headers");
    headers.remove("user-agent");
    headers.remove("accept-encoding");
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    headers.remove("expect");
    // Each has a boundary of its own.
    let kind = headers.get("content-type").and_then(Value::as_str);
    if let Some((kind, boundary)) = kind.and_then(|kind| kind.split_once("; boundary=")) {
        let (kind, boundary) = (kind.to_owned(), boundary.to_owned());
        headers["content-type"] = kind.into();
        let body = echo["body"].as_str().expect("a form");
        echo["body"] = body
            .replace(&boundary, "BOUNDARY")
            .trim_start_matches('-')
            .into();
    }
    // `-G` puts its data behind what the definition adds.
    let query = echo["query"].as_array_mut().expect("a query");
    query.sort_by_key(ToString::to_string);
    echo
}

/// Arguments, and what comes on stdin.
const CASES: &[(&[&str], &str)] = &[
    (&["/echo"], ""),
    (&["/echo?a=1&b=%20", "--query", "c=x y&'z"], ""),
    (&["/echo/[1-3]/{a,b}?x[]=1"], ""),
    (&["/echo", "-X", "DELETE"], ""),
    (&["/echo", "-X", "POST"], ""),
    (
        &[
            "/echo",
            "-H",
            "X-One: it's $HOME",
            "-H",
            "X-One: 2",
            "-H",
            "X-None:",
            "-H",
            "X-Empty;",
            "-H",
            "X-App:",
        ],
        "",
    ),
    (&["/echo", "-d", "a=1", "-d", "b=`2`"], ""),
    (&["/echo", "-d", "@one.txt", "-d", "c=3"], ""),
    (&["/echo", "-d", "x", "-H", "Content-Type: text/plain"], ""),
    (&["/echo", "-d", "@-"], "a\nb\n"),
    (&["/echo", "--data-binary", "@one.txt"], ""),
    (
        &["/echo", "--data-binary", "line\n'quoted' \"and\" $more"],
        "",
    ),
    (&["/echo", "--data-binary", "@-", "-X", "PUT"], "piped\n"),
    (&["/echo", "--json", "{\"a\": \"it's\"}"], ""),
    (&["/echo", "--json", "@one.json", "-X", "PATCH"], ""),
    (
        &["/echo", "--json", "@-", "-H", "Accept: text/x"],
        "{\"b\": 2}",
    ),
    (&["/echo", "--data-raw", "@one.txt", "-d", "x=1"], ""),
    (
        &[
            "/echo",
            "--data-urlencode",
            "n=a b&c",
            "--data-urlencode",
            "m@one.txt",
        ],
        "",
    ),
    (
        &["/echo?z=1", "-G", "-d", "a=1", "--data-urlencode", "b=x y#"],
        "",
    ),
    (
        &[
            "/echo?z=1",
            "-G",
            "-d",
            "a=1",
            "--data-urlencode",
            "b@one.txt",
        ],
        "",
    ),
    (&["/echo", "-G", "--data-urlencode", "b@-"], "c d"),
    (&["/echo", "--json", "{\"a\":", "--json", "1}"], ""),
    (
        &[
            "/echo",
            "-F",
            "a=b c",
            "-F",
            "f=@one.txt;type=text/x;filename=\"n o\"",
            "--form-string",
            "s=@x;y",
            "-F",
            "t=<one.txt",
        ],
        "",
    ),
    (&["/echo", "-F", "f=@-;filename=p;type=text/x"], "piped\n"),
    (&["/echo/", "-T", "one.txt"], ""),
    (&["/echo/up", "-T", "-", "-X", "POST"], "piped\n"),
    (&["/echo", "-H", "@lines.txt", "-H", "X-Two: 2"], ""),
    (
        &[
            "/echo",
            "-L",
            "--max-redirs",
            "3",
            "--retry",
            "2",
            "--max-time",
            "1m",
            "--connect-timeout",
            "2.5",
            "--http1.1",
            "-s",
            "-S",
            "-f",
            "--max-filesize",
            "1M",
        ],
        "",
    ),
    (&["/echo", "-H", "Accept-Encoding: gzip"], ""),
    (&["/redirect", "-L"], ""),
];

#[test]
fn the_printed_command_asks_what_request_asks() {
    let (provider, home) = Provider::connected(&[]);
    home.write("one.txt", "one\ntwo\n");
    home.write("one.json", "{\"a\": [1]}");
    home.write("lines.txt", "X-One: 1\n\nX-Filed: not-for-the-command\n");
    let moved = serde_json::json!({"path": "/redirect", "status": 302, "headers": {"Location": "/echo?moved=1"}, "body": "", "times": 2});
    provider.control(&serde_json::json!({ "answers": [moved] }));
    home.edit(|text| {
        text.replacen(
            "[integrations.sandbox.api]\n",
            "[integrations.sandbox.api]\nheaders = { X-App = \"it's mine\", Accept = \"application/vnd.x+json\" }\nquery = { v = \"2\" }\n",
            1,
        )
    });
    let token = home.token("sandbox");
    for &(args, stdin) in CASES {
        let request = [&["request", "sandbox"], args].concat();
        let command = printed(&home, &request);
        assert!(!command.contains(&token), "{command}");
        assert!(!command.contains("not-for-the-command"), "{command}");
        let wanted = home
            .hallpass(&request)
            .dir(home.path())
            .stdin(stdin)
            .run()
            .ok();
        let got = execute(&home, &command, stdin);
        assert_eq!(told(&got), told(&wanted), "{command}");
    }
}

#[test]
fn flags_that_curl_has_and_global_options_are_handed_on() {
    let (_provider, home) = Provider::connected(&[]);
    let elsewhere = home.path().join("it's elsewhere.toml");
    std::fs::rename(home.path().join("integrations.toml"), &elsewhere).unwrap();
    let file = elsewhere.to_str().unwrap();
    let args = [
        "--config", file, "request", "sandbox", "/bytes/9", "-o", "a b", "-i",
    ];
    let command = printed(&home, &args);
    assert!(command.contains("it'\\''s elsewhere.toml"), "{command}");
    execute(&home, &command, "");
    let written = std::fs::read(home.path().join("a b")).unwrap();
    assert!(written.starts_with(b"HTTP/1.1 200 OK\r\n"), "{written:?}");
}

#[test]
fn each_flag_that_curl_has_stands_in_the_command() {
    let (_recorder, home) = recorded();
    for (args, words) in [
        (&["open", "/a/b.zip", "-O"][..], " -O "),
        (&["open", "/a/b%20c.zip", "-O"], " -o 'b c.zip' "),
        (&["open", "/a/b.zip", "-O", "-J"], " -O -J "),
        (
            &["open", "/x", "-o", "d/e", "--create-dirs"],
            " --create-dirs -o d/e ",
        ),
        (&["open", "/x", "-o", "f", "-C", "-"], " -o f -C - "),
        (&["open", "/x", "-I"], " -I "),
        (&["open", "/x", "-i", "-f", "-s", "-S"], " -i -f -s -S "),
        (
            &["open", "/x", "--max-filesize", "10k"],
            " --max-filesize 10240 ",
        ),
        (
            &["open", "/x", "-L"],
            " -L --max-redirs 10 --proto-redir '=http,https' ",
        ),
        (&["open", "/x", "--max-redirs", "2"], " --max-redirs 2 "),
        (
            &["open", "/x", "--retry", "3", "--max-time", "2.5"],
            " --max-time 2.5 --retry-max-time 3 --retry 3 --retry-connrefused ",
        ),
        (&["key", "/x", "--max-time", "1m"], " --max-time 20 "),
        (
            &["open", "/x", "--connect-timeout", "5s"],
            " --connect-timeout 5 ",
        ),
        (&["key", "/x", "-H", "X-Api-Key:"], " -H X-Api-Key: "),
        (&["open", "/x", "--http1.1"], " --http1.1 "),
        (&["open", "/x", "--unix-socket", "s"], " --unix-socket s "),
        (&["open", "/x", "--query", "a=b c"], "/open/x?a=b+c' "),
    ] {
        let command = printed(&home, &[&["request"], args].concat()) + " ";
        assert!(command.contains(words), "{args:?}: {command}");
    }
    assert!(
        !home.path().join("d").exists(),
        "nothing is made for a look"
    );
    let run = home
        .hallpass(&["-v", "request", "open", "/x", "--curl"])
        .run()
        .ok();
    assert!(run.stderr.contains("`-v` is not in the command"), "{run}");
    assert!(!run.stdout.contains("-v"), "{run}");
}

#[test]
fn a_flag_that_curl_does_not_have_or_takes_otherwise_is_refused_with_the_reason() {
    let (recorder, home) = recorded();
    home.write("lines.txt", "X-One: 1\n");
    for (args, why) in [
        (&["open", "/x", "--jq", "."][..], "no `--jq`"),
        (&["open", "/x", "--paginate"], "no `--paginate`"),
        (&["open", "/x", "--paginate", "--slurp"], "no `--slurp`"),
        (
            &["open", "/x", "--paginate", "--all-pages-limit", "2"],
            "no `--all-pages-limit`",
        ),
        (&["open", "--batch", "-"], "no `--batch`"),
        (&["open", "/x", "--parallel", "2"], "is for a batch"),
        (&["open", "/x", "--fail-fast"], "is for a batch"),
        (
            &["open", "/x", "--retry-non-idempotent"],
            "no `--retry-non-idempotent`",
        ),
        (
            &["open", "/x", "-d", "a", "--retry", "2"],
            "would try a POST again",
        ),
        (
            &["key", "/x", "-L"],
            "take its credential's header to other hosts",
        ),
        (
            &["open", "/x", "-L", "-H", "X-Token: t"],
            "take a header that may be a secret",
        ),
        (
            &["open", "/x", "-L", "-H", "@lines.txt"],
            "take a header that may be a secret",
        ),
        (&["open", "/x", "-L", "-d", "a"], "take a body"),
        (
            &["open", "/x", "-L", "--unix-socket", "s"],
            "every host on the Unix socket",
        ),
        (&["open", "/x", "-H", "@-"], "headers come on stdin"),
        (
            &["open", "/x", "-F", "a=b", "-H", "Content-Type: x/y"],
            "adds a boundary",
        ),
        (&["open", "/x", "-O", "-J", "-i"], "takes no `-i` with `-J`"),
        (
            &["open", "/x", "-I", "-F", "a=b"],
            "sends no body with `-I`",
        ),
        (&["open", "/x", "-C", "-"], "name it: `-o FILE`"),
        (
            &["open", "/x", "-C", "-", "-o", "f", "-d", "a"],
            "goes on with what a GET gives",
        ),
        (
            &["open", "/x", "-d", "@/dev/fd/63"],
            "a pipe of this one command line",
        ),
        (&["open", "/x", "-d", "@/no/such"], "cannot be read"),
        (
            &["open", "/x", "-d", "@-", "--data-binary", "@-"],
            "asked for twice",
        ),
    ] {
        let args = [&["request"], args, &["--curl"]].concat();
        let run = home.hallpass(&args).dir(home.path()).run().fails_with(2);
        assert!(run.stderr.contains(why), "{args:?}: {run}");
        assert_eq!(run.stdout, "");
    }
    assert_eq!(recorder.asked().len(), 0);
}

const DEFINITIONS: &str = r#"
[integrations.key.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.key.api]
base_url = "ORIGIN/v1"
headers = { X-Api-Key = "{api_key}" }
timeout = "20s"
[integrations.key.actions.add]
path = "/items/{id}"
query = { pin = "{pin}" }
json = { id = "{id}", text = "{text}" }
parameters = [{ name = "id", format = "integer" }, { name = "text" }, { name = "pin", secret = true, optional = true }]
[integrations.key.actions.raw]
path = "/raw"
body = "@{text}"
parameters = [{ name = "text" }]
[[integrations.key.actions.two.steps]]
path = "/a"
save = { b = "b" }
[[integrations.key.actions.two.steps]]
path = "/{b}"
[integrations.open.auth]
type = "none"
[integrations.open.api]
base_url = "ORIGIN/open"
[integrations.query.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.query.api]
base_url = "ORIGIN/v1"
query = { k = "{api_key|base64}" }
[integrations.path.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.path.api]
base_url = "ORIGIN/{api_key}"
[integrations.json.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.json.api]
base_url = "ORIGIN/v1"
json = { auth = "{api_key}" }
[integrations.two.auth]
type = "api_key"
api_key = { env = "KEY" }
[[integrations.two.parameters]]
name = "app"
secret = true
env = "APP"
[integrations.two.api]
base_url = "ORIGIN/v1"
headers = { Authorization = "Key {api_key}", X-App = "{app}" }
[integrations.once.auth]
type = "none"
[integrations.once.api]
base_url = "ORIGIN/v1"
headers = { Idempotency-Id = "{uuid}" }
[integrations.when.auth]
type = "none"
[integrations.when.api]
base_url = "ORIGIN/v1"
query = { at = "{now}" }
[integrations.bound.auth]
type = "oauth2"
grant = "client_credentials"
dpop = true
token_url = "ORIGIN/token"
client_id = "id"
client_secret = { env = "KEY" }
[integrations.bound.api]
base_url = "ORIGIN/v1"
[integrations.cert.auth]
type = "none"
tls = { certificate = { file = "a:b.pem" }, key = { file = "key.pem" } }
[integrations.cert.api]
base_url = "https://127.0.0.1:9/v1"
[integrations.envcert.auth]
type = "none"
tls = { certificate = { env = "KEY" } }
[integrations.envcert.api]
base_url = "https://127.0.0.1:9/v1"
[integrations.person]
parameters = [{ name = "site", format = "label" }]
[integrations.person.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/authorize"
token_url = "ORIGIN/token"
client_id = "id"
[integrations.person.api]
base_url = "https://{site}.example.com/v1"
"#;

fn recorded() -> (Recorder, Home) {
    let recorder = Recorder::start();
    let home = recorder.home(DEFINITIONS);
    (recorder, home)
}

#[test]
fn an_action_of_one_request_becomes_a_command_too() {
    let (recorder, home) = recorded();
    for (args, path) in [
        (
            &["key", "--action", "add", "id=7", "text=@it's"][..],
            "/v1/items/7",
        ),
        (&["key", "--action", "raw", "text=/etc/passwd"], "/v1/raw"),
        (&["open", "/x"], "/open/x"),
    ] {
        let args = [&["request"], args].concat();
        let command = printed(&home, &args);
        home.hallpass(&args).env("KEY", "key-not-real").run().ok();
        let wanted = recorder.last(path);
        execute(&home, &command, "");
        let got = recorder.last(path);
        assert_eq!(recorder.asked_at(path).len(), 2, "{command}");
        assert_eq!(
            (&got.method, &got.query, &got.body),
            (&wanted.method, &wanted.query, &wanted.body)
        );
        for name in ["x-api-key", "content-type", "authorization"] {
            assert_eq!(got.header(name), wanted.header(name), "{name}: {command}");
        }
    }
    let command = printed(&home, &["request", "open", "/x"]);
    assert!(command.starts_with("curl http"), "{command}");
}

#[test]
fn what_no_curl_command_can_do_without_a_secret_in_it_is_refused() {
    let (recorder, home) = recorded();
    for (args, why) in [
        (&["query", "/x"][..], "does not travel in a header"),
        (&["path", "/x"], "does not travel in a header"),
        (
            &["json", "/x", "--json", "{}"],
            "does not travel in a header",
        ),
        (&["two", "/x"], "stands in its header `x-app`"),
        (&["bound", "/x"], "bound to a key (DPoP)"),
        (&["once", "/x"], "stands in its header `idempotency-id`"),
        (&["when", "/x"], "stands in its URL"),
        (&["envcert", "/x"], "is in no file"),
        (&["key", "--action", "two"], "several requests"),
        (
            &["key", "--action", "add", "id=1", "text=x", "pin=env:KEY"],
            "a secret, or a value of the moment, stands in its URL",
        ),
        (
            &["key", "/x", "-H", "Cookie: a=b"],
            "stands in its header `cookie`",
        ),
        (&["key", "https://elsewhere.example.com/"], "is not a place"),
        (&["key", "/x", "--dry-run"], "cannot be used with"),
    ] {
        let args = [&["request"], args, &["--curl"]].concat();
        let run = home.hallpass(&args).env("KEY", "key-not-real").run();
        let run = run.fails_with(2);
        assert!(run.stderr.contains(why), "{args:?}: {run}");
        assert_eq!(run.stdout, "");
        assert!(!run.stderr.contains("not-real"), "{run}");
    }
    assert_eq!(recorder.asked().len(), 0);
}

#[test]
fn a_client_certificate_in_files_is_handed_on_with_a_deadline_that_stands_in_the_definition() {
    let (_recorder, home) = recorded();
    let command = printed(&home, &["request", "cert", "/x"]);
    let words = shell_words::split(&command).unwrap();
    let after = |flag: &str| words[words.iter().position(|word| word == flag).unwrap() + 1].clone();
    assert!(after("--cert").ends_with("/a\\:b.pem"), "{command}");
    assert!(after("--key").ends_with("/key.pem"), "{command}");
    let command = printed(&home, &["request", "key", "/x"]);
    assert!(command.contains("--max-time 20 "), "{command}");
}

#[test]
fn a_connection_that_is_not_there_yet_is_named_and_nothing_is_asked() {
    let (recorder, home) = recorded();
    let run = home
        .hallpass(&["request", "person", "/x", "--curl"])
        .run()
        .fails_with(4);
    assert!(run.stderr.contains("`{site}` is not known yet"), "{run}");
    home.edit(|text| text.replace("https://{site}.example.com", "https://api.example.com"));
    let run = home
        .hallpass(&["request", "person", "/x", "--curl"])
        .run()
        .ok();
    let command = "hallpass token person --format header | curl -H @- https://api.example.com/v1/x";
    assert_eq!(run.line(), command);
    assert!(
        run.stderr
            .contains("run `hallpass connect person` before it"),
        "{run}"
    );
    assert_eq!(recorder.asked().len(), 0);
}
