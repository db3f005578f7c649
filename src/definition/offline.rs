//! Providers that give a refresh token only to those who ask for it, each in
//! its own way, as their documentation says (OpenID Connect Core section 11
//! has one way, `offline_access`). `check` warns of a definition that does not
//! ask, and `connect` says what to write when none came. Providers are known
//! by the host a person consents at, as far as it is written out.

use super::report::{Problems, Severity};
use super::tree::{Entry, Node, Tree};

/// What is known of the provider a definition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offline {
    /// Its name.
    pub provider: &'static str,
    /// What to add to the definition; `None`: it asks for a refresh token.
    pub remedy: Option<String>,
}

impl Offline {
    /// What to do where no refresh token came, said of a provider that is
    /// `known` or not.
    pub fn advice(known: Option<&Self>) -> String {
        match known {
            Some(Offline {
                provider,
                remedy: Some(remedy),
            }) => format!("{provider} gives one when asked: {remedy} in the definition"),
            Some(Offline { provider, .. }) => format!(
                "the definition asks {provider} for one; see whether the app is allowed to have it where it is registered"
            ),
            None => "see whether the provider wants a scope such as `offline_access`, or `authorization_params = { access_type = \"offline\", prompt = \"consent\" }`".to_owned(),
        }
    }
}

/// How a provider wants to be asked.
enum Ask {
    /// By one of these scopes; the first is the one to suggest.
    Scope(&'static [&'static str]),
    /// The same, where scopes are named at all: without them, all are granted.
    ScopeAmongOthers(&'static [&'static str]),
    /// By parameters of the authorization request.
    Params(&'static [(&'static str, &'static str)]),
}

struct Provider {
    name: &'static str,
    /// Hosts; one beginning with `.` stands for all below it, one ending with
    /// `.` for one in any of a provider's countries.
    hosts: &'static [&'static str],
    /// What the path must hold, where only a part of the host asks for this.
    path: &'static str,
    ask: Ask,
}

const OFFLINE_ACCESS: Ask = Ask::Scope(&["offline_access"]);

const PROVIDERS: [Provider; 12] = [
    Provider {
        name: "Google",
        hosts: &["accounts.google.com"],
        path: "",
        // Without `prompt`, it comes with the first consent and never again.
        ask: Ask::Params(&[("access_type", "offline"), ("prompt", "consent")]),
    },
    Provider {
        name: "Microsoft",
        hosts: &[
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
            ".b2clogin.com",
            ".ciamlogin.com",
        ],
        // The older endpoints know no such scope, and need none.
        path: "/v2.0",
        ask: OFFLINE_ACCESS,
    },
    Provider {
        name: "Atlassian",
        hosts: &["auth.atlassian.com"],
        path: "",
        ask: OFFLINE_ACCESS,
    },
    Provider {
        name: "Dropbox",
        hosts: &["www.dropbox.com", "dropbox.com"],
        path: "",
        ask: Ask::Params(&[("token_access_type", "offline")]),
    },
    Provider {
        name: "Zoho",
        hosts: &["accounts.zoho."],
        path: "",
        ask: Ask::Params(&[("access_type", "offline"), ("prompt", "consent")]),
    },
    Provider {
        name: "Xero",
        hosts: &["login.xero.com"],
        path: "",
        ask: OFFLINE_ACCESS,
    },
    Provider {
        name: "Auth0",
        hosts: &[".auth0.com"],
        path: "",
        ask: OFFLINE_ACCESS,
    },
    Provider {
        name: "Okta",
        hosts: &[".okta.com", ".oktapreview.com", ".okta-emea.com"],
        path: "",
        ask: OFFLINE_ACCESS,
    },
    Provider {
        name: "Salesforce",
        hosts: &[
            "login.salesforce.com",
            "test.salesforce.com",
            ".my.salesforce.com",
        ],
        path: "",
        ask: Ask::ScopeAmongOthers(&["refresh_token", "offline_access"]),
    },
    Provider {
        name: "X",
        hosts: &["x.com", "twitter.com"],
        path: "",
        ask: Ask::Scope(&["offline.access"]),
    },
    Provider {
        name: "Reddit",
        hosts: &["www.reddit.com", "ssl.reddit.com", "old.reddit.com"],
        path: "",
        ask: Ask::Params(&[("duration", "permanent")]),
    },
    Provider {
        name: "Adobe",
        hosts: &["ims-na1.adobelogin.com"],
        path: "",
        ask: OFFLINE_ACCESS,
    },
];

