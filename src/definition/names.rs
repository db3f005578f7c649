//! What a definition's placeholders may name, and where. A name is looked up
//! once it is known to the language (`template` sees to that): named
//! combinations come down to the parameters and built-in names they are made
//! of, and each of those must have a value at the moment the string is used,
//! and be no secret where a browser's history would keep it. `host` holds them
//! to more where they would choose the host.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::format::Format;
use super::parameter::Parameter;
use super::report::{Problem, Problems};
use super::template::{Names, Template};
use super::tree::Node;

/// When a string is used, which decides what has a value by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// On the way to the provider: its site, its endpoints, scopes.
    Endpoint,
    /// The same, in what becomes part of the authorization URL.
    Browser,
    /// In `issuer`, which is kept with the connection for all to see.
    Issuer,
    /// In `authorization_params`.
    Consent,
    /// Where a user name or password is put together.
    Input,
    /// Where `auth.jwt` is put together.
    Claims,
    /// In the call that asks for a device code.
    Device,
    /// In the token call.
    Token,
    /// In the call that renews.
    Refresh,
    /// In the call that revokes.
    Revoke,
    /// In a step or the lookup, after the token call.
    Step,
    /// In `api`, with the credential at hand.
    Api,
}

impl Moment {
    /// Whether it is a call to the provider with its own parameters.
    fn is_call(self) -> bool {
        matches!(
            self,
            Moment::Device | Moment::Token | Moment::Refresh | Moment::Revoke | Moment::Step
        )
    }
}

/// What a definition's `auth` is, as far as names depend on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// `auth.type`, as it is written.
    pub(super) kind: String,
    /// Whether a person consents in a browser that is then redirected.
    pub(super) consents: bool,
    /// Whether the token call shows a device code.
    pub(super) polls: bool,
    /// Whether there is an `auth.jwt`.
    pub(super) has_jwt: bool,
    /// Whether there is an `auth.site` to put paths on.
    pub(super) has_site: bool,
    /// The names of `auth.capture` and of what steps and the lookup save.
    pub(super) kept: Vec<KeptName>,
}

/// A value that an answer brings, and that is kept with the connection.
#[derive(Clone, Debug)]
pub(super) struct KeptName {
    pub(super) name: String,
    pub(super) secret: bool,
    /// Whether a pattern narrows it.
    pub(super) pinned: bool,
}

/// The names of one definition.
pub(super) struct Known<'a> {
    /// All of them, the built-in ones included.
    pub(super) names: Names,
    pub(super) facts: Facts,
    parameters: &'a [Parameter],
    /// An action's own, which go before the definition's of the same name.
    pub(super) arguments: Vec<(String, Option<Format>)>,
    pub(super) values: Vec<Combination<'a>>,
    /// What has been used so far, values taken apart.
    used: RefCell<BTreeSet<String>>,
}

/// A value of `values`.
pub(super) struct Combination<'a> {
    name: &'a str,
    pub(super) template: &'a Template,
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

