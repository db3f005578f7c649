//! What a definition could do to whoever uses it: where it may send secrets,
//! what it runs, which files and environment variables it reads, whom it hands
//! credentials to, and what it takes of the user's own definitions. Read off the definition alone: nothing is run, resolved or
//! looked at.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::brand::Icon;
use super::input::InputSource;
use super::parameter::Parameter;
use super::source::ValueSource;
use super::subject::SubjectSource;
use super::template::Part;
use super::url_template::UrlTemplate;
use super::{Auth, Inherited, Input, Integration};
use crate::env;

/// What a definition reaches; each as a person reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Origins (RFC 6454) that requests go to, with placeholders where a value
    /// is part of one.
    pub origins: BTreeSet<String>,
    /// Commands that are run for a value.
    pub commands: BTreeSet<String>,
    /// Files that are read.
    pub files: BTreeSet<String>,
    /// Environment variables that are read.
    pub variables: BTreeSet<String>,
    /// Other tools that are given the credential.
    pub helpers: BTreeSet<String>,
    /// The user's own definition that it is laid over, with what it uses of
    /// that; not in what earlier versions remembered.
    #[serde(default)]
    pub inherited: BTreeSet<String>,
}

impl Reach {
    /// What this definition reaches.
    pub fn of(integration: &Integration) -> Self {
        let mut reach = Self {
            origins: origins(integration),
            helpers: helpers(integration),
            inherited: integration.inherited.iter().map(inherited).collect(),
            ..Self::default()
        };
        integration.auth.inputs.iter().for_each(|i| reach.input(i));
        let subject = integration.auth.oauth2().and_then(|o| o.subject.as_ref());
        match subject.map(|subject| &subject.source) {
            Some(SubjectSource::Place(source)) => reach.place(source),
            Some(SubjectSource::GithubActions { .. }) => {
                let names = [
                    env::ACTIONS_ID_TOKEN_REQUEST_URL,
                    env::ACTIONS_ID_TOKEN_REQUEST_TOKEN,
                ];
                reach.variables.extend(names.map(ToOwned::to_owned));
            }
            None => {}
        }
        let actions = integration.actions.iter().flat_map(|a| &a.parameters);
        let parameters = integration.parameters.iter().chain(actions);
        reach
            .variables
            .extend(parameters.filter_map(|p| p.env.clone()));
        if let Some(Icon::File(picture)) = &integration.icon {
            reach.files.insert(picture.path.display().to_string());
        }
        reach
    }

