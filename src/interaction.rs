//! The person at the terminal: whether there is one, what is asked of them,
//! and the browser that is opened for them.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use url::Url;

use crate::browser;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::guard;
use crate::secret::Secret;
use crate::signals;
use crate::surroundings::{Obstacle, Surroundings};

/// What is known of the person, decided once per run.
#[derive(Clone, Debug)]
pub struct Interaction {
    attended: bool,
    unattended_asked: bool,
    browser: Browser,
    here: OnceCell<Surroundings>,
    /// `--no-browser`.
    print_asked: bool,
}

/// How a URL reaches the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Browser {
    /// A command of the user's, which gets the URL as its last argument.
    Command(Vec<String>),
    /// The platform's default browser.
    Platform,
    /// None: the URL is printed, for someone to open.
    Print,
}

impl Interaction {
    /// `no_input` is the flag; `browser` the setting (`HALLPASS_BROWSER` goes
    /// before it). Attended means that stdin and stderr are terminals and
    /// neither `--no-input` nor `CI` says otherwise.
    pub fn new(no_input: bool, browser: Option<&str>) -> Result<Self> {
        let unattended_asked = no_input || env::is_on(env::CI);
        let attended = !unattended_asked && io::stdin().is_terminal() && io::stderr().is_terminal();
        let named = env::var(env::HALLPASS_BROWSER).or_else(|| browser.map(ToOwned::to_owned));
        let here = OnceCell::new();
        // A command that the user named is theirs to answer for, over SSH too;
        // the platform's browser would open on the far machine's screen, or in
        // our own terminal.
        let browser = match named.as_deref().map(str::trim) {
            Some(command) if !command.is_empty() && command != "none" => {
                Browser::Command(split_command(command)?)
            }
            None if attended && browser::can_open(here.get_or_init(Surroundings::look)) => {
                Browser::Platform
            }
            _ => Browser::Print,
        };
        Ok(Self {
            attended,
            unattended_asked,
            browser,
            here,
            print_asked: false,
        })
    }

    /// Whether someone is there to answer prompts.
    pub fn attended(&self) -> bool {
        self.attended
    }

    /// Whether a URL can reach anybody: `--no-input` and `CI` say that nobody
    /// is there, unless `HALLPASS_BROWSER` names someone.
    pub fn can_show_url(&self) -> bool {
        !self.unattended_asked || matches!(self.browser, Browser::Command(_))
    }

    /// How a URL reaches the person.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Where this runs.
    pub fn surroundings(&self) -> &Surroundings {
        self.here.get_or_init(Surroundings::look)
    }

    /// Why no browser can open here; `None` where one can, or where the user
    /// named a command for it.
    pub fn no_browser(&self) -> Option<Obstacle> {
        let here = self.surroundings();
        let named = matches!(self.browser, Browser::Command(_)) || browser::can_open(here);
        here.obstacle().filter(|_| !named)
    }

    /// Whether someone sits here whose browser cannot be opened from here; not
    /// where they asked for print.
    pub fn is_browserless(&self) -> bool {
        self.attended && !self.print_asked && self.no_browser().is_some()
    }

    /// Never opens anything from here on; URLs are only printed.
    #[must_use]
    pub fn without_browser(mut self) -> Self {
        self.browser = Browser::Print;
        self.print_asked = true;
        self
    }

    /// Opens a URL. Returns whether something was started; the URL should be
    /// printed in any case. Only https and loopback http URLs are opened.
    pub fn open(&self, url: &Url) -> Result<bool, io::Error> {
        if !is_openable(url) {
            return Err(io::Error::other("only https and loopback URLs are opened"));
        }
        match &self.browser {
            Browser::Print => Ok(false),
            Browser::Platform => {
                let mut failed = io::Error::other("this platform knows no browser");
                for command in browser::launchers(url, self.surroundings()) {
                    match spawn_quietly(command) {
                        Ok(()) => return Ok(true),
                        Err(error) => failed = error,
                    }
                }
                Err(failed)
            }
            Browser::Command(words) => spawn_browser(words, url).map(|()| true),
        }
    }

    /// Asks for a line of text. `default` is taken for an empty answer.
    pub fn ask(&self, label: &str, default: Option<&str>) -> Result<String> {
        let mut input = dialoguer::Input::<String>::new().with_prompt(label);
        if let Some(default) = default {
            input = input.default(default.to_owned());
        }
        put(label, BY_PARAM, || input.interact_text())
    }

