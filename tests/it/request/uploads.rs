//! Uploads: streamed in constant memory, with their progress on a terminal, from
//! files, stdin and pipes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::keyed_home;
use crate::support::{Home, PATIENCE, Recorder};

const MIB: u64 = 1024 * 1024;

/// How a sink reads a body.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// To its end; and it answers when it is told to.
    Whole,
    /// Slowly, until it is told to go on.
    Slowly,
    /// Its first 64 KiB, and then it refuses the rest.
    Beginning,
}

/// An API that counts what it gets and forgets it.
struct Sink {
    origin: String,
    begun: Receiver<()>,
    got: Receiver<Got>,
    go: Sender<()>,
}

/// A request whose body came to its end, or broke off.
struct Got {
    head: String,
    bytes: u64,
    whole: bool,
}

impl Sink {
    fn start(manner: Manner) -> Sink {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (report, got) = channel();
        let (go, told) = channel();
        let (begin, begun) = channel();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            serve(stream, manner, (&begin, &report), &told);
        });
        Sink {
            origin,
            begun,
            got,
            go,
        }
    }

    fn got(&self) -> Got {
        self.got.recv_timeout(PATIENCE).expect("a request")
    }
}

fn serve(
    mut stream: TcpStream,
    manner: Manner,
    (begin, report): (&Sender<()>, &Sender<Got>),
    told: &Receiver<()>,
) {
    let mut source = BufReader::with_capacity(65536, stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(source.read_line(&mut head).unwrap() > 0, "{head}");
    }
    head.make_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map(|length| length.parse::<u64>().unwrap());
    if source.fill_buf().is_ok_and(|body| !body.is_empty()) {
        begin.send(()).unwrap();
    }
    if manner == Manner::Beginning {
        source.read_exact(&mut vec![0; 65536]).unwrap();
        let answer = "HTTP/1.1 413 -\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large";
        stream.write_all(answer.as_bytes()).unwrap();
        // It stays there and reads no more, until it is told to.
        let _ = told.recv_timeout(PATIENCE);
        return;
    }
    let mut slowly = manner == Manner::Slowly;
    let mut pace = || {
        slowly = slowly && told.try_recv().is_err();
        if slowly {
            // The slowness is what is tried; nothing is waited for.
            thread::sleep(Duration::from_millis(20));
        }
    };
    let mut bytes = 0;
    let whole = match length {
        Some(length) => {
            bytes = drained(&mut (&mut source).take(length), &mut pace);
            bytes == length
        }
        None => loop {
            let mut line = String::new();
            let read = source.read_line(&mut line);
            let Ok(size) = u64::from_str_radix(line.trim(), 16) else {
                break false;
            };
            let chunk = drained(&mut (&mut source).take(size + 2), &mut pace);
            bytes += size;
            if read.is_err() || chunk < size + 2 {
                break false;
            }
            if size == 0 {
                break true;
            }
        },
    };
    report.send(Got { head, bytes, whole }).unwrap();
    if manner == Manner::Whole {
        let _ = told.recv_timeout(PATIENCE);
    }
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
}

fn drained(source: &mut dyn Read, pace: &mut dyn FnMut()) -> u64 {
    let mut buffer = vec![0; 65536];
    let mut bytes = 0;
    while let Ok(read @ 1..) = source.read(&mut buffer) {
        bytes += read as u64;
        pace();
    }
    bytes
}

/// A file of zeros that takes no room.
fn sparse(home: &Home, name: &str, length: u64) -> PathBuf {
    let path = home.write(name, "");
    let mut options = File::options();
    let file = options.write(true).open(&path).unwrap();
    file.set_len(length).unwrap();
    path
}

#[test]
fn a_file_is_put_as_it_is_under_its_name() {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    let file = home.write("a b.txt", "as\r\nit is\n");
    let file = file.to_str().unwrap();
    let put = |args: &[&str], stdin: &str| {
        let args = [&["request", "x"], args].concat();
        home.hallpass(&args).stdin(stdin).run().ok();
        recorder.asked().pop().unwrap()
    };
    let asked = put(&["/y", "-T", file], "");
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("PUT", "/y"));
    assert_eq!(asked.body, "as\r\nit is\n");
    assert_eq!(asked.header("content-type"), None);
    assert_eq!(asked.header("content-length").as_deref(), Some("10"));
    let asked = put(&["/dir/?v=1", "-T", file, "-X", "POST"], "");
    assert_eq!(asked.path, "/dir/a%20b.txt");
    assert_eq!(
        (asked.method.as_str(), asked.query.as_str()),
        ("POST", "v=1")
    );
    let asked = put(&["/dir/", "-T", "-", "-H", "Content-Type: a/b"], "piped");
    assert_eq!(
        (asked.path.as_str(), asked.body.as_str()),
        ("/dir/", "piped")
    );
    assert_eq!(asked.header("content-type").as_deref(), Some("a/b"));
    assert_eq!(asked.header("content-length").as_deref(), Some("5"));
}

