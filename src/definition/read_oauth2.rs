//! Reads what only `type = "oauth2"` has: the grant, the authorization
//! request, the client's manners, where the redirect is listened for.

use super::call::Call;
use super::names::{Known, Moment};
use super::oauth2::{
    AuthorizationParam, BasicEncoding, ClientAuth, Dpop, Grant, OAuth2, OptionalScope, Redirect,
};
use super::read_call::{self, Manner};
use super::report::{Problem, Problems, Severity};
use super::strings;
use super::subject;
use super::table::TableReader;
use super::tree::{Entry, Node, Tree};

/// The grant, as far as it can be told before anything else is read.
pub(super) fn grant(table: &mut TableReader<'_>) -> Option<Grant> {
    if !table.has("grant") {
        table.missing(
            "grant",
            "it says whether a person consents or the client acts for itself",
            "add `grant = \"authorization_code\"`, `\"device_code\"` or `\"client_credentials\"`",
        );
        return None;
    }
    table.word(
        "grant",
        &[
            ("authorization_code", Grant::AuthorizationCode),
            ("device_code", Grant::DeviceCode),
            ("client_credentials", Grant::ClientCredentials),
            ("password", Grant::Password),
            ("jwt_bearer", Grant::JwtBearer),
            ("token_exchange", Grant::TokenExchange),
        ],
    )
}

/// Reads the rest of what only OAuth has.
pub(super) fn read(
    table: &mut TableReader<'_>,
    grant: Option<Grant>,
    known: &Known<'_>,
) -> Option<OAuth2> {
    let moment = match grant {
        Some(Grant::AuthorizationCode) | None => Moment::Browser,
        Some(_) => Moment::Endpoint,
    };
    let issuer = strings::whole_url(table, "issuer", known, Moment::Issuer);
    let authorization_url = strings::endpoint(table, "authorization_url", known, Moment::Browser);
    let registration_url = strings::endpoint(table, "registration_url", known, Moment::Endpoint);
    let pushed = "pushed_authorization_request_url";
    let pushed_authorization_request_url =
        strings::endpoint(table, pushed, known, Moment::Endpoint);
    let device_authorization_url =
        strings::endpoint(table, "device_authorization_url", known, Moment::Endpoint);
    let device = read_call::at_key(table, "device", known, (Moment::Device, Manner::Standard));
    let named_client_auth = client_auth(table);
    let basic_encoding = table
        .word(
            "basic_encoding",
            &[("form", BasicEncoding::Form), ("raw", BasicEncoding::Raw)],
        )
        .unwrap_or(BasicEncoding::Form);
    let scopes = strings::list(table, "scopes", known, moment);
    let optional_scopes = optional_scopes(table);
    let scope_separator = table
        .text("scope_separator")
        .unwrap_or_else(|| " ".to_owned());
    let pkce = table.boolean("pkce").unwrap_or(true);
    let dpop = dpop(table);
    let authorization_params = authorization_params(table, known);
    let code_param = table
        .text("code_param")
        .unwrap_or_else(|| "code".to_owned());
    let redirect = redirect(table);
    let redirect_uri = strings::whole_url(table, "redirect_uri", known, Moment::Browser);
    let needed = [
        (
            "token_url",
            true,
            "tokens are obtained and renewed there",
            "add the token endpoint from the provider's documentation, or its `issuer`",
        ),
        (
            "authorization_url",
            grant == Some(Grant::AuthorizationCode),
            "a person consents there",
            "add the authorization endpoint from the provider's documentation, or its `issuer`",
        ),
        (
            "device_authorization_url",
            grant == Some(Grant::DeviceCode),
            "the code that a person enters comes from there",
            "add the device authorization endpoint from the provider's documentation, or its `issuer`",
        ),
    ];
    for (key, needed, why, help) in needed {
        if needed && !table.has(key) && !table.has("issuer") {
            table.missing(key, why, help);
        }
    }
    let subject = subject::read(table, grant, known);
    if grant == Some(Grant::Password) {
        obsolete(table);
    }
    if let Some(grant) = grant.filter(|grant| !grant.needs_consent()) {
        unheard(table, grant);
    }
    Some(OAuth2 {
        grant: grant?,
        issuer,
        authorization_url,
        registration_url,
        pushed_authorization_request_url,
        device_authorization_url,
        device,
        device_poll: Call::default(),
        named_client_auth,
        basic_encoding,
        scopes,
        optional_scopes,
        scope_separator,
        pkce,
        dpop,
        authorization_params,
        code_param,
        redirect,
        redirect_uri,
        subject,
    })
}

/// Warns of what would be sent along with a person, where none is: an audience
/// or a resource written there would silently not be asked for.
fn unheard(table: &mut TableReader<'_>, grant: Grant) {
    let path = table.name_of("token");
    let Some(node) = table.get("authorization_params") else {
        return;
    };
    let mut warning = node.problem(
        format!(
            "`authorization_params` are sent nowhere by `grant = \"{}\"`",
            grant.name()
        ),
        format!("write what the token call needs as `params` of `[{path}]`, or leave them out"),
    );
    warning.severity = Severity::Warning;
    warning.why = Some("nobody is sent to a browser with them".to_owned());
    table.problems().add(warning);
}

/// Warns of the one grant that no new definition should have.
fn obsolete(table: &mut TableReader<'_>) {
    let Some(node) = table.get("grant") else {
        return;
    };
    let mut warning = node.problem(
        "the grant `password` is obsolete",
        "use `authorization_code` for a person, `client_credentials` or `jwt_bearer` for a machine, wherever the provider has them",
    );
    warning.severity = Severity::Warning;
    warning.why = Some(
        "it hands a user's own password to a program, past every second factor; RFC 9700 section 2.4 forbids it, and OAuth 2.1 has it no more".to_owned(),
    );
    table.problems().add(warning);
}

