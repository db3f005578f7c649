//! `hallpass exec`: a command that gets credentials in its environment, or in
//! a file that is kept fresh.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use crate::broker::Need;
use crate::connection::ConnectionArg;
use crate::context::{Context, Global};
use crate::definition::AuthKind;
use crate::error::{Failure, Kind, Result};
use crate::exec::{
    Entry, FileError, Filled, Invocation, Keeper, NotStarted, Source, Subject, TokenFile, code,
    example,
};
use crate::signals;
use crate::store::Item;
use crate::ui::Ui;

/// The variable that holds the token where none is named.
const USUAL: &str = "HALLPASS_TOKEN";

/// Run a command with a token in its environment, and end with its exit code
#[derive(Debug, Args)]
#[command(after_help = "\
Without --env or --token-file the token is in HALLPASS_TOKEN. A TEMPLATE is text with placeholders
as in a definition: {token}, {id_token}, {username}, parameters, captured values, and filters
({token|base64}); with several connections {github@work.token}. The rest of the environment is
passed on, less HALLPASS_KEY. With --token-file the content is {token}, unless a TEMPLATE says
otherwise; the file is renewed while the command runs, and removed when it ends.

Examples:
  hallpass exec github --env GH_TOKEN={token} -- gh issue list
  hallpass exec github crm@prod --env GH_TOKEN={github.token} --env CRM={crm@prod.token} -- ./sync
  hallpass exec reports --token-file TOKEN_PATH -- ./a-job-of-many-hours")]
pub(super) struct ExecArgs {
    /// The connections: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN", required = true)]
    connections: Vec<ConnectionArg>,
    /// A variable to set
    #[arg(long = "env", value_name = "NAME=TEMPLATE")]
    environment: Vec<String>,
    /// A variable to set to the path of a file with the token, which is kept fresh
    #[arg(long, value_name = "NAME[=TEMPLATE]")]
    token_file: Option<String>,
    /// The command, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// What the command is to get.
struct Plan {
    entries: Vec<Entry>,
    file: Option<Entry>,
}

pub(super) fn run(args: ExecArgs, global: &Global, ui: Ui) -> Result<ExitCode> {
    let context = Context::new(global, ui)?;
    let mut sources: Vec<Source> = Vec::with_capacity(args.connections.len());
    for arg in &args.connections {
        let (id, integration) = context.connection(arg)?;
        if !sources.iter().any(|source| source.id == id) {
            sources.push(Source::new(arg, id, integration));
        }
    }
    let plan = plan(&args, &sources)?;
    let mut items = Vec::with_capacity(sources.len());
    for source in &sources {
        let fresh = context
            .broker()
            .fresh(&source.id, &source.integration, Need::default())?;
        items.push(fresh.item);
    }
    let mut words = args.command.into_iter();
    let program = words.next().unwrap_or_default();
    let mut invocation = Invocation::new(program, words);
    let filled = Filled::new(&sources, &items);
    for entry in &plan.entries {
        invocation.set(&entry.name, entry.fill(&filled)?.as_ref());
    }
    let Some(entry) = plan.file else {
        let status = invocation.take_over().map_err(not_started)?;
        return Ok(ExitCode::from(code(status)));
    };
    drop(filled);
    let subject = Subject {
        entry,
        sources,
        items,
    };
    attend(invocation, subject, global, ui)
}

/// Reads the options, and refuses what does not say enough.
fn plan(args: &ExecArgs, sources: &[Source]) -> Result<Plan> {
    let mut entries = Vec::new();
    for text in &args.environment {
        entries.push(Entry::read(text, "--env", sources)?);
    }
    let file = match &args.token_file {
        None => None,
        Some(text) if text.contains('=') => Some(Entry::read(text, "--token-file", sources)?),
        Some(name) => {
            let source = only(sources, "--token-file")?;
            Some(Entry::token(name, "--token-file", source)?)
        }
    };
    if entries.is_empty() && file.is_none() {
        entries.push(Entry::token(USUAL, "--env", only(sources, "--env")?)?);
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.extend(file.iter().map(|entry| entry.name.as_str()));
    names.sort_unstable();
    if let Some([twice, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let what = format!("the variable `{twice}` is set twice");
        return Err(Failure::new(Kind::Usage, what).hint("give each another name"));
    }
    Ok(Plan { entries, file })
}

/// The one connection, which has a token; nothing else goes without saying.
fn only<'s>(sources: &'s [Source], option: &str) -> Result<&'s Source> {
    let [source] = sources else {
        return Err(Failure::new(
            Kind::Usage,
            format!(
                "which of {} connections goes into which variable is not said",
                sources.len()
            ),
        )
        .hint(format!("say it so: `{option} {}`", example(sources))));
    };
    let id = &source.id;
    match source.integration.auth.kind {
        AuthKind::Basic => Err(Failure::new(
            Kind::Usage,
            format!("`{id}` is user name and password, and has no token"),
        )
        .hint(format!(
            "name them: `hallpass exec {id} --env NAME={{username}} --env PASSWORD={{password}} -- …`"
        ))),
        AuthKind::None => Err(Failure::new(
            Kind::Usage,
            format!("`{id}` has no credential"),
        )
        .hint("run the command as it is, or name what it is to get with `--env NAME=TEMPLATE`")),
        _ => Ok(source),
    }
}

/// Runs the command with a file that is kept fresh, and waits for its end.
fn attend(
    mut invocation: Invocation,
    subject: Subject,
    global: &Global,
    ui: Ui,
) -> Result<ExitCode> {
    let content = content(&subject.entry, &subject.sources, &subject.items)?;
    // From here on a signal is the command's, so that the file never stays.
    let forwarding = signals::forward_to_child();
    let file = TokenFile::create(&content).map_err(no_file)?;
    invocation.set_plain(&subject.entry.name, file.path().as_os_str());
    let mut child = invocation.start().map_err(not_started)?;
    forwarding.to(child.id());
    let keeper = Keeper::start(file, subject, global, ui);
    let ended = child.wait();
    forwarding.over();
    keeper.end();
    drop(forwarding);
    // A renewal that is under way is kept before we go, and with us its thread.
    signals::finish(ui);
    let status = ended.map_err(|error| {
        Failure::caused(Kind::Internal, error)
            .context("the command cannot be waited for")
            .hint("see whether it still runs")
    })?;
    Ok(ExitCode::from(code(status)))
}

fn content(entry: &Entry, sources: &[Source], items: &[Item]) -> Result<crate::secret::Secret> {
    entry.fill(&Filled::new(sources, items))?.ok_or_else(|| {
        Failure::new(
            Kind::NeedsConnecting,
            format!("a value that `{}` is made of was not given", entry.name),
        )
        .hint("leave it out of the template, or give it: `hallpass connect … --param NAME=…`")
    })
}

fn no_file(error: FileError) -> Failure {
    Failure::caused(Kind::Store, error)
        .context("there is no place for the token file")
        .hint("let `XDG_RUNTIME_DIR` or `TMPDIR` name a directory that you can write")
}

/// A command that could not be started, with the code that a shell gives.
fn not_started(error: NotStarted) -> Failure {
    let code = error.exit_code();
    let hint = match &error {
        NotStarted::NotFound(..) => "see that it is installed and in `PATH`, or name its path",
        NotStarted::NotExecutable(..) => "see that it is a program, and that you may run it",
    };
    Failure::caused(Kind::Usage, error)
        .hint(hint)
        .exiting_with(code)
}
