//! Reading the command line. To describe all commands to the parser takes
//! longer than to open a credential, so that those which scripts call again and
//! again are described alone. What is read so is what would have been read
//! otherwise; help and errors always come from the whole description.

use std::ffi::OsString;

use clap::{Args, Command, FromArgMatches as _, Parser as _};

use super::{Cli, GlobalArgs, exec, helper, request, token};

/// Reads the command line.
pub(super) fn read(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    match hurried(arguments) {
        Some(cli) => Ok(cli),
        None => Cli::try_parse_from(arguments),
    }
}

/// The same where the first word is one of these commands, and nothing is wrong.
fn hurried(arguments: &[OsString]) -> Option<Cli> {
    let name = arguments.get(1)?.to_str()?;
    let described = match name {
        "exec" => describe::<exec::ExecArgs>("exec"),
        "helper" => describe::<helper::HelperArgs>("helper"),
        "request" => describe::<request::RequestArgs>("request"),
        "token" => describe::<token::TokenArgs>("token"),
        _ => return None,
    };
    let command = GlobalArgs::augment_args(Command::new("hallpass")).subcommand(described);
    let matches = command.try_get_matches_from(arguments).ok()?;
    Cli::from_arg_matches(&matches).ok()
}

fn describe<A: Args>(name: &'static str) -> Command {
    A::augment_args(Command::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(Into::into).collect()
    }

    #[test]
    fn a_command_that_is_described_alone_is_read_as_among_all() {
        for line in [
            "hallpass token x",
            "hallpass token x@work --format header --min-ttl 5m --refresh",
            "hallpass token --config a.toml --store file -vv x --quiet --color never --no-input",
            "hallpass request x /a -X PUT -H A:b --query c=d --json {} -i -o e",
            "hallpass request x --action make a=b c=d",
            "hallpass exec x y --env A={token} --token-file B -- true -v --help",
            "hallpass helper git get",
        ] {
            let line = words(line);
            let alone = hurried(&line).expect("it is one of those");
            let whole = Cli::try_parse_from(&line).expect("it can be read");
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"));
        }
    }

    #[test]
    fn help_and_what_is_wrong_are_left_to_the_whole_description() {
        for line in [
            "hallpass",
            "hallpass token",
            "hallpass token --help",
            "hallpass token x --version",
            "hallpass token x --min-ttl soon",
            "hallpass request x / --no-such-flag",
            "hallpass --quiet token x",
            "hallpass list",
        ] {
            assert!(hurried(&words(line)).is_none(), "{line}");
        }
    }
}