    /// Asks for a line of text that may be empty.
    pub fn ask_optional(&self, label: &str) -> Result<String> {
        let input = dialoguer::Input::<String>::new().with_prompt(label);
        put(label, BY_PARAM, || input.allow_empty(true).interact_text())
    }

    /// Asks for a secret, without echoing it.
    /// `optional` lets it be empty.
    pub fn ask_secret(&self, label: &str, optional: bool) -> Result<Secret> {
        let password = dialoguer::Password::new().with_prompt(label);
        let password = password.allow_empty_password(optional);
        put(label, BY_PARAM, || password.interact()).map(Secret::from)
    }

    /// Asks for one of several; returns its index.
    pub fn choose(&self, label: &str, choices: &[String], default: usize) -> Result<usize> {
        let select = dialoguer::Select::new().with_prompt(label).items(choices);
        put(label, BY_PARAM, || select.default(default).interact())
    }

    /// Asks for any number of several; returns their indexes.
    /// `picked` says which are to begin with.
    pub fn choose_some(
        &self,
        label: &str,
        choices: &[String],
        picked: &[bool],
    ) -> Result<Vec<usize>> {
        let select = dialoguer::MultiSelect::new()
            .with_prompt(format!("{label} (space picks, enter goes on)"))
            .items(choices)
            .defaults(picked);
        put(label, AT_TERMINAL, || select.interact())
    }

    /// Asks yes or no.
    pub fn confirm(&self, question: &str, default: bool) -> Result<bool> {
        let confirm = dialoguer::Confirm::new().with_prompt(question);
        put(question, YES_OR_NO, || confirm.default(default).interact())
    }
}

/// What helps where a value was asked for.
const BY_PARAM: &str = "run the command again, or give the value with `--param`";
/// What helps where nothing but an answer will do.
const AT_TERMINAL: &str = "run the command again at a terminal that stays open";
/// The same of a yes or no.
const YES_OR_NO: &str = "run the command again, and answer with `y` or `n`";

/// Puts a question; `hint` is for whoever gave no answer.
fn put<T>(
    question: &str,
    hint: &str,
    interact: impl FnOnce() -> dialoguer::Result<T>,
) -> Result<T> {
    let asking = signals::asking(question);
    let answer = interact();
    if let Err(dialoguer::Error::IO(error)) = &answer
        && error.kind() == io::ErrorKind::Interrupted
    {
        signals::await_end();
    }
    drop(asking);
    answer.map_err(|dialoguer::Error::IO(error)| {
        Failure::caused(Kind::NeedsConnecting, error)
            .context(format!("no answer to “{question}”"))
            .hint(hint)
    })
}

fn split_command(command: &str) -> Result<Vec<String>> {
    let words = shell_words::split(command).unwrap_or_default();
    if words.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            format!("the browser command `{command}` cannot be read"),
        )
        .hint("set `HALLPASS_BROWSER` to a program and its arguments, quoted as in a shell, or to `none`"));
    }
    Ok(words)
}

/// The child gets the URL as its last argument; it may outlive us, so nobody
/// waits for it.
fn spawn_browser(words: &[String], url: &Url) -> io::Result<()> {
    let mut words = words.iter().map(OsString::from);
    let program = words
        .next()
        .ok_or_else(|| io::Error::other("the browser command is empty"))?;
    let mut command = Command::new(program);
    command.args(words).arg(url.as_str());
    spawn_quietly(command)
}

/// Starts a browser: without our key, and with no terminal to write on.
fn spawn_quietly(mut command: Command) -> io::Result<()> {
    command
        .env_remove(env::HALLPASS_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    guard::as_found(|| command.spawn()).map(drop)
}

/// https anywhere, http only to this machine.
pub fn is_openable(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => crate::http::is_loopback(url),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_gives_no_answer_is_told_what_would_be_one() {
        let gone = || dialoguer::Error::IO(io::ErrorKind::UnexpectedEof.into());
        for (hint, says) in [
            (BY_PARAM, "`--param`"),
            (AT_TERMINAL, "terminal"),
            (YES_OR_NO, "`y` or `n`"),
        ] {
            let failure = put("Really?", hint, || Err::<bool, _>(gone())).unwrap_err();
            assert_eq!(failure.kind(), Kind::NeedsConnecting);
            assert!(failure.message().contains("no answer to “Really?”"));
            assert!(failure.hints()[0].contains(says), "{hint}");
        }
    }
}
