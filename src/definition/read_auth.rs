//! Reads `auth`: every key held to its type, every string to the names of its
//! place, and what one key demands of another. Everything that is wrong is
//! reported; what comes out is complete.

use std::time::Duration;

use super::auth::{
    Auth, AuthorizationParam, BasicEncoding, ClientAuth, Endpoint, Grant, OAuth2, Redirect,
};
use super::names::{Known, Moment};
use super::report::Problems;
use super::source;
use super::strings;
use super::table::TableReader;
use super::tree::{Node, Tree};
use super::url_template::UrlTemplate;

/// Reads `auth`.
pub(super) fn read(
    node: &Node,
    path: &str,
    known: &Known<'_>,
    problems: &Problems,
) -> Option<Auth> {
    let mut table = TableReader::new(node, path, problems)?;
    let typed = table.word("type", &[("oauth2", ())]);
    if node_lacks(node, "type") {
        table.missing(
            "type",
            "it says how a credential is obtained",
            "add `type = \"oauth2\"`",
        );
    }
    let oauth = read_oauth2(&mut table, known);
    table.finish();
    typed?;
    Some(Auth::OAuth2(Box::new(oauth?)))
}

fn node_lacks(node: &Node, key: &str) -> bool {
    matches!(&node.value, Tree::Table(entries) if !entries.iter().any(|entry| entry.key == key))
}

fn read_oauth2(table: &mut TableReader<'_>, known: &Known<'_>) -> Option<OAuth2> {
    let grant = table.word(
        "grant",
        &[
            ("authorization_code", Grant::AuthorizationCode),
            ("client_credentials", Grant::ClientCredentials),
        ],
    );
    if node_lacks(table.node(), "grant") {
        table.missing(
            "grant",
            "it says whether a person consents or the client acts for itself",
            "add `grant = \"authorization_code\"` or `grant = \"client_credentials\"`",
        );
    }
    let Endpoints {
        site,
        authorization_url,
        token_url,
        revocation_url,
    } = endpoints(table, grant, known);
    let client_id = source::read(table, "client_id");
    let client_secret = source::read(table, "client_secret");
    source::warn_of_open_file(table, "client_secret", client_secret.as_ref());
    let named_client_auth = client_auth(table);
    let basic_encoding = table
        .word(
            "basic_encoding",
            &[("form", BasicEncoding::Form), ("raw", BasicEncoding::Raw)],
        )
        .unwrap_or(BasicEncoding::Form);
    let scopes = strings::list(table, "scopes", known, asked_in_browser(grant));
    let scope_separator = table
        .text("scope_separator")
        .unwrap_or_else(|| " ".to_owned());
    let pkce = table.boolean("pkce").unwrap_or(true);
    let authorization_params = authorization_params(table, known);
    let code_param = table
        .text("code_param")
        .unwrap_or_else(|| "code".to_owned());
    let redirect = redirect(table);
    let redirect_uri = strings::whole_url(table, "redirect_uri", known, Moment::Browser);
    let refresh_before = refresh_before(table);
    Some(OAuth2 {
        grant: grant?,
        site,
        authorization_url,
        token_url: token_url?,
        revocation_url,
        client_id,
        client_secret,
        named_client_auth,
        basic_encoding,
        scopes,
        scope_separator,
        pkce,
        authorization_params,
        code_param,
        redirect,
        redirect_uri,
        refresh_before,
    })
}

/// What goes into the authorization URL, where there is one.
fn asked_in_browser(grant: Option<Grant>) -> Moment {
    match grant {
        Some(Grant::ClientCredentials) => Moment::Endpoint,
        Some(Grant::AuthorizationCode) | None => Moment::Browser,
    }
}

struct Endpoints {
    site: Option<UrlTemplate>,
    authorization_url: Option<Endpoint>,
    token_url: Option<Endpoint>,
    revocation_url: Option<Endpoint>,
}

fn endpoints(table: &mut TableReader<'_>, grant: Option<Grant>, known: &Known<'_>) -> Endpoints {
    let asked = table.get("authorization_url").map(|node| &node.value);
    let asked_on_site = matches!(asked, Some(Tree::String(url)) if url.starts_with('/'));
    let moment = if asked_on_site {
        Moment::Browser
    } else {
        Moment::Endpoint
    };
    let site = strings::whole_url(table, "site", known, moment);
    let authorization_url = endpoint(table, "authorization_url", known, Moment::Browser);
    let token_url = endpoint(table, "token_url", known, Moment::Endpoint);
    let revocation_url = endpoint(table, "revocation_url", known, Moment::Endpoint);
    if node_lacks(table.node(), "token_url") {
        table.missing(
            "token_url",
            "tokens are obtained and renewed there",
            "add the token endpoint from the provider's documentation",
        );
    }
    if grant == Some(Grant::AuthorizationCode) && node_lacks(table.node(), "authorization_url") {
        table.missing(
            "authorization_url",
            "a person consents there",
            "add the authorization endpoint from the provider's documentation",
        );
    }
    Endpoints {
        site,
        authorization_url,
        token_url,
        revocation_url,
    }
}

fn endpoint(
    table: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
    moment: Moment,
) -> Option<Endpoint> {
    let (url, node) = strings::url(table, key, known, moment)?;
    if url.is_path() && node_lacks(table.node(), "site") {
        table.problems().add(node.problem(
            format!(
                "`{}` is a path, but there is no `site` to put it on",
                table.name_of(key)
            ),
            "add `site = \"https://…\"`, or write the whole URL",
        ));
        return None;
    }
    Some(Endpoint(url))
}

fn client_auth(table: &mut TableReader<'_>) -> Option<ClientAuth> {
    table.word(
        "client_auth",
        &[
            ("basic", ClientAuth::Basic),
            ("body", ClientAuth::Body),
            ("basic+body", ClientAuth::BasicAndBody),
            ("none", ClientAuth::None),
        ],
    )
}

fn authorization_params(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
) -> Vec<(String, AuthorizationParam)> {
    let problems = table.problems();
    let mut params = Vec::new();
    for entry in table.table("authorization_params").unwrap_or_default() {
        let node = &entry.node;
        let param = if matches!(node.value, Tree::Bool(false)) {
            Some(AuthorizationParam::Drop)
        } else {
            let place = (entry.key.as_str(), Moment::Consent);
            let instead = "write a string, or `false` to leave a standard parameter out";
            strings::value(node, known, place, instead, problems).map(AuthorizationParam::Send)
        };
        params.extend(param.map(|param| (entry.key.clone(), param)));
    }
    params
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

fn refresh_before(table: &mut TableReader<'_>) -> Option<Duration> {
    let path = table.name_of("refresh");
    let problems = table.problems();
    let node = table.get("refresh")?;
    let mut inner = TableReader::new(node, path, problems)?;
    let before = inner.duration("before");
    inner.finish();
    before
}
