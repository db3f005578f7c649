//! Connecting: a person's command. What can be known to fail is found out
//! before the person is sent to a browser.

use std::time::Duration;

use super::given::Given;
use super::mint;
use super::recipe::Recipe;
use super::renew::locked;
use super::{Broker, adopt, explain, inputs, prompt, typed};
use crate::connection::{ConnectionId, Pin, Values};
use crate::definition::Integration;
use crate::definition::template::RenderError;
use crate::error::{Failure, Kind, Result};
use crate::grant::{self, Consented, GrantError, Repeat, Responder};
use crate::secret::Secret;
use crate::settings::StoreKind;
use crate::signals;
use crate::store::{Item, StoreError, UsableStore};

/// What `connect` was told.
#[derive(Debug)]
pub struct ConnectOptions {
    /// Parameters and inputs given on the command line.
    pub given: Vec<(String, Secret)>,
    /// Scopes besides the definition's.
    pub scopes: Vec<String>,
    /// How long to wait for the person.
    pub timeout: Duration,
    /// The same as far as anybody said it: a code is else waited for as long as
    /// it lives.
    pub patience: Option<Duration>,
    /// Replace a connection that was made for other origins.
    pub force: bool,
    /// The redirect URL comes on stdin.
    pub paste: bool,
    /// The consent is given by a code that is entered elsewhere.
    pub device: bool,
    /// A token, or the answer that it came in, which is there already.
    pub with_token: Option<Secret>,
}

/// A connection that was made and is kept.
pub struct Connected {
    /// The connection.
    pub item: Item,
    /// Where it rests.
    pub store: StoreKind,
    /// The person's browser, waiting for its last page; none when the answer
    /// was pasted.
    pub responder: Option<Responder>,
}

