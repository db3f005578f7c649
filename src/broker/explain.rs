//! What went wrong with a connection, in the words of the person who has to
//! act on it: the kind, the cause, the next command.

use crate::connection::{ConnectionId, Pin};
use crate::definition::template::RenderError;
use crate::definition::{AuthKind, BUILT_IN, Grant, INPUTS, Integration, RenewFrom};
use crate::env;
use crate::error::{Failure, Kind};
use crate::grant::{CallError, GrantError, ListenError, SubjectError};
use crate::http::HttpError;
use crate::store::InFlight;
use crate::surroundings::who_listens;

/// There is no such connection.
pub fn not_connected(id: &ConnectionId) -> Failure {
    super::person_needed(format!("`{id}` is not connected"), id)
        .hint("or see what is: `hallpass list`")
}

/// The provider ended the grant.
pub(super) fn needs_connecting(id: &ConnectionId, why: &str) -> Failure {
    Failure::caused(Kind::NeedsConnecting, anyhow::anyhow!("{why}"))
        .context(format!("`{id}` has to be connected again"))
        .hint(format!("run `hallpass connect {id}`"))
}

/// Why a grant is over: the provider's words, and what they most likely mean
/// where an earlier renewal did not get to keep its answer.
pub(super) fn dead_grant(error: &GrantError, earlier: Option<&InFlight>) -> String {
    match earlier {
        None => error.to_string(),
        Some(InFlight { since, pid }) => format!(
            "{error}; a renewal that process {pid} began at {since} was cut off before its answer was kept, and the provider has most likely replaced the refresh token meanwhile"
        ),
    }
}

/// The token is over and there is nothing to renew it from.
pub(super) fn not_renewable(id: &ConnectionId, integration: &Integration) -> Failure {
    let by_rule = integration.auth.renew_from() == RenewFrom::Nothing;
    let why = if by_rule {
        "the definition says `from = \"none\"`: nothing renews it"
    } else {
        "the provider gave no refresh token"
    };
    let failure = Failure::caused(Kind::NeedsConnecting, anyhow::anyhow!(why))
        .context(format!("the token of `{id}` cannot be renewed"))
        .hint(format!("run `hallpass connect {id}`"));
    if by_rule {
        return failure;
    }
    failure.hint("many providers give a refresh token only when asked: see whether yours wants a scope such as `offline_access`, or `authorization_params = { access_type = \"offline\" }`")
}

/// What a person typed has nothing to renew it from.
pub(super) fn never_renewed(id: &ConnectionId, integration: &Integration) -> Failure {
    let what = match integration.auth.kind {
        AuthKind::ApiKey => "an API key",
        AuthKind::Basic => "user name and password",
        _ => "no credential at all",
    };
    Failure::new(
        Kind::NeedsConnecting,
        format!("`{id}` is {what}, which nothing renews"),
    )
    .hint(format!("run `hallpass connect {id}` to give it another"))
}

/// The provider does not say how long its tokens live.
pub(super) fn unknown_life(id: &ConnectionId) -> Failure {
    Failure::new(
        Kind::NeedsConnecting,
        format!("the provider of `{id}` does not say how long its tokens live, so no life can be promised"),
    )
    .hint(format!("leave `--min-ttl` out: `hallpass token {id}`; such tokens are renewed when the API rejects them"))
}

/// The provider gives tokens of less life than is wanted.
pub(super) fn too_short(id: &ConnectionId, wanted: std::time::Duration) -> Failure {
    Failure::new(
        Kind::NeedsConnecting,
        format!(
            "`{id}` was renewed, but its token does not live for {}",
            humantime::format_duration(wanted)
        ),
    )
    .hint(format!("ask for less: `hallpass token {id} --min-ttl 60s`; `hallpass status {id}` shows what the provider gives"))
}

