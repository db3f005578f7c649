//! The newcomer's first minute: hallpass, shown at work against a sandbox of its own.
//!
//! Promises: what is shown is what the real executable printed; it asks nothing, ends by itself
//! (every command has a deadline), leaves nothing behind, and says at which step it stopped if one
//! did not end as it should.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use reqwest::blocking::{Client, Response};
use reqwest::header::CONTENT_TYPE;

use super::home::{Home, browser_command, path_with};
use super::oauth::CLIENTS;
use super::stage::{Ended, Stage};
use super::visit::http_client;
use super::{Options, Sandbox};

const SHORT_LIFE: Duration = Duration::from_secs(2);
const LONG_LIFE: Duration = Duration::from_secs(3600);

/// Shows connect, use, renewal and disconnect with the executable at `exe` (absolute), writing to
/// `out`. Returns whether every step ended as expected.
///
/// The commands see only `environment` (what the platform needs: `PATH`, on Windows `SYSTEMROOT`,
/// and the temporary directory's variable) and what leads them to the sandbox. Fails only where
/// `out` cannot be written or the sandbox cannot be started.
pub fn tour(
    exe: &Path,
    environment: &[(OsString, OsString)],
    out: &mut dyn Write,
    color: bool,
) -> anyhow::Result<bool> {
    let sandbox = Sandbox::start(&Options {
        port: 0,
        token_ttl: SHORT_LIFE,
        quirks: false,
    })?;
    let home = Home::new(&sandbox.config())?;
    let stage = stage(exe, environment, &sandbox, &home, color)?;
    let mut tour = Tour {
        sandbox: &sandbox,
        stage: &stage,
        http: http_client()?,
        out,
        color,
    };
    tour.opening()?;
    match tour.run() {
        Ok(()) => {
            tour.closing()?;
            Ok(true)
        }
        Err(Stop::Step(why)) => {
            tour.say(&format!("The tour stops here: {why}."))?;
            Ok(false)
        }
        Err(Stop::Broken(error)) => Err(error),
    }
}

fn stage(
    exe: &Path,
    environment: &[(OsString, OsString)],
    sandbox: &Sandbox,
    home: &Home,
    color: bool,
) -> anyhow::Result<Stage> {
    let is_path = |name: &OsString| name.eq_ignore_ascii_case("PATH");
    let mut variables: Vec<_> = environment.to_vec();
    let path = variables.iter().find(|(name, _)| is_path(name));
    let path = path_with(exe, path.map(|(_, value)| value.as_os_str()))?;
    variables.retain(|(name, _)| !is_path(name));
    let mut set = |name: &str, value: OsString| variables.push((name.into(), value));
    set("PATH", path);
    set("HALLPASS_HOME", home.path().into());
    set("HALLPASS_BROWSER", browser_command(exe)?.into());
    set("HALLPASS_SANDBOX_URL", sandbox.issuer().into());
    if !color {
        set("NO_COLOR", "1".into());
    }
    Ok(Stage {
        exe: exe.to_owned(),
        directory: home.path().to_owned(),
        variables,
    })
}

/// Why the tour does not go on.
enum Stop {
    /// A step ended otherwise than it should; its output has been shown.
    Step(String),
    /// The tour itself cannot go on.
    Broken(anyhow::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Broken(anyhow::Error::new(error).context("the tour cannot be written"))
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Stop {
        Stop::Broken(error)
    }
}

struct Tour<'a> {
    sandbox: &'a Sandbox,
    stage: &'a Stage,
    http: Client,
    out: &'a mut dyn Write,
    color: bool,
}

