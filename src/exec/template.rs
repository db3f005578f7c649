//! What `--env NAME=TEMPLATE` means: the definition language's templates, over
//! the values of the connections that were named. With one of them
//! `{token}` is its token; `{github@work.token}` says whose it is.
//!
//! What goes only to a provider's token endpoint has no name here: client
//! secrets, refresh tokens, and the password that is exchanged for a token.

use crate::broker::{bound, values_of};
use crate::connection::{ConnectionArg, ConnectionId, Values};
use crate::definition::template::{Names, RenderError, Scope, Template, Value};
use crate::definition::{AuthKind, Integration};
use crate::error::{Failure, Kind, Result};
use crate::secret::Secret;
use crate::store::Item;
use crate::ui::escape;

/// What is the provider's alone to see.
const WITHHELD: [&str; 2] = ["client_secret", "refresh_token"];

/// A connection that was named.
#[derive(Clone)]
pub struct Source {
    /// The connection.
    pub id: ConnectionId,
    /// Its definition.
    pub integration: Integration,
    written: String,
}

/// One `NAME=TEMPLATE`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The variable.
    pub name: String,
    template: Template,
}

/// What fills templates: the values of each connection.
pub struct Filled<'a> {
    sources: &'a [Source],
    values: Vec<Values<'a>>,
}

impl Source {
    /// What was named on the command line, and what that means.
    pub fn new(arg: &ConnectionArg, id: ConnectionId, integration: Integration) -> Self {
        let written = match &arg.name {
            Some(name) => format!("{}@{name}", arg.integration),
            None => arg.integration.clone(),
        };
        Self {
            id,
            integration,
            written,
        }
    }

    /// The names that its templates may use.
    fn names(&self) -> Vec<&str> {
        let auth = &self.integration.auth;
        let mut names: Vec<&str> = match auth.kind {
            AuthKind::OAuth2(_) | AuthKind::CustomToken => vec!["token", "id_token"],
            AuthKind::ApiKey => vec!["token"],
            AuthKind::Jwt => vec!["token", "jwt"],
            AuthKind::Basic | AuthKind::None => Vec::new(),
        };
        names.extend(auth.inputs.iter().map(|input| input.name));
        names.extend(self.integration.parameters.iter().map(|p| p.name.as_str()));
        names.extend(auth.captures.iter().map(|capture| capture.name.as_str()));
        let calls = auth.steps.iter().map(|step| &step.call).chain(&auth.lookup);
        names.extend(calls.flat_map(|call| &call.save).map(|s| s.name.as_str()));
        names.extend(self.integration.values.iter().map(|(n, _)| n.as_str()));
        names.extend(["uuid", "now"]);
        names.retain(|name| !self.withholds(name));
        names
    }

    /// Whether a name comes down to what is the provider's alone to see.
    fn withholds(&self, name: &str) -> bool {
        if let Some(template) = self.integration.value(name) {
            return template.names().any(|name| self.withholds(name));
        }
        let exchanged = self.integration.auth.oauth2().is_some() && name == "password";
        exchanged || WITHHELD.contains(&name) || name.contains('.')
    }

    /// Whether a name comes down to the token.
    fn shows_token(&self, name: &str) -> bool {
        match self.integration.value(name) {
            Some(template) => template.names().any(|name| self.shows_token(name)),
            None => name == "token",
        }
    }
}

/// Which connection a placeholder means, and which of its values. Whose it is
/// need not be said where there is one.
fn meant<'n>(sources: &[Source], name: &'n str) -> Option<(usize, &'n str)> {
    let Some((whose, name)) = name.split_once('.') else {
        return (sources.len() == 1).then_some((0, name));
    };
    let find = |test: &dyn Fn(&Source) -> bool| sources.iter().position(test);
    let by_key = |source: &Source| source.id.integration() == whose;
    let at = find(&|source| source.written == whose)
        .or_else(|| find(&|source| source.id.file_stem() == whose))
        .or_else(|| {
            let alone = sources.iter().filter(|source| by_key(source)).count() == 1;
            find(&by_key).filter(|_| alone)
        })?;
    Some((at, name))
}

impl Entry {
    /// Reads `NAME=TEMPLATE` of an option.
    pub fn read(text: &str, option: &str, sources: &[Source]) -> Result<Self> {
        let example = example(sources);
        let Some((name, template)) = text.split_once('=') else {
            // The whole may be a credential that somebody pasted.
            return Err(
                Failure::new(Kind::Usage, format!("`{option}` takes NAME=TEMPLATE"))
                    .hint(format!("write it so: `{option} {example}`")),
            );
        };
        check_variable(name, option)?;
        let names = vocabulary(sources);
        let template = Template::parse(template, &names).map_err(|problem| {
            let message = format!("`{option} {name}=…`: {}", problem.message);
            let word = template.get(problem.range.clone()).unwrap_or_default();
            let failure = Failure::new(Kind::Usage, escape(&message));
            match advice(sources, word) {
                Some(advice) => failure.hint(advice),
                None => failure.hint(problem.help),
            }
            .hint(format!("what can stand there: {}", listed(sources)))
        })?;
        let name = name.to_owned();
        Ok(Self { name, template })
    }

    /// `NAME={token}` of the one connection there is.
    pub fn token(name: &str, option: &str, source: &Source) -> Result<Self> {
        let token = format!("{name}={{token}}");
        Self::read(&token, option, std::slice::from_ref(source))
    }