impl Broker<'_> {
    /// Connects, and keeps what came of it.
    pub fn connect(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        options: &ConnectOptions,
        choose_file: &mut dyn FnMut(&StoreError) -> Result<Option<StoreKind>>,
    ) -> Result<Connected> {
        super::device::refuse_misfit(id, integration, options)?;
        if options.with_token.is_some() {
            adopt::refuse_unfit(id, integration)?;
        }
        if options.force {
            self.stores.replace_lost_key(id);
        }
        let existing = self.existing(id, options.force)?;
        let kept_in = existing.as_ref().map(|(_, store)| *store);
        let kept = existing.as_ref().map(|(item, _)| kept_inputs(item));
        let given = inputs::collect(
            id,
            integration,
            &options.given,
            kept,
            self.interaction,
            self.ui,
        )?;
        // What was there before counts, unless it is to be replaced.
        let other = existing.as_ref().filter(|_| !options.force);
        let fence = other.map(|(item, _)| item.pin.clone());
        let earlier = other.map(|(item, _)| item.extra_scopes.as_slice());
        let mut values = Values::new(integration, given.0, given.1).fenced(fence.clone());
        let consented = integration.auth.needs_consent();
        let needs_person = consented && options.with_token.is_none();
        // Who pipes the redirect URL in will also have read the link.
        if needs_person && !options.paste && !self.interaction.can_show_url() {
            return Err(nobody_there(id, integration));
        }
        self.ask_the_server(id, integration, &mut values)?;
        check_urls(id, &values)?;
        let pin = Pin::of(&values).map_err(|error| explain::unrenderable(id, &error))?;
        if let Some((item, _)) = other {
            refuse_other_pin(id, item, &pin)?;
        }
        if integration.auth.is_by_password() {
            self.warn_of_password(id);
        }
        let store = self.choose_store(id, kept_in, consented, choose_file)?;
        let (mut item, responder) = if let Some(text) = &options.with_token {
            (self.adopt(id, integration, &mut values, text)?, None)
        } else if needs_person {
            // Whoever hangs at it is found out before a consent is thrown away.
            drop(self.lock(id).map_err(|error| locked(id, error))?);
            let extra = self.extra_scopes(integration, &options.scopes, earlier)?;
            self.consent(id, integration, &mut values, (options, extra))?
        } else if integration.auth.is_fixed() {
            let given = (values.parameters().clone(), values.secrets().clone());
            (typed::item_of(id, integration, given)?, None)
        } else {
            let given = (values.parameters().clone(), values.secrets().clone());
            let extra = self.extra_scopes(integration, &options.scopes, earlier)?;
            let recipe = Recipe::new(id, integration, given, true, &extra)?
                .with_metadata(values.metadata().clone())
                .fenced(fence);
            (self.mint(id, integration, &recipe, Repeat::Passing)?, None)
        };
        item.by_connect = true;
        self.keep(id, &mut item, store, options.force)?;
        Ok(Connected {
            item,
            store,
            responder,
        })
    }

    /// Says once, to whoever sets it up, what is wrong with the grant.
    fn warn_of_password(&self, id: &ConnectionId) {
        self.ui.warn(&format!(
            "`{id}` uses the obsolete grant `password`, which hands a user's own password to a program (RFC 9700 section 2.4)"
        ));
        self.ui.hint("use `authorization_code` for a person, `client_credentials` or `jwt_bearer` for a machine, wherever the provider has them");
    }

    /// Asks the issuer about itself, and the person for a client id where the
    /// issuer gives none.
    fn ask_the_server(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        values: &mut Values<'_>,
    ) -> Result<()> {
        let Some(oauth) = integration.auth.oauth2() else {
            return Ok(());
        };
        let failed = |error| explain::grant(id, &format!("`{id}` was not connected"), error);
        if let Some(error) = grant::discover(self.http, values).map_err(failed)? {
            let why = crate::ui::escape(&error.to_string()).into_owned();
            self.ui.warn(&format!(
                "the issuer of `{id}` said nothing of itself ({why}); the definition's own endpoints are used, and only those"
            ));
        }
        if oauth.grant.goes_without_client() {
            // Where one is wanted, it was asked for with the rest.
            return Ok(());
        }
        let registers = values
            .endpoint(oauth.registration_url.as_ref(), "registration_endpoint")
            .map_err(|error| explain::unrenderable(id, &error))?;
        let has_id = values
            .input("client_id")
            .map_err(|error| explain::unrenderable(id, &error))?;
        let Some(input) = integration.auth.input("client_id") else {
            return Ok(());
        };
        if has_id.is_some() || (registers.is_some() && oauth.can_register()) {
            return Ok(());
        }
        if !self.interaction.attended() {
            return Err(failed(GrantError::Missing("client_id")));
        }
        let given = Given::default();
        let asked = (self.interaction, self.ui);
        let typed = prompt::ask_input(integration, input, &given, asked)?;
        values.set_parameter("client_id", typed.expose().to_owned());
        Ok(())
    }

    /// What is kept under this name. Damage is in nobody's way; what only lacks
    /// its key may be a good connection, and goes only by `force`.
    fn existing(&self, id: &ConnectionId, force: bool) -> Result<Option<(Item, StoreKind)>> {
        match self.stores.read(id) {
            Ok(existing) => Ok(existing),
            Err(error) if error.is_damage() => Ok(None),
            // A store that is not there is in the way of nobody who insists.
            Err(StoreError::Absent(_)) if force => Ok(None),
            Err(error) if force && error.is_unreadable() => Ok(None),
            Err(error) if error.is_unreadable() => {
                Err(Failure::from(error).context(format!("there is a connection `{id}` already")))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn choose_store(
        &self,
        id: &ConnectionId,
        kept_in: Option<StoreKind>,
        needs_person: bool,
        choose_file: &mut dyn FnMut(&StoreError) -> Result<Option<StoreKind>>,
    ) -> Result<StoreKind> {
        let store = match self.stores.usable(id, kept_in)? {
            UsableStore::Yes(store) => store,
            UsableStore::DefaultAbsent(error) => match choose_file(&error)? {
                Some(store) => store,
                None => return Err(error.into()),
            },
        };
        if store == StoreKind::None && needs_person {
            return Err(Failure::new(
                Kind::Usage,
                format!("the store `none` keeps nothing, so `{id}` would be forgotten at once"),
            )
            .hint(format!(
                "name another store: `hallpass connect {id} --store file`"
            )));
        }
        Ok(store)
    }

    fn consent(
        &self,
        id: &ConnectionId,
        integration: &Integration,
        values: &mut Values<'_>,
        (options, extra): (&ConnectOptions, Vec<String>),
    ) -> Result<(Item, Option<Responder>)> {
        let Some(oauth) = integration.auth.oauth2() else {
            return Err(explain::not_connected(id));
        };
        let way = self.way(id, integration, values, options)?;
        signals::watch(
            self.ui,
            &format!("connecting `{id}`"),
            &format!("run `hallpass connect {id}` again; nothing was changed"),
        );
        // The command that brings a browser elsewhere here.
        let mut bridge = None;
        let result = (|| -> Result<_, GrantError> {
            let scopes = grant::scopes(values, &extra)?;
            grant::dpop::bind(values)?;
            let asked = (options, scopes.as_slice());
            let (grant, consented) = self.consented(oauth, values, asked, way, &mut bridge)?;
            let Consented { answer, responder } = consented;
            let pin = Pin::of(values)?;
            let credential = mint::credential(answer, &scopes, values);
            Ok((grant, credential, pin, scopes, responder))
        })();
        let (grant, credential, pin, scopes, responder) =
            result.map_err(|error| explain::consent(id, error, bridge.as_deref()))?;
        let mut item = Item::new(id, 1, grant.name(), credential);
        item.pin = pin;
        item.asked = scopes;
        item.extra_scopes = extra;
        item.parameters = values.parameters().clone();
        item.secrets = values.secrets().clone();
        item.kept = values.kept().clone();
        item.metadata = values.metadata().clone();
        item.registered = values.is_registered();
        Ok((item, responder))
    }

    /// The scopes besides the definition's: those of the command line; else
    /// those a person picks among the optional ones; else those of before.
    fn extra_scopes(
        &self,
        integration: &Integration,
        named: &[String],
        earlier: Option<&[String]>,
    ) -> Result<Vec<String>> {
        let earlier = earlier.unwrap_or_default();
        if !named.is_empty() {
            return Ok(named.to_vec());
        }
        let optional = integration
            .auth
            .oauth2()
            .map(|oauth| &oauth.optional_scopes);
        let optional = optional.filter(|scopes| !scopes.is_empty() && self.interaction.attended());
        let Some(optional) = optional else {
            return Ok(earlier.to_vec());
        };
        let labels: Vec<String> = optional.iter().map(|scope| scope.label.clone()).collect();
        let before: Vec<bool> = optional
            .iter()
            .map(|scope| earlier.contains(&scope.name))
            .collect();
        let picked = self
            .interaction
            .choose_some("Also ask for", &labels, &before)?;
        let offered = |name: &String| optional.iter().any(|scope| scope.name == *name);
        let mut scopes: Vec<String> = earlier
            .iter()
            .filter(|name| !offered(name))
            .cloned()
            .collect();
        let picked = picked.iter().filter_map(|at| optional.get(*at));
        scopes.extend(picked.map(|scope| scope.name.clone()));
        Ok(scopes)
    }

    /// Keeps a new connection in the place of an old one.
    fn keep(
        &self,
        id: &ConnectionId,
        item: &mut Item,
        store: StoreKind,
        force: bool,
    ) -> Result<()> {
        if store == StoreKind::None {
            return Ok(());
        }
        let _lock = self.lock(id).map_err(|error| locked(id, error))?;
        let there = self.existing(id, force)?.map(|(item, _)| item);
        if let Some(there) = there.as_ref().filter(|_| !force) {
            // What the answers brought may lead elsewhere than what was there,
            // or than what someone else connected while a person was asked.
            let brought = Pin {
                client_id: None,
                ..item.pin.clone()
            };
            refuse_other_pin(id, there, &brought)?;
        }
        let base = there.map(|item| item.generation);
        item.generation = base.unwrap_or_default() + 1;
        self.stores.write(id, item, store, base).map_err(|error| {
            Failure::from(error).context(format!("`{id}` was connected, but could not be kept"))
        })
    }
}

/// Holds what was given to the URLs it goes into, before anything is sent or
/// kept; what only answers will bring is not known yet.
fn check_urls(id: &ConnectionId, values: &Values<'_>) -> Result<()> {
    let integration = values.integration();
    let endpoints = integration.auth.endpoints();
    for endpoint in endpoints.chain(&integration.api.base_url) {
        match values.endpoint(Some(endpoint), "") {
            Ok(_) | Err(RenderError::NoValue { .. }) => {}
            Err(error) => return Err(explain::unrenderable(id, &error)),
        }
    }
    Ok(())
}

/// What was typed or given before; a client that was registered for that
/// connection alone is registered anew.
fn kept_inputs(item: &Item) -> Given {
    let (mut parameters, mut secrets) = (item.parameters.clone(), item.secrets.clone());
    if item.registered {
        parameters.remove("client_id");
        secrets.remove("client_secret");
    }
    (parameters, secrets)
}

fn refuse_other_pin(id: &ConnectionId, item: &Item, pin: &Pin) -> Result<()> {
    let strangers = item.pin.strangers(pin);
    if strangers.is_empty() {
        return Ok(());
    }
    Err(Failure::caused(
        Kind::NeedsConnecting,
        anyhow::anyhow!(
            "it is for {}; the definition now names {}",
            item.pin,
            strangers.join(", ")
        ),
    )
    .context(format!("there is a connection `{id}` already"))
    .hint(format!(
        "give the new one a name of its own: `hallpass connect {}@NAME`",
        id.integration()
    ))
    .hint(format!(
        "or replace the old one: `hallpass connect {id} --force`"
    )))
}

fn nobody_there(id: &ConnectionId, integration: &Integration) -> Failure {
    let failure = Failure::new(
        Kind::NeedsConnecting,
        format!("`{id}` needs a person to consent in a browser, and nobody is there (`CI` or `--no-input`)"),
    )
    .hint(format!("run `hallpass connect {id}` at a terminal"));
    if integration.auth.is_device() {
        return failure;
    }
    failure.hint(format!("or open the link that `hallpass connect {id} --paste` prints, and write the address it ends at to its stdin"))
}
