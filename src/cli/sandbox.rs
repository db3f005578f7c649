//! `hallpass sandbox`: the local provider, served, toured, or around a command.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::context::Global;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::exec;
use crate::output;
use crate::sandbox::{self, Child, Options, Sandbox};
use crate::settings::parse_duration;
use crate::signals;
use crate::ui::Ui;

/// A local OAuth provider and API, to try hallpass and to test scripts against
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hallpass sandbox --tour
  hallpass sandbox -- ./my-script.sh
  hallpass sandbox --print-config >> integrations.toml && hallpass sandbox")]
pub(super) struct SandboxArgs {
    /// The port to listen on; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 8719)]
    port: u16,
    /// How long access tokens live; 0s lets them be born expired
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    token_ttl: Duration,
    /// Also play providers that differ from the standard, one quirk each
    #[arg(long, conflicts_with_all = ["tour", "visit"])]
    quirks: bool,
    /// Print the definitions for a sandbox on this port, and end
    #[arg(long, conflicts_with_all = ["tour", "visit", "command"])]
    print_config: bool,
    /// Show connect, token, request, renewal and disconnect, for real
    #[arg(long, conflicts_with_all = ["visit", "command"])]
    tour: bool,
    /// Play the person: open an authorization link and approve
    #[arg(long, value_name = "URL", hide = true)]
    visit: Option<String>,
    /// Run a command with a sandbox and a HALLPASS_HOME of its own, and end with its code
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

pub(super) fn run(args: SandboxArgs, global: &Global, ui: Ui) -> Result<ExitCode> {
    if let Some(url) = &args.visit {
        let failed = |error| {
            failure(
                error,
                "see that the sandbox runs, and open the link yourself",
            )
        };
        return sandbox::visit(url)
            .map(|()| ExitCode::SUCCESS)
            .map_err(failed);
    }
    if args.print_config {
        return print_config(args.port, args.quirks);
    }
    if args.tour {
        return tour(global);
    }
    // Around a command any port will do, so that several can run at once.
    let around = !args.command.is_empty();
    let options = Options {
        port: if around { 0 } else { args.port },
        token_ttl: args.token_ttl,
        quirks: args.quirks,
    };
    let sandbox = Sandbox::start(&options)
        .map_err(|error| failure(error, "take any free port: `hallpass sandbox --port 0`"))?;
    if around {
        return run_around(&sandbox, args.command);
    }
    serve(&sandbox, ui)
}

fn print_config(port: u16, quirks: bool) -> Result<ExitCode> {
    if port == 0 {
        return Err(
            Failure::new(Kind::Usage, "definitions need a port that stays the same").hint(
                "run `hallpass sandbox --print-config` for port 8719, or name one with `--port`",
            ),
        );
    }
    let issuer = format!("http://127.0.0.1:{port}");
    output::text(&sandbox::config(&issuer, quirks))?;
    Ok(ExitCode::SUCCESS)
}

fn tour(global: &Global) -> Result<ExitCode> {
    let exe = this_program()?;
    let mut inherited = Vec::new();
    for name in env::FOR_CHILDREN {
        inherited.extend(env::var_os(name).map(|value| (name.into(), value)));
    }
    let color = global.color.wanted(io::stdout().is_terminal());
    let mut stdout = io::stdout().lock();
    let good = sandbox::tour(&exe, &inherited, &mut stdout, color).map_err(|error| {
        failure(
            error,
            "see that 127.0.0.1 can be listened on and that the temporary directory can be written",
        )
    })?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Serves until it is ended; the one line on stdout says where.
fn serve(sandbox: &Sandbox, ui: Ui) -> Result<ExitCode> {
    signals::watch(
        ui,
        "serving the sandbox",
        "start it again with `hallpass sandbox`",
    );
    output::line(sandbox.issuer())?;
    ui.note("A sandbox OAuth provider is listening; `hallpass sandbox --print-config` shows its definitions. Ctrl-C ends it.");
    loop {
        std::thread::park();
    }
}

fn run_around(sandbox: &Sandbox, command: Vec<OsString>) -> Result<ExitCode> {
    let exe = this_program()?;
    let mut words = command.into_iter();
    let program = words.next().unwrap_or_default();
    let child = Child {
        program,
        args: words.collect(),
    };
    // The signal reaches the child too, as the terminal's whole group gets it;
    // the sandbox waits for its end, so that nothing is left behind.
    let forwarding = signals::forward_to_child();
    let path = env::var_os(env::PATH);
    let ended = sandbox::run_child(sandbox, &child, &exe, path.as_deref(), &mut |pid| {
        forwarding.to(pid);
    });
    drop(forwarding);
    match ended {
        Ok(status) => Ok(ExitCode::from(exec::code(status))),
        Err(error) => match error.exit_code() {
            Some(code) => {
                let _ = writeln!(io::stderr(), "hallpass: {error}");
                Ok(ExitCode::from(code))
            }
            None => Err(failure(
                error.into(),
                "see that the temporary directory can be written",
            )),
        },
    }
}

fn this_program() -> Result<PathBuf> {
    std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map(|path| strip_verbatim(&path))
        .map_err(|error| failure(error.into(), "run hallpass by its full path"))
}

/// Windows' `\\?\` paths are not for handing around.
fn strip_verbatim(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    text.strip_prefix(r"\\?\")
        .map_or_else(|| path.to_owned(), PathBuf::from)
}

fn failure(error: anyhow::Error, hint: &str) -> Failure {
    Failure::caused(Kind::Internal, error).hint(hint)
}
