//! The `auth` half of a definition: how a credential is obtained.

use std::time::Duration;

use super::Parameter;
use super::report::Problems;
use super::source::{self, ValueSource};
use super::template::{Names, RenderError, Scope, Template};
use super::tree::{Node, TableReader, Tree};
use super::url_template::UrlTemplate;
use crate::http;
use crate::secret::SafeUrl;

/// How to get a credential.
#[derive(Clone, Debug)]
pub enum Auth {
    /// OAuth 2.0 (RFC 6749).
    OAuth2(Box<OAuth2>),
}

/// An OAuth 2.0 client and the server it talks to.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// How the credential is obtained.
    pub grant: Grant,
    /// What paths among the endpoints are put on.
    pub site: Option<UrlTemplate>,
    /// RFC 6749 section 3.1; present for the authorization code grant.
    pub authorization_url: Option<Endpoint>,
    /// RFC 6749 section 3.2.
    pub token_url: Endpoint,
    /// RFC 7009.
    pub revocation_url: Option<Endpoint>,
    /// The client's id; `None`: asked for when connecting.
    pub client_id: Option<ValueSource>,
    /// The client's secret; `None`: a public client, unless `client_auth`
    /// says that there is one, which is then asked for when connecting.
    pub client_secret: Option<ValueSource>,
    /// How the client shows who it is.
    pub client_auth: ClientAuth,
    /// How id and secret are written into a Basic header.
    pub basic_encoding: BasicEncoding,
    /// The scopes to ask for.
    pub scopes: Vec<Template>,
    /// What scopes are joined with.
    pub scope_separator: String,
    /// Whether to use PKCE (RFC 7636, S256).
    pub pkce: bool,
    /// What else the authorization request carries, or leaves out.
    pub authorization_params: Vec<(String, AuthorizationParam)>,
    /// The name under which the redirect brings the code.
    pub code_param: String,
    /// Where the redirect is listened for.
    pub redirect: Redirect,
    /// What the provider is told, when that differs.
    pub redirect_uri: Option<UrlTemplate>,
    /// Renew when less life than this is left; a sensible default unless set.
    pub refresh_before: Option<Duration>,
}

/// How an OAuth credential is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// RFC 6749 section 4.1: a person consents in a browser.
    AuthorizationCode,
    /// RFC 6749 section 4.4: the client acts for itself.
    ClientCredentials,
}

impl Grant {
    /// The word in definitions and output.
    pub fn name(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::ClientCredentials => "client_credentials",
        }
    }

    /// Whether a credential can be obtained with nobody there.
    pub fn is_unattended(self) -> bool {
        self == Grant::ClientCredentials
    }
}

/// An endpoint: absolute, or a path on the definition's site.
#[derive(Clone, Debug)]
pub struct Endpoint(UrlTemplate);

/// How the client authenticates (RFC 6749 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic`.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Body,
    /// Both, for providers that insist.
    BasicAndBody,
    /// `client_id` alone: a public client.
    None,
}

impl ClientAuth {
    /// Whether it takes a secret.
    pub fn needs_secret(self) -> bool {
        self != ClientAuth::None
    }
}

/// How id and secret are written into a Basic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicEncoding {
    /// Form-encoded first, as RFC 6749 section 2.3.1 says.
    Form,
    /// As they are, as some providers want it.
    Raw,
}

/// A parameter of the authorization request.
#[derive(Clone, Debug)]
pub enum AuthorizationParam {
    /// Sent with this value.
    Send(Template),
    /// A standard parameter that is left out.
    Drop,
}

/// Where the redirect is listened for (RFC 8252 section 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `127.0.0.1`, `::1` or `localhost` (which listens on both).
    pub host: String,
    /// Ports tried in order; 0 is any free one.
    pub ports: Vec<u16>,
    /// The exact path.
    pub path: String,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            ports: vec![0],
            path: "/callback".to_owned(),
        }
    }
}