    /// Its parts, each with what it is called.
    pub fn parts(&self) -> [(&'static str, &BTreeSet<String>); 6] {
        [
            ("builds on", &self.inherited),
            ("sends to", &self.origins),
            ("runs", &self.commands),
            ("reads", &self.files),
            ("takes from the environment", &self.variables),
            ("hands credentials to", &self.helpers),
        ]
    }

    fn input(&mut self, input: &Input) {
        if let Some(InputSource::Value(source)) = &input.source {
            self.place(source);
        }
    }

    fn place(&mut self, source: &ValueSource) {
        match source {
            ValueSource::Literal(_) => {}
            ValueSource::Env(name) => {
                self.variables.insert(name.clone());
            }
            ValueSource::File(path) => {
                self.files.insert(path.display().to_string());
            }
            ValueSource::Command(words) => {
                self.commands.insert(command(words));
            }
        }
    }
}

fn inherited(inherited: &Inherited) -> String {
    let Inherited { key, values } = inherited;
    match values.len() {
        0 => format!("your own `{key}`"),
        _ => format!("your own `{key}`, and uses its {}", values.join(", ")),
    }
}

fn command(words: &[String]) -> String {
    let line = shell_words::join(words);
    let program = words.first().map(Path::new);
    let wanders = |path: &Path| path.components().count() > 1 && !path.is_absolute();
    if program.is_some_and(wanders) {
        format!("{line} (from whatever directory hallpass runs in)")
    } else {
        line
    }
}

fn origins(integration: &Integration) -> BTreeSet<String> {
    let (auth, api) = (&integration.auth, &integration.api);
    let oauth = auth.oauth2();
    let consent = oauth.and_then(|oauth| oauth.authorization_url.as_ref());
    let endpoints = auth.endpoints().chain(&api.base_url).chain(consent);
    let relay = oauth.and_then(|oauth| oauth.redirect_uri.as_ref());
    let urls = endpoints.map(|endpoint| &endpoint.0);
    let urls = urls.chain(&auth.site).chain(relay);
    let mut origins: BTreeSet<String> = urls
        .filter(|url| !url.is_path())
        .map(|url| origin(url, integration))
        .collect();
    origins.extend(oauth.and_then(|oauth| oauth.issuer.as_ref()).map(|issuer| {
        let origin = origin(issuer, integration);
        format!("{origin}, and the endpoints that its metadata names")
    }));
    origins.extend(
        api.allowed_hosts
            .iter()
            .map(|host| format!("https://{host}")),
    );
    origins
}

/// An origin, and what its placeholders may stand for where the definition has
/// a say in that.
fn origin(url: &UrlTemplate, integration: &Integration) -> String {
    let text = url.written_origin();
    let mut notes = Vec::new();
    for (_, name, _) in url.in_host() {
        explain(name, integration, &mut notes);
    }
    notes.dedup();
    if notes.is_empty() {
        text
    } else {
        format!("{text} ({})", notes.join("; "))
    }
}

fn explain(name: &str, integration: &Integration, notes: &mut Vec<String>) {
    if let Some(value) = integration.value(name) {
        let text: String = value.parts().iter().map(Part::written).collect();
        notes.push(format!("{{{name}}} is {text}"));
        // Values stand after those they use, so this ends.
        value
            .names()
            .for_each(|name| explain(name, integration, notes));
    } else if let Some(parameter) = integration.parameter(name) {
        notes.extend(given(parameter));
    }
    notes.extend(told(name, &integration.auth));
}

/// What the definition says of a value that answers bring.
fn told(name: &str, auth: &Auth) -> Option<String> {
    let captured = auth.captures.iter().map(|c| (&c.name, &c.pattern));
    let calls = auth.steps.iter().map(|step| &step.call).chain(&auth.lookup);
    let saved = calls.flat_map(|call| &call.save);
    let mut all = captured.chain(saved.map(|s| (&s.name, &s.pattern)));
    let (_, pattern) = all.find(|(known, _)| *known == name)?;
    let pattern = pattern.as_ref().map(regex::Regex::as_str);
    Some(match pattern.map(as_written) {
        Some(pattern) => format!("{{{name}}} is what the provider says, if it matches {pattern}"),
        None => format!("{{{name}}} is what the provider says"),
    })
}

/// Patterns are compiled to match the whole value.
fn as_written(pattern: &str) -> &str {
    let inner = pattern.strip_prefix("^(?:");
    inner
        .and_then(|inner| inner.strip_suffix(")$"))
        .unwrap_or(pattern)
}

/// What the definition says of a parameter that somebody gives.
fn given(parameter: &Parameter) -> Option<String> {
    let name = &parameter.name;
    if !parameter.choices.is_empty() {
        let values: Vec<&str> = parameter.choices.iter().map(|c| c.value.as_str()).collect();
        return Some(format!("{{{name}}} is one of {}", values.join(", ")));
    }
    let default = parameter.default.as_ref()?;
    Some(format!("{{{name}}} is {default} unless given"))
}

fn helpers(integration: &Integration) -> BTreeSet<String> {
    let helpers = &integration.helpers;
    let git = helpers
        .git
        .as_ref()
        .map(|git| format!("git for {}", git.host));
    let docker = helpers.docker.as_ref();
    let docker = docker.map(|docker| format!("docker for {}", docker.registry));
    let kubectl = helpers.kubectl.as_ref().map(|_| "kubectl".to_owned());
    git.into_iter().chain(docker).chain(kubectl).collect()
}
