//! What every failure becomes before a person or a script sees it: a kind
//! (which fixes the exit code), a message with its causes, and hints that name
//! the next command. Modules raise typed errors of their own; they turn into a
//! [`Failure`] once, where enough is known to say what to do next.

use std::fmt;

/// The result of everything that may end a command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Which signal interrupted the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Why a command failed, as a script can tell it: one kind, one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unexpected: a defect, or the machine misbehaving.
    Internal,
    /// The command line is wrong, or asks for what this connection has not.
    Usage,
    /// A definition is missing or wrong, or names something that is not there.
    Definition,
    /// A person has to act, usually by running `hallpass connect`.
    NeedsConnecting,
    /// The provider said no.
    Refused,
    /// Network, TLS, 429, 5xx, a nonsensical answer: worth retrying.
    Unavailable,
    /// The store is absent, locked, denied, full or unreadable.
    Store,
    /// The API answered with a status of 400 or more.
    Api,
    /// A signal ended the command.
    Interrupted(Signal),
}

impl Kind {
    /// The process's exit code; stable, documented in the README.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Internal => 1,
            Kind::Usage => 2,
            Kind::Definition => 3,
            Kind::NeedsConnecting => 4,
            Kind::Refused => 5,
            Kind::Unavailable => 6,
            Kind::Store => 7,
            Kind::Api => 8,
            Kind::Interrupted(Signal::Interrupt) => 130,
            Kind::Interrupted(Signal::Terminate) => 143,
        }
    }

    /// The fixed word that JSON errors carry.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Internal => "internal",
            Kind::Usage => "usage",
            Kind::Definition => "definition",
            Kind::NeedsConnecting => "needs_connecting",
            Kind::Refused => "refused",
            Kind::Unavailable => "unavailable",
            Kind::Store => "store",
            Kind::Api => "api",
            Kind::Interrupted(_) => "interrupted",
        }
    }
}

/// A failed command: kind, what and why (a chain), and what to do next.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: anyhow::Error,
    hints: Vec<String>,
    report: Option<String>,
    code: Option<u8>,
}

impl Failure {
    /// A failure of this kind; `message` says what failed.
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self::caused(kind, anyhow::anyhow!("{message}"))
    }

    /// A failure of this kind with a typed or chained cause.
    pub fn caused(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        Self {
            kind,
            error: error.into(),
            hints: Vec::new(),
            report: None,
            code: None,
        }
    }

    /// Adds what to do next. Commands stand in backquotes.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Puts what was being done in front of what went wrong.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.error = self.error.context(what.to_string());
        self
    }

    /// Adds a rendered report (definition problems with carets), shown to a
    /// person between the message and the hints.
    #[must_use]
    pub fn report(mut self, report: String) -> Self {
        self.report = Some(report).filter(|report| !report.trim().is_empty());
        self
    }

    /// Ends the process with this code rather than its kind's: a command that
    /// could not be started ends with what a shell gives for it.
    #[must_use]
    pub fn exiting_with(mut self, code: u8) -> Self {
        self.code = Some(code);
        self
    }

    /// The process's exit code: its kind's, unless another was set.
    pub fn exit_code(&self) -> u8 {
        self.code.unwrap_or_else(|| self.kind.exit_code())
    }

    /// Which kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What caused it, where that is an error of this type.
    pub fn cause<E: std::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }

    /// What failed, without the causes.
    pub fn headline(&self) -> String {
        self.error.to_string()
    }

    /// Why, outermost cause first; empty when the headline says it all. A cause
    /// that the one before quotes is not said again.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = self.words();
        causes.remove(0);
        causes
    }

    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for cause in self.error.chain().map(ToString::to_string) {
            if words.last().is_none_or(|said| !said.ends_with(&cause)) {
                words.push(cause);
            }
        }
        words
    }

    /// What to do next, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The rendered report, where the failure has one.
    pub fn rendered_report(&self) -> Option<&str> {
        self.report.as_deref()
    }

    /// The failure as scripts read it: what stands at `error` in JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.kind.name(),
            "message": self.message(),
            "hints": self.hints,
            "exit_code": self.exit_code(),
        })
    }

    /// Headline and causes in one line, for logs and JSON.
    pub fn message(&self) -> String {
        self.words().join(": ")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

/// An error nobody foresaw is an internal one.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::caused(Kind::Internal, error)
    }
}