impl Endpoint {
    /// The endpoint's URL. `None`: an optional value in it is unset.
    pub fn resolve(
        &self,
        site: Option<&UrlTemplate>,
        scope: &dyn Scope,
    ) -> Result<Option<SafeUrl>, RenderError> {
        if !self.0.is_path() {
            return self.0.render(scope);
        }
        // A path without a site does not pass the reading.
        let Some(site) = site else { return Ok(None) };
        match site.render(scope)? {
            Some(base) => self.0.render_on(&base, scope),
            None => Ok(None),
        }
    }
}

impl Auth {
    /// The word for what kind of credential this gives, in `list` and JSON.
    pub fn grant_name(&self) -> &'static str {
        match self {
            Auth::OAuth2(oauth) => oauth.grant.name(),
        }
    }

    /// Whether a credential can be had with nobody there, and so needs no
    /// `connect`.
    pub fn is_unattended(&self) -> bool {
        match self {
            Auth::OAuth2(oauth) => oauth.grant.is_unattended(),
        }
    }
}

/// What reading a definition's strings needs to know.
pub(super) struct Known<'a> {
    pub(super) names: &'a Names,
    pub(super) parameters: &'a [Parameter],
}

/// Parses a string with placeholders, or reports why it is none.
pub(super) fn template(
    text: &str,
    node: &Node,
    names: &Names,
    problems: &Problems,
) -> Option<Template> {
    match Template::parse(text, names) {
        Ok(template) => Some(template),
        Err(problem) => {
            let mut report = node.problem(problem.message, problem.help);
            report.span = node.text_span(&problem.range);
            problems.add(report);
            None
        }
    }
}

/// Reads a URL with placeholders and holds it to the rules that can be held
/// without values: https or loopback, and no unpinned value in the host.
pub(super) fn url(
    reader: &mut TableReader<'_>,
    key: &'static str,
    known: &Known<'_>,
) -> Option<(UrlTemplate, Node)> {
    let (text, node) = reader.string(key)?;
    let problems = reader.problems();
    let url = UrlTemplate::new(template(text, node, known.names, problems)?);
    let name = reader.name_of(key);
    if let Some((message, help)) = url_fault(&url, text, &name) {
        problems.add(node.problem(message, help));
        return None;
    }
    for name in url.names_in_host() {
        let parameter = known.parameters.iter().find(|p| p.name == name);
        if parameter.is_some_and(|parameter| !parameter.is_pinned()) {
            let mut problem = node.problem(
                format!("`{{{name}}}` stands in a host name, but anything may be typed for it"),
                format!("give the parameter `{name}` a `format`, `choices` or a `pattern`"),
            );
            problem.why =
                Some("a wrong value could send the credential to another host".to_owned());
            problems.add(problem);
        }
    }
    Some((url, node.clone()))
}

