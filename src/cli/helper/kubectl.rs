//! `hallpass helper kubectl`: an exec credential plugin of Kubernetes' clients
//! (client.authentication.k8s.io): an ExecCredential on stdout, which they keep
//! until its `expirationTimestamp`.

use clap::Args;
use serde_json::Value;

use crate::broker::{Fresh, Need, bound};
use crate::clock::Timestamp;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::credential::Credential;
use crate::definition::Integration;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::grant;
use crate::output;
use crate::secret::Secret;
use crate::ui::escape;

/// The version of the API that is spoken unless kubectl asks for the other.
pub(super) const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// kubectl's credential plugin: an ExecCredential on stdout
#[derive(Debug, Args)]
#[command(after_help = "Set it up: hallpass helper install kubectl cluster")]
pub(super) struct KubectlArgs {
    /// The connection: INTEGRATION or INTEGRATION@NAME
    #[arg(value_name = "CONN")]
    connection: ConnectionArg,
}

pub(super) fn run(args: &KubectlArgs, context: &Context) -> Result<()> {
    let version = version(env::var(env::KUBERNETES_EXEC_INFO).as_deref())?;
    let definitions = context.own_definitions()?;
    let integration = definitions.get(&args.connection.integration)?;
    let id = ConnectionId::of(&args.connection, &integration);
    let uses_id_token = match &integration.helpers.kubectl {
        Some(kubectl) => kubectl.uses_id_token,
        None => return Err(not_named(&integration)),
    };
    let fresh = context.broker().fresh(&id, &integration, Need::default())?;
    if uses_id_token {
        let (token, expires) = id_token(context, &id, &integration, fresh)?;
        return output::exec_credential(version, &token, expires);
    }
    let credential = &fresh.item.credential;
    if credential.binding().is_some() {
        return Err(bound(&id, "it is of no use to kubectl"));
    }
    let Some(token) = &credential.access_token else {
        return Err(
            Failure::new(Kind::Usage, format!("the credential of `{id}` is no token")).hint(
                "kubectl can be given tokens alone; take `helpers.kubectl` out of the definition",
            ),
        );
    };
    output::exec_credential(version, token, credential.expires_at)
}

/// The definition has to say that its credential is for kubectl.
pub(super) fn not_named(integration: &Integration) -> Failure {
    let key = &integration.key;
    Failure::new(
        Kind::Definition,
        format!("the definition of `{key}` does not name kubectl"),
    )
    .hint(format!(
        "if its token is for a cluster, add this at {}: `[integrations.{key}.helpers]` and `kubectl = {{ use = \"id_token\" }}`, or `\"access_token\"`",
        integration.place
    ))
}

/// The ID token with the end of its life: that is its own, and not the access
/// token's (OpenID Connect Core, section 2).
fn id_token(
    context: &Context,
    id: &ConnectionId,
    integration: &Integration,
    fresh: Fresh,
) -> Result<(Secret, Option<Timestamp>)> {
    let before = integration.auth.refresh.before;
    let is_due = |credential: &Credential| {
        let expires_at = expiry(credential);
        let as_one = Credential {
            expires_at,
            ..credential.clone()
        };
        as_one.is_due(before, Timestamp::now())
    };
    let mut fresh = fresh;
    if fresh.item.credential.id_token.is_some() && is_due(&fresh.item.credential) {
        // Another than this one: a sibling may have renewed it since it was read.
        let old = fresh.item.credential.access_token.clone();
        let need = Need {
            renewed: old.is_none(),
            rejected: old.as_ref(),
            ..Need::default()
        };
        let lives = is_alive(&fresh.item.credential);
        match context.broker().fresh(id, integration, need) {
            Ok(renewed) => fresh = renewed,
            Err(failure) if lives => {
                context.ui.warn(&format!(
                    "`{id}` should have been renewed by now; its old ID token still lives and is used ({})",
                    escape(&failure.message())
                ));
            }
            Err(failure) => return Err(failure),
        }
    }
    let credential = &fresh.item.credential;
    let Some(token) = &credential.id_token else {
        return Err(
            Failure::new(Kind::Usage, format!("the credential of `{id}` has no ID token"))
                .hint(format!("ask for the scope `openid` in the definition of `{}`, then run `hallpass connect {id}`", id.integration()))
                .hint("or hand out the access token: `kubectl = { use = \"access_token\" }`"),
        );
    };
    if !is_alive(credential) {
        return Err(Failure::new(
            Kind::NeedsConnecting,
            format!("the ID token of `{id}` has expired, and renewing brought no other"),
        )
        .hint(format!("run `hallpass connect {id}`")));
    }
    Ok((token.clone(), expiry(credential)))
}

fn is_alive(credential: &Credential) -> bool {
    expiry(credential).is_none_or(|expires| Timestamp::now() < expires)
}

/// When the ID token expires, as it says itself.
fn expiry(credential: &Credential) -> Option<Timestamp> {
    let claims = grant::claims(credential.id_token.as_ref()?.expose())?;
    Timestamp::read(&claims.get("exp")?.to_string())
}

/// The version that kubectl asks for; without a word of its own, the first
/// stable one. What else it says (the cluster, whether a person is there) does
/// not change the answer.
fn version(info: Option<&str>) -> Result<&'static str> {
    let Some(info) = info else {
        return Ok(V1);
    };
    let asked = serde_json::from_str::<Value>(info).ok();
    let asked = asked.as_ref().and_then(|info| info["apiVersion"].as_str());
    match asked {
        Some(V1) => Ok(V1),
        Some(V1BETA1) => Ok(V1BETA1),
        _ => Err(Failure::new(
            Kind::Usage,
            "`KUBERNETES_EXEC_INFO` asks for no version that is known",
        )
        .hint(format!(
            "write `apiVersion: {V1}` in the user's `exec` of the kubeconfig"
        ))),
    }
}
