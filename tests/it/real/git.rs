//! git itself, over https: it clones from and pushes to `git http-backend`, behind a server that
//! demands a token, and has it from `hallpass helper git`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Cmd, Home, PATIENCE, Recorder, Run};

/// The authority of the tests' own certificate.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/loopback-ca.pem");

/// A forge: repositories below a directory, for whoever has the token of the moment.
#[derive(Clone)]
struct Forge {
    root: PathBuf,
    token: Arc<Mutex<String>>,
    /// `user:password` of each request; empty where there was none.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Forge {
    /// Starts one; returns it and its host with the port.
    fn start(root: &Path, token: &str) -> (Forge, String) {
        let forge = Forge {
            root: root.to_owned(),
            token: Arc::new(Mutex::new(token.to_owned())),
            seen: Arc::default(),
        };
        let certificate = CertificateDer::from_pem_slice(include_bytes!("../../keys/loopback.pem"));
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../keys/loopback.key.pem"));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.unwrap()], key.unwrap())
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let served = forge.clone();
        thread::spawn(move || {
            // As many as the test makes; the test's end ends the process.
            for stream in listener.incoming().flatten() {
                let (config, forge) = (Arc::clone(&config), served.clone());
                thread::spawn(move || drop(forge.serve(stream, config)));
            }
        });
        (forge, host)
    }

    fn takes(&self, token: &str) {
        token.clone_into(&mut self.token.lock().unwrap());
    }

    /// What it was shown since it was last asked, without repetitions.
    fn shown(&self) -> Vec<String> {
        let mut seen = std::mem::take(&mut *self.seen.lock().unwrap());
        seen.dedup();
        seen
    }

