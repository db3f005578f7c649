//! The command line: one file per subcommand, each with its `Args` and its
//! `run`. Nothing here prints a credential or talks to a provider.

mod calling;
mod check;
mod completions;
mod connect;
mod disconnect;
mod doctor;
mod exec;
mod export;
mod helper;
mod import;
mod list;
mod log;
mod misuse;
mod moving;
mod params;
mod read;
mod refresh;
mod rename;
mod request;
mod sandbox;
mod status;
mod test;
mod token;
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

use crate::context::{Context, Global};
use crate::env;
use crate::error::Result;
use crate::guard;
use crate::settings::StoreKind;
use crate::signals;
use crate::ui::{Color, Ui};

/// A credential that works, for every command, script and CI job.
///
/// Describe a service once in integrations.toml, connect, and call it without touching a token:
///
///     hallpass connect github
///     hallpass request github /user
///     curl -H "$(hallpass token github --format header)" https://api.github.com/user
#[derive(Debug, Parser)]
#[command(
    name = "hallpass",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Exit codes: 0 done, 2 usage, 3 definition, 4 a person must act, 5 refused by the provider,
6 unavailable (worth retrying), 7 store, 8 the API answered 400 or more, 130/143 interrupted.

Try it without an account: hallpass sandbox --tour"
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct GlobalArgs {
    /// Use this definition file alone (or HALLPASS_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where new connections are kept (or HALLPASS_STORE)
    #[arg(long, global = true, value_name = "STORE")]
    store: Option<StoreKind>,
    /// Say what is done on stderr, without secrets; twice says more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Say nothing but errors
    #[arg(long, global = true)]
    quiet: bool,
    /// Colour on a terminal
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Never ask anything
    #[arg(long, global = true)]
    no_input: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    List(list::ListArgs),
    Connect(connect::ConnectArgs),
    Status(status::StatusArgs),
    Test(test::TestArgs),
    Token(token::TokenArgs),
    Request(Box<request::RequestArgs>),
    Exec(exec::ExecArgs),
    Refresh(refresh::RefreshArgs),
    Disconnect(disconnect::DisconnectArgs),
    Move(moving::MoveArgs),
    Rename(rename::RenameArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Helper(helper::HelperArgs),
    Doctor(doctor::DoctorArgs),
    Trust(trust::TrustArgs),
    Sandbox(sandbox::SandboxArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// Whether the command's own flags silence notes and warnings.
    fn is_silent(&self) -> bool {
        matches!(self, Command::Request(args) if args.is_silent())
    }

    /// Whether errors should be JSON too, because the output is.
    fn wants_json(&self) -> bool {
        match self {
            Command::Check(args) => args.json,
            Command::List(args) => args.json,
            Command::Doctor(args) => args.json,
            Command::Status(args) => args.json,
            Command::Refresh(args) => args.json,
            _ => false,
        }
    }
}

/// Parses the command line, runs the command, and says what went wrong.
/// Returns the process's exit code.
pub fn run() -> ExitCode {
    guard::keep_memory_private();
    let json_errors = env::var(env::HALLPASS_ERRORS).as_deref() == Some("json");
    let plain = Ui::new(Color::Auto, false, json_errors);
    guard::report_panics(plain);
    let cli = match read::read(&helper::arguments()) {
        Ok(cli) => cli,
        Err(error) => return ended(misuse::misused(&error), plain),
    };
    let quiet = cli.global.quiet || cli.command.is_silent();
    let mut ui = Ui::new(cli.global.color, quiet, json_errors);
    if cli.command.wants_json() {
        ui = ui.with_json_errors();
    }
    guard::report_panics(ui);
    signals::speak_through(ui);
    signals::heed_children();
    log::start(cli.global.verbose);
    let global = Global {
        config: cli.global.config,
        store: cli.global.store,
        quiet,
        color: cli.global.color,
        no_input: cli.global.no_input,
    };
    ended(dispatch(cli.command, &global, ui), ui)
}

fn dispatch(command: Command, global: &Global, ui: Ui) -> Result<ExitCode> {
    match command {
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
        Command::Helper(args) => return helper::run(&args, &Context::new(global, ui)?),
        Command::Sandbox(args) => return sandbox::run(args, global, ui),
        Command::Exec(args) => return exec::run(args, global, ui),
        Command::Refresh(args) => return refresh::run(&args, &Context::new(global, ui)?),
        Command::Check(args) if args.schema => check::schema(),
        Command::Check(args) => check::run(&args, &Context::new(global, ui)?),
        Command::List(args) => list::run(&args, &Context::new(global, ui)?),
        Command::Connect(args) => connect::run(args, Context::new(global, ui)?),
        Command::Status(args) => status::run(&args, &Context::new(global, ui)?),
        Command::Test(args) => test::run(&args, &Context::new(global, ui)?),
        Command::Token(args) => token::run(&args, &Context::new(global, ui)?),
        Command::Request(args) => request::run(&args, &Context::new(global, ui)?),
        Command::Doctor(args) => doctor::run(&args, global, ui),
        Command::Disconnect(args) => disconnect::run(&args, &Context::new(global, ui)?),
        Command::Move(args) => moving::run(&args, &Context::new(global, ui)?),
        Command::Rename(args) => rename::run(&args, &Context::new(global, ui)?),
        Command::Export(args) => export::run(&args, &Context::new(global, ui)?),
        Command::Import(args) => import::run(&args, &Context::new(global, ui)?),
        Command::Trust(args) => trust::run(&args, &Context::new(global, ui)?),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn ended(result: Result<ExitCode>, ui: Ui) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(failure) => {
            ui.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
