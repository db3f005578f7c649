//! What a look brings: findings, each good, doubtful or bad, and each that is
//! not good with the command or the edit that mends it.

use serde::{Serialize, Serializer};

use crate::connection::ConnectionId;
use crate::error::{Failure, Kind};
use crate::ui::escape;

/// What was looked at, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// `config.toml`, and what stands in its place.
    Settings,
    /// `integrations.toml`.
    Definitions,
    /// Where credentials rest.
    Store,
    /// What is connected.
    Connections,
    /// Whom TLS trusts.
    Certificates,
    /// What stands between here and the providers.
    Proxy,
    /// The providers, as far as they can be reached.
    Network,
    /// This machine's clock.
    Clock,
    /// The ports that redirects come back to.
    Redirect,
    /// How a link reaches the person.
    Browser,
}

impl Subject {
    /// The word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Settings => "settings",
            Subject::Definitions => "definitions",
            Subject::Store => "store",
            Subject::Connections => "connections",
            Subject::Certificates => "certificates",
            Subject::Proxy => "proxy",
            Subject::Network => "network",
            Subject::Clock => "clock",
            Subject::Redirect => "redirect",
            Subject::Browser => "browser",
        }
    }
}

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well.
    Ok,
    /// It works, but something is amiss.
    Warning,
    /// Commands fail with this kind, or will.
    Problem(Kind),
}

impl Status {
    /// The word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Problem(_) => "problem",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What mends a finding: a command to run, something else to do, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Remedy {
    /// A command that can be run as it stands.
    pub fn run(command: impl Into<String>) -> Self {
        Self {
            command: Some(command.into()),
            fix: None,
        }
    }

    /// What no command does: an edit, or something outside this machine.
    pub fn fix(what: impl Into<String>) -> Self {
        Self {
            command: None,
            fix: Some(what.into()),
        }
    }

    /// What to do besides running the command.
    #[must_use]
    pub fn and(mut self, what: impl Into<String>) -> Self {
        self.fix = Some(what.into());
        self
    }

    /// Out of an error's hint: where the only thing in backquotes is a command
    /// of ours, that is what to run.
    pub fn of_hint(hint: &str) -> Self {
        let quoted: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
        match quoted[..] {
            [command] if command.starts_with("hallpass ") && !command.contains('…') => {
                Self::run(command)
            }
            _ => Self::fix(hint),
        }
    }

    /// Puts what our commands begin with in the place of `hallpass `.
    pub fn name_our(&mut self, beginning: &str) {
        let rest = self.command.as_deref();
        if let Some(rest) = rest.and_then(|command| command.strip_prefix("hallpass ")) {
            self.command = Some(format!("{beginning}{rest}"));
        }
    }

    /// The command.
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// What else to do.
    pub fn advice(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// How it is meant.
    pub status: Status,
    /// In one line; nothing in it acts on a terminal.
    pub message: String,
    /// The connection it concerns, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What mends it; every finding that is not good has it.
    #[serde(flatten)]
    pub remedy: Option<Remedy>,
}

impl Finding {
    fn new(subject: Subject, status: Status, message: &str, remedy: Option<Remedy>) -> Self {
        Self {
            subject,
            status,
            message: escape(message).into_owned(),
            connection: None,
            remedy,
        }
    }

    /// All is well.
    pub fn ok(subject: Subject, message: impl AsRef<str>) -> Self {
        Self::new(subject, Status::Ok, message.as_ref(), None)
    }

    /// Something is amiss.
    pub fn warning(subject: Subject, message: impl AsRef<str>, remedy: Remedy) -> Self {
        Self::new(subject, Status::Warning, message.as_ref(), Some(remedy))
    }

    /// Commands fail with this kind, or will.
    pub fn problem(subject: Subject, kind: Kind, message: impl AsRef<str>, remedy: Remedy) -> Self {
        let status = Status::Problem(kind);
        Self::new(subject, status, message.as_ref(), Some(remedy))
    }

    /// What another command would fail with.
    pub fn of_failure(subject: Subject, failure: &Failure) -> Self {
        let mut message = failure.message();
        // The first problem of a report says what is wrong; one that is none of
        // ours says it last.
        let report = failure.rendered_report().unwrap_or_default();
        let mut lines = report.lines().filter(|line| !line.trim().is_empty());
        let first = report.lines().find_map(|line| line.strip_prefix("error: "));
        if let Some(why) = first.or_else(|| lines.next_back()) {
            message = format!("{message}: {}", why.trim());
        }
        let hint = failure.hints().first().map(String::as_str);
        let remedy = Remedy::of_hint(hint.unwrap_or("run `hallpass check`"));
        Self::problem(subject, failure.kind(), message, remedy)
    }

    /// The same, of a connection.
    #[must_use]
    pub fn of(mut self, id: &ConnectionId) -> Self {
        self.connection = Some(id.to_string());
        self
    }

    /// The exit code it calls for.
    pub fn exit_code(&self) -> u8 {
        match self.status {
            Status::Problem(kind) => kind.exit_code(),
            Status::Ok | Status::Warning => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_with_one_command_of_ours_is_that_command() {
        for (hint, remedy) in [
            (
                "run `hallpass connect x`",
                Remedy::run("hallpass connect x"),
            ),
            (
                "connect anew: `hallpass connect x --force`",
                Remedy::run("hallpass connect x --force"),
            ),
            (
                "name a file: `hallpass --config FILE …`",
                Remedy::fix("name a file: `hallpass --config FILE …`"),
            ),
            (
                "see `a` or `hallpass b`",
                Remedy::fix("see `a` or `hallpass b`"),
            ),
        ] {
            assert_eq!(Remedy::of_hint(hint), remedy, "{hint}");
        }
    }

    #[test]
    fn what_came_from_elsewhere_does_not_act_on_a_terminal() {
        let finding = Finding::ok(Subject::Network, "a\u{1b}[2Jb\nc");
        assert_eq!(finding.message, "a\\u{1b}[2Jb c");
    }
}