    /// The connections that it takes values from.
    pub fn uses(&self, sources: &[Source]) -> Vec<usize> {
        let mut used: Vec<usize> = self
            .template
            .names()
            .filter_map(|name| meant(sources, name))
            .map(|(at, _)| at)
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// The value; none where an optional one that it is made of is unset.
    pub fn fill(&self, filled: &Filled<'_>) -> Result<Option<Secret>> {
        self.refuse_bound(filled)?;
        let rendered = self.template.render(filled);
        let rendered = rendered.map_err(|error| self.unfilled(error, filled.sources))?;
        let Some(rendered) = rendered else {
            return Ok(None);
        };
        if rendered.text.expose().contains('\0') {
            let what = format!("the value of `{}` holds a zero byte", self.name);
            return Err(Failure::new(Kind::Usage, what)
                .hint("no variable can hold that: encode it, as in `{token|base64}`"));
        }
        Ok(Some(rendered.text))
    }

    /// Refuses a token that the command could do nothing with.
    fn refuse_bound(&self, filled: &Filled<'_>) -> Result<()> {
        let names = self.template.names();
        let used = names.filter_map(|name| meant(filled.sources, name));
        let mut shown = used.filter(|(at, name)| filled.sources[*at].shows_token(name));
        let is_bound = |at: usize| filled.values[at].binding().is_some();
        match shown.find(|(at, _)| is_bound(*at)) {
            Some((at, _)) => Err(bound(
                &filled.sources[at].id,
                &format!("it is of no use in `{}`", self.name),
            )),
            None => Ok(()),
        }
    }

    fn unfilled(&self, error: RenderError, sources: &[Source]) -> Failure {
        let used = self.uses(sources);
        let id = used
            .first()
            .map(|at| sources[*at].id.to_string())
            .unwrap_or_default();
        let failed = format!("`{}` cannot be set", self.name);
        match &error {
            RenderError::NoValue { name } if name == "id_token" => {
                Failure::caused(Kind::Usage, error)
                    .context(failed)
                    .hint(format!(
                        "ask for the scope `openid`: `hallpass connect {id} --scope openid`"
                    ))
            }
            RenderError::Source(_) => Failure::caused(Kind::Definition, error)
                .context(failed)
                .hint(format!("set it, or change the definition of `{id}`")),
            _ => Failure::caused(Kind::NeedsConnecting, error)
                .context(failed)
                .hint(format!("run `hallpass connect {id}`, which asks for it")),
        }
    }
}

/// Refuses what no program would look for.
fn check_variable(name: &str, option: &str) -> Result<()> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '{' | '}' | '$');
    let why = if name.is_empty() {
        "is empty"
    } else if name.contains(odd) {
        "is no name"
    } else if name == crate::env::HALLPASS_KEY {
        "is hallpass's own, and never passed on"
    } else {
        return Ok(());
    };
    let message = format!("the variable's name in `{option}` {why}");
    Err(Failure::new(Kind::Usage, message)
        .hint(format!("write it so: `{option} GITHUB_TOKEN={{token}}`")))
}

/// Every name that a template may use, with and without whose it is.
fn vocabulary(sources: &[Source]) -> Names {
    let mut names = Names::default();
    for source in sources {
        for name in source.names() {
            if sources.len() == 1 {
                names.add(name);
            }
            let key = source.id.integration();
            for whose in [&source.written, &source.id.file_stem(), key] {
                let full = format!("{whose}.{name}");
                if meant(sources, &full).is_some_and(|(at, _)| sources[at].id == source.id) {
                    names.add(&full);
                }
            }
        }
    }
    names
}

/// What to write in the place of a name that is not known.
fn advice(sources: &[Source], word: &str) -> Option<String> {
    let plain = word.rsplit('.').next().unwrap_or(word);
    if let Some((at, _)) = meant(sources, word)
        && sources[at].withholds(plain)
        && (WITHHELD.contains(&plain) || plain == "password")
    {
        return Some(format!(
            "`{{{plain}}}` goes to the provider's token endpoint and nowhere else"
        ));
    }
    let whose = sources.iter().find(|s| s.names().contains(&word))?;
    let written = &whose.written;
    (sources.len() > 1).then(|| format!("say whose it is: `{{{written}.{word}}}`"))
}

/// The placeholders that there are, for a person to choose from.
fn listed(sources: &[Source]) -> String {
    let mut words = Vec::new();
    for source in sources {
        for name in source.names() {
            words.push(match sources {
                [_] => format!("`{{{name}}}`"),
                _ => format!("`{{{}.{name}}}`", source.written),
            });
        }
    }
    words.join(", ")
}

/// `NAME=TEMPLATE` as it could be for these connections.
pub fn example(sources: &[Source]) -> String {
    let one = |source: &Source| {
        let key = source.id.integration().to_ascii_uppercase();
        let name = source.names().first().copied().unwrap_or("token");
        let variable = format!("{}_{}", key.replace('-', "_"), name.to_ascii_uppercase());
        (variable, name.to_owned(), source.written.clone())
    };
    match sources {
        [source] => {
            let (variable, name, _) = one(source);
            format!("{variable}={{{name}}}")
        }
        [source, ..] => {
            let (variable, name, whose) = one(source);
            format!("{variable}={{{whose}.{name}}}")
        }
        [] => "GITHUB_TOKEN={token}".to_owned(),
    }
}

impl<'a> Filled<'a> {
    /// The values of these connections, whose items come in the same order.
    pub fn new(sources: &'a [Source], items: &'a [Item]) -> Self {
        let pairs = sources.iter().zip(items);
        let values = pairs.map(|(source, item)| values_of(&source.integration, item));
        Self {
            sources,
            values: values.collect(),
        }
    }
}

impl Scope for Filled<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, RenderError> {
        let found = meant(self.sources, name)
            .and_then(|(at, name)| self.values.get(at).map(|values| (values, name)));
        match found {
            Some((values, name)) => values.value(name),
            None => Err(RenderError::NoValue {
                name: name.to_owned(),
            }),
        }
    }
}
