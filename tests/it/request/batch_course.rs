//! `request --batch` goes the way of a single request for each line: redirects, tries, the deadline,
//! compressed answers, `-v`, `--jq`; and every flag beside it works or is refused.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::server::{Api, answer, json as whole, keyed};
use super::{keyed_home, silent_server};
use crate::support::{Home, Provider, Recorder, Reply, Run};

const PARALLEL: [&str; 2] = ["1", "4"];

fn batch(home: &Home, lines: &str, args: &[&str]) -> Run {
    let args = [&["request", "x", "--batch", "-"], args].concat();
    home.hallpass(&args).stdin(lines).run()
}

fn results(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn gets(paths: &[&str]) -> String {
    paths.iter().fold(String::new(), |lines, path| {
        lines + &format!("{{\"path\":\"{path}\"}}\n")
    })
}

#[test]
fn a_line_s_redirect_is_followed_as_one_request_s_is_and_the_credential_stays_at_home() {
    let stranger = Recorder::start();
    let there = format!("{}/strange", stranger.origin());
    let api = Recorder::answering(move |asked, _| match asked.path.as_str() {
        "/go" => Some(Reply::redirect("/there")),
        "/away" => Some(Reply::redirect(&there)),
        "/leak" => Some(Reply::redirect("/x?k=key-not-real")),
        "/round" => Some(Reply::redirect("/round")),
        _ => None,
    });
    let home = keyed_home(api.origin(), "");
    let plain = results(&batch(&home, &gets(&["/go"]), &[]).ok());
    assert_eq!(plain[0]["status"], 302);
    for parallel in PARALLEL {
        let lines = gets(&["/go", "/away", "/leak", "/round"]);
        let args = ["-L", "--max-redirs", "3", "--parallel", parallel];
        let run = batch(&home, &lines, &args).fails_with(6);
        let results = results(&run);
        assert_eq!(results[0]["status"], 200, "{run}");
        assert_eq!(results[1]["status"], 200, "{run}");
        let said = |at: usize| results[at]["error"]["message"].as_str().unwrap();
        assert!(said(2).contains("ended at a redirect"), "{run}");
        assert!(said(3).contains("ended at a redirect"), "{run}");
        assert!(!format!("{run}").contains("not-real"), "{run}");
        let home = api.last("/there").header("authorization");
        assert_eq!(home.as_deref(), Some("Bearer key-not-real"));
        assert_eq!(stranger.last("/strange").header("authorization"), None);
    }
}

#[test]
fn a_line_is_tried_again_where_that_does_no_harm_and_says_which() {
    for parallel in PARALLEL {
        let api = Recorder::answering(|asked, before| match asked.path.as_str() {
            "/busy" if before < 3 => {
                Some(Reply::text(503, "text/plain", "busy").with("Retry-After", "0"))
            }
            "/post" => Some(Reply::text(503, "text/plain", "busy").with("Retry-After", "0")),
            _ => None,
        });
        let home = keyed_home(api.origin(), "");
        let lines = gets(&["/a", "/busy"]) + "{\"path\":\"/post\",\"body\":\"x\"}\n";
        let args = ["--retry", "3", "--parallel", parallel];
        let run = batch(&home, &lines, &args).fails_with(8);
        let statuses: Vec<_> = results(&run)
            .iter()
            .map(|result| result["status"].clone())
            .collect();
        assert_eq!(statuses, [200, 200, 503], "{run}");
        let said = "line 2: the API answered 503; trying again in 0 s (1 of 3)";
        assert!(run.stderr.contains(said), "{run}");
        assert!(
            run.stderr
                .contains("line 3: the API answered 503; a POST is not sent twice")
        );
        assert_eq!(api.asked_at("/post").len(), 1);
        assert_eq!(api.asked_at("/a").len(), 1);
    }
}

#[test]
fn a_wait_before_another_try_is_sat_out_by_that_line_alone() {
    let tries = AtomicUsize::new(0);
    let api = Api::answering(move |asked| match asked.path.as_str() {
        "/1" if tries.fetch_add(1, Ordering::SeqCst) == 0 => {
            b"HTTP/1.1 503 -\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".to_vec()
        }
        _ => whole("{}"),
    });
    let home = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    let lines = gets(&["/1", "/2", "/3", "/4"]);
    let run = batch(&home, &lines, &["--retry", "1", "--parallel", "2"]).ok();
    let numbers: Vec<_> = results(&run)
        .iter()
        .map(|result| result["line"].clone())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4], "{run}");
    let asked: Vec<_> = api.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked.last().map(String::as_str), Some("/1"), "{asked:?}");
    assert_eq!(asked.len(), 5, "{asked:?}");
}