#[cfg(target_os = "linux")]
#[test]
fn sixty_four_mebibytes_go_up_in_constant_memory() {
    let home = Home::new();
    let length = 64 * MIB;
    let file = sparse(&home, "large", length);
    let path = file.display();
    for args in [
        ["--data-binary", &format!("@{path}")],
        ["-T", &format!("{path}")],
        ["-F", &format!("f=@{path}")],
        ["--json", &format!("@{path}")],
        // A pipe: the shell's `cat` is none of ours.
        ["-T", "-"],
    ] {
        let sink = Sink::start(Manner::Whole);
        let api = keyed_home(&sink.origin, "");
        let all = [&["request", "x", "/y"][..], &args].concat();
        let cmd = if args[1] == "-" {
            api.hallpass(&all)
                .stdin(vec![0; length.try_into().unwrap()])
        } else {
            api.hallpass(&all)
        };
        let running = cmd.spawn();
        let got = sink.got();
        assert!(got.whole && got.bytes >= length, "{args:?}: {}", got.bytes);
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.trim().strip_suffix(" kB"));
        let peak: u64 = peak.unwrap().trim().parse().unwrap();
        // A debug build's own code takes more than a release build's.
        assert!(peak < 64 * 1024, "{args:?}: {peak} kB");
        let chunked = got.head.contains("transfer-encoding: chunked");
        assert_eq!(chunked, args[1] == "-", "{}", got.head);
        sink.go.send(()).unwrap();
        running.wait().ok();
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_read_once() {
    use rustix::fs::{CWD, Mode, mkfifoat};
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    let path = home.path().join("pipe");
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
    let at = format!("@{}", path.display());
    let part = format!("f={at}");
    for args in [["--data-binary", &at], ["-F", &part], ["-d", &at]] {
        let pipe = path.clone();
        let writer = thread::spawn(move || {
            let mut pipe = File::options().write(true).open(pipe).unwrap();
            pipe.write_all(b"through the pipe").unwrap();
        });
        let all = [&["request", "x", "/y"][..], &args].concat();
        home.hallpass(&all).run().ok();
        writer.join().unwrap();
        let asked = recorder.last("/y");
        assert!(asked.body.contains("through the pipe"), "{asked:?}");
    }
}

#[test]
fn a_long_stdin_is_streamed_with_the_length_that_is_said_or_without() {
    let long = vec![b'x'; 2 * 1024 * 1024];
    let said = format!("Content-Length: {}", long.len());
    for (args, header) in [
        (&[][..], "transfer-encoding: chunked"),
        (&["-H", &said], &*said.to_ascii_lowercase()),
    ] {
        let sink = Sink::start(Manner::Whole);
        sink.go.send(()).unwrap();
        let home = keyed_home(&sink.origin, "");
        let all = [&["request", "x", "/y", "-T", "-"], args].concat();
        home.hallpass(&all).stdin(long.clone()).run().ok();
        let got = sink.got();
        assert!(got.whole && got.head.contains(header), "{}", got.head);
        assert_eq!(got.bytes, 2 * MIB);
    }
    // One that is shorter than it was said to be is an error, and no wait.
    let sink = Sink::start(Manner::Whole);
    let home = keyed_home(&sink.origin, "");
    let all = [
        "request",
        "x",
        "/y",
        "-T",
        "-",
        "-H",
        "Content-Length: 9000000",
    ];
    let run = home.hallpass(&all).stdin(long).run().fails_with(6);
    assert!(run.stderr.contains("`stdin` could not be sent"), "{run}");
    assert!(!sink.got().whole);
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_an_error_and_no_wait() {
    for (later, why) in [(MIB, "it became shorter"), (90 * MIB, "it grew")] {
        let sink = Sink::start(Manner::Slowly);
        let home = keyed_home(&sink.origin, "");
        let file = sparse(&home, "changing", 64 * MIB);
        let path = file.to_str().unwrap().to_owned();
        let running = home.hallpass(&["request", "x", "/y", "-T", &path]).spawn();
        // Its length is said, and its beginning sent.
        sink.begun.recv_timeout(PATIENCE).expect("a body");
        let handle = File::options().write(true).open(&file).unwrap();
        handle.set_len(later).unwrap();
        sink.go.send(()).unwrap();
        let run = running.wait().fails_with(6);
        assert!(run.stderr.contains(why), "{run}");
        assert!(!sink.got().whole);
    }
}

#[test]
fn an_api_that_answers_before_it_has_read_all_is_heard() {
    let sink = Sink::start(Manner::Beginning);
    let home = keyed_home(&sink.origin, "");
    let file = sparse(&home, "large", 64 * MIB);
    let file = file.to_str().unwrap();
    let args = ["request", "x", "/y", "-T", file];
    let run = home.hallpass(&args).run().fails_with(8);
    assert_eq!(run.stdout, "too large");
    assert!(run.stderr.contains("413"), "{run}");
}

#[cfg(unix)]
#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    use crate::support::screen;
    let upload = |more: &[&str], at_terminal: bool| {
        let sink = Sink::start(Manner::Slowly);
        let home = keyed_home(&sink.origin, "");
        // More than the system takes in at once, so that there is something to show.
        let file = sparse(&home, "large", 12 * MIB);
        let path = file.to_str().unwrap().to_owned();
        let args = [more, &["request", "x", "/y", "-T", &path]].concat();
        let cmd = home.hallpass(&args);
        if !at_terminal {
            return cmd.spawn().wait().ok().stderr;
        }
        let (mut running, terminal) = cmd.spawn_at_terminal();
        terminal.resize(100, 24);
        if more.is_empty() {
            running.wait_for_question("uploading");
            sink.go.send(()).unwrap();
        }
        running.wait().ok().stderr
    };
    let shown = upload(&[], true);
    assert!(shown.contains("12.00 MiB"), "{shown:?}");
    assert!(!shown.contains("\u{1b}[3"), "no colours: {shown:?}");
    assert_eq!(screen(&shown), "", "it is cleared: {shown:?}");
    assert_eq!(upload(&["--quiet"], true), "");
    assert_eq!(upload(&[], false), "");
}