fn client_auth(table: &mut TableReader<'_>) -> Option<ClientAuth> {
    let named = table.word(
        "client_auth",
        &[
            ("basic", ClientAuth::Basic),
            ("body", ClientAuth::Body),
            ("basic+body", ClientAuth::BasicAndBody),
            ("none", ClientAuth::None),
            ("private_key_jwt", ClientAuth::PrivateKeyJwt),
            ("mtls", ClientAuth::Mtls),
        ],
    )?;
    let (needed, why, instead) = match named {
        ClientAuth::PrivateKeyJwt => (
            "jwt",
            "it says what key the client signs with, and how",
            "`alg = \"RS256\"` and `key = { file = \"key.pem\" }`",
        ),
        ClientAuth::Mtls => (
            "tls",
            "it says what certificate the client shows",
            "`certificate = { file = \"client.pem\" }` and `key = { file = \"client.key.pem\" }`",
        ),
        _ => return Some(named),
    };
    if !table.has(needed) {
        let path = table.name_of(needed);
        table.missing(needed, why, &format!("add `[{path}]` with {instead}"));
    }
    Some(named)
}

/// `true`, `false`, or the algorithm of the key.
fn dpop(table: &mut TableReader<'_>) -> Option<Dpop> {
    let node = table.get("dpop")?;
    let any = [Dpop::Any, Dpop::Es256, Dpop::EdDsa];
    match &node.value {
        Tree::Bool(wanted) => wanted.then_some(Dpop::Any),
        Tree::String(_) => {
            let words = any[1..].iter().map(|dpop| (dpop.name(), *dpop));
            table.word("dpop", &words.collect::<Vec<_>>())
        }
        _ => {
            table.problems().add(node.problem(
                format!("`dpop` is {}, not `true` or the name of an algorithm", node.type_name()),
                "write `dpop = true`, or `dpop = \"ES256\"` or `dpop = \"EdDSA\"` where the provider insists",
            ));
            None
        }
    }
}

fn optional_scopes(table: &mut TableReader<'_>) -> Vec<OptionalScope> {
    let path = table.name_of("optional_scopes");
    let problems = table.problems();
    let mut scopes = Vec::new();
    for node in table.array("optional_scopes").unwrap_or_default() {
        if let Tree::String(name) = &node.value {
            scopes.push(OptionalScope {
                name: name.clone(),
                label: name.clone(),
            });
            continue;
        }
        let Some(mut inner) = TableReader::new(node, &*path, problems) else {
            continue;
        };
        let name = inner.text("name");
        let label = inner.text("label");
        if !inner.has("name") {
            inner.missing(
                "name",
                "it is what the provider is asked for",
                "add `name = \"…\"`",
            );
        }
        inner.finish();
        scopes.extend(name.map(|name| OptionalScope {
            label: label.unwrap_or_else(|| name.clone()),
            name,
        }));
    }
    scopes
}

fn authorization_params(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
) -> Vec<(String, AuthorizationParam)> {
    let problems = table.problems();
    let mut params = Vec::new();
    for entry in table.table("authorization_params").unwrap_or_default() {
        let node = &entry.node;
        if entry.key == "state" {
            problems.add(own_state(entry));
            continue;
        }
        let param = if matches!(node.value, Tree::Bool(false)) {
            Some(AuthorizationParam::Drop)
        } else {
            let place = (entry.key.as_str(), Moment::Consent);
            let instead = "write a string, an array of strings to send it several times, or `false` to leave a standard parameter out";
            let read = |node| strings::value(node, known, place, instead, problems);
            match &node.value {
                Tree::Array(items) => items.iter().map(read).collect::<Option<_>>(),
                _ => read(node).map(|template| vec![template]),
            }
            .map(AuthorizationParam::Send)
        };
        params.extend(param.map(|param| (entry.key.clone(), param)));
    }
    params
}

fn own_state(entry: &Entry) -> Problem {
    let mut problem = entry.problem(
        "`state` is made by hallpass, anew for each request",
        "leave it out; `{state}` in another parameter is its value",
    );
    problem.why =
        Some("the redirect is known by it, so that without it every connect would fail".to_owned());
    problem
}

fn redirect(table: &mut TableReader<'_>) -> Redirect {
    let mut redirect = Redirect::default();
    let path = table.name_of("redirect");
    let problems = table.problems();
    let Some(node) = table.get("redirect") else {
        return redirect;
    };
    let Some(mut inner) = TableReader::new(node, path, problems) else {
        return redirect;
    };
    let hosts = ["127.0.0.1", "localhost", "::1"];
    let words: Vec<(&str, &str)> = hosts.iter().map(|host| (*host, *host)).collect();
    if let Some(host) = inner.word("host", &words) {
        host.clone_into(&mut redirect.host);
    }
    if let Some(items) = inner.array("ports") {
        redirect.ports = items
            .iter()
            .filter_map(|item| port(item, problems))
            .collect();
        if items.is_empty() {
            problems.add(node.problem("`ports` is empty", "write `ports = [0]` for any free port"));
        }
    }
    if let Some((path, node)) = inner.string("path") {
        if path.starts_with('/') && !path.contains(['?', '#', ' ']) {
            path.clone_into(&mut redirect.path);
        } else {
            problems.add(node.problem("`path` is not a path", "write `path = \"/callback\"`"));
        }
    }
    inner.finish();
    redirect
}

fn port(node: &Node, problems: &Problems) -> Option<u16> {
    let port = match node.value {
        Tree::Integer(number) => u16::try_from(number).ok(),
        _ => None,
    };
    if port.is_none() {
        problems.add(node.problem("this is not a port", "ports are numbers from 0 to 65535"));
    }
    port
}
