//! How a link reaches the person who has to consent.

use std::path::Path;

use url::Url;

use super::{Finding, Remedy, Subject, Ward, programs};
use crate::browser;
use crate::context::Context;
use crate::env;
use crate::interaction::Browser;
use crate::surroundings::Obstacle;

/// Looks only where somebody may have to consent.
pub(super) fn look(context: &Context, ward: &Ward) -> Option<Finding> {
    let consents = |integration: &crate::definition::Integration| integration.auth.needs_consent();
    if !ward.integrations().any(|(_, one)| consents(one)) {
        return None;
    }
    let subject = Subject::Browser;
    Some(match context.interaction.browser() {
        Browser::Command(words) => {
            let program = words.first().map(String::as_str).unwrap_or_default();
            match programs::find(program) {
                Some(_) => Finding::ok(subject, format!("links are opened with `{program}`")),
                None => Finding::warning(
                    subject,
                    format!(
                        "there is no program `{program}`, which is to open links; they are only printed"
                    ),
                    unnamed(context),
                ),
            }
        }
        Browser::Platform => platform(subject, context),
        Browser::Print => Finding::ok(subject, printed(context)),
    })
}

/// What takes a browser back that is not there.
fn unnamed(context: &Context) -> Remedy {
    if env::var(env::HALLPASS_BROWSER).is_some() {
        return Remedy::run("unset HALLPASS_BROWSER").and("or let it name a program that is there");
    }
    let settings = context.paths.settings().unwrap_or_default();
    Remedy::fix(format!(
        "let `browser` in `{}` name a program that is there, or take the line out",
        settings.display()
    ))
}

fn platform(subject: Subject, context: &Context) -> Finding {
    let Ok(url) = Url::parse("https://example.com/") else {
        return Finding::ok(subject, "links are opened by the system");
    };
    let launchers = browser::launchers(&url, context.interaction.surroundings());
    let found = launchers.iter().find_map(|command| {
        let program = command.get_program().to_str()?;
        programs::find(program).map(|_| name_of(program))
    });
    match found {
        Some(program) => Finding::ok(subject, format!("links are opened with `{program}`")),
        None => Finding::warning(
            subject,
            "no program that opens a browser is there; links are only printed",
            Remedy::fix(
                "install one (`xdg-utils`), or name a browser: `export HALLPASS_BROWSER=…`",
            ),
        ),
    }
}

fn name_of(program: &str) -> String {
    let name = Path::new(program).file_name();
    name.map_or_else(
        || program.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Why links are only printed.
fn printed(context: &Context) -> String {
    let interaction = &context.interaction;
    if !interaction.can_show_url() {
        "nobody is there to open a link (`CI` or `--no-input`): connecting needs `HALLPASS_BROWSER`"
            .to_owned()
    } else if let Some(obstacle) = interaction.no_browser() {
        match obstacle {
            Obstacle::Ssh => "over SSH links are printed, to be opened on the machine you sit at, and beside them the `ssh -L` line that brings the answer back".to_owned(),
            Obstacle::Container | Obstacle::Display => format!(
                "{obstacle}: links are printed, to be opened elsewhere, and the address that the browser ends at can be pasted"
            ),
        }
    } else if interaction.attended() {
        "links are printed, as `HALLPASS_BROWSER` or the settings say".to_owned()
    } else {
        "links are printed: this is no terminal".to_owned()
    }
}