/// The definition obtains its credential in another way than this one was.
pub(super) fn other_grant(id: &ConnectionId, grant: &str, integration: &Integration) -> Failure {
    let why = anyhow::anyhow!(
        "it was obtained by `{grant}`, and the definition now says `{}`",
        integration.auth.grant_name()
    );
    Failure::caused(Kind::NeedsConnecting, why)
        .context(format!("`{id}` has to be connected again"))
        .hint(format!("run `hallpass connect {id}`"))
}

/// A code was asked for, and nothing says where one is to be had.
pub(super) fn no_device(id: &ConnectionId, integration: &Integration) -> Failure {
    let failure = |why: &'static str| {
        Failure::caused(Kind::Usage, anyhow::anyhow!(why))
            .context(format!("`{id}` cannot be connected with a code"))
    };
    if !integration.auth.needs_consent() {
        return failure("it needs nobody to consent")
            .hint(format!("leave `--device` out: `hallpass connect {id}`"));
    }
    let has_issuer = integration
        .auth
        .oauth2()
        .is_some_and(|oauth| oauth.issuer.is_some());
    failure(if has_issuer {
        "neither the definition nor its issuer names a device authorization endpoint"
    } else {
        "the definition names no device authorization endpoint"
    })
        .hint(format!(
            "if the provider has one, add `device_authorization_url = \"https://…\"` to the definition of `{}` ({})",
            id.integration(),
            integration.place
        ))
        .hint(format!("or connect with a link: `hallpass connect {id} --no-browser`"))
}

/// The answers lead elsewhere than the connection was made for.
pub(super) fn led_away(id: &ConnectionId, pin: &Pin, strangers: &[String]) -> Failure {
    Failure::caused(
        Kind::NeedsConnecting,
        anyhow::anyhow!(
            "the provider's answer leads to {}; it was connected for {pin}",
            strangers.join(", ")
        ),
    )
    .context(format!(
        "nothing was sent there: `{id}` was renewed, and led elsewhere"
    ))
    .hint(format!(
        "if the change is right, run `hallpass connect {id} --force`"
    ))
}

/// The definition names other origins than the connection was made for.
pub(super) fn moved(id: &ConnectionId, pin: &Pin, strangers: &[String]) -> Failure {
    Failure::caused(
        Kind::NeedsConnecting,
        anyhow::anyhow!(
            "the definition now also names {}; it was connected for {pin}",
            strangers.join(", ")
        ),
    )
    .context(format!(
        "nothing was sent: `{id}` was connected under another definition"
    ))
    .hint(format!(
        "if the change is right, run `hallpass connect {id} --force`"
    ))
}

/// A placeholder could not be filled.
pub(super) fn unrenderable(id: &ConnectionId, error: &RenderError) -> Failure {
    match error {
        RenderError::NoValue { name } if BUILT_IN.contains(&name.as_str()) => {
            Failure::caused(Kind::Definition, error.clone())
                .context(format!("the definition of `{id}` cannot be filled in"))
                .hint(format!(
                    "`{{{name}}}` cannot stand there: run `hallpass check`"
                ))
        }
        RenderError::NoValue { name } if INPUTS.contains(&name.as_str()) => {
            super::person_needed(format!("`{id}` has no value for `{name}`"), id)
        }
        RenderError::Unaccepted { name, .. } => unaccepted(id, name, error),
        RenderError::Source(_) => Failure::caused(Kind::Definition, error.clone())
            .context(format!("the definition of `{id}` cannot be filled in"))
            .hint(format!(
                "set it, or change the definition of `{}`",
                id.integration()
            )),
        RenderError::NoValue { name } => {
            super::person_needed(format!("`{id}` has no value for `{name}`"), id).hint(format!(
                "or give it: `hallpass connect {id} --param {name}=…`"
            ))
        }
        other => Failure::caused(Kind::Definition, other.clone())
            .context(format!("the definition of `{id}` cannot be filled in"))
            .hint(format!(
                "mend the definition of `{}`, or the parameter's value",
                id.integration()
            )),
    }
}

