//! A command line that cannot be read, said in hallpass's own form; and without
//! repeating what may be a credential that was typed in the wrong place.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::secret::REDACTED;

/// The most characters of a word that is taken for a name; keys and tokens are
/// longer.
const LONGEST_NAME: usize = 20;

/// Help and version are no failures; everything else of clap's is usage.
pub(super) fn misused(error: &clap::Error) -> Result<ExitCode> {
    let rendered = error.render().to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return output::text(&rendered).map(|()| ExitCode::SUCCESS);
    }
    let rendered = unrepeated(rendered, error);
    let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest = rest
        .split("For more information")
        .next()
        .unwrap_or_default();
    let failure = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        Failure::new(Kind::Usage, "a command is missing").report(rendered.clone())
    } else {
        Failure::new(Kind::Usage, message.trim()).report(rest.to_owned())
    };
    Err(failure.hint(format!("run `{} --help`", asked_for())))
}

/// The command whose help would help: the first word that is one.
fn asked_for() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let known = Cli::command();
    let mut commands = known.get_subcommands().map(clap::Command::get_name);
    match commands.find(|name| words.iter().any(|word| word == name)) {
        Some(name) => format!("hallpass {name}"),
        None => "hallpass".to_owned(),
    }
}

/// The message without the words of the command line that may be secret.
fn unrepeated(rendered: String, error: &clap::Error) -> String {
    let kinds = [
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
        ContextKind::InvalidSubcommand,
    ];
    let mut clean = rendered;
    for kind in kinds {
        let Some(ContextValue::String(word)) = error.get(kind) else {
            continue;
        };
        // A flag of ours, as its help writes it.
        if word.contains(" <") || word.starts_with("--") {
            continue;
        }
        clean = clean.replace(word.as_str(), &shown(word));
        for half in word.split('@').filter(|half| is_long(half)) {
            clean = clean.replace(half, REDACTED);
        }
    }
    clean
}

/// A word as it may be repeated: without the value in it, and not when it is
/// too long to be a name.
fn shown(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) if !value.is_empty() && !is_long(name) => format!("{name}={REDACTED}"),
        _ if is_long(word) => REDACTED.to_owned(),
        _ => word.to_owned(),
    }
}

fn is_long(word: &str) -> bool {
    word.chars().count() > LONGEST_NAME
}