#[test]
fn the_whole_batch_has_its_time_and_no_more() {
    for parallel in PARALLEL {
        let home = keyed_home(&silent_server(""), "");
        let args = ["--max-time", "0.5", "--parallel", parallel];
        let run = batch(&home, &gets(&["/1", "/2", "/3"]), &args).fails_with(6);
        let results = results(&run);
        let told = results[0]["error"].to_string();
        assert!(told.contains("it was not over within 500ms"), "{run}");
        // Tries share it.
        let busy = || Reply::text(503, "text/plain", "").with("Retry-After", "0");
        let api = Recorder::answering(move |_, _| Some(busy()));
        let home = keyed_home(api.origin(), "");
        let args = [&args[..], &["--retry", "1000000"]].concat();
        let run = batch(&home, &gets(&["/1"]), &args).fails_with(6);
        assert!(run.stdout.contains("it was not over within 500ms"), "{run}");
    }
    // Whoever writes no line is not waited for longer either.
    let api = Recorder::start();
    let home = keyed_home(api.origin(), "");
    let args = ["request", "x", "--batch", "-", "--max-time", "1"];
    let mut running = home.hallpass(&args).stdin_open().spawn();
    running.write_line("{\"path\":\"/1\"}");
    running.wait_for_stdout(|line| line.contains("\"status\":200"));
    running.wait_for_stderr(|line| {
        line.contains("the batch was not over within 1s: 1 of its requests have a result")
    });
    running.wait().fails_with(6);
}

#[test]
fn jq_picks_the_body_of_each_result() {
    let api = Api::answering(|asked| match asked.path.as_str() {
        "/two" => whole("[{\"n\":1},{\"n\":\"a\\nb\"}]"),
        "/one" => whole("[{\"n\": 1}]"),
        "/none" => whole("[]"),
        "/text" => answer(200, "text/plain", b"no json"),
        "/odd" => whole("\"abc-not-real\""),
        "/many" => whole("[{\"n\":[1,2]}]"),
        _ => answer(404, "application/json", b"{\"message\":\"no\"}"),
    });
    let home = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    let paths = ["/two", "/one", "/none", "/many", "/404", "/text", "/odd"];
    for parallel in PARALLEL {
        let args = ["--jq", ".[] | .n", "--parallel", parallel];
        let run = batch(&home, &gets(&paths), &args).fails_with(8);
        let results = results(&run);
        for (result, body) in results.iter().zip([
            json!([1, "a\nb"]),
            json!(1),
            Value::Null,
            json!([1, 2]),
            json!({"message": "no"}),
        ]) {
            assert_eq!(result["body"], body, "{run}");
        }
        for (result, kind) in results[5..].iter().zip(["unavailable", "usage"]) {
            assert_eq!(result["status"], 200, "{run}");
            assert_eq!(result["error"]["kind"], kind, "{run}");
            assert!(result.get("body").is_none(), "{run}");
        }
        assert!(!run.stdout.contains("not-real"), "{run}");
    }
    let args = ["--jq", ".n"];
    batch(&home, &gets(&["/text"]), &args).fails_with(6);
    batch(&home, &gets(&["/two"]), &args).fails_with(2);
    let before = api.asked().len();
    batch(&home, &gets(&["/one"]), &["--jq", ".["]).fails_with(2);
    assert_eq!(api.asked().len(), before);
}

#[test]
fn a_line_s_compressed_answer_is_undone() {
    let api = Api::answering(|_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{\"n\":1}").unwrap();
        let body = encoder.finish().unwrap();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), &body].concat()
    });
    let home = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    let run = batch(&home, &gets(&["/a"]), &[]).ok();
    assert_eq!(results(&run)[0]["body"], json!({"n": 1}));
    let head = &api.asked()[0].head;
    assert!(head.contains("accept-encoding: gzip\r\n"), "{head}");
}

#[test]
fn verbose_shows_each_line_s_requests_and_nothing_secret() {
    let api = Recorder::answering(|asked, _| {
        let echo = asked.header("x-key").unwrap_or_default();
        Some(Reply::text(200, "text/plain", "").with("X-Echo", echo))
    });
    let home = keyed_home(
        api.origin(),
        "headers = { X-Key = \"{api_key}\" }\nquery = { q = \"{api_key}\" }",
    );
    for parallel in PARALLEL {
        let args = ["-v", "--parallel", parallel, "-H", "X-Own: header-not-real"];
        let run = batch(&home, &gets(&["/a", "/b"]), &args).ok();
        for path in ["/a", "/b"] {
            let shown = format!("> GET {path}?q=");
            assert!(run.stderr.contains(&shown), "{run}");
        }
        assert!(run.stderr.contains("> x-key: ***"), "{run}");
        let shown = [run.stdout.as_str(), &run.stderr].concat();
        assert!(!shown.contains("not-real"), "{run}");
    }
}

