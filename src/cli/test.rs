//! `hallpass test`: does the credential work, and whose is it.

use clap::Args;

use super::calling::Caller;
use crate::api::{self, ApiError, Tested};
use crate::broker::{self, Fresh};
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::http::HttpError;
use crate::output;
use crate::ui::escape;

/// Call the integration's test endpoint: does the credential work, and whose is it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hallpass test github
  hallpass test shop@acme --quiet && echo fine")]
pub(super) struct TestArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
}

pub(super) fn run(args: &TestArgs, context: &Context) -> Result<()> {
    let (id, integration) = context.connection(&args.connection)?;
    if integration.api.test.is_none() {
        return Err(Failure::new(
            Kind::Definition,
            format!("the definition of `{id}` has no test"),
        )
        .hint(format!(
            "add `test = \"/path\"` under `[integrations.{}.api]`: a path that needs the credential",
            id.integration()
        )));
    }
    let caller = Caller {
        context,
        id: &id,
        integration: &integration,
        manner: api::Manner::default(),
    };
    let mut fresh = caller.fresh()?;
    let try_it = |fresh: &Fresh| {
        let values = fresh.values(&integration);
        let tried = api::test(&context.http, &integration, &values, context.http.timeout());
        caller.keep_nonces();
        (tried, api::account(&integration, &values))
    };
    let (mut tried, mut account) = try_it(&fresh);
    if let Ok(Some(tested)) = &tried
        && tested.fault.is_some()
        // What does not renew has its say in the test's own answer.
        && let Some(Ok(renewed)) = caller.renewed(&fresh, tested.status)
    {
        (tried, account) = try_it(&renewed);
        fresh = renewed;
    }
    let tested = judge(&id, tried, &format!("the test of `{id}` failed"))?;
    let Some(tested) = tested else { return Ok(()) };
    let account = tested.account.or(account);
    if let Some(account) = &account {
        context.broker().note_account(&id, &fresh.item, account)?;
    }
    let who = account.map(|who| format!(" as {}", escape(&who)));
    output::line(&format!(
        "{id} works{}: {} answered {}",
        who.unwrap_or_default(),
        escape(&tested.request),
        tested.status
    ))
}

/// What the test says of the connection: its answer where that is a success.
pub(super) fn judge(
    id: &ConnectionId,
    tried: Result<Option<Tested>, ApiError>,
    failed: &str,
) -> Result<Option<Tested>> {
    match tried {
        Ok(Some(Tested {
            request,
            fault: Some(fault),
            ..
        })) => Err(
            Failure::caused(Kind::Api, anyhow::anyhow!("{request} {fault}"))
                .context(failed.to_owned())
                .hint(format!("see what the API says: `hallpass request {id} -i …`; see `api.test` and the scopes in the definition")),
        ),
        Ok(tested) => Ok(tested),
        Err(error @ ApiError::Http(HttpError::Certificate { .. })) => {
            Err(Failure::caused(Kind::Unavailable, error)
                .context(failed.to_owned())
                .hint(broker::client_certificate(id)))
        }
        Err(error @ (ApiError::Http(_) | ApiError::Nonce(_))) => Err(Failure::caused(Kind::Unavailable, error)
            .context(failed.to_owned())
            .hint(format!("try again later: `hallpass test {id}`"))),
        Err(error @ ApiError::Unproven(_)) => Err(Failure::caused(Kind::NeedsConnecting, error)
            .context(failed.to_owned())
            .hint(format!("run `hallpass connect {id}`, which makes a new key"))),
        Err(error @ ApiError::Fenced { .. }) => Err(Failure::caused(Kind::Usage, error)
            .context(failed.to_owned())
            .hint("write `api.test` as a path on `base_url`, or add its host to `allowed_hosts`")),
        Err(error) => Err(Failure::caused(Kind::Definition, error)
            .context(failed.to_owned())
            .hint("mend `api` in the definition, then run `hallpass check`")),
    }
}
