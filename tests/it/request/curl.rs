//! `request --curl`: the printed command is run, and does what `request` does.

#![cfg(unix)]

mod definitions;

use serde_json::Value;

use crate::support::{Cmd, HALLPASS, Home, Provider, Run};
use definitions::recorded;

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
