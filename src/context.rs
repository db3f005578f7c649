//! What a command gets to work with, built once and only as far as it is
//! used: reading definitions needs no data directory, a cached token no
//! network client.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use crate::broker::Broker;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::definition::{Definitions, Integration};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::http::Http;
use crate::interaction::Interaction;
use crate::paths::Paths;
use crate::settings::{Settings, StoreKind};
use crate::store::Stores;
use crate::ui::{Color, Ui};

/// How long `connect` waits for a person.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long to wait for another process's refresh.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one call to a provider may take.
const HTTP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a keychain may take: longer with a person there, who may have to
/// unlock it.
const KEYCHAIN_PATIENCE: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(120)];

/// The global flags.
#[derive(Clone, Debug, Default)]
pub struct Global {
    /// `--config`: the one definition file to use.
    pub config: Option<PathBuf>,
    /// `--store`: the store of new connections.
    pub store: Option<StoreKind>,
    /// `--quiet`.
    pub quiet: bool,
    /// `--color`.
    pub color: Color,
    /// `--no-input`.
    pub no_input: bool,
}

/// Everything a command works with.
pub struct Context {
    /// Speaks to the person.
    pub ui: Ui,
    /// Asks the person.
    pub interaction: Interaction,
    /// Where things are.
    pub paths: Paths,
    /// What `config.toml` says.
    pub settings: Settings,
    /// How providers and APIs are reached.
    pub http: Http,
    /// Where credentials rest.
    pub stores: Stores,
    config: Option<PathBuf>,
    definitions: OnceCell<Definitions>,
}

impl Context {
    /// Reads the settings; everything else waits until it is needed.
    pub fn new(global: &Global, ui: Ui) -> Result<Self> {
        let paths = Paths::find();
        let settings = match paths.settings() {
            Ok(path) => Settings::load(&path)?,
            Err(_) => Settings::default(),
        };
        let interaction = Interaction::new(global.no_input, settings.browser.as_deref())?;
        let named = match global.store {
            Some(store) => Some(store),
            None => store_from_environment()?,
        };
        let patience = KEYCHAIN_PATIENCE[usize::from(interaction.attended())];
        let stores = Stores::new(paths.clone(), settings.clone(), named, patience, ui);
        let http = Http::new(settings.http_timeout.unwrap_or(HTTP_TIMEOUT));
        Ok(Self {
            ui,
            interaction,
            paths,
            settings,
            http,
            stores,
            config: global.config.clone(),
            definitions: OnceCell::new(),
        })
    }

    /// The definitions: of the named file, or the user's.
    pub fn definitions(&self) -> Result<&Definitions> {
        if let Some(definitions) = self.definitions.get() {
            return Ok(definitions);
        }
        let named = self.config.clone().or_else(|| {
            env::var_os(env::HALLPASS_CONFIG)
                .filter(|p| !p.is_empty())
                .map(Into::into)
        });
        let definitions = match &named {
            Some(path) => Definitions::load(path, true)?,
            None => {
                let path = self.paths.definitions().map_err(|error| {
                    Failure::caused(Kind::Definition, error)
                        .context("there are no definitions")
                        .hint("name a file: `hallpass --config FILE …`")
                })?;
                Definitions::load(&path, false)?
            }
        };
        Ok(self.definitions.get_or_init(|| definitions))
    }

    /// The connection a CONN means, with its definition.
    pub fn connection(&self, arg: &ConnectionArg) -> Result<(ConnectionId, Integration)> {
        let integration = self.definitions()?.get(&arg.integration)?;
        Ok((ConnectionId::of(arg, &integration), integration))
    }

    /// The connection a CONN means, also where its definition is gone or broken:
    /// what is kept can be put elsewhere without it.
    pub fn connection_id(&self, arg: &ConnectionArg) -> ConnectionId {
        match self.connection(arg) {
            Ok((id, _)) => id,
            Err(_) => ConnectionId::without_definition(arg),
        }
    }

    /// The broker.
    pub fn broker(&self) -> Broker<'_> {
        Broker {
            stores: &self.stores,
            http: &self.http,
            interaction: &self.interaction,
            ui: self.ui,
            lock_timeout: self.settings.lock_timeout.unwrap_or(LOCK_TIMEOUT),
        }
    }

    /// How long `connect` waits for a person.
    pub fn connect_timeout(&self) -> Duration {
        self.settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT)
    }
}

fn store_from_environment() -> Result<Option<StoreKind>> {
    let Some(word) = env::var(env::HALLPASS_STORE) else {
        return Ok(None);
    };
    word.parse().map(Some).map_err(|why| {
        Failure::new(Kind::Usage, why)
            .context("`HALLPASS_STORE` cannot be understood")
            .hint("set `HALLPASS_STORE` to `keychain`, `file` or `none`, or unset it")
    })
}