fn unaccepted(id: &ConnectionId, name: &str, error: &RenderError) -> Failure {
    Failure::caused(Kind::NeedsConnecting, error.clone())
        .context(format!(
            "nothing was sent: `{id}` was connected under another definition"
        ))
        .hint(format!(
            "run `hallpass connect {id} --force`, which gets a new `{name}`"
        ))
        .hint(format!(
            "or, if the value is right, let the definition of `{}` accept it",
            id.integration()
        ))
}

/// A person's consent that came to nothing. `way` is the command that would
/// have brought their browser here.
pub(super) fn consent(id: &ConnectionId, error: GrantError, way: Option<&str>) -> Failure {
    let way = way.filter(|_| matches!(error, GrantError::TimedOut(_)));
    let failure = grant(id, &format!("`{id}` was not connected"), error);
    match way {
        Some(way) => failure.hint(format!(
            "or, while it waits, run the line that it shows on the machine with the browser, such as `{way}`"
        )),
        None => failure,
    }
}

/// A grant that failed; `what` is what was being done.
pub(super) fn grant(id: &ConnectionId, what: &str, error: GrantError) -> Failure {
    let hints = hints(id, &error);
    failed(id, what, error, hints)
}

fn failed(id: &ConnectionId, what: &str, error: GrantError, hints: Vec<String>) -> Failure {
    let kind = match &error {
        GrantError::Render(render) => return unrenderable(id, render),
        GrantError::Subject(error) if error.is_passing() => Kind::Unavailable,
        GrantError::Missing(_)
        | GrantError::Unproven(_)
        | GrantError::TimedOut(_)
        | GrantError::CodeExpired
        | GrantError::Unapproved(_)
        | GrantError::PasteEnded
        | GrantError::PasteFlood(_)
        | GrantError::Moved(_) => Kind::NeedsConnecting,
        GrantError::Denied { .. }
        | GrantError::OtherIssuer(_)
        | GrantError::NoIssuer
        | GrantError::Bound
        | GrantError::Keyless(_)
        | GrantError::UnfitLink(_)
        | GrantError::Subject(SubjectError::Refused { .. })
        | GrantError::Unfit { .. } => Kind::Refused,
        GrantError::Call(error) | GrantError::Push(error) if !error.is_passing() => Kind::Refused,
        GrantError::Call(_)
        | GrantError::Push(_)
        | GrantError::Listen(_)
        | GrantError::NoDevice { .. }
        | GrantError::NoToken(_)
        | GrantError::Metadata { .. } => Kind::Unavailable,
        GrantError::Unsigned(_) | GrantError::OtherAuth(_) | GrantError::Subject(_) => {
            Kind::Definition
        }
    };
    let failure = Failure::caused(kind, error).context(what);
    hints.into_iter().fold(failure, Failure::hint)
}

/// What to do where a server ended TLS over a certificate.
pub fn client_certificate(id: &ConnectionId) -> String {
    format!(
        "see that `auth.tls` in the definition of `{}` names the certificate that the service expects, and that it has not expired",
        id.integration()
    )
}

/// A credential that was not to be had with nobody there. A refusal means
/// something of its own for each grant.
pub(super) fn minting(id: &ConnectionId, integration: &Integration, error: GrantError) -> Failure {
    let is_refused = matches!(&error, GrantError::Call(CallError::Refused { error, .. })
        if error == "invalid_grant" || error == "invalid_request" || error == "invalid_target");
    let used = integration.auth.oauth2().filter(|_| is_refused);
    let own = match used.map(|oauth| oauth.grant) {
        Some(Grant::JwtBearer) => Some(format!(
            "see that the claims and the key of `[integrations.{}.auth.jwt]` are what the provider knows (`iss`, `sub`, `aud`, `scope`), and that this machine's clock is right",
            id.integration()
        )),
        Some(Grant::TokenExchange) => Some(
            "see that the provider trusts the subject token's issuer, audience and subject; `hallpass -v` says when it has expired".to_owned(),
        ),
        Some(Grant::Password) => Some(format!(
            "see that user name and password are right; `hallpass connect {id}` takes others, and an account with a second factor cannot be used this way"
        )),
        _ => None,
    };
    let hints = own.map_or_else(|| hints(id, &error), |own| vec![own]);
    failed(id, &format!("no token was given for `{id}`"), error, hints)
}

