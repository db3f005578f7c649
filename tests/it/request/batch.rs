//! `request --batch`: one request a line in, one result a line out.

use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use super::server::{Api, answer, json as whole, keyed};
use crate::support::{Home, PATIENCE, Provider, Run};

fn home(api: &Api) -> Home {
    keyed(&format!("http://127.0.0.1:{}", api.on_tcp()), "")
}

fn results(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// These paths, one a line.
fn gets<T: std::fmt::Display>(paths: impl IntoIterator<Item = T>) -> String {
    let paths = paths.into_iter();
    paths.fold(String::new(), |lines, path| {
        lines + &format!("{{\"path\":\"{path}\"}}\n")
    })
}

#[test]
fn a_thousand_requests_go_over_one_connection_and_their_results_come_in_their_order() {
    let api = Api::start();
    let home = home(&api);
    let file = home.write("batch.jsonl", &gets((1..=1000).map(|at| format!("/{at}"))));
    let args = ["request", "x", "--batch", file.to_str().unwrap()];
    let results = results(&home.hallpass(&args).run().ok());
    assert_eq!(results.len(), 1000);
    for (at, result) in (1..).zip(&results) {
        let expected = json!({"line": at, "status": 200, "body": {"path": format!("/{at}")}});
        assert_eq!(*result, expected);
    }
    assert_eq!(api.connections(), 1);
    let keyed = |head: &str| head.contains("authorization: bearer key-not-real");
    assert!(api.asked().iter().all(|asked| keyed(&asked.head)));
}

#[test]
fn several_are_under_way_at_once_and_no_more_than_were_asked_for() {
    // Nobody is answered before four are there; a fifth would be seen.
    let there = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let api = Api::answering(move |asked| {
        let (count, news) = &*there;
        let mut now = count.lock().unwrap();
        now.0 += 1;
        now.1 = now.0.max(now.1);
        news.notify_all();
        let group = asked.path.trim_start_matches('/').parse::<usize>().unwrap() / 4;
        let all = |now: &mut (usize, usize)| now.1 < 4 && group == 0;
        let (mut now, _) = news.wait_timeout_while(now, PATIENCE, all).unwrap();
        now.0 -= 1;
        whole(&format!("{{\"most\":{}}}", now.1))
    });
    let home = home(&api);
    let run = home
        .hallpass(&["request", "x", "--batch", "-", "--parallel", "4"])
        .stdin(gets((0..40).map(|at| format!("/{at}"))))
        .run()
        .ok();
    let results = results(&run);
    let lines: Vec<_> = results
        .iter()
        .map(|result| result["line"].as_u64())
        .collect();
    assert_eq!(lines, (1..=40).map(Some).collect::<Vec<_>>());
    let most = results
        .iter()
        .map(|result| result["body"]["most"].as_u64().unwrap());
    assert_eq!(most.max(), Some(4));
    assert!(api.connections() <= 4, "{}", api.connections());
}

#[test]
fn a_result_has_the_line_s_id_and_the_body_as_what_it_is() {
    let api = Api::answering(|asked| match asked.path.as_str() {
        "/text" => answer(200, "text/plain", b"two\nlines \x1b"),
        "/binary" => answer(200, "image/png", b"\x89PNG\xff"),
        "/none" => answer(204, "text/plain", b""),
        "/json" => whole("{\n  \"n\": 12345678901234567890.50\n}"),
        _ => answer(200, "application/octet-stream", &asked.body),
    });
    let home = home(&api);
    let lines = "{\"id\": [1.0, \"a\"], \"path\": \"/text\"}\n\n{\"path\":\"/binary\"}\n{\"path\":\"/none\"}\n{\"path\":\"/json\",\"id\":12345678901234567890123}\n{\"path\":\"/echo\",\"json\":{\"n\":1.50}}";
    let run = home
        .hallpass(&["request", "x", "--batch", "-"])
        .stdin(lines)
        .run()
        .ok();
    assert_eq!(
        run.stdout,
        "{\"id\":[1.0, \"a\"],\"line\":1,\"status\":200,\"body\":\"two\\nlines \\u001b\"}\n\
         {\"line\":3,\"status\":200,\"body_base64\":\"iVBOR/8=\"}\n\
         {\"line\":4,\"status\":204,\"body\":null}\n\
         {\"id\":12345678901234567890123,\"line\":5,\"status\":200,\"body\":{  \"n\": 12345678901234567890.50}}\n\
         {\"line\":6,\"status\":200,\"body\":\"{\\\"n\\\":1.50}\"}\n"
    );
}

#[test]
fn headers_and_query_of_the_command_line_go_with_every_request_and_include_shows_the_answer_s() {
    let api = Api::answering(|_| {
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX-One: 1\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n{}".to_vec()
    });
    let home = home(&api);
    let args = [
        "request", "x", "--batch", "-", "-i", "-H", "X-All: 1", "--query", "all=1",
    ];
    let lines = "{\"path\":\"/a\"}\n{\"path\":\"/b\",\"query\":{\"q\":[\"x y\",2]},\"headers\":{\"x-all\":\"own\"},\"method\":\"PUT\",\"form\":{\"f\":\"1\"}}";
    let run = home.hallpass(&args).stdin(lines).run().ok();
    let first = &results(&run)[0];
    assert_eq!(
        first["headers"],
        json!({"set-cookie": ["a", "b"], "x-one": "1", "content-length": "2"})
    );
    assert_eq!(first["body"], json!({}));
    let asked = api.asked();
    assert_eq!(asked[0].path, "/a?all=1");
    assert!(asked[0].head.contains("x-all: 1\r\n"), "{}", asked[0].head);
    assert_eq!(asked[1].path, "/b?all=1&q=x+y&q=2");
    assert!(asked[1].head.starts_with("put "), "{}", asked[1].head);
    assert!(
        asked[1].head.contains("x-all: own\r\n") && !asked[1].head.contains("x-all: 1"),
        "{}",
        asked[1].head
    );
    assert_eq!(asked[1].body, b"f=1");
}

#[test]
fn what_is_wrong_with_a_line_is_told_there_and_the_others_go_on() {
    let api = Api::answering(|asked| match asked.path.as_str() {
        "/cut" => Vec::new(),
        "/404" => answer(404, "application/json", b"{\"message\":\"no\"}"),
        _ => whole("{}"),
    });
    let home = home(&api);
    for (line, kind, says, code) in [
        ("{nope", "usage", "no JSON", 2),
        ("{\"pth\":\"/\"}", "usage", "`pth`", 2),
        (
            "{\"path\":\"https://evil.test/\"}",
            "usage",
            "not a place this credential may go to",
            2,
        ),
        (
            "{\"path\":\"/\",\"headers\":{\"X\":\"a\\r\\nb-not-real\"}}",
            "usage",
            "`X` cannot be sent",
            2,
        ),
        ("{\"path\":\"/cut\"}", "unavailable", "got no answer", 6),
    ] {
        for parallel in ["1", "4"] {
            let args = ["request", "x", "--batch", "-", "--parallel", parallel];
            let lines = format!("{{\"path\":\"/1\"}}\n{line}\n{{\"path\":\"/3\"}}\n");
            let run = home.hallpass(&args).stdin(lines).run().fails_with(code);
            let results = results(&run);
            assert_eq!(
                (&results[0]["status"], &results[2]["status"]),
                (&json!(200), &json!(200))
            );
            let error = &results[1]["error"];
            assert_eq!(
                (&results[1]["line"], &error["kind"]),
                (&json!(2), &json!(kind)),
                "{run}"
            );
            assert!(error["message"].as_str().unwrap().contains(says), "{run}");
            assert!(error["hints"][0].is_string(), "{run}");
            assert!(!format!("{run}").contains("not-real"), "{run}");
        }
    }
    // The highest code of all is the command's.
    let lines = gets(["/404", "/cut"]) + "{\n";
    let run = home
        .hallpass(&["request", "x", "--batch", "-"])
        .stdin(lines)
        .run()
        .fails_with(8);
    assert_eq!(results(&run)[0]["body"], json!({"message": "no"}));
    assert!(run.stderr.contains("3 of 3 requests"), "{run}");
}

#[test]
fn whoever_writes_a_line_gets_its_result_before_writing_the_next() {
    let api = Api::start();
    let home = home(&api);
    for parallel in ["1", "3"] {
        let args = ["request", "x", "--batch", "-", "--parallel", parallel];
        let mut running = home.hallpass(&args).stdin_open().spawn();
        for at in 1..5 {
            running.write_line(&format!("{{\"path\":\"/{at}\"}}"));
            running.wait_for_stdout(|line| line.contains(&format!("{{\"path\":\"/{at}\"}}")));
        }
        running.close_stdin();
        running.wait().ok();
    }
}

#[test]
fn a_rejected_token_is_renewed_once_for_all() {
    for parallel in ["1", "8"] {
        let (provider, home) = Provider::connected(&[]);
        provider.control(&json!({"expire_access_tokens": true}));
        let lines = (0..40).fold(String::new(), |lines, at| {
            lines + &format!("{{\"path\":\"/echo\",\"json\":{{\"n\":{at}}}}}\n")
        });
        let args = ["request", "sandbox", "--batch", "-", "--parallel", parallel];
        let run = home.hallpass(&args).stdin(lines).run().ok();
        for (at, result) in results(&run).iter().enumerate() {
            assert_eq!(result["status"], 200, "{run}");
            assert_eq!(result["body"]["body"], format!("{{\"n\":{at}}}"));
        }
        assert_eq!(provider.count("refresh_token"), 1, "{parallel}");
    }
}

#[test]
fn an_api_that_rejects_every_token_costs_one_renewal_and_its_answers_are_shown() {
    let (provider, home) = Provider::connected(&[]);
    let rejected = json!({"path": "/echo", "status": 401, "body": {"message": "no"}, "times": 100});
    provider.control(&json!({"answers": [rejected]}));
    let args = ["request", "sandbox", "--batch", "-", "--parallel", "2"];
    let run = home
        .hallpass(&args)
        .stdin(gets(["/echo"; 10]))
        .run()
        .fails_with(8);
    let results = results(&run);
    assert_eq!(results.len(), 10);
    assert!(
        results
            .iter()
            .all(|result| result["status"] == 401 && result["body"]["message"] == "no")
    );
    assert_eq!(provider.count("refresh_token"), 1);
}

#[test]
fn fail_fast_begins_nothing_after_a_failure() {
    let api = Api::answering(|asked| match asked.path.as_str() {
        "/2" => answer(500, "text/plain", b"no"),
        _ => whole("{}"),
    });
    let home = home(&api);
    let args = ["request", "x", "--batch", "-", "--fail-fast"];
    let lines = gets(["/1", "/2", "/3"]);
    let run = home
        .hallpass(&args)
        .stdin(lines.clone())
        .run()
        .fails_with(8);
    assert_eq!(results(&run).len(), 2);
    assert_eq!(api.asked().len(), 2);
    // What was begun already is told all the same, in its order.
    let many = lines + &gets((4..200).map(|at| format!("/{at}")));
    let args = [&args[..], &["--parallel", "2"]].concat();
    let run = home.hallpass(&args).stdin(many).run().fails_with(8);
    let told = results(&run).len();
    assert!(told < 20, "{run}");
    assert_eq!(api.asked().len(), 2 + told);
}

#[cfg(unix)]
#[test]
fn nothing_is_sent_for_a_reader_that_is_gone() {
    let api = Api::start();
    let home = home(&api);
    for parallel in ["1", "4"] {
        // Endless, but for the reader's leaving.
        let script = format!(
            "yes '{{\"path\":\"/a\"}}' | hallpass request x --batch - --parallel {parallel} | head -n 3; exit ${{PIPESTATUS[1]}}"
        );
        let run = home.shell(&script).run().ok();
        assert_eq!(results(&run).len(), 3);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_batch_after_a_whole_line() {
    use rustix::process::Signal;
    let body = format!("\"{}\"", "x".repeat(300_000));
    let api = Api::answering(move |_| whole(&body));
    let home = home(&api);
    let file = home.write("batch.jsonl", &gets((0..5000).map(|_| "/a")));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let args = ["request", "x", "--batch", file.to_str().unwrap()];
        let mut running = home.hallpass(&args).spawn();
        running.wait_for_stdout(|line| line.starts_with("{\"line\":3,"));
        running.signal(signal);
        let run = running.wait().exits(code);
        assert!(run.stdout.ends_with("}\n"), "{}", run.stdout.len());
        assert!(
            run.stderr.contains("interrupted while calling"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn an_answer_that_is_too_long_is_told_and_the_others_go_on() {
    let (_provider, home) = Provider::connected(&[]);
    let args = ["request", "sandbox", "--batch", "-"];
    let lines = gets(["/bytes/67108865", "/me"]);
    let run = home.hallpass(&args).stdin(lines).run().fails_with(6);
    let results = results(&run);
    let message = results[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("longer than 64 MiB"), "{message}");
    assert_eq!(results[1]["status"], 200);
}

#[test]
fn a_batch_goes_with_nothing_that_makes_one_request_and_needs_a_file_that_is_there() {
    let api = Api::start();
    let home = home(&api);
    for more in [
        &["/path"][..],
        &["-d", "a"],
        &["--json", "{}"],
        &["-X", "PUT"],
    ] {
        let args = [&["request", "x", "--batch", "-"], more].concat();
        home.hallpass(&args).run().exits(2);
    }
    home.hallpass(&["request", "x", "--batch", "/no/such/file"])
        .run()
        .fails_with(2);
    home.hallpass(&["request", "x", "--batch", "-", "--parallel", "65"])
        .run()
        .exits(2);
    for flag in [&["--parallel", "2"][..], &["--fail-fast"]] {
        let args = [&["request", "x", "/a"], flag].concat();
        home.hallpass(&args).run().fails_with(2);
    }
    assert!(api.asked().is_empty());
}
