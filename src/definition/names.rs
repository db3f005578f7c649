//! What a definition's placeholders may name, and where. A name is looked up
//! once it is known to the language (`template` sees to that): named
//! combinations come down to the parameters and built-in names they are made
//! of, and each of those must have a value at the moment the string is used,
//! be no secret where a browser's history would keep it, and be pinned down
//! where it would choose the host.

use super::parameter::{Format, Parameter};
use super::report::{Problem, Problems};
use super::template::{Names, Template};
use super::tree::Node;
use super::url_template::{InHost, UrlTemplate};

/// When a string is used, which decides what has a value by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// On the way to the provider: its site, its endpoints, scopes.
    Endpoint,
    /// The same, in what becomes part of the authorization URL.
    Browser,
    /// In `authorization_params`.
    Consent,
    /// In `api`, with the credential at hand.
    Api,
}

/// The names of one definition.
pub(super) struct Known<'a> {
    /// All of them, the built-in ones included.
    pub(super) names: Names,
    parameters: &'a [Parameter],
    values: Vec<Combination<'a>>,
}

/// A value of `values`.
struct Combination<'a> {
    name: &'a str,
    template: &'a Template,
    /// The parameters and built-in names it comes down to.
    leaves: Vec<&'a str>,
}

/// The built-in names that are secrets whatever the definition says.
const SECRETS: [&str; 8] = [
    "client_secret",
    "token",
    "refresh_token",
    "id_token",
    "password",
    "api_key",
    "code",
    "jwt",
];

/// The names that stand for the credential where it is used.
const CREDENTIAL: [&str; 4] = ["token", "api_key", "username", "password"];

impl<'a> Known<'a> {
    /// `values` are in the order of the file: each may use those before it.
    pub(super) fn new(
        names: Names,
        parameters: &'a [Parameter],
        values: &'a [(String, Template)],
    ) -> Self {
        let mut known = Self {
            names,
            parameters,
            values: Vec::with_capacity(values.len()),
        };
        for (name, template) in values {
            let leaves = known.leaves(template);
            known.values.push(Combination {
                name,
                template,
                leaves,
            });
        }
        known
    }

    /// The parameters and built-in names that a string comes down to.
    fn leaves(&self, template: &'a Template) -> Vec<&'a str> {
        let mut leaves = Vec::new();
        for name in template.names() {
            for leaf in self.leaves_of(name) {
                if !leaves.contains(&leaf) {
                    leaves.push(leaf);
                }
            }
        }
        leaves
    }

    fn leaves_of<'n>(&self, name: &'n str) -> Vec<&'n str>
    where
        'a: 'n,
    {
        match self.value(name) {
            Some(value) => value.leaves.clone(),
            None => vec![name],
        }
    }

