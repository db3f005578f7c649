//! Obtaining, renewing and revoking credentials: the protocol, without any
//! memory. `call` is one call to a provider, bent by the definition (`wire`,
//! `client`, and `jwt` and `dpop` with `signing_key` and `jwk` for what is
//! signed); `answer` reads what came
//! back, leniently, once `success` and `fields` say that it is one; one file per
//! grant (`subject` fetches what `token_exchange` shows, `adopt` takes a token
//! that is there already), `push` for an authorization request that goes to the
//! server itself, `after` for the calls that follow a token call, `again` for
//! what may be tried twice; `callback` is the
//! loopback listener, bounded by `front`, with `page` and `look` for what a
//! person sees, `paste` the other way in, `arrival` the wait for either, and
//! `redirected` the judge of both; `discover` and `register` ask a server about itself.

mod adopt;
mod after;
mod again;
mod answer;
mod arrival;
mod authorization_code;
mod call;
mod callback;
mod client;
mod client_credentials;
mod custom_token;
mod device_answer;
mod device_code;
mod device_pace;
mod discover;
pub mod dpop;
mod fields;
mod front;
mod jwk;
mod jwt;
mod jwt_bearer;
mod look;
mod page;
mod password;
mod paste;
mod push;
mod redirected;
mod refresh;
mod register;
mod revoke;
mod signing_key;
mod subject;
mod success;
mod token_exchange;
mod wire;

use std::time::Duration;

pub use adopt::adopt;
pub use again::Repeat;
pub use answer::Answer;
pub use authorization_code::{CodeFlow, Consented, Invitation, Told};
pub use call::CallError;
pub use callback::{Landing, ListenError, Responder, try_port};
pub use device_answer::DeviceInvitation;
pub use device_code::{DeviceFlow, device_endpoint};
pub use discover::discover;
pub use jwt::claims;
pub use paste::{Paste, PasteError};
pub use refresh::Renewal;
pub use revoke::revoke;
pub use subject::SubjectError;

use call::ProviderCall;
use client::Client;
use wire::Params;

use crate::connection::{Metadata, Values};
use crate::definition::template::RenderError;
use crate::definition::{AuthKind, Call, ClientAuth, Grant, OAuth2};
use crate::http::Http;
use crate::secret::{SafeUrl, Secret};

