//! What a command gets to work with, built once and only as far as it is
//! used: reading definitions needs no data directory, a cached token no
//! network client.

use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::time::Duration;

use crate::broker::Broker;
use crate::connection::{ConnectionArg, ConnectionId, DEFAULT};
use crate::definition::{Definitions, Integration, Layers, Project, Standing, project};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::http::Http;
use crate::interaction::Interaction;
use crate::paths::Paths;
use crate::settings::{Settings, StoreKind};
use crate::store::Stores;
use crate::trust::{self, Asking, Ledger};
use crate::ui::{Color, Ui, escape};

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
    store: Option<StoreKind>,
    definitions: OnceCell<Layers>,
    /// The same, with a project file that was trusted meanwhile.
    agreed: OnceCell<Layers>,
    /// Whether somebody was asked about the project file.
    asked: Cell<bool>,
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
            store: global.store,
            definitions: OnceCell::new(),
            agreed: OnceCell::new(),
            asked: Cell::new(false),
        })
    }

    /// The definitions in force: of the named file; or the user's, under a
    /// project file where one is found. A project file that cannot be used at
    /// all is warned of, once.
    pub fn definitions(&self) -> Result<&Layers> {
        if let Some(definitions) = self.agreed.get().or_else(|| self.definitions.get()) {
            return Ok(definitions);
        }
        let own = self.own_definitions()?;
        let definitions = match self.project_path() {
            None => Layers::of(own),
            Some(path) => {
                let file = Project::read(&path);
                // Where nothing can be remembered, nothing is.
                let ledger = self.ledger();
                let standing = ledger.map_or(Standing::New, |ledger| ledger.standing(&file));
                Layers::with(own, file, standing)
            }
        };
        if let Some(warning) = definitions.warning() {
            self.ui.warn(&escape(&warning));
        }
        Ok(self.definitions.get_or_init(|| definitions))
    }

    /// The definitions of the named file, or the user's; never one that was
    /// found.
    pub fn own_definitions(&self) -> Result<Definitions> {
        match self.named() {
            Some(path) => Definitions::load(&path, true),
            None => self.user_definitions(),
        }
    }

    /// The user's definitions.
    pub fn user_definitions(&self) -> Result<Definitions> {
        let path = self.paths.definitions().map_err(|error| {
            Failure::caused(Kind::Definition, error)
                .context("there are no definitions")
                .hint("name a file: `hallpass --config FILE …`")
        })?;
        Definitions::load(&path, false)
    }

    /// The file that `--config` or `HALLPASS_CONFIG` names.
    pub fn named(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| {
            env::var_os(env::HALLPASS_CONFIG)
                .filter(|p| !p.is_empty())
                .map(Into::into)
        })
    }

    /// The global options that decide what a connection is, as they were given:
    /// another command line that means the same one has them too.
    pub fn given(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(path) = &self.config {
            words.extend(["--config".to_owned(), path.to_string_lossy().into_owned()]);
        }
        if let Some(store) = self.store {
            words.extend(["--store".to_owned(), store.name().to_owned()]);
        }
        words
    }

    /// The project file, where one is looked for and there.
    pub fn project_path(&self) -> Option<PathBuf> {
        if self.named().is_some() || self.paths.own_home().is_some() {
            return None;
        }
        let own = self.paths.definitions().ok();
        project::find(self.paths.home(), own.as_deref())
    }

    /// What is remembered of project files.
    pub fn ledger(&self) -> Result<Ledger> {
        let dir = self.paths.trusted().map_err(|error| {
            Failure::caused(Kind::Store, error)
                .context("there is no place to remember what is trusted")
                .hint("set `HOME`, or name a file: `hallpass --config FILE …`")
        })?;
        Ok(Ledger::new(dir))
    }

    /// The connection a CONN means, with its definition. A person who is there
    /// is asked about a project file that it takes.
    pub fn connection(&self, arg: &ConnectionArg) -> Result<(ConnectionId, Integration)> {
        let mut definitions = self.definitions()?;
        if self.interaction.attended() && definitions.withholds(&arg.integration) {
            definitions = self.agreed_on(definitions)?;
        }
        let integration = definitions.get(&arg.integration)?;
        Ok((ConnectionId::of(arg, &integration), integration))
    }

    /// The same, for what only looks: nobody is asked, and nothing is trusted.
    pub fn connection_unasked(&self, arg: &ConnectionArg) -> Result<(ConnectionId, Integration)> {
        let integration = self.definitions()?.get(&arg.integration)?;
        Ok((ConnectionId::of(arg, &integration), integration))
    }

    /// The connection a CONN means, also where its definition is gone: what is
    /// kept can be put elsewhere without it. Where there is one that cannot be
    /// used, what its bare key stands for is not guessed.
    pub fn connection_id(&self, arg: &ConnectionArg) -> Result<ConnectionId> {
        if arg.name.is_some() {
            return Ok(ConnectionId::without_definition(arg));
        }
        let failure = match self.connection_unasked(arg) {
            Ok((id, _)) => return Ok(id),
            Err(failure) => failure,
        };
        let key = &arg.integration;
        let is_gone = |definitions: &Layers| !definitions.may_define(key);
        if self.definitions().is_ok_and(is_gone) {
            return Ok(ConnectionId::without_definition(arg));
        }
        Err(failure.hint(format!("name it in full: `{key}@{DEFAULT}`")))
    }

    /// The definitions with the project file, if the person says so now; they
    /// are asked once.
    fn agreed_on<'a>(&'a self, definitions: &'a Layers) -> Result<&'a Layers> {
        let file = definitions
            .project()
            .filter(|_| definitions.could_be_trusted());
        let Some(file) = file.filter(|_| !self.asked.replace(true)) else {
            return Ok(definitions);
        };
        let asking = Asking {
            interaction: &self.interaction,
            ui: self.ui,
            yes: false,
        };
        if trust::offer(file, definitions.own(), &self.ledger()?, asking)? {
            return Ok(self.agreed.get_or_init(|| definitions.trusting()));
        }
        Ok(definitions)
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

    /// How long `connect` waits for a person, where the settings say so.
    pub fn named_connect_timeout(&self) -> Option<Duration> {
        self.settings.connect_timeout
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
