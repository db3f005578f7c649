//! The flags of `request` in the command that `--curl` prints: each is handed
//! on where curl means the same by it, and refused where it does not. None is
//! left out unsaid.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderName};

use super::no;
use crate::api::{self, Plan};
use crate::cli::calling::{Caller, failed};
use crate::cli::request::preview::sounds_secret;
use crate::cli::request::{RequestArgs, file, recorded, target};
use crate::error::Result;

/// What curl has nothing for.
pub(super) fn refused(caller: &Caller<'_>, args: &RequestArgs) -> Result<()> {
    let (pages, batch, show) = (&args.pages, &args.batch, &args.show);
    for (is_given, why) in [
        (
            args.filter.jq.is_some(),
            "curl has no `--jq`: put `| jq …` behind a command without it",
        ),
        (pages.slurp, "curl has no `--slurp`"),
        (
            pages.all_pages_limit.is_some(),
            "curl has no `--all-pages-limit`",
        ),
        (
            pages.paginate,
            "curl has no `--paginate`: it asks for one page",
        ),
        (batch.batch.is_some(), "curl has no `--batch`"),
        (
            args.transport.retry_non_idempotent,
            "curl has no `--retry-non-idempotent`: its `--retry` does not tell what may have been done already",
        ),
        (
            show.remote_header_name && show.include,
            "curl takes no `-i` with `-J`",
        ),
        (
            show.head && !args.body.is_empty(),
            "curl sends no body with `-I`",
        ),
    ] {
        if is_given {
            return Err(no(caller, why));
        }
    }
    // What such a name stands for is gone when the command runs.
    let files = args.body.files()?;
    let headers = args.line.files().map(Path::new);
    let mut files = files.iter().map(AsRef::as_ref).chain(headers);
    let is_pipe = |path: &Path| path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
    if files.any(|path| is_pipe(path) && !super::is_stdin(path)) {
        return Err(no(caller, "it reads a pipe of this one command line"));
    }
    Ok(())
}

/// Flags that curl has too, and what the definition says of time.
pub(super) fn handed_on(
    caller: &Caller<'_>,
    args: &RequestArgs,
    plan: &Plan,
    own: &[(String, String)],
    carrier: Option<&HeaderName>,
) -> Result<Vec<String>> {
    let mut words = shown(args, plan)?;
    words.extend(times(caller, args));
    words.extend(redirects(caller, args, plan, (own, carrier))?);
    words.extend(retries(caller, args, plan)?);
    words.extend(wire(caller, args, plan)?);
    Ok(words)
}

/// Where the answer goes.
fn shown(args: &RequestArgs, plan: &Plan) -> Result<Vec<String>> {
    let show = &args.show;
    let mut words = Vec::new();
    for (is_given, flag) in [
        (show.include, "-i"),
        (show.fail, "-f"),
        (show.silent, "-s"),
        (show.show_error, "-S"),
        (show.create_dirs, "--create-dirs"),
    ] {
        words.extend(is_given.then(|| flag.to_owned()));
    }
    if let Some(path) = &show.output {
        words.extend(["-o".to_owned(), path.to_string_lossy().into_owned()]);
    }
    if show.remote_header_name {
        words.extend(["-O", "-J"].map(ToOwned::to_owned));
    } else if show.remote_name {
        let name = file::of_target(target(args)?)?;
        let name = name.to_string_lossy().into_owned();
        // curl takes the name as the URL spells it.
        let url = plan.url.expose().path();
        words.extend(match url.rsplit('/').next() {
            Some(spelled) if spelled == name => vec!["-O".to_owned()],
            _ => vec!["-o".to_owned(), name],
        });
    }
    if show.continue_at.is_some() {
        words.extend(["-C", "-"].map(ToOwned::to_owned));
    }
    if let Some(most) = show.max_filesize {
        words.extend(["--max-filesize".to_owned(), most.to_string()]);
    }
    Ok(words)
}

/// How long it may take.
fn times(caller: &Caller<'_>, args: &RequestArgs) -> Vec<String> {
    let transport = &args.transport;
    let mut words = Vec::new();
    let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let each = caller.integration.api.timeout;
    if let Some(time) = each.into_iter().chain(transport.max_time).min() {
        flag("--max-time", seconds(time));
    }
    if let Some(time) = transport.max_time.filter(|_| transport.retry > 0) {
        // curl counts the other anew for each try.
        let whole = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        flag("--retry-max-time", whole.to_string());
    }
    if let Some(time) = transport.connect_timeout {
        flag("--connect-timeout", seconds(time));
    }
    words
}

/// curl keeps `Authorization` from other hosts, and nothing else.
fn redirects(
    caller: &Caller<'_>,
    args: &RequestArgs,
    plan: &Plan,
    (own, carrier): (&[(String, String)], Option<&HeaderName>),
) -> Result<Vec<String>> {
    const USUAL: u32 = 10;
    let transport = &args.transport;
    let most = ["--max-redirs".to_owned(), transport.max_redirs.to_string()];
    if !transport.location {
        return Ok(if transport.max_redirs == USUAL {
            Vec::new()
        } else {
            most.to_vec()
        });
    }
    let is_plain = plan.method == Method::GET || plan.method == Method::HEAD;
    let what = if carrier.is_some_and(|name| *name != AUTHORIZATION) {
        "its credential's header"
    } else if caller.integration.auth.tls.is_some() {
        "its client certificate"
    } else if own.iter().any(|(name, _)| sounds_secret(name)) || args.line.files().next().is_some()
    {
        "a header that may be a secret"
    } else if !is_plain || !args.body.is_empty() {
        "a body, or what is no GET,"
    } else {
        let mut words = vec!["-L".to_owned()];
        words.extend(most);
        // As here: never from https to http.
        let protocols = match plan.url.expose().scheme() {
            "http" => "=http,https",
            _ => "=https",
        };
        words.extend(["--proto-redir".to_owned(), protocols.to_owned()]);
        return Ok(words);
    };
    let why = format!("with `-L` curl would take {what} to other hosts");
    Err(no(caller, &why))
}

fn retries(caller: &Caller<'_>, args: &RequestArgs, plan: &Plan) -> Result<Vec<String>> {
    let most = args.transport.retry;
    if most == 0 {
        return Ok(Vec::new());
    }
    if !plan.method.is_idempotent() && !plan.headers.contains_key("idempotency-key") {
        let why = format!(
            "with `--retry` curl would try a {} again that may have been done already",
            plan.method
        );
        return Err(no(caller, &why));
    }
    let words = ["--retry", &most.to_string(), "--retry-connrefused"];
    Ok(words.map(ToOwned::to_owned).to_vec())
}

/// On what it travels.
fn wire(caller: &Caller<'_>, args: &RequestArgs, plan: &Plan) -> Result<Vec<String>> {
    let mut words = Vec::new();
    if args.wire.only_http1 {
        words.push("--http1.1".to_owned());
    }
    #[cfg(unix)]
    if let Some(path) = &args.wire.unix_socket {
        let values = recorded(caller)?;
        let origin = api::origin(caller.integration, &values);
        let origin = origin.map_err(|error| failed(caller.id, error))?;
        if origin != plan.url.origin() || args.transport.location {
            return Err(no(caller, "curl would reach every host on the Unix socket"));
        }
        words.extend([
            "--unix-socket".to_owned(),
            path.to_string_lossy().into_owned(),
        ]);
    }
    Ok(words)
}
