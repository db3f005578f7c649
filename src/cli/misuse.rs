//! A command line that cannot be read, said in hallpass's own form; and without
//! repeating what may be a credential that was typed in the wrong place.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::error::{Failure, Kind, Result};
use crate::output;
use crate::secret::{REDACTED, is_long, shown};

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
    let command = asked_for();
    let lacking = error.kind() == ErrorKind::MissingRequiredArgument;
    let failure = match command.as_str() {
        "hallpass exec" => {
            failure.hint("the command stands behind `--`: `hallpass exec github -- gh issue list`")
        }
        "hallpass refresh" | "hallpass disconnect" if lacking => {
            failure.hint(format!("name a connection, or take all: `{command} --all`"))
        }
        _ => failure,
    };
    Err(failure.hint(format!("run `{command} --help`")))
}

/// The command whose help would help: the first word that is one, and the one
/// below it.
fn asked_for() -> String {
    let known = Cli::command();
    let words = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    let (mut at, mut name) = (&known, "hallpass".to_owned());
    for word in words {
        if let Some(below) = at.find_subcommand(&word) {
            name = format!("{name} {}", below.get_name());
            at = below;
        }
    }
    name
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
        if is_ours(word) {
            continue;
        }
        if is_long(word) {
            clean = without_pieces(&clean, error);
        }
        clean = clean.replace(word.as_str(), &shown(word));
        for half in word.split('@').filter(|half| is_long(half)) {
            clean = clean.replace(half, REDACTED);
        }
    }
    clean
}

/// Whether this is a flag or an argument of ours, as its help writes it.
fn is_ours(word: &str) -> bool {
    let mut cli = Cli::command();
    cli.build();
    let commands = cli.get_subcommands().chain([&cli]);
    let mut arguments = commands.flat_map(clap::Command::get_arguments);
    arguments.any(|argument| argument.to_string() == word)
}

/// The message with no more of what is wrong with a value than the advice
/// behind the last `;`: the rest may quote a piece of the value.
fn without_pieces(clean: &str, error: &clap::Error) -> String {
    let Some(why) = std::error::Error::source(error).map(ToString::to_string) else {
        return clean.to_owned();
    };
    match why.rsplit_once("; ") {
        Some((_, advice)) => clean.replace(&why, advice),
        None => clean.replace(&format!(": {why}"), ""),
    }
}