/// What is known of the provider that `auth` names, where a person consents;
/// a request that does not ask for a refresh token gets a warning.
pub(super) fn read(auth: Option<&Node>, problems: &Problems) -> Option<Offline> {
    let auth = Auth::of(auth?)?;
    let by_link = match auth.text("grant") {
        Some("authorization_code") => true,
        Some("device_code") => false,
        _ => return None,
    };
    if auth.renews_otherwise() {
        return None;
    }
    let provider = PROVIDERS.iter().find(|provider| auth.is_at(provider))?;
    // What is asked for in a link is given without asking where there is none.
    if !by_link && matches!(provider.ask, Ask::Params(_)) {
        return None;
    }
    let remedy = auth.remedy(&provider.ask);
    if let Some(remedy) = &remedy {
        let name = provider.name;
        let mut warning = auth.place().problem(
            format!("{name} gives no refresh token when it is asked like this"),
            remedy.clone(),
        );
        warning.severity = Severity::Warning;
        warning.why = Some(
            "without one, a person has to connect again whenever the token expires".to_owned(),
        );
        problems.add(warning);
    }
    Some(Offline {
        provider: provider.name,
        remedy,
    })
}

/// What tells at whose site a person consents; paths first.
const CONSENT: [&str; 4] = [
    "authorization_url",
    "device_authorization_url",
    "issuer",
    "site",
];

/// The table `auth`, looked at whether or not it is valid.
struct Auth<'a> {
    node: &'a Node,
    entries: &'a [Entry],
}

impl<'a> Auth<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        match &node.value {
            Tree::Table(entries) => Some(Self { node, entries }),
            _ => None,
        }
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.node)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        text(self.get(key)?)
    }

    /// Whether a refresh token is of no use here.
    fn renews_otherwise(&self) -> bool {
        let from = self.get("refresh").and_then(Auth::of);
        let from = from.and_then(|refresh| refresh.text("from"));
        matches!(from, Some("access_token" | "none"))
    }

    fn is_at(&self, provider: &Provider) -> bool {
        let urls = CONSENT.map(|key| self.text(key));
        let path = urls[0].or(urls[1]).unwrap_or_default();
        let url = urls.into_iter().flatten().find(|url| !url.starts_with('/'));
        let Some((_, rest)) = url.and_then(|url| url.split_once("://")) else {
            return false;
        };
        let (host, own_path) = rest.split_once('/').unwrap_or((rest, ""));
        let on_path = format!("/{own_path}{path}").contains(provider.path);
        on_path && provider.hosts.iter().any(|known| is_host(host, known))
    }

    /// What to write, unless that is written already.
    fn remedy(&self, ask: &Ask) -> Option<String> {
        match ask {
            Ask::Scope(scopes) => self.lacks_scope(scopes).then(|| add_scope(scopes[0])),
            Ask::ScopeAmongOthers(scopes) => {
                let named = !self.scopes().is_empty() && self.lacks_scope(scopes);
                named.then(|| add_scope(scopes[0]))
            }
            Ask::Params(params) => {
                let lacking = params.iter().any(|(name, value)| self.lacks(name, value));
                lacking.then(|| {
                    let params: Vec<String> = params
                        .iter()
                        .map(|(name, value)| format!("{name} = \"{value}\""))
                        .collect();
                    format!("add `authorization_params = {{ {} }}`", params.join(", "))
                })
            }
        }
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        let params = self.get("authorization_params").and_then(Auth::of)?;
        params.text(name)
    }

    /// The scopes that are asked for, as they are written.
    fn scopes(&self) -> Vec<&'a str> {
        if let Some(scope) = self.param("scope") {
            return scope.split([' ', ',']).collect();
        }
        let listed = |key| match self.get(key).map(|node| &node.value) {
            Some(Tree::Array(items)) => items.as_slice(),
            _ => &[],
        };
        let offered = listed("optional_scopes").iter().filter_map(|scope| {
            Auth::of(scope).map_or_else(|| text(scope), |scope| scope.text("name"))
        });
        let always = listed("scopes").iter().filter_map(text);
        // Several may stand in one string.
        always
            .chain(offered)
            .flat_map(str::split_whitespace)
            .collect()
    }

    fn lacks_scope(&self, wanted: &[&str]) -> bool {
        // A placeholder may bring what is wanted.
        let has = |scope: &&str| wanted.contains(scope) || scope.starts_with('{');
        !self.scopes().iter().any(has)
    }

    fn lacks(&self, name: &str, value: &str) -> bool {
        let given = self.param(name).unwrap_or_default();
        let mut words = given.split_whitespace();
        !words.any(|word| word == value || word.contains('{'))
    }

    /// Where the remedy would go, as near as can be.
    fn place(&self) -> &'a Node {
        CONSENT
            .iter()
            .find_map(|key| self.get(key))
            .unwrap_or(self.node)
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Tree::String(text) => Some(text),
        _ => None,
    }
}

fn is_host(host: &str, known: &str) -> bool {
    let host = host.to_ascii_lowercase();
    if let Some(above) = known.strip_suffix('.') {
        let rest = host.strip_prefix(above);
        return rest.is_some_and(|rest| rest.starts_with('.'));
    }
    host == known || (known.starts_with('.') && host.ends_with(known))
}

fn add_scope(scope: &str) -> String {
    format!("add `\"{scope}\"` to `scopes`")
}