impl<'a> Known<'a> {
    /// Each of `values` stands after those it uses.
    pub(super) fn new(
        names: Names,
        facts: Facts,
        parameters: &'a [Parameter],
        values: &'a [(String, Template)],
    ) -> Self {
        let mut known = Self {
            names,
            facts,
            parameters,
            arguments: Vec::new(),
            values: Vec::with_capacity(values.len()),
            used: RefCell::default(),
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

    /// Whether a value of this name is JSON of its own kind in a JSON body.
    pub(super) fn is_json(&self, name: &str) -> bool {
        let argument = self.arguments.iter().find(|(known, _)| known == name);
        let format = match argument {
            Some((_, format)) => *format,
            None => {
                let described = self.parameters.iter().find(|known| known.name == name);
                described.and_then(|parameter| parameter.format)
            }
        };
        format.is_some_and(Format::is_json)
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

    pub(super) fn leaves_of<'n>(&self, name: &'n str) -> Vec<&'n str>
    where
        'a: 'n,
    {
        match self.value(name) {
            Some(value) => value.leaves.clone(),
            None => vec![name],
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&Combination<'a>> {
        self.values.iter().find(|value| value.name == name)
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// Whether the value of a parameter, kept value or built-in name is one.
    pub(super) fn is_secret(&self, leaf: &str) -> bool {
        SECRETS.contains(&leaf)
            || self.parameter(leaf).is_some_and(|p| p.secret)
            || self.kept(leaf).is_some_and(|kept| kept.secret)
    }

    pub(super) fn kept(&self, leaf: &str) -> Option<&KeptName> {
        self.facts.kept.iter().find(|kept| kept.name == leaf)
    }

    fn comes_down_to(&self, template: &Template, test: impl Fn(&str) -> bool) -> bool {
        let mut leaves = template.names().flat_map(|name| self.leaves_of(name));
        leaves.any(test)
    }

    /// Whether a string holds the type's own credential, directly or through
    /// `values`.
    pub(super) fn holds_credential(&self, template: &Template) -> bool {
        let own: &[&str] = match self.facts.kind.as_str() {
            "api_key" => &["token", "api_key"],
            "basic" => &["username", "password"],
            "jwt" => &["token", "jwt"],
            _ => &["token"],
        };
        self.comes_down_to(template, |leaf| own.contains(&leaf))
    }

    /// Whether a string holds what has a value only while a code is exchanged.
    pub(super) fn is_of_exchange(&self, template: &Template) -> bool {
        self.comes_down_to(template, |leaf| {
            matches!(leaf, "code" | "redirect_uri" | "state") || leaf.starts_with("callback.")
        })
    }

    /// Whether a name has been used by what was checked so far.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
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
            let leaves = self.leaves_of(name);
            let mut used = self.used.borrow_mut();
            used.extend(leaves.iter().map(ToString::to_string));
            let found = leaves
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
        let seen_in = match moment {
            Moment::Browser | Moment::Consent => Some((
                "the authorization URL",
                "that URL stays in the browser's history",
            )),
            Moment::Issuer => Some((
                "the connection's record",
                "that record keeps the issuer's name in the open",
            )),
            _ => None,
        };
        if let Some((place, why)) = seen_in.filter(|_| self.is_secret(leaf)) {
            return Some(Fault {
                message: format!(
                    "`{what}` would put the secret `{{{leaf}}}`{through} into {place}"
                ),
                why: Some(why),
                help: "leave it out; secrets go to the token endpoint".to_owned(),
            });
        }
        let why = self.absence(leaf, moment)?;
        Some(Fault {
            message: format!("`{{{leaf}}}`{through} has no value here: {why}"),
            why: None,
            help: match moment {
                Moment::Endpoint if leaf.starts_with("callback.") => {
                    "keep it with `auth.capture`, and use that name"
                }
                Moment::Api => "use `{token}` for the credential, or a parameter",
                Moment::Consent => "use a parameter, `{redirect_uri}` or `{state}`",
                Moment::Input => "use a parameter of another name, such as `email`",
                Moment::Device
                | Moment::Token
                | Moment::Refresh
                | Moment::Revoke
                | Moment::Step => {
                    "use a parameter, an input such as `{client_id}`, or what `auth.capture` keeps"
                }
                Moment::Endpoint | Moment::Browser | Moment::Issuer | Moment::Claims => {
                    "use a parameter, or `{client_id}`"
                }
            }
            .to_owned(),
        })
    }

    /// Why a name has no value at a moment; `None` when it has one.
    fn absence(&self, leaf: &str, moment: Moment) -> Option<&'static str> {
        let base = leaf.split('.').next().unwrap_or(leaf);
        let consents = self.facts.consents;
        let before = matches!(
            moment,
            Moment::Browser | Moment::Issuer | Moment::Consent | Moment::Input | Moment::Device
        );
        let (lives, why) = match base {
            "token" | "id_token" => (
                matches!(
                    moment,
                    Moment::Api | Moment::Refresh | Moment::Step | Moment::Revoke
                ),
                "it exists only once there is a credential: in `api`, in steps, when renewing",
            ),
            "client_secret" => (
                moment.is_call() || matches!(moment, Moment::Api | Moment::Claims),
                "it exists only in `api` and in calls to the provider",
            ),
            "redirect_uri" => (
                moment == Moment::Consent || (moment == Moment::Token && consents),
                "it exists only while a person is asked to consent, in `authorization_params` and `auth.token`",
            ),
            "state" => (
                moment == Moment::Consent || (moment == Moment::Token && consents),
                "it exists only while a person is asked to consent, in `authorization_params`",
            ),
            "refresh_token" => (
                matches!(moment, Moment::Refresh | Moment::Step | Moment::Revoke),
                "it exists only while a token is renewed, and goes to the token endpoint by itself",
            ),
            "code" => (
                moment == Moment::Token && (consents || self.facts.polls),
                "it exists only while it is exchanged for a token, and goes to the token endpoint by itself",
            ),
            "callback" => (
                matches!(moment, Moment::Token | Moment::Step) && consents,
                "it exists only while the answer to a redirect is taken in; `auth.capture` keeps it",
            ),
            "jwt" => (
                self.facts.has_jwt
                    && (moment.is_call() || (self.facts.kind == "jwt" && moment == Moment::Api)),
                "it exists only where `[auth.jwt]` mints one, in calls to the provider",
            ),
            "api_key" | "username" | "password" => (
                // A parameter of that name is the input itself.
                moment != Moment::Input,
                "inputs cannot be made of each other, nor of themselves",
            ),
            _ if self.kept(leaf).is_some() => (
                !before && moment != Moment::Claims,
                "it is known only after connecting",
            ),
            _ => (true, ""),
        };
        (!lives).then_some(why)
    }
}

/// What is wrong with a name where it stands.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) why: Option<&'static str>,
    pub(super) help: String,
}

impl Fault {
    pub(super) fn at(self, node: &Node) -> Problem {
        let mut problem = node.problem(self.message, self.help);
        problem.why = self.why.map(str::to_owned);
        problem
    }
}