impl Tour<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        self.step(
            "Connect once. A browser opens and you approve; here a scripted person does.",
            &["connect", "sandbox"],
        )?;
        self.step("What there is, and in what state.", &["list"])?;
        let first = self.token_step(
            "The token, alone on stdout: made for scripts, TOKEN=$(hallpass token sandbox).",
            &["token", "sandbox"],
        )?;
        let me = ["request", "sandbox", "/me"];
        self.step(
            "Or let hallpass make the call; the token stays out of sight.",
            &me,
        )?;
        self.renewal(&me)?;
        let why = "So the same command now prints another token.";
        let renewed = self.token_step(why, &["token", "sandbox"])?;
        if renewed == first {
            return Err(Stop::Step("the token is still the old one".to_owned()));
        }
        self.expect_active(
            "The provider, asked about this token (introspection):",
            &renewed,
            true,
        )?;
        self.token_step(
            "A service signs in as itself: no person, so no connect. This works in CI.",
            &["token", "sandbox-service"],
        )?;
        let why = "Done with `sandbox`: revoke at the provider, then forget.";
        self.step(why, &["disconnect", "sandbox"])?;
        self.expect_active(
            "The provider, asked again about its last token:",
            &renewed,
            false,
        )
    }

    /// Lets the token expire, then shows the same request working, and the provider's log of why.
    fn renewal(&mut self, request: &[&str]) -> Result<(), Stop> {
        self.say("The sandbox's tokens live 2 seconds. Waiting until this one is dead …")?;
        let now = Instant::now();
        let expiry = self.sandbox.state.grants().last_expiry("sandbox-app", now);
        if let Some(expiry) = expiry {
            thread::sleep(expiry.saturating_duration_since(now));
        }
        self.sandbox.state.set_token_ttl(LONG_LIFE);
        let before = self.refreshes().len();
        self.step("The same request again, nothing done in between:", request)?;
        let after = self.refreshes();
        self.say("It was renewed by itself. What the provider saw meanwhile:")?;
        for line in after.iter().skip(before) {
            self.line(line)?;
        }
        match after.len().saturating_sub(before) {
            1 => Ok(self.say(
                "One exchange; the refresh token was rotated, the old one would work no more.",
            )?),
            other => Err(Stop::Step(format!(
                "one refresh was expected there, the provider's log has {other}"
            ))),
        }
    }

    /// The successful refresh exchanges in the provider's log, a line each.
    fn refreshes(&self) -> Vec<String> {
        self.sandbox.state.with_log(|log| {
            log.iter()
                .filter(|entry| entry.grant_type.as_deref() == Some("refresh_token"))
                .filter(|entry| entry.status == 200)
                .map(|entry| {
                    format!(
                        "{} {} grant_type=refresh_token → {}",
                        entry.method, entry.path, entry.status
                    )
                })
                .collect()
        })
    }

    /// Runs one command, shown as a person would type it, with its output.
    fn step(&mut self, why: &str, args: &[&str]) -> Result<String, Stop> {
        self.say(why)?;
        let prompt = format!("$ hallpass {}", args.join(" "));
        if self.color {
            writeln!(self.out, "  \x1b[1;36m{prompt}\x1b[0m")?;
        } else {
            writeln!(self.out, "  {prompt}")?;
        }
        self.out.flush()?;
        let ended = self.stage.play(args)?;
        let (output, trouble) = match ended {
            Ended::Well(output) => (output, None),
            Ended::Badly(output, why) => (output, Some(why)),
        };
        for line in output.lines() {
            self.line(line)?;
        }
        match trouble {
            None => Ok(output),
            Some(why) => Err(Stop::Step(format!("`hallpass {}` {why}", args.join(" ")))),
        }
    }

    /// Runs a command that prints a token, and returns the token.
    fn token_step(&mut self, why: &str, args: &[&str]) -> Result<String, Stop> {
        let output = self.step(why, args)?;
        let token = output
            .split_whitespace()
            .find(|word| word.starts_with("sbx_at_"));
        token
            .map(str::to_owned)
            .ok_or_else(|| Stop::Step(format!("`hallpass {}` printed no token", args.join(" "))))
    }

    /// Asks the provider, as the confidential client, whether it still honours a token (RFC 7662).
    fn expect_active(&mut self, why: &str, token: &str, expected: bool) -> Result<(), Stop> {
        let [_, service, ..] = &CLIENTS;
        let response = self
            .http
            .post(format!("{}/introspect", self.sandbox.issuer()))
            .basic_auth(service.id, service.secret)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
            .send()
            .and_then(Response::text)
            .context("the sandbox does not answer")?;
        let answer: serde_json::Value =
            serde_json::from_str(&response).context("the sandbox's answer is no JSON")?;
        let active = answer["active"].as_bool();
        self.say(why)?;
        self.line(&format!("\"active\": {}", answer["active"]))?;
        if active == Some(expected) {
            Ok(())
        } else {
            Err(Stop::Step(format!(
                "the token should be {}",
                if expected { "alive" } else { "dead" }
            )))
        }
    }

    fn opening(&mut self) -> io::Result<()> {
        writeln!(
            self.out,
            "A tour of hallpass, against a practice provider at {}. Nothing of yours is touched.",
            self.sandbox.issuer()
        )
    }

    fn closing(&mut self) -> io::Result<()> {
        self.say(
            "Next:\n\
             \x20 hallpass sandbox -- bash          a shell where all of this works, until you leave it\n\
             \x20 hallpass sandbox --print-config   these definitions, commented: copy, point at your service, `hallpass check`\n\
             \x20 README.md                         the rest, from the first real service to CI",
        )
    }

    /// A sentence of the tour, after a blank line.
    fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{text}")
    }

    /// A line of output, set off from the tour's own words.
    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "  │ {line}")
    }
}