/// Why no credential was obtained.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// A call to the provider failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The provider wants a key proved (RFC 9449), and there is none.
    #[error(transparent)]
    Keyless(CallError),
    /// The authorization request could not be pushed (RFC 9126).
    #[error("the authorization request could not be pushed: {0}")]
    Push(CallError),
    /// The person, or the provider, said no on the consent page.
    #[error("the provider answered `{error}`{}", described(.description.as_deref()))]
    Denied {
        /// RFC 6749 section 4.1.2.1's error code.
        error: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// The answer came from another issuer than was asked (RFC 9207).
    #[error("the answer names another issuer (`{0}`) than the one that was asked")]
    OtherIssuer(String),
    /// The answer names no issuer, though its server says that it does.
    #[error("the answer names no issuer, though its server says that it always does")]
    NoIssuer,
    /// Secrets would go where the connection was not made for.
    #[error("it would send secrets to {0}, which it was not connected for; nothing was sent there")]
    Moved(String),
    /// No access token came.
    #[error("{0} brought no access token")]
    NoToken(&'static str),
    /// A value that an answer brought is not what it may be.
    #[error("the provider sent {value} for `{name}`, which its pattern does not allow")]
    Unfit {
        /// Its name.
        name: String,
        /// The value, where it may be shown.
        value: String,
    },
    /// The client would authenticate as its server says that it does not take.
    #[error("its server takes clients only by `{0}`, and the definition names no `client_auth`")]
    OtherAuth(String),
    /// The token to exchange is not to be had, or is none.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The definition's own token could not be signed.
    #[error("the token of `auth.jwt` could not be signed: {0}")]
    Unsigned(String),
    /// No proof of a bound token's key could be made (RFC 9449).
    #[error("no DPoP proof can be made: {0}")]
    Unproven(String),
    /// A bound token came, though nothing was proved that it could be bound to.
    #[error("the token is of the type `DPoP`, bound to a key that is not ours")]
    Bound,
    /// The server says nothing of itself that can be used.
    #[error("{url} is no metadata of an authorization server: {why}")]
    Metadata {
        /// Where it was looked for.
        url: String,
        /// What about it.
        why: String,
        /// Whether there was a document at all.
        found: bool,
    },
    /// What came of the device authorization request is of no use.
    #[error("{host} gave an answer that cannot be used: {why}")]
    NoDevice {
        /// Host and port.
        host: String,
        /// What about it.
        why: String,
    },
    /// A person would be sent to a place that no secret may go to.
    #[error("the provider sends people to `{0}`, which is not https")]
    UnfitLink(String),
    /// The device code is over, and nobody approved it (RFC 8628 section 3.5).
    #[error("the code expired before anybody approved it")]
    CodeExpired,
    /// Nobody approved the device.
    #[error("nobody approved it within {}", humantime::format_duration(*.0))]
    Unapproved(Duration),
    /// Nobody answered.
    #[error("nobody answered within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// The redirect URL was to be pasted, and was not.
    #[error("stdin ended before the redirect URL came")]
    PasteEnded,
    /// The redirect URL was to be pasted, and so much else came that it is no
    /// person's.
    #[error("too many lines came on stdin that are not the redirect URL ({0})")]
    PasteFlood(usize),
    /// The redirect could not be listened for.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A placeholder could not be filled.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// What is needed was neither given nor kept.
    #[error("`{0}` is not known")]
    Missing(&'static str),
}

fn described(description: Option<&str>) -> String {
    description
        .map(|text| format!(": {text}"))
        .unwrap_or_default()
}

/// The provider's words, of which a few lines are enough.
fn shortened(text: &str) -> String {
    const ENOUGH: usize = 500;
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl GrantError {
    /// Whether the provider says that the grant itself is over (RFC 6749
    /// section 5.2, `invalid_grant`).
    pub fn is_dead_grant(&self) -> bool {
        matches!(self, GrantError::Call(error) if error.is_dead_grant())
    }

    /// Whether the provider certainly did nothing: it was never reached, or
    /// says so.
    pub fn is_undone(&self) -> bool {
        match self {
            GrantError::Call(error) => error.is_undone(),
            GrantError::Moved(_)
            | GrantError::Missing(_)
            | GrantError::Keyless(_)
            | GrantError::OtherAuth(_)
            | GrantError::Subject(_)
            | GrantError::Unsigned(_)
            | GrantError::Unproven(_) => true,
            _ => false,
        }
    }
}

/// A call that the definition bends, without a client to authenticate.
fn provider_call<'a>(
    http: &'a Http,
    values: &'a Values<'a>,
    call: &'a Call,
    url: SafeUrl,
) -> ProviderCall<'a> {
    let auth = &values.integration().auth;
    ProviderCall {
        http,
        url,
        client: None,
        call,
        values,
        separator: auth.oauth2().map_or(" ", |oauth| &oauth.scope_separator),
        dead: &[],
        repeat: Repeat::Undone,
        proves: true,
        shows: None,
        within: None,
    }
}

/// Who the client is, and how it shows that: as the definition says, else as
/// its server does (RFC 8414 section 2), else as is usual.
fn client(oauth: &OAuth2, values: &Values<'_>) -> Result<Client, GrantError> {
    let id = values.input("client_id")?;
    // A secret that is not sent is not even looked for.
    let secret = match oauth.named_client_auth {
        Some(named) if !named.needs_secret() => None,
        _ => values.input("client_secret")?,
    };
    let mut auth = oauth.client_auth(secret.is_some());
    let takes = |method: &str| values.metadata().takes_client_auth(method);
    if oauth.named_client_auth.is_none() {
        auth = match values.metadata().registered_auth() {
            Some("none") => ClientAuth::None,
            Some("client_secret_post") => ClientAuth::Body,
            Some("client_secret_basic") => ClientAuth::Basic,
            Some(other) => return Err(GrantError::OtherAuth(other.to_owned())),
            None if auth.needs_secret() && takes_no_secret(values.metadata()) => {
                let methods = values.metadata().client_auth_methods();
                return Err(GrantError::OtherAuth(methods.join("`, `")));
            }
            _ if auth == ClientAuth::Basic
                && takes("client_secret_basic") == Some(false)
                && takes("client_secret_post") == Some(true) =>
            {
                ClientAuth::Body
            }
            _ => auth,
        };
    }
    if auth.needs_secret() && secret.is_none() {
        return Err(GrantError::Missing("client_secret"));
    }
    if auth == ClientAuth::PrivateKeyJwt {
        jwt::check_key(values)?;
    }
    Ok(Client {
        id: id.ok_or(GrantError::Missing("client_id"))?,
        secret: secret.filter(|_| auth.needs_secret()),
        auth,
        encoding: oauth.basic_encoding,
    })
}

/// Whether a server says that it takes keys or certificates, and neither a
/// client's secret nor a client without one.
fn takes_no_secret(metadata: &Metadata) -> bool {
    let methods = metadata.client_auth_methods();
    let any = |wanted: &[&str]| methods.iter().any(|method| wanted.contains(method));
    any(&[
        "private_key_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ]) && !any(&["client_secret_basic", "client_secret_post", "none"])
}

/// The same; `None` where the grant goes without a client and the definition
/// says nothing of one.
fn client_if_any(oauth: &OAuth2, values: &Values<'_>) -> Result<Option<Client>, GrantError> {
    let is_silent = oauth.grant.goes_without_client()
        && oauth.named_client_auth.is_none()
        && values.input("client_id")?.is_none()
        && values.input("client_secret")?.is_none();
    if is_silent {
        return Ok(None);
    }
    client(oauth, values).map(Some)
}

/// Holds a token call to having brought a token, unless a step will.
fn needs_token(call: &ProviderCall<'_>, answer: &Answer) -> Result<(), GrantError> {
    let steps = &call.values.integration().auth.steps;
    let brought_later = steps
        .iter()
        .any(|step| step.on_connect && step.call.brings_token());
    match &answer.fault {
        Some(fault) if !brought_later => Err(call.lacking(fault)),
        _ => Ok(()),
    }
}

/// Obtains a credential with nobody there: by a grant that asks no person, by
/// a login of the service's own, or by signing one. `repeat` says when its call
/// may be made again.
pub fn obtain(
    http: &Http,
    values: &mut Values<'_>,
    scopes: &[String],
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let auth = &values.integration().auth;
    let signed = jwt::begin(values)?;
    let repeat = jwt::seen_once(values, repeat);
    let mut answer = match &auth.kind {
        AuthKind::OAuth2(oauth) => {
            let scope = scopes.join(&oauth.scope_separator);
            match oauth.grant {
                Grant::JwtBearer => {
                    jwt_bearer::obtain(http, oauth, values, (&scope, signed), repeat)?
                }
                Grant::TokenExchange => {
                    token_exchange::obtain(http, oauth, values, &scope, repeat)?
                }
                Grant::Password => password::obtain(http, oauth, values, &scope, repeat)?,
                _ => client_credentials::obtain(http, oauth, values, &scope, repeat)?,
            }
        }
        AuthKind::Jwt => Answer {
            access_token: signed,
            expires_in: auth.jwt.as_ref().map(|jwt| jwt::life(jwt.ttl)),
            ..Answer::default()
        },
        AuthKind::CustomToken | AuthKind::ApiKey | AuthKind::Basic | AuthKind::None => {
            custom_token::log_in(http, values, repeat)?
        }
    };
    after::complete(http, values, &mut answer, after::Moment::Connect)?;
    match answer.access_token {
        Some(_) => Ok(answer),
        None => Err(GrantError::NoToken("the login")),
    }
}

/// A token call of a grant that has no more to it than its parameters; the
/// `scope` goes with them unless it is empty.
fn token_call(
    http: &Http,
    oauth: &OAuth2,
    values: &Values<'_>,
    (mut params, scope): (Params, &str),
    repeat: Repeat,
) -> Result<Answer, GrantError> {
    let auth = &values.integration().auth;
    let url = values.endpoint(auth.token_url.as_ref(), "token_endpoint")?;
    let url = url.ok_or(GrantError::Missing("token_url"))?;
    let mut call = provider_call(http, values, &auth.token, url);
    call.client = client_if_any(oauth, values)?;
    call.repeat = repeat;
    if !scope.is_empty() {
        params.push(("scope".to_owned(), Secret::new(scope)));
    }
    let answer = call.answer(params)?;
    needs_token(&call, &answer)?;
    Ok(answer)
}

/// The scopes a definition asks for, rendered; `extra` ones come after them.
pub fn scopes(values: &Values<'_>, extra: &[String]) -> Result<Vec<String>, GrantError> {
    let mut scopes = Vec::new();
    let asked = values.integration().auth.oauth2();
    for template in asked.iter().flat_map(|oauth| &oauth.scopes) {
        let rendered = template.render(values)?;
        scopes.extend(rendered.map(|rendered| rendered.text.expose().to_owned()));
    }
    for scope in extra {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    Ok(scopes)
}