fn url_fault(url: &UrlTemplate, text: &str, name: &str) -> Option<(String, String)> {
    if url.is_path() || text.starts_with('{') {
        return None;
    }
    let lead = url.leading_text();
    if lead.starts_with("https://") {
        let whole = url.names().next().is_none();
        return (whole && url::Url::parse(text).is_err()).then(|| {
            (
                format!("`{name}` is not a URL"),
                "write `https://host/path`".to_owned(),
            )
        });
    }
    if lead.starts_with("http://") {
        let local = url::Url::parse(lead).is_ok_and(|url| http::is_loopback(&url));
        return (!local).then(|| {
            (
                format!("`{name}` is not encrypted: http is only used to this machine"),
                "write `https://`".to_owned(),
            )
        });
    }
    Some((
        format!("`{name}` is neither a URL nor a path"),
        "write `https://host/path`, or a path beginning with `/`".to_owned(),
    ))
}

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
    let site = url(table, "site", known).map(|(url, _)| url);
    let authorization_url = endpoint(table, "authorization_url", site.as_ref(), known);
    let token_url = endpoint(table, "token_url", site.as_ref(), known);
    let revocation_url = endpoint(table, "revocation_url", site.as_ref(), known);
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
    let client_id = source::read(table, "client_id");
    let client_secret = source::read(table, "client_secret");
    let client_auth = client_auth(table, grant, client_secret.is_some());
    let basic_encoding = table
        .word(
            "basic_encoding",
            &[("form", BasicEncoding::Form), ("raw", BasicEncoding::Raw)],
        )
        .unwrap_or(BasicEncoding::Form);
    let scopes = scopes(table, known);
    let scope_separator = table
        .text("scope_separator")
        .unwrap_or_else(|| " ".to_owned());
    let pkce = table.boolean("pkce").unwrap_or(true);
    let authorization_params = authorization_params(table, known);
    let code_param = table
        .text("code_param")
        .unwrap_or_else(|| "code".to_owned());
    let redirect = redirect(table);
    let redirect_uri = url(table, "redirect_uri", known).map(|(url, _)| url);
    let refresh_before = refresh_before(table);
    Some(OAuth2 {
        grant: grant?,
        site,
        authorization_url,
        token_url: token_url?,
        revocation_url,
        client_id,
        client_secret,
        client_auth,
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

fn endpoint(
    table: &mut TableReader<'_>,
    key: &'static str,
    site: Option<&UrlTemplate>,
    known: &Known<'_>,
) -> Option<Endpoint> {
    let (url, node) = url(table, key, known)?;
    if url.is_path() && site.is_none() && node_lacks(table.node(), "site") {
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

/// Without a word of the definition's: Basic where there is a secret, else none.
fn client_auth(table: &mut TableReader<'_>, grant: Option<Grant>, has_secret: bool) -> ClientAuth {
    let named = table.word(
        "client_auth",
        &[
            ("basic", ClientAuth::Basic),
            ("body", ClientAuth::Body),
            ("basic+body", ClientAuth::BasicAndBody),
            ("none", ClientAuth::None),
        ],
    );
    named.unwrap_or({
        // The client is all there is to authenticate in this grant.
        if has_secret || grant == Some(Grant::ClientCredentials) {
            ClientAuth::Basic
        } else {
            ClientAuth::None
        }
    })
}

fn scopes(table: &mut TableReader<'_>, known: &Known<'_>) -> Vec<Template> {
    let problems = table.problems();
    let scopes = table.strings("scopes").unwrap_or_default();
    scopes
        .into_iter()
        .filter_map(|(text, node)| template(text, node, known.names, problems))
        .collect()
}

fn authorization_params(
    table: &mut TableReader<'_>,
    known: &Known<'_>,
) -> Vec<(String, AuthorizationParam)> {
    let problems = table.problems();
    let mut params = Vec::new();
    for entry in table.table("authorization_params").unwrap_or_default() {
        let node = &entry.node;
        let param = match &node.value {
            Tree::Bool(false) => Some(AuthorizationParam::Drop),
            Tree::String(text) => {
                template(text, node, known.names, problems).map(AuthorizationParam::Send)
            }
            Tree::Integer(_) | Tree::Float(_) | Tree::Bool(true) => {
                let text = node.to_json().to_string();
                Some(AuthorizationParam::Send(Template::literal(&text)))
            }
            _ => {
                problems.add(node.problem(
                    format!("`{}` is {}", entry.key, node.type_name()),
                    "write a string, or `false` to leave a standard parameter out",
                ));
                None
            }
        };
        if let Some(AuthorizationParam::Send(template)) = &param {
            refuse_secrets(&entry.key, template, node, known, problems);
        }
        params.extend(param.map(|param| (entry.key.clone(), param)));
    }
    params
}

/// A secret in the authorization URL would end in a browser's history.
fn refuse_secrets(
    key: &str,
    value: &Template,
    node: &Node,
    known: &Known<'_>,
    problems: &Problems,
) {
    const SECRET: [&str; 7] = [
        "client_secret",
        "token",
        "refresh_token",
        "id_token",
        "password",
        "api_key",
        "code",
    ];
    for name in value.names() {
        let parameter = known.parameters.iter().find(|p| p.name == name);
        if SECRET.contains(&name) || parameter.is_some_and(|parameter| parameter.secret) {
            let mut problem = node.problem(
                format!("`{key}` would put the secret `{{{name}}}` into the authorization URL"),
                "leave it out; secrets go to the token endpoint",
            );
            problem.why = Some("that URL stays in the browser's history".to_owned());
            problems.add(problem);
        }
    }
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
