//! The programs that open a URL for a person here: those that `BROWSER` names,
//! Windows' own on WSL, else the platform's. The URL travels as an argument of
//! its own, through no shell.

use std::process::Command;

use url::Url;

use crate::surroundings::Surroundings;

/// Browsers that want the terminal, which has something else to show.
#[cfg(unix)]
const IN_TERMINALS: [&str; 7] = [
    "www-browser",
    "w3m",
    "lynx",
    "links",
    "links2",
    "elinks",
    "browsh",
];
/// Windows' PowerShell as WSL sees it; `PATH` need not lead there.
const POWERSHELL: [&str; 2] = [
    "powershell.exe",
    "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe",
];
/// Windows' Explorer as WSL sees it. It ends with 1 when all is well.
const EXPLORER: [&str; 2] = ["explorer.exe", "/mnt/c/Windows/explorer.exe"];

/// Whether anything may open a window for a person here.
pub fn can_open(here: &Surroundings) -> bool {
    here.obstacle().is_none() || !named().is_empty()
}

/// What may open a URL here, to be tried in this order until one starts.
/// Editors that reach this machine from another (over SSH, into a container)
/// name theirs in `BROWSER`, so that it is heard even where nothing else can.
pub fn launchers(url: &Url, here: &Surroundings) -> Vec<Command> {
    let mut all: Vec<Command> = named().iter().map(|words| command(words, url)).collect();
    if here.obstacle().is_some() {
        return all;
    }
    if here.wsl {
        all.extend(windows(url));
    }
    // Without a display these would try the terminal.
    if here.display {
        all.extend(open::commands(url.as_str()));
    }
    all
}

/// The commands that `BROWSER` names, as xdg-open reads it: several with a `:`
/// between them.
#[cfg(unix)]
fn named() -> Vec<Vec<String>> {
    use std::path::Path;

    use crate::env;
    let all = env::var(env::BROWSER).unwrap_or_default();
    let commands = all
        .split(':')
        .filter_map(|one| shell_words::split(one).ok());
    commands
        .filter(|words| {
            let program = words.first().map(Path::new).and_then(Path::file_name);
            program.is_some_and(|name| !IN_TERMINALS.iter().any(|known| name == *known))
        })
        .collect()
}

#[cfg(not(unix))]
fn named() -> Vec<Vec<String>> {
    Vec::new()
}

/// A command of `BROWSER`: `%s` in it is the URL, which else comes last.
fn command(words: &[String], url: &Url) -> Command {
    let (program, args) = words
        .split_first()
        .map_or(("", words), |(program, args)| (program.as_str(), args));
    let mut command = Command::new(program);
    let has_place = args.iter().any(|word| word.contains("%s"));
    command.args(args.iter().map(|word| word.replace("%s", url.as_str())));
    if !has_place {
        command.arg(url.as_str());
    }
    command
}

/// Windows' browser from within WSL.
fn windows(url: &Url) -> Vec<Command> {
    // In single quotes nothing has a meaning to PowerShell but a single quote,
    // which in a URL may as well be written so.
    let quoted = url.as_str().replace('\'', "%27");
    let script = format!("Start-Process '{quoted}'");
    let mut view = Command::new("wslview");
    view.arg(url.as_str());
    let shells = POWERSHELL.map(|program| {
        let mut shell = Command::new(program);
        shell.args(["-NoProfile", "-NonInteractive", "-Command", &script]);
        shell
    });
    let explorers = EXPLORER.map(|program| {
        let mut explorer = Command::new(program);
        explorer.arg(url.as_str());
        explorer
    });
    std::iter::once(view)
        .chain(shells)
        .chain(explorers)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &Command) -> Vec<String> {
        let program = std::iter::once(command.get_program());
        let words = program.chain(command.get_args());
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_url_is_one_argument_and_no_shells_business() {
        let url = Url::parse("https://h.example/it's?a=b&c=%22;$(x)`y`#'z").unwrap();
        for command in windows(&url) {
            let words = line(&command);
            let last = words.last().unwrap();
            if words.len() == 2 {
                assert_eq!(last, url.as_str());
            } else {
                let inner = last.strip_prefix("Start-Process '").unwrap();
                let inner = inner.strip_suffix('\'').unwrap();
                assert!(!inner.contains('\''), "{inner}");
                assert!(inner.contains("it%27s?a=b&c=%22;$(x)`y`#%27z"), "{inner}");
            }
        }
    }

    #[test]
    fn a_named_browser_gets_the_url_where_it_wants_it() {
        let url = Url::parse("https://h.example/?a=%s").unwrap();
        for (words, expected) in [
            (vec!["b"], vec!["b", url.as_str()]),
            (
                vec!["b", "--app=%s", "--new"],
                vec!["b", "--app=https://h.example/?a=%s", "--new"],
            ),
        ] {
            let words: Vec<String> = words.into_iter().map(ToOwned::to_owned).collect();
            assert_eq!(line(&command(&words, &url)), expected);
        }
    }
}