    fn value(&self, name: &str) -> Option<&Combination<'a>> {
        self.values.iter().find(|value| value.name == name)
    }

    fn parameter(&self, name: &str) -> Option<&'a Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    fn is_secret(&self, leaf: &str) -> bool {
        SECRETS.contains(&leaf) || self.parameter(leaf).is_some_and(|p| p.secret)
    }

    /// Whether a string holds the credential, directly or through `values`.
    pub(super) fn holds_credential(&self, template: &Template) -> bool {
        template
            .names()
            .flat_map(|name| self.leaves_of(name))
            .any(|leaf| CREDENTIAL.contains(&leaf))
    }

    /// Holds a string to what has a value at its moment and may be seen there;
    /// whether it does. `what` is the key it stands at.
    pub(super) fn check(
        &self,
        template: &Template,
        node: &Node,
        (what, moment): (&str, Moment),
        problems: &Problems,
    ) -> bool {
        let mut fine = true;
        for (name, range) in template.uses() {
            let found = self
                .leaves_of(name)
                .into_iter()
                .find_map(|leaf| self.fault(name, leaf, what, moment));
            if let Some(fault) = found {
                let mut problem = fault.at(node);
                problem.span = node.text_span(&range);
                problems.add(problem);
                fine = false;
            }
        }
        fine
    }

    fn fault(&self, name: &str, leaf: &str, what: &str, moment: Moment) -> Option<Fault> {
        let through = if name == leaf {
            String::new()
        } else {
            format!(", which `{{{name}}}` is made of,")
        };
        let seen = matches!(moment, Moment::Browser | Moment::Consent);
        if seen && self.is_secret(leaf) {
            return Some(Fault {
                message: format!(
                    "`{what}` would put the secret `{{{leaf}}}`{through} into the authorization URL"
                ),
                why: Some("that URL stays in the browser's history"),
                help: "leave it out; secrets go to the token endpoint".to_owned(),
            });
        }
        let why = self.absence(leaf, moment)?;
        Some(Fault {
            message: format!("`{{{leaf}}}`{through} has no value here: {why}"),
            why: None,
            help: match moment {
                Moment::Api => "use `{token}` for the credential, or a parameter",
                Moment::Consent => "use a parameter, `{redirect_uri}` or `{state}`",
                Moment::Endpoint | Moment::Browser => "use a parameter, or `{client_id}`",
            }
            .to_owned(),
        })
    }

    /// Why a name has no value at a moment; `None` when it has one.
    fn absence(&self, leaf: &str, moment: Moment) -> Option<&'static str> {
        let base = leaf.split('.').next().unwrap_or(leaf);
        let (lives, why) = match base {
            "token" | "id_token" => (
                moment == Moment::Api,
                "it exists only once there is a credential, in `api`",
            ),
            "client_secret" => (
                moment == Moment::Api,
                "it exists only in `api`; the token endpoint gets it by itself",
            ),
            "redirect_uri" | "state" => (
                moment == Moment::Consent,
                "it exists only while a person is asked to consent, in `authorization_params`",
            ),
            "refresh_token" => (
                false,
                "it exists only while a token is renewed, and goes to the token endpoint by itself",
            ),
            "code" => (
                false,
                "it exists only while it is exchanged for a token, and goes to the token endpoint by itself",
            ),
            "callback" => (
                false,
                "it exists only while the answer to a redirect is taken in",
            ),
            "jwt" => (
                false,
                "it exists only where `auth` mints one, and `type = \"oauth2\"` does not",
            ),
            "api_key" | "username" | "password" => (
                self.parameter(base).is_some(),
                "`type = \"oauth2\"` asks for none; it exists only where a parameter of this name does",
            ),
            _ => (true, ""),
        };
        (!lives).then_some(why)
    }

    /// Holds a URL to values that cannot choose any host: every name in its
    /// host part is a parameter that is pinned down.
    pub(super) fn check_host(&self, url: &UrlTemplate, node: &Node, problems: &Problems) {
        if let Some(why) = url.start_fault() {
            let help = "begin what follows it with `/`, `?` or `#`";
            let mut problem = node.problem("the host is left open", help);
            problem.why = Some(why.to_owned());
            problems.add(problem);
        }
        for (place, name, range) in url.in_host() {
            if let Some(fault) = self.host_fault(name, place, self.values.len()) {
                let mut problem = fault.at(node);
                problem.span = node.text_span(&range);
                problems.add(problem);
            }
        }
    }

    /// `depth` bounds how far values are followed.
    fn host_fault(&self, name: &str, place: InHost, depth: usize) -> Option<Fault> {
        let Some(value) = self.value(name) else {
            return self.leaf_in_host(name, place);
        };
        let inside = |name: &str| {
            let leaves = self.leaves_of(name);
            leaves
                .into_iter()
                .find_map(|leaf| self.leaf_in_host(leaf, InHost::Inside))
        };
        if place == InHost::Inside {
            return inside(name);
        }
        // It goes in as it is, so all of it is held to what a host is held to.
        let url = UrlTemplate::new(value.template.clone());
        let lead = url.leading_text();
        let absolute = ["https://", "http://"]
            .iter()
            .any(|scheme| lead.starts_with(scheme));
        let whole = url.starts_with_value() || absolute;
        if !whole || url.start_fault().is_some() || depth == 0 {
            return Some(Fault {
                message: format!("`{{{name}}}` is the start of a URL, but this value is none"),
                why: Some(WRONG_HOST),
                help: format!("begin the value `{name}` with `https://` and a host"),
            });
        }
        let at_start = |name: &str| {
            let mut in_host = url.in_host().into_iter();
            in_host.any(|(place, known, _)| place == InHost::Start && known == name)
        };
        value.template.names().find_map(|name| {
            if at_start(name) {
                self.host_fault(name, InHost::Start, depth - 1)
            } else {
                inside(name)
            }
        })
    }

    fn leaf_in_host(&self, leaf: &str, place: InHost) -> Option<Fault> {
        let fault = |message: String, help: String| {
            Some(Fault {
                message,
                why: Some(WRONG_HOST),
                help,
            })
        };
        let Some(parameter) = self.parameter(leaf) else {
            return fault(
                format!("`{{{leaf}}}` stands in a host name, but it is not a parameter"),
                "write the host out, or use a parameter with a `format`, `choices` or a `pattern`"
                    .to_owned(),
            );
        };
        if parameter.secret {
            return Some(Fault {
                message: format!("`{{{leaf}}}` stands in a host name, but it is a secret"),
                why: Some("host names are seen by others, and kept with the connection"),
                help: "use a parameter that is none".to_owned(),
            });
        }
        match place {
            InHost::Inside if !parameter.is_pinned() => fault(
                format!("`{{{leaf}}}` stands in a host name, but anything may be typed for it"),
                format!("give the parameter `{leaf}` a `format`, `choices` or a `pattern`"),
            ),
            InHost::Inside if parameter.format == Some(Format::Url) => fault(
                format!("`{{{leaf}}}` stands in a host name, but it is a whole URL"),
                format!("begin the URL with it: `{{{leaf}}}/…`"),
            ),
            InHost::Start if !parameter.is_url() => fault(
                format!("`{{{leaf}}}` is the start of a URL, but need not be one"),
                format!(
                    "give the parameter `{leaf}` `format = \"url\"`, a `pattern`, or `choices` that are URLs"
                ),
            ),
            _ => None,
        }
    }
}

const WRONG_HOST: &str = "a wrong value could send the credential to another host";

/// What is wrong with a name where it stands.
struct Fault {
    message: String,
    why: Option<&'static str>,
    help: String,
}

impl Fault {
    fn at(self, node: &Node) -> Problem {
        let mut problem = node.problem(self.message, self.help);
        problem.why = self.why.map(str::to_owned);
        problem
    }
}
