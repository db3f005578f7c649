//! `hallpass doctor`: what is wrong here, and the command that mends it.

use std::io::IsTerminal as _;

use clap::Args;
use serde::Serialize;

use crate::connection::ConnectionArg;
use crate::context::{Context, Global};
use crate::doctor::{self, Finding, Remedy, Status, Subject};
use crate::error::{Failure, Result};
use crate::output;
use crate::ui::{Ui, escape};

/// How many remedies the error names; all stand with the findings.
const HINTS: usize = 3;

/// What is wrong here, and the command that mends it
#[derive(Debug, Args)]
#[command(after_help = "\
Looks at settings, definitions, stores, connections, certificates, proxy, the servers that the
definitions name (they are asked for HEAD / without any credential), the clock, redirect ports and
the browser. It changes nothing, asks nothing, and ends within a minute.

--json prints one object:
  {\"findings\": [{\"subject\", \"status\": \"ok\" | \"warning\" | \"problem\", \"message\", \"connection\"?,
  \"command\"?: what to run, \"fix\"?: what else to do}], \"ok\": whether there is no problem}

The exit code is 0 without a problem (warnings are none), else that of the worst: 7 store,
6 network, 4 a person must connect, 3 definition.")]
pub(super) struct DoctorArgs {
    /// Look only at what this connection needs: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: Option<ConnectionArg>,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// What `--json` prints; scripts rely on the names.
#[derive(Debug, Serialize)]
struct Report<'a> {
    findings: &'a [Finding],
    ok: bool,
}

/// Settings that cannot be read are a finding too, so the context is made here.
pub(super) fn run(args: &DoctorArgs, global: &Global, ui: Ui) -> Result<()> {
    let mut findings = match Context::new(global, ui) {
        Ok(context) => doctor::examine(&context, args.connection.as_ref()),
        Err(failure) => vec![Finding::of_failure(Subject::Settings, &failure)],
    };
    if let Some(config) = &global.config {
        let file = config.display().to_string();
        let named = format!("hallpass --config {} ", shell_words::quote(&file));
        let remedies = findings.iter_mut().filter_map(|one| one.remedy.as_mut());
        remedies.for_each(|remedy| remedy.name_our(&named));
    }
    let worst = findings.iter().max_by_key(|finding| finding.exit_code());
    let failure = worst.and_then(|worst| failure(&findings, worst));
    if args.json {
        let ok = failure.is_none();
        let findings = &findings;
        output::json(&Report { findings, ok })?;
    } else {
        let color = global.color.wanted(std::io::stdout().is_terminal());
        output::text(&text(&findings, color))?;
    }
    failure.map_or(Ok(()), Err)
}

/// How many problems there are, and the worst one with its kind; none where
/// there are only warnings.
fn failure(findings: &[Finding], worst: &Finding) -> Option<Failure> {
    let Status::Problem(kind) = worst.status else {
        return None;
    };
    let problems = || findings.iter().filter(|one| one.exit_code() > 0);
    let mut worst_first: Vec<&Finding> = problems().collect();
    worst_first.sort_by_key(|problem| std::cmp::Reverse(problem.exit_code()));
    let why = worst_first.first().map(|first| said(first));
    let mut hints: Vec<String> = Vec::new();
    let remedies = worst_first.into_iter();
    for remedy in remedies.filter_map(|problem| problem.remedy.as_ref()) {
        let hint = match (remedy.command(), remedy.advice()) {
            (Some(command), Some(advice)) => format!("run `{command}`; {advice}"),
            (Some(command), None) => format!("run `{command}`"),
            (None, advice) => advice.unwrap_or_default().to_owned(),
        };
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    let more = hints.len().saturating_sub(HINTS);
    hints.truncate(HINTS);
    if more > 0 {
        hints.push(format!("{more} more above, each under its problem"));
    }
    let what = doctor::count(problems().count(), "problem");
    let failure = Failure::new(kind, why.unwrap_or_default()).context(what);
    Some(hints.into_iter().fold(failure, Failure::hint))
}

/// A finding in one line that stands alone.
fn said(finding: &Finding) -> String {
    let (subject, message) = (finding.subject.name(), &finding.message);
    match &finding.connection {
        Some(id) if !message.contains(&format!("`{id}`")) => {
            format!("{subject}: `{id}`: {message}")
        }
        _ => format!("{subject}: {message}"),
    }
}

/// One line a finding under its subject's name, remedies below.
fn text(findings: &[Finding], color: bool) -> String {
    let mut text = String::new();
    let mut subject = None;
    for finding in findings {
        if subject != Some(finding.subject) {
            subject = Some(finding.subject);
            text.push_str(&paint(color, "1", finding.subject.name()));
            text.push('\n');
        }
        let style = match finding.status {
            Status::Ok => "32",
            Status::Warning => "33",
            Status::Problem(_) => "1;31",
        };
        let word = format!("{:<7}", finding.status.name());
        let word = paint(color, style, &word);
        text.extend(["  ", &word, "  ", &finding.message, "\n"]);
        for line in finding.remedy.iter().flat_map(remedies) {
            // In JSON a command stays as it can be run.
            text.extend(["           ", &escape(&line), "\n"]);
        }
    }
    text
}

fn remedies(remedy: &Remedy) -> impl Iterator<Item = String> {
    let command = remedy.command().map(|command| format!("run: {command}"));
    let advice = remedy.advice().map(|advice| format!("fix: {advice}"));
    command.into_iter().chain(advice)
}

fn paint(color: bool, style: &str, text: &str) -> String {
    if color {
        format!("\u{1b}[{style}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