    fn serve(&self, stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let header = |wanted: &str| {
            let found = headers.iter().find(|(name, _)| name == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body)?;
        let basic = header("authorization")
            .strip_prefix("Basic ")
            .unwrap_or_default();
        let shown = base64::engine::general_purpose::STANDARD
            .decode(basic)
            .unwrap();
        let shown = String::from_utf8(shown).unwrap();
        self.seen.lock().unwrap().push(shown.clone());
        let password = shown.split_once(':').map(|(_, password)| password);
        let answer = if password == Some(self.token.lock().unwrap().as_str()) {
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            self.backend(
                &[
                    ("REQUEST_METHOD", method.as_str()),
                    ("PATH_INFO", path),
                    ("QUERY_STRING", query),
                    ("CONTENT_TYPE", header("content-type")),
                    ("CONTENT_LENGTH", header("content-length")),
                    ("HTTP_CONTENT_ENCODING", header("content-encoding")),
                    ("HTTP_GIT_PROTOCOL", header("git-protocol")),
                ],
                &body,
            )
        } else {
            b"Status: 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"forge\"\r\nContent-Length: 0\r\n\r\n".to_vec()
        };
        let text = String::from_utf8_lossy(&answer);
        let status = text
            .strip_prefix("Status: ")
            .and_then(|rest| rest.lines().next());
        let status = status.unwrap_or("200 OK").to_owned();
        let stream = stream.get_mut();
        write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
        stream.write_all(&answer)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// What git's own server end answers (git-http-backend(1), by CGI): headers and body.
    fn backend(&self, variables: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut child = Command::new("git")
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            // Whoever is somebody may push.
            .env("REMOTE_USER", "somebody")
            .env("HOME", &self.root)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let body = body.to_vec();
        // It may end without reading all of it.
        let fed = thread::spawn(move || drop(stdin.write_all(&body)));
        let output = child.wait_with_output().unwrap();
        fed.join().unwrap();
        output.stdout
    }
}

/// Somebody with git, hallpass and a home.
struct Person {
    home: Home,
    root: tempfile::TempDir,
}

impl Person {
    fn set(&self, cmd: Cmd) -> Cmd {
        cmd.env("HOME", self.root.path())
            .env("HALLPASS_HOME", self.home.path())
            .env("HALLPASS_STORE", "file")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_SSL_CAINFO", AUTHORITY)
            .dir(self.root.path())
    }

    fn git(&self, words: &[&str]) -> Run {
        self.set(Cmd::new("git", words)).run()
    }
}

/// A recorder that gives `token-1`, `token-2`, … to the app `x`; a forge that takes the first; and
/// somebody who connected and had git set up.
fn set_up() -> (Recorder, Forge, String, Person) {
    let recorder = Recorder::start();
    let root = tempfile::tempdir().unwrap();
    let (forge, host) = Forge::start(&root.path().join("repositories"), "token-1");
    let home = recorder.consenting("");
    home.edit(|text| {
        format!("{text}\n[integrations.x.helpers]\ngit = {{ host = \"{host}\", username = \"x-token\" }}\n")
    });
    home.connect_untested("x");
    let person = Person { home, root };
    let install = ["helper", "install", "git", "x", "--yes"];
    person.set(person.home.hallpass(&install)).run().ok();
    for (name, value) in [
        ("user.name", "Somebody"),
        ("user.email", "somebody@example.com"),
    ] {
        person.git(&["config", "--global", name, value]).ok();
    }
    person
        .git(&[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            "repositories/r.git",
        ])
        .ok();
    person
        .git(&["init", "--quiet", "--initial-branch=main", "first"])
        .ok();
    person
        .git(&[
            "-C",
            "first",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message=one",
        ])
        .ok();
    person
        .git(&[
            "-C",
            "first",
            "push",
            "--quiet",
            "../repositories/r.git",
            "main",
        ])
        .ok();
    (recorder, forge, host, person)
}

#[test]
#[ignore = "needs git with its http-backend: tests/run installs it"]
fn git_clones_and_pushes_with_the_token_and_again_after_it_was_rejected() {
    let (recorder, forge, host, person) = set_up();
    let url = format!("https://{host}/r.git");
    person.git(&["clone", "--quiet", &url, "second"]).ok();
    assert_eq!(forge.shown(), ["", "x-token:token-1"]);
    person
        .git(&[
            "-C",
            "second",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message=two",
        ])
        .ok();
    person
        .git(&["-C", "second", "push", "--quiet", "origin", "main"])
        .ok();
    let log = person
        .git(&["-C", "repositories/r.git", "log", "--format=%s", "main"])
        .ok();
    assert_eq!(log.stdout, "two\none\n");
    assert_eq!(recorder.asked_at("/token").len(), 1);
    forge.shown();

    // The token is taken back early: git tells so, and the next time there is another.
    forge.takes("token-2");
    let run = person.git(&["clone", "--quiet", &url, "third"]).exits(128);
    assert!(run.stderr.contains("rejected the token of `x`"), "{run}");
    assert!(!run.stderr.contains("token-1"), "{run}");
    assert_eq!(forge.shown(), ["", "x-token:token-1"]);
    person.git(&["clone", "--quiet", &url, "third"]).ok();
    assert_eq!(forge.shown(), ["", "x-token:token-2"]);
    assert_eq!(recorder.asked_at("/token").len(), 2);
    let log = person.git(&["-C", "third", "log", "--format=%s"]).ok();
    assert_eq!(log.stdout, "two\none\n");
    // git has kept no token anywhere.
    for token in ["token-1", "token-2"] {
        let found = person.set(Cmd::new("grep", &["-rlF", token, "."])).run();
        assert_eq!(
            (found.code, found.stdout.as_str()),
            (Some(1), ""),
            "{found}"
        );
    }
}

#[test]
#[ignore = "needs git with its http-backend: tests/run installs it"]
fn a_user_name_in_the_url_chooses_the_connection_and_another_server_gets_nothing() {
    let (_recorder, forge, host, person) = set_up();
    person.home.connect_untested("x@work");
    forge.takes("token-2");
    person
        .git(&[
            "clone",
            "--quiet",
            &format!("https://work@{host}/r.git"),
            "second",
        ])
        .ok();
    assert_eq!(forge.shown().last().unwrap(), "x-token:token-2");

    let (other, elsewhere) = Forge::start(&person.root.path().join("repositories"), "token-1");
    let general = format!(
        "!{} helper git",
        shell_words::quote(crate::support::HALLPASS)
    );
    let helper = format!("credential.helper={general}");
    let url = format!("https://{elsewhere}/r.git");
    let run = person
        .git(&["-c", &helper, "clone", "--quiet", &url, "third"])
        .exits(128);
    assert!(run.stderr.contains("could not read Username"), "{run}");
    assert_eq!(other.shown(), [""]);
}

#[test]
#[ignore = "needs git with its http-backend: tests/run installs it"]
fn git_asks_nobody_where_the_connection_is_dead() {
    let (_recorder, _forge, host, person) = set_up();
    person
        .home
        .edit(|text| text.replace("client_id = \"id\"", "client_id = \"another\""));
    let run = person.git(&[
        "clone",
        "--quiet",
        &format!("https://{host}/r.git"),
        "second",
    ]);
    let run = run.exits(128);
    assert!(run.stderr.contains("hallpass connect x --force"), "{run}");
    assert!(run.stderr.contains("told us to quit"), "{run}");
}
