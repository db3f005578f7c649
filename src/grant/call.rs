//! One call to a provider: sent as the definition bends it (`wire`), no
//! redirect followed, the answer read as the definition says (`answer`), and
//! nothing secret in any message. It serves the `oauth2` crate as its HTTP
//! client.

use std::cell::RefCell;
use std::time::Duration;

use oauth2::{HttpRequest, HttpResponse};
use reqwest::blocking::Request;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};

use super::again::{self, Repeat};
use super::answer::Answer;
use super::client::Client;
use super::dpop::Key;
use super::success::{Misanswer, Rules};
use super::wire::{Params, wire};
use super::{GrantError, fields, jwt};
use crate::connection::Values;
use crate::definition::Call;
use crate::http::{self, Http, HttpError};
use crate::secret::{self, SafeUrl, Secret};

/// The most that is read of a provider's answer, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// Why a call to a provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The provider said no.
    #[error("the provider answered `{error}`{}", super::described(.description.as_deref()))]
    Refused {
        /// RFC 6749 section 5.2's error code, or the provider's own.
        error: String,
        /// The provider's words.
        description: Option<String>,
        /// Whether that means that the grant itself is over.
        dead: bool,
    },
    /// The answer is of no use, now at least.
    #[error("{host} gave an answer that cannot be used: {why}")]
    Unusable {
        /// Host and port.
        host: String,
        /// What about it.
        why: String,
        /// Whether its status says that nothing was done.
        undone: bool,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        !matches!(self, CallError::Refused { .. })
    }

    /// Whether the provider certainly did nothing: it was never reached, said
    /// no, or says that it did nothing. Else the answer may have been lost.
    pub fn is_undone(&self) -> bool {
        match self {
            CallError::Http(error) => again::is_unsent(error),
            CallError::Refused { .. } => true,
            CallError::Unusable { undone, .. } => *undone,
        }
    }

    /// Whether the provider says that the grant itself is over.
    pub fn is_dead_grant(&self) -> bool {
        matches!(self, CallError::Refused { dead: true, .. })
    }
}

/// A call that is about to be made.
pub struct ProviderCall<'a> {
    /// How it is sent.
    pub http: &'a Http,
    /// Where it goes.
    pub url: SafeUrl,
    /// Who the client is, where it has to show that.
    pub client: Option<Client>,
    /// How it is bent, and its answer read.
    pub call: &'a Call,
    /// What fills its placeholders, and says where secrets may go.
    pub values: &'a Values<'a>,
    /// What granted scopes are joined with, besides spaces and commas.
    pub separator: &'a str,
    /// The provider's other words for `invalid_grant`.
    pub dead: &'a [String],
    /// When it may be made again.
    pub repeat: Repeat,
    /// Whether it proves the key that tokens are bound to, where there is one.
    pub proves: bool,
    /// The bound token that it shows.
    pub shows: Option<Secret>,
    /// How long a try may take, where that is less than any call may.
    pub within: Option<Duration>,
}

/// What one try came to.
pub(super) struct Tried {
    /// The answer, or why it is none.
    pub(super) outcome: Result<Answer, GrantError>,
    /// Its status; `None` without an answer.
    pub(super) status: Option<u16>,
    /// The error code in it, whatever its status.
    pub(super) word: Option<String>,
    /// How long the provider asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl Tried {
    fn unanswered(error: GrantError) -> Self {
        Self {
            outcome: Err(error),
            status: None,
            word: None,
            retry_after: None,
        }
    }
}

/// What was sent and must not come back in a message.
type Sent = RefCell<Vec<Secret>>;

