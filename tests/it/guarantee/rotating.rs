//! A provider that rotates refresh tokens and punishes reuse: a refresh token that was shown before
//! ends the whole login it belongs to (RFC 9700 section 4.14.2).

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::support::{Asked, Home, PATIENCE, Recorder, Reply, eventually};

/// A running provider.
pub struct Rotating {
    recorder: Recorder,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of each login's newest refresh token, and whether it still is good.
    logins: Vec<(usize, bool)>,
    reused: usize,
    refreshes: usize,
    life: u64,
    held: bool,
    deaf: bool,
    same: bool,
}

impl Rotating {
    /// Starts one.
    pub fn start() -> Rotating {
        let shared = Arc::<Shared>::default();
        let answering = Arc::clone(&shared);
        let recorder = Recorder::answering(move |asked, _| {
            (asked.path == "/token").then(|| answering.token(asked))
        });
        Rotating { recorder, shared }
    }

    /// A home in which `x` is connected to it.
    #[track_caller]
    pub fn connected(&self) -> Home {
        let home = self.home();
        home.connect_untested("x");
        home
    }

    /// A home with its definition. Every token is born expired, so that every call renews, until
    /// [`Rotating::give`] says otherwise.
    pub fn home(&self) -> Home {
        self.recorder.consenting("")
    }

    /// The same, with these further lines of `auth`.
    pub fn home_with(&self, more: &str) -> Home {
        self.recorder.consenting(more)
    }

    /// All it was asked, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.recorder.asked()
    }

    /// Gives tokens this many seconds from now on.
    pub fn give(&self, life: u64) {
        self.shared.lock().life = life;
    }

    /// Holds every answer to a refresh back, after it is carried out, until [`Rotating::let_go`].
    pub fn hold(&self) {
        self.shared.lock().held = true;
    }

    /// Gives the same access token again and again: only its life is new.
    pub fn give_the_same_token(&self) {
        self.shared.lock().same = true;
    }

    /// Does nothing with the next refresh but keep it waiting until another comes.
    pub fn be_deaf_once(&self) {
        self.shared.lock().deaf = true;
    }

    /// Answers again.
    pub fn let_go(&self) {
        self.shared.lock().held = false;
        self.shared.news.notify_all();
    }

    /// Waits until this many refreshes were asked for.
    #[track_caller]
    pub fn wait_for_refreshes(&self, wanted: usize) {
        eventually("the refresh", || (self.refreshes() >= wanted).then_some(()));
    }

    /// How often it was asked to refresh.
    pub fn refreshes(&self) -> usize {
        self.shared.lock().refreshes
    }

    /// How often a refresh token came that had been used before.
    pub fn reused(&self) -> usize {
        self.shared.lock().reused
    }

    /// Whether this is the newest refresh token of a login that is still good, all that was sent so
    /// far having been carried out.
    #[track_caller]
    pub fn is_newest(&self, token: &str) -> bool {
        self.recorder.settle();
        let state = self.shared.lock();
        parse(token).is_some_and(|(login, number)| state.logins[login] == (number, true))
    }
}

impl Drop for Rotating {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token(&self, asked: &Asked) -> Reply {
        let mut state = self.lock();
        let is_refresh = asked.form("refresh_token").is_some();
        if is_refresh && std::mem::take(&mut state.deaf) {
            state.refreshes += 1;
            let waiting = self
                .news
                .wait_timeout_while(state, PATIENCE, |state| state.refreshes < 2);
            drop(waiting);
            return Reply::text(500, "text/plain", "never heard of it");
        }
        let answer = match asked.form("refresh_token") {
            None => {
                state.logins.push((1, true));
                Some((state.logins.len() - 1, 1))
            }
            Some(token) => state.refresh(&token),
        };
        let (life, same) = (state.life, state.same);
        let waited = self
            .news
            .wait_timeout_while(state, PATIENCE, |state| is_refresh && state.held);
        drop(waited);
        let Some((login, number)) = answer else {
            return Reply::json(400, &json!({"error": "invalid_grant"}));
        };
        let token = if same {
            "at-not-real".to_owned()
        } else {
            format!("at-{login}-{number}-not-real")
        };
        Reply::json(
            200,
            &json!({
                "access_token": token,
                "refresh_token": format!("rt-{login}-{number}-not-real"),
                "token_type": if asked.header("dpop").is_some() { "DPoP" } else { "Bearer" },
                "expires_in": life,
            }),
        )
    }
}

impl State {
    fn refresh(&mut self, token: &str) -> Option<(usize, usize)> {
        self.refreshes += 1;
        let (login, number) = parse(token)?;
        let known = self.logins.get_mut(login)?;
        if *known != (number, true) {
            self.reused += 1;
            known.1 = false;
            return None;
        }
        known.0 += 1;
        Some((login, known.0))
    }
}

/// Which login a refresh token is of, and its number there.
pub fn parse(token: &str) -> Option<(usize, usize)> {
    let mut words = token.strip_prefix("rt-")?.split('-');
    let mut number = || words.next()?.parse().ok();
    Some((number()?, number()?))
}
