//! Reads `auth`: what kind of credential it gives, the calls that get it, and
//! what one key demands of another. Everything that is wrong is reported; what
//! comes out is complete. `read_oauth2` reads what only OAuth has, `read_call`
//! the tables of calls, `read_capture` what is kept of answers.

use std::time::Duration;

use super::auth::{Auth, AuthKind, Jwt};
use super::call::{Call, RenewFrom};
use super::facts::{self, AuthType};
use super::input::{self, Input, InputSource};
use super::json_template::JsonTemplate;
use super::names::{Known, Moment};
use super::oauth2::Grant;
use super::read_call::{self, Manner};
use super::report::{Problems, Severity};
use super::source;
use super::strings;
use super::table::TableReader;
use super::tree::{Node, Tree};
use super::{INPUTS, JWT_KEY, TLS_CERTIFICATE, TLS_KEY, read_capture, read_oauth2, tls};

/// The life of a token that hallpass signs, unless the definition says so.
const JWT_TTL: Duration = Duration::from_secs(5 * 60);

/// The algorithms a token can be signed with (RFC 7518 section 3.1, RFC 8037).
const ALGORITHMS: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

/// Reads `auth`. The inputs come later: what `api` uses counts too, see
/// [`inputs`].
pub(super) fn read(
    node: &Node,
    path: &str,
    known: &Known<'_>,
    problems: &Problems,
) -> Option<(Auth, Vec<(&'static str, InputSource)>)> {
    let mut table = TableReader::new(node, path, problems)?;
    if !table.has("type") {
        table.missing(
            "type",
            "it says how a credential is obtained",
            "add `type = \"oauth2\"`, or `\"api_key\"`, `\"basic\"`, `\"custom_token\"`, `\"jwt\"`, `\"none\"`",
        );
    }
    let written = table.word("type", &facts::TYPES);
    let typed = match &node.value {
        Tree::Table(entries) => facts::meant(entries).map(|(_, kind)| kind),
        _ => None,
    };
    let mut sources = match typed {
        Some(AuthType::None) => Vec::new(),
        _ => input::read_sources(&mut table, known),
    };
    let read = match typed {
        Some(AuthType::OAuth2) => oauth2(&mut table, known),
        Some(AuthType::ApiKey) => Some(on_site(&mut table, known, AuthKind::ApiKey)),
        Some(AuthType::Basic) => Some(on_site(&mut table, known, AuthKind::Basic)),
        Some(AuthType::CustomToken) => Some(custom_token(&mut table, known)),
        Some(AuthType::Jwt) => {
            if !table.has("jwt") {
                table.missing(
                    "jwt",
                    "it says what is signed, and how",
                    &format!("add `[{path}.jwt]` with `alg`, `key` and `claims`"),
                );
            }
            Some(on_site(&mut table, known, AuthKind::Jwt))
        }
        Some(AuthType::None) => Some(on_site(&mut table, known, AuthKind::None)),
        None => None,
    };
    let jwt = match typed {
        Some(AuthType::OAuth2 | AuthType::CustomToken | AuthType::Jwt) => {
            jwt(&mut table, known, &mut sources)
        }
        _ => None,
    };
    let tls = tls::read(&mut table, &mut sources);
    if let Some(typed) = typed {
        refuse_calls(&mut table, typed);
        table.finish();
    }
    written?;
    let mut auth = read?;
    auth.jwt = jwt;
    auth.tls = tls;
    Some((auth, sources))
}

/// The keys of a type that calls a provider, where this one does not.
const OF_CALLS: [&str; 14] = [
    "token_url",
    "revocation_url",
    "token",
    "refresh",
    "revoke",
    "steps",
    "lookup",
    "capture",
    "grant",
    "scopes",
    "authorization_url",
    "device_authorization_url",
    "device",
    "client_auth",
];

/// Says of keys that another type has whose they are.
fn refuse_calls(table: &mut TableReader<'_>, typed: AuthType) {
    if matches!(typed, AuthType::OAuth2 | AuthType::CustomToken) {
        return;
    }
    let name = facts::TYPES.iter().find(|(_, kind)| *kind == typed);
    let name = name.map_or("this", |(name, _)| name);
    for key in OF_CALLS {
        let Some(node) = table.stranger(key) else {
            continue;
        };
        let problem = node.problem(
            format!("`{key}` means nothing to `type = \"{name}\"`, which calls no provider"),
            "leave it out, or write `type = \"oauth2\"` or `type = \"custom_token\"`",
        );
        table.problems().add(problem);
    }
}

/// A type without calls: its site is what `api`'s paths are put on.
fn on_site(table: &mut TableReader<'_>, known: &Known<'_>, kind: AuthKind) -> Auth {
    let mut auth = bare(kind);
    auth.site = strings::whole_url(table, "site", known, Moment::Endpoint);
    auth
}

fn bare(kind: AuthKind) -> Auth {
    Auth {
        kind,
        inputs: Vec::new(),
        site: None,
        token_url: None,
        revocation_url: None,
        token: Call::default(),
        refresh: super::Refresh::default(),
        steps: Vec::new(),
        lookup: None,
        revoke: Call::default(),
        captures: Vec::new(),
        jwt: None,
        tls: None,
    }
}

fn oauth2(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<Auth> {
    let grant = read_oauth2::grant(table);
    let asked = table.get("authorization_url").map(|node| &node.value);
    let asked_on_site = matches!(asked, Some(Tree::String(url)) if url.starts_with('/'));
    let moment = if asked_on_site {
        Moment::Browser
    } else {
        Moment::Endpoint
    };
    let mut auth = calls(table, known, moment, Manner::Standard);
    let oauth = read_oauth2::read(table, grant, known);
    if grant == Some(Grant::JwtBearer) {
        assertion(table);
    }
    if grant == Some(Grant::AuthorizationCode)
        && auth.refresh.from == Some(RenewFrom::Nothing)
        && auth.refresh.call.url.is_some()
    {
        contradiction(table);
    }
    let mut oauth = oauth?;
    oauth.device_poll = match oauth.grant {
        Grant::DeviceCode => auth.token.clone(),
        // There the token call is the exchange of a code.
        _ => Call::default().over(&auth.token, &|template| known.is_of_exchange(template)),
    };
    auth.kind = AuthKind::OAuth2(Box::new(oauth));
    Some(auth)
}

/// What the grant of RFC 7523 needs to show.
fn assertion(table: &mut TableReader<'_>) {
    let Some(node) = table.get("jwt") else {
        let help = format!(
            "add `[{}]` with `alg`, `key` and `claims`",
            table.name_of("jwt")
        );
        table.missing("jwt", "it is the assertion that is shown", &help);
        return;
    };
    let claims = facts::node_at(node, "claims");
    if claims.is_some_and(|claims| facts::node_at(claims, "iss").is_some()) {
        return;
    }
    let mut warning = claims.unwrap_or(node).problem(
        "the assertion has no claim `iss`",
        "add `claims = { iss = \"…\", sub = \"…\" }`, as the provider's documentation has them",
    );
    warning.severity = Severity::Warning;
    warning.why = Some(
        "it says who vouches for the token, and servers must refuse an assertion without it (RFC 7523 section 3)".to_owned(),
    );
    table.problems().add(warning);
}

fn contradiction(table: &mut TableReader<'_>) {
    let Some(node) = table.get("refresh") else {
        return;
    };
    table.problems().add(node.problem(
        "`from = \"none\"` renews nothing, but there is a `url` to renew at",
        "leave one of the two out",
    ));
}

fn custom_token(table: &mut TableReader<'_>, known: &Known<'_>) -> Auth {
    let mut auth = calls(table, known, Moment::Endpoint, Manner::Own);
    auth.kind = AuthKind::CustomToken;
    if auth.token_url.is_none() && auth.steps.is_empty() && !table.has("token_url") {
        table.missing(
            "token_url",
            "the token is obtained there",
            "add the URL of the login, or `[[…auth.steps]]`",
        );
    }
    let brings =
        auth.token.brings_token() || auth.steps.iter().any(|step| step.call.brings_token());
    let standard = auth.token_url.is_some() || table.has("token_url");
    if !brings && !standard && !auth.steps.is_empty() {
        let steps = table.get("steps").unwrap_or(table.node());
        let mut problem = steps.problem(
            "none of the steps says where the token stands",
            "add `response = { access_token = \"path.to.it\" }` to the step that brings it",
        );
        problem.why = Some("the login would end without one".to_owned());
        table.problems().add(problem);
    }
    auth
}

/// The keys that OAuth and custom tokens share.
fn calls(table: &mut TableReader<'_>, known: &Known<'_>, site: Moment, manner: Manner) -> Auth {
    let mut auth = bare(AuthKind::None);
    auth.site = strings::whole_url(table, "site", known, site);
    auth.token_url = strings::endpoint(table, "token_url", known, Moment::Endpoint);
    auth.revocation_url = strings::endpoint(table, "revocation_url", known, Moment::Endpoint);
    auth.token = read_call::at_key(table, "token", known, (Moment::Token, manner));
    auth.refresh = read_call::refresh(table, &auth.token, known, manner);
    auth.steps = read_call::steps(table, known);
    auth.lookup = read_call::lookup(table, known);
    auth.revoke = read_call::at_key(table, "revoke", known, (Moment::Revoke, Manner::Standard));
    auth.captures = read_capture::read(table, known);
    auth
}

fn jwt(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
    sources: &mut Vec<(&'static str, InputSource)>,
) -> Option<Jwt> {
    let path = table.name_of("jwt");
    let problems = table.problems();
    let node = table.get("jwt")?;
    let mut inner = TableReader::new(node, path, problems)?;
    let words: Vec<(&str, &str)> = ALGORITHMS.iter().map(|alg| (*alg, *alg)).collect();
    if !inner.has("alg") {
        inner.missing("alg", "the service expects one", "add `alg = \"RS256\"`");
    }
    let alg = inner.word("alg", &words);
    let key = source::read(&mut inner, "key");
    source::doubt_written_out(&mut inner, "key", key.as_ref());
    sources.extend(key.map(|key| (JWT_KEY, InputSource::Value(key))));
    let key_id = inner.get("key_id").and_then(|node| {
        let place = ("key_id", Moment::Claims);
        strings::value(node, known, place, "write a string", problems)
    });
    let mut objects = ["header", "claims"].map(|key| {
        let mut object = Vec::new();
        for entry in inner.table(key).unwrap_or_default() {
            let place = (entry.key.as_str(), Moment::Claims);
            let value = JsonTemplate::read(&entry.node, known, place, problems);
            object.extend(value.map(|value| (entry.key.clone(), value)));
        }
        object
    });
    let ttl = inner.duration("ttl").unwrap_or(JWT_TTL);
    if let Some(node) = inner.get("ttl").filter(|_| ttl.is_zero()) {
        problems.add(node.problem(
            "a token with a life of nothing is over when it is signed",
            "write how long it is good for, such as `ttl = \"5m\"`",
        ));
    }
    inner.finish();
    Some(Jwt {
        alg: alg?.to_owned(),
        key_id,
        header: std::mem::take(&mut objects[0]),
        claims: std::mem::take(&mut objects[1]),
        ttl,
    })
}

/// The inputs a definition has use for: those its type needs, those its
/// strings use, and those it names a source for.
pub(super) fn inputs(
    auth: &Auth,
    sources: Vec<(&'static str, InputSource)>,
    known: &Known<'_>,
) -> Vec<Input> {
    let speaks_of_client = ["client_id", "client_secret"].iter().any(|name| {
        let given = sources.iter().any(|(source, _)| source == name);
        given || known.parameter(name).is_some()
    });
    let needs = |name: &str| match &auth.kind {
        AuthKind::OAuth2(oauth) => match name {
            // Without a word of a client there is none.
            "client_id" if oauth.grant.goes_without_client() => {
                speaks_of_client || oauth.named_client_auth.is_some()
            }
            // An issuer may take registrations, and gives an id then.
            "client_id" => {
                let registers = oauth.registration_url.is_some() || oauth.issuer.is_some();
                !(registers && oauth.can_register())
            }
            // A registration gives that with the id.
            "client_secret" => {
                let registers = oauth.registration_url.is_some() && !speaks_of_client;
                oauth.client_auth(false).needs_secret() && !registers
            }
            "username" | "password" => oauth.grant == Grant::Password,
            _ => false,
        },
        AuthKind::ApiKey => name == "api_key",
        AuthKind::Basic => matches!(name, "username" | "password"),
        AuthKind::CustomToken | AuthKind::Jwt | AuthKind::None => false,
    };
    let mut sources = sources;
    // An HMAC is made with the client's secret, unless a key is named (OpenID
    // Connect Core section 9, `client_secret_jwt`).
    let by_secret = auth.signs_with_secret() && !sources.iter().any(|(name, _)| *name == JWT_KEY);
    let of_client =
        |name: &str| auth.oauth2().is_some() && matches!(name, "client_id" | "client_secret");
    let names = INPUTS.iter().chain(&[JWT_KEY, TLS_CERTIFICATE, TLS_KEY]);
    names
        .filter_map(|name| {
            let at = sources.iter().position(|(known, _)| known == name);
            let source = at.map(|at| sources.swap_remove(at).1);
            let signs = *name == JWT_KEY && auth.jwt.is_some() && !by_secret;
            let by_secret = *name == "client_secret" && by_secret;
            let asked = needs(name) || known.is_used(name) || signs || by_secret;
            // A certificate is not typed, but may be given: `--param tls.key=@file`.
            let shown = matches!(*name, TLS_CERTIFICATE | TLS_KEY) && auth.tls.is_some();
            (source.is_some() || asked || of_client(name) || shown).then_some(Input {
                name,
                source,
                asked,
            })
        })
        .collect()
}