#[test]
fn a_rejection_behind_a_redirect_is_renewed_and_gone_on_with_from_there() {
    for parallel in PARALLEL {
        let (provider, home) = Provider::connected(&[]);
        let moved = json!({"path": "/moved", "status": 307, "headers": {"Location": "/echo"}, "body": {}, "times": 1});
        provider.control(&json!({"answers": [moved], "expire_access_tokens": true}));
        let lines = "{\"path\":\"/moved\",\"body\":\"once\"}\n";
        let args = [
            "request",
            "sandbox",
            "--batch",
            "-",
            "-L",
            "--parallel",
            parallel,
        ];
        let run = home.hallpass(&args).stdin(lines).run().ok();
        assert_eq!(results(&run)[0]["body"]["body"], "once", "{run}");
        assert_eq!(provider.count("refresh_token"), 1);
    }
}

#[test]
fn a_line_s_own_credential_that_is_rejected_renews_nothing() {
    for parallel in PARALLEL {
        let (provider, home) = Provider::connected(&[]);
        let rejected = json!({"path": "/echo", "status": 401, "body": {}, "times": 1});
        provider.control(&json!({"answers": [rejected]}));
        let line = "{\"path\":\"/echo\",\"headers\":{\"Authorization\":\"Bearer own\"}}\n";
        let args = ["request", "sandbox", "--batch", "-", "--parallel", parallel];
        home.hallpass(&args).stdin(line).run().fails_with(8);
        assert_eq!(provider.count("refresh_token"), 0);
    }
}

#[test]
fn fail_and_max_filesize_hold_for_each_line() {
    let api = Api::answering(|asked| match asked.path.as_str() {
        "/404" => answer(404, "text/plain", b"no"),
        "/long" => answer(200, "text/plain", b"12345"),
        _ => answer(200, "text/plain", b"1234"),
    });
    let home = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    let args = ["--fail", "--max-filesize", "4"];
    let run = batch(&home, &gets(&["/404", "/long", "/fits"]), &args).fails_with(8);
    let results = results(&run);
    assert_eq!(results[0], json!({"line": 1, "status": 404}));
    let message = results[1]["error"]["message"].as_str().unwrap();
    assert!(message.contains("longer than 4 bytes"), "{message}");
    assert_eq!(results[2]["body"], "1234");
}

/// Flags that hold for each line, as they are tried.
const HELD: [&[&str]; 18] = [
    &["--header", "X-One: 1"],
    &["--query", "a=1"],
    &["--location"],
    &["--max-redirs", "3"],
    &["--retry", "1"],
    &["--retry-non-idempotent"],
    &["--max-time", "60"],
    &["--connect-timeout", "60"],
    &["--max-filesize", "1k"],
    &["--include"],
    &["--fail"],
    &["--silent"],
    &["--show-error"],
    &["--jq", "."],
    &["--parallel", "2"],
    &["--fail-fast"],
    &["--http1.1"],
    &["--batch"],
];

/// Flags that belong to one request or one answer.
const REFUSED: [&[&str]; 24] = [
    &["--action", "a"],
    &["--method", "PUT"],
    &["--data", "a"],
    &["--data-raw", "a"],
    &["--data-binary", "a"],
    &["--data-urlencode", "a"],
    &["--get"],
    &["--json", "{}"],
    &["--form", "a=b"],
    &["--form-string", "a=b"],
    &["--upload-file", "batch.jsonl"],
    &["--output", "out"],
    &["--output", "-"],
    &["--remote-name"],
    &["--remote-header-name"],
    &["--create-dirs"],
    &["--continue-at", "-"],
    &["--head"],
    &["--paginate"],
    &["--slurp"],
    &["--all-pages-limit", "1"],
    &["--dry-run"],
    &["--curl"],
    &["/path"],
];

#[test]
fn every_flag_beside_batch_works_or_is_refused() {
    let api = Api::start();
    let home = keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "");
    home.write("batch.jsonl", "{\"path\":\"/a\"}\n");
    for flag in REFUSED {
        let run = batch(&home, &gets(&["/a"]), flag).exits(2);
        assert_eq!(run.stdout, "", "{flag:?}: {run}");
    }
    assert!(api.asked().is_empty());
    for flag in HELD.iter().filter(|flag| flag[0] != "--batch") {
        let run = batch(&home, &gets(&["/a"]), flag).ok();
        assert_eq!(results(&run)[0]["status"], 200, "{flag:?}: {run}");
    }
    // A flag that comes anew has to be thought of here.
    let help = home.hallpass(&["request", "--help"]).run().ok().stdout;
    let own = help.split("Global options:").next().unwrap();
    let flags = own.lines().map(str::trim_start).filter_map(|line| {
        let flag = line.split([' ', ',']).find(|word| word.starts_with("--"))?;
        line.starts_with('-').then_some(flag)
    });
    let mut seen = 0;
    for flag in flags.filter(|flag| !["--help", "--unix-socket"].contains(flag)) {
        let mut known = HELD.iter().chain(&REFUSED);
        assert!(known.any(|known| known[0] == flag), "{flag}");
        seen += 1;
    }
    assert!(seen > 30, "{help}");
}