impl ProviderCall<'_> {
    /// The client id, for the `oauth2` crate; what goes over the wire is made
    /// by `wire`.
    pub(super) fn client_id(&self) -> String {
        let id = self.client.as_ref().map(|client| client.id.expose());
        id.unwrap_or_default().to_owned()
    }

    /// Makes the call with these standard parameters, and reads its answer.
    pub(super) fn answer(&self, standard: Params) -> Result<Answer, GrantError> {
        self.read(standard, &Sent::default())
    }

    fn read(&self, standard: Params, sent: &Sent) -> Result<Answer, GrantError> {
        let answer = self.send(standard, sent)?;
        let read = Answer::read(answer.status, &answer.body, &self.rules());
        read.map_err(|wrong| self.misanswered(wrong, &answer, sent))
    }

    /// Makes the call once, for whoever makes it until its answer says
    /// something else.
    pub(super) fn tried(&self, standard: Params) -> Tried {
        let sent = Sent::default();
        let answer = match self.send(standard, &sent) {
            Ok(answer) => answer,
            Err(error) => return Tried::unanswered(error),
        };
        let json = fields::parse(&answer.body);
        let word = json.as_ref().and_then(fields::refusal);
        let read = Answer::read(answer.status, &answer.body, &self.rules());
        Tried {
            outcome: read.map_err(|wrong| self.misanswered(wrong, &answer, &sent)),
            status: Some(answer.status),
            word: match word {
                Some(Misanswer::Refused { error, .. }) => Some(error),
                _ => None,
            },
            retry_after: again::asked_for(&answer),
        }
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            response: &self.call.response,
            separator: self.separator,
            scope: self.values,
        }
    }

    fn misanswered(&self, wrong: Misanswer, answer: &http::Answer, sent: &Sent) -> GrantError {
        match wrong {
            Misanswer::Refused { error, description } => {
                let keyless = error == "invalid_dpop_proof" && self.values.dpop_key().is_none();
                let refused = self.refused(error, description, sent);
                if keyless {
                    GrantError::Keyless(refused)
                } else {
                    refused.into()
                }
            }
            Misanswer::Unusable(why) => CallError::Unusable {
                host: http::host_of(self.url.expose()),
                why: redacted(&why, sent),
                undone: again::is_unserved(answer),
            }
            .into(),
            Misanswer::Render(error) => error.into(),
        }
    }

    /// An answer of no use, for what is missing in it.
    pub(super) fn lacking(&self, why: &str) -> GrantError {
        self.unusable(why, &Sent::default()).into()
    }

    /// Makes the call and looks only at whether it succeeded.
    pub(super) fn acknowledged(&self, standard: Params) -> Result<(), GrantError> {
        let sent = Sent::default();
        let answer = self.send(standard, &sent)?;
        let json = fields::parse(&answer.body);
        let held = self.rules().hold(answer.status, json.as_ref());
        held.map_err(|wrong| self.misanswered(wrong, &answer, &sent))
    }

    fn send(&self, standard: Params, sent: &Sent) -> Result<http::Answer, GrantError> {
        if !self.values.may_go_to(&self.url) {
            return Err(GrantError::Moved(self.url.origin()));
        }
        let identity = self.values.identity()?;
        let key = self.values.dpop_key().filter(|_| self.proves);
        let key = key.map(Key::read).transpose()?;
        let mut first = Some(self.request(standard.clone(), sent)?);
        // What was signed is good for one try.
        let mut make = || match first.take() {
            Some(request) => Ok(request),
            None => self
                .anew(standard.clone())
                .and_then(|standard| self.request(standard, sent))
                .map_err(|error| HttpError::Setup(error.to_string())),
        };
        let fetch = |mut request: Request| {
            *request.timeout_mut() = self.within.map(|within| within.min(self.http.timeout()));
            self.http.fetch_as(request, MAX_ANSWER, identity.as_ref())
        };
        let fetched = again::patiently(self.repeat, || match &key {
            Some(key) => {
                let noted = &mut |proof| sent.borrow_mut().push(proof);
                key.fetch(self.http, self.shows.as_ref(), noted, &mut make, &fetch)
            }
            None => fetch(make()?),
        });
        let answer = fetched.map_err(CallError::from)?;
        if (300..400).contains(&answer.status) {
            return Err(self.redirected(&answer, sent).into());
        }
        Ok(answer)
    }

    /// The parameters of a further try: a server may take an assertion with an
    /// id once only (RFC 7523 section 3, no. 7), whatever it made of it.
    fn anew(&self, mut standard: Params) -> Result<Params, GrantError> {
        for (name, value) in &mut standard {
            if name == "assertion" {
                *value = jwt::another(self.values)?;
            }
        }
        Ok(standard)
    }

    /// The call as it goes out, once.
    fn request(&self, standard: Params, sent: &Sent) -> Result<Request, GrantError> {
        let (url, client) = (self.url.expose(), self.client.as_ref());
        let wired = wire(url, self.call, standard, client, self.values)?;
        sent.borrow_mut().extend(wired.secrets);
        Ok(wired.request)
    }

    /// Makes the call through an `oauth2` request, which knows the standard;
    /// `send` gets the HTTP client to use.
    pub(super) fn through<T, E>(
        &self,
        send: impl FnOnce(&dyn Fn(HttpRequest) -> Result<HttpResponse, CallFailed>) -> Result<T, E>,
    ) -> Result<Answer, GrantError>
    where
        E: std::fmt::Display,
    {
        let sent = Sent::default();
        let last = RefCell::new(None);
        let client = |request: HttpRequest| {
            // The crate's own request, plain as it is, goes no further than here.
            let params = url::form_urlencoded::parse(request.body()).into_owned();
            let params = params.map(|(name, value)| (name, Secret::from(value)));
            let result = self.read(params.collect(), &sent);
            let normal = match &result {
                Ok(answer) => {
                    let mut response = HttpResponse::new(answer.to_standard_json());
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(CONTENT_TYPE, json);
                    Ok(response)
                }
                Err(_) => Err(CallFailed),
            };
            *last.borrow_mut() = Some(result);
            normal
        };
        let outcome = send(&client);
        match (last.take(), outcome) {
            (Some(Ok(answer)), Ok(_)) => Ok(answer),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(self.unusable(&error.to_string(), &sent).into()),
            (None, Ok(_)) => Err(self.unusable("nothing was sent", &sent).into()),
        }
    }

    fn unusable(&self, why: &str, sent: &Sent) -> CallError {
        CallError::Unusable {
            host: http::host_of(self.url.expose()),
            why: redacted(why, sent),
            undone: false,
        }
    }

    /// A refusal in the provider's words, which may repeat what it was sent.
    fn refused(&self, error: String, description: Option<String>, sent: &Sent) -> CallError {
        CallError::Refused {
            dead: error == "invalid_grant" || self.dead.contains(&error),
            error: redacted(&error, sent),
            description: description.map(|text| redacted(&text, sent)),
        }
    }

    fn redirected(&self, answer: &http::Answer, sent: &Sent) -> CallError {
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| self.url.expose().join(to).ok());
        let to = to.map_or_else(
            || "elsewhere".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        let why = format!(
            "it redirects to {to}, and secrets follow no redirect; name the final URL in the definition"
        );
        self.unusable(&why, sent)
    }
}

/// Without anything that was sent, and not too long.
fn redacted(text: &str, sent: &Sent) -> String {
    super::shortened(&secret::redacted(text, &sent.borrow()))
}

/// Tells `oauth2` that a call failed; why is kept beside.
#[derive(Debug, thiserror::Error)]
#[error("the call failed")]
pub(super) struct CallFailed;