fn hints(id: &ConnectionId, error: &GrantError) -> Vec<String> {
    let refused = |code: &str| {
        match code {
        "invalid_client" | "unauthorized_client" => {
            "see that the client id and its secret, key or certificate are right, and that `client_auth` is what the provider wants (`basic`, `body`, `private_key_jwt` or `mtls`)".to_owned()
        }
        "use_dpop_nonce" => {
            "the provider asks for another nonce each time, or for one that cannot be sent back: run the command again later, and if it stays so, tell the provider".to_owned()
        }
        "invalid_dpop_proof" => {
            "see that this machine's clock is right, and which keys the provider takes: `dpop = \"ES256\"` or `dpop = \"EdDSA\"` under `auth`".to_owned()
        }
        "invalid_scope" => "see that the provider knows every scope in `scopes`".to_owned(),
        "access_denied" => format!("run `hallpass connect {id}` again and allow the access"),
        code if code.starts_with("HTTP 40") => {
            "see that what the definition sends there is right (client id and secret, user name and password, or key), and that the URL is the provider's".to_owned()
        }
        _ => format!("see what the provider's documentation says of this error, then run `hallpass connect {id}`"),
    }
    };
    match error {
        GrantError::OtherIssuer(_) | GrantError::NoIssuer => vec![format!("someone may be redirecting your answers; run `hallpass connect {id}` again and watch the address")],
        GrantError::TimedOut(_) => vec![
            format!("run `hallpass connect {id}` again and open the link it prints; `--timeout 15m` waits longer"),
            format!("where the browser does not reach this machine's 127.0.0.1 (it runs elsewhere, or in Windows beside WSL), paste the address that it ends at: `hallpass connect {id} --paste`"),
        ],
        GrantError::CodeExpired => vec![format!("run `hallpass connect {id}` again, and approve the new code before it expires")],
        GrantError::Unapproved(_) => vec![format!("run `hallpass connect {id}` again, and approve the new code; `--timeout 15m` waits longer")],
        GrantError::NoDevice { .. } => vec![format!("see that `device_authorization_url` of `{}` is the provider's device authorization endpoint", id.integration())],
        GrantError::UnfitLink(_) => vec![format!("open nothing; see that `device_authorization_url` of `{}` is really the provider's", id.integration())],
        GrantError::PasteEnded | GrantError::PasteFlood(_) => vec![format!("run `hallpass connect {id} --paste` again, and keep stdin open until the whole address that the browser ended at is in it")],
        GrantError::Unsigned(_) => vec![format!("see `auth.jwt` in the definition of `{}`, and that its key is the one the service gave", id.integration())],
        GrantError::OtherAuth(_) => vec![format!("write `client_auth = \"private_key_jwt\"` with `[integrations.{key}.auth.jwt]`, or `client_auth = \"mtls\"` with `[integrations.{key}.auth.tls]`, as the client is registered there", key = id.integration())],
        GrantError::Unproven(_) => vec![format!("run `hallpass connect {id}`, which makes a new key")],
        GrantError::Keyless(_) => vec![format!("tokens are bound to a key there: let `dpop = true` stand under `[integrations.{}.auth]`, and make anew what was connected without: run `hallpass connect {id}`", id.integration())],
        GrantError::Bound => vec![format!("add `dpop = true` under `[integrations.{}.auth]`, then run `hallpass connect {id}`", id.integration())],
        GrantError::Subject(SubjectError::NoRunner(_)) => vec!["in GitHub Actions, let the job (or the workflow) have `permissions: { id-token: write }`; elsewhere name another `subject_token`".to_owned()],
        GrantError::Subject(SubjectError::OddRunner(..)) => vec!["these variables are the runner's own: let the job leave them as they are".to_owned()],
        GrantError::Subject(SubjectError::Refused { .. }) => vec!["the runner gives ID tokens only while its job runs, and where the job has `permissions: { id-token: write }`".to_owned()],
        GrantError::Subject(SubjectError::Unusable { .. }) => vec!["run the command again; if it stays so, see whether GitHub Actions is up".to_owned()],
        GrantError::Subject(SubjectError::NoToken(_)) => vec![format!("see `subject_token` in the definition of `{}`, and that what it names holds the token alone", id.integration())],
        GrantError::NoToken(_) => vec![format!("see what the answer holds, and name the place of the token in the definition of `{}`: `response = {{ access_token = \"path.to.it\" }}`", id.integration())],
        GrantError::Unfit { name, .. } => vec![format!("if the value is right, widen the `pattern` of `{name}` in the definition of `{}`", id.integration())],
        GrantError::Moved(_) => vec![
            format!("if that is right, run `hallpass connect {id} --force`"),
            format!("or give that one a name of its own: `hallpass connect {}@NAME`", id.integration()),
        ],
        GrantError::Metadata { .. } => vec![format!("see that `issuer` is right, or name the endpoints (`authorization_url` or `device_authorization_url`, and `token_url`) in the definition of `{}`", id.integration())],
        GrantError::Missing(name) => vec![format!("run `hallpass connect {id} --param {name}=env:VARIABLE`, or give it in the definition: `{name} = {{ env = \"VARIABLE\" }}`")],
        GrantError::Listen(error) => unheard(id, error),
        GrantError::Denied { error, .. }
        | GrantError::Call(CallError::Refused { error, .. })
        | GrantError::Push(CallError::Refused { error, .. }) => vec![refused(error)],
        GrantError::Call(CallError::Http(HttpError::Certificate { .. }))
        | GrantError::Push(CallError::Http(HttpError::Certificate { .. })) => {
            vec![client_certificate(id)]
        }
        GrantError::Call(CallError::Http(HttpError::Untrusted { .. } | HttpError::Setup(_)))
        | GrantError::Push(CallError::Http(HttpError::Untrusted { .. } | HttpError::Setup(_))) => vec![authorities(id)],
        GrantError::Push(CallError::Unusable { .. }) => vec![
            "try again later; if it stays so, see that `pushed_authorization_request_url`, or what the issuer's metadata says of it, is the provider's endpoint for that (RFC 9126)".to_owned(),
        ],
        GrantError::Call(CallError::Unusable { .. }) => vec![
            "try again later; if it stays so, see that `token_url` is the provider's token endpoint".to_owned(),
        ],
        GrantError::Call(_) | GrantError::Push(_) => vec!["see that the network and the provider are up, then run the command again".to_owned()],
        GrantError::Render(_) => Vec::new(),
    }
}

/// What to do where a server's certificate is not believed, or nobody is.
pub fn authorities(id: &ConnectionId) -> String {
    format!(
        "where a company or a server of your own vouches for it, name that authority's certificate in PEM: `export {}=FILE`; `hallpass doctor {id}` looks at what is trusted",
        env::SSL_CERT_FILE
    )
}

/// The redirect cannot be listened for.
fn unheard(id: &ConnectionId, error: &ListenError) -> Vec<String> {
    let mut hints = Vec::new();
    if let ListenError::Ports {
        taken: Some(port), ..
    } = error
    {
        hints.push(format!(
            "see who listens there, perhaps another `hallpass connect`: `{}`",
            who_listens(*port)
        ));
    }
    hints.push(format!(
        "end what holds the port, or register another with the provider and name other `ports` in the `redirect` of the definition of `{}`",
        id.integration()
    ));
    hints
}
