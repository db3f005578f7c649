//! What comes after a page: the next request, told from an answer's head, its
//! body and the definition's `api.paginate`. It sends nothing.
//!
//! The next URL is fenced like any other. A credential that travels in the
//! query is put in anew: an API that writes the old one into its next URLs does
//! not have it sent twice.

use std::collections::HashSet;

use reqwest::header::HeaderMap;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::fence::{base, fence_off, target};
use super::plan::{pairs, with_query};
use super::{ApiError, Plan, link};
use crate::connection::Values;
use crate::definition::Integration;
use crate::definition::answer_path::{AnswerPath, each_item, text_of_raw};
use crate::definition::request::NextPage;
use crate::definition::template::{RenderError, Value};
use crate::http::host_of;
use crate::secret::{REDACTED, SafeUrl, redacted};

/// What counts the items of a page in a request, where the definition counts
/// by `offset`.
const LIMIT: &str = "limit";

/// Which page a request is for. It may hold secrets.
#[derive(Clone)]
pub enum Turn {
    /// The first: as the user asked.
    First,
    /// The URL, or the path on the base URL, that the last answer named.
    Target(String),
    /// The same request with another value in its query.
    Query(String, String),
}

/// One page, as far as it tells what comes next.
pub struct Page<'a> {
    /// Where it was asked for.
    pub asked: &'a Url,
    /// Who answered; relative URLs start there.
    pub answered: &'a Url,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The body, where [`Pager::reads_bodies`].
    pub body: Option<&'a RawValue>,
}

/// Why nobody can tell what comes next.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It is no JSON, and the definition looks into it.
    #[error("it is no JSON, and what comes next stands in it")]
    NotJson,
    /// Something else stands where the definition looks.
    #[error("what stands at `api.paginate`'s `{0}` is not {1}")]
    Misfit(&'static str, &'static str),
    /// Pages are counted, and nothing tells which is the last.
    #[error("it is no array, so that nothing tells whether it is the last")]
    Uncounted,
    /// The next URL is none.
    #[error("what it names as the next page is no URL")]
    BadUrl,
    /// It came by a redirect from where no credential goes, and so does not say
    /// where one goes next.
    #[error("it came from {0} by a redirect, which has no say in where the credential goes next")]
    Stranger(String),
    /// It leads back.
    #[error("it leads to a page that was there already")]
    Loop,
    /// A placeholder could not be filled.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The items of a page.
pub enum Items<'a> {
    /// An array of them.
    Array(&'a RawValue),
    /// The definition names none, and the page is no array.
    Whole(&'a RawValue),
    /// The definition says where they stand, and nothing is there.
    Absent,
}

/// Goes from page to page, and never round in a circle.
pub struct Pager<'a> {
    integration: &'a Integration,
    seen: HashSet<[u8; 32]>,
    last: Option<[u8; 32]>,
}

impl<'a> Pager<'a> {
    /// One that has seen nothing.
    pub fn new(integration: &'a Integration) -> Self {
        Self {
            integration,
            seen: HashSet::new(),
            last: None,
        }
    }

    /// Whether bodies tell what comes next; if not, `Link` headers do.
    pub fn reads_bodies(&self) -> bool {
        !matches!(self.way(), NextPage::Link)
    }

    fn way(&self) -> &'a NextPage {
        let paginate = self.integration.api.paginate.as_ref();
        paginate.map_or(&NextPage::Link, |paginate| &paginate.next)
    }

    /// The items of a page.
    pub fn items<'b>(
        &self,
        values: &Values<'_>,
        body: &'b RawValue,
    ) -> Result<Items<'b>, PageError> {
        let paginate = self.integration.api.paginate.as_ref();
        let Some(path) = paginate.and_then(|paginate| paginate.items.as_ref()) else {
            let is_array = body.get().starts_with('[');
            return Ok(if is_array {
                Items::Array(body)
            } else {
                Items::Whole(body)
            });
        };
        // Some APIs leave an empty list out, or write null.
        match path.find_raw(body, values)? {
            None => Ok(Items::Absent),
            Some(found) if found.get() == "null" => Ok(Items::Absent),
            Some(found) if found.get().starts_with('[') => Ok(Items::Array(found)),
            Some(_) => Err(PageError::Misfit("items", "an array")),
        }
    }

    /// The request after this page, if there is one.
    pub fn next(
        &mut self,
        values: &Values<'_>,
        page: &Page<'_>,
    ) -> Result<Option<Turn>, PageError> {
        let (turn, place, here) = match self.way() {
            NextPage::Link | NextPage::Url(_) => {
                let named = match self.way() {
                    NextPage::Url(path) => text_at(path, values, page.body, "next_url")?,
                    _ => link::next(page.headers, page.answered),
                };
                let Some(text) = named else { return Ok(None) };
                if self.is_strange(values, page.answered) {
                    return Err(PageError::Stranger(host_of(page.answered)));
                }
                let url = page.answered.join(&text).map_err(|_| PageError::BadUrl)?;
                let turn = Turn::Target(self.target(values, &url));
                (turn, url.to_string(), page.answered.to_string())
            }
            way => {
                let Some((name, value)) = self.counted(way, values, page)? else {
                    return Ok(None);
                };
                let here = parameter(page.asked, &name).unwrap_or_default();
                (Turn::Query(name, value.clone()), value, here)
            }
        };
        self.seen.insert(digest(&here));
        if self.seen.insert(digest(&place)) {
            Ok(Some(turn))
        } else {
            Err(PageError::Loop)
        }
    }

    /// The parameter of the query that asks for the next page, and its value.
    fn counted(
        &mut self,
        way: &NextPage,
        values: &Values<'_>,
        page: &Page<'_>,
    ) -> Result<Option<(String, String)>, PageError> {
        Ok(match way {
            NextPage::Link | NextPage::Url(_) => None,
            NextPage::Cursor(path, name) => {
                let cursor = text_at(path, values, page.body, "cursor")?;
                // Zero is where a list begins, or how some say that it ended.
                let cursor = cursor.filter(|cursor| cursor != "0");
                cursor.map(|cursor| (name.clone(), cursor))
            }
            NextPage::Page(name) => {
                let next = number(page.asked, name, 1).saturating_add(1);
                let count = self.count(values, page)?;
                count.map(|_| (name.clone(), next.to_string()))
            }
            NextPage::Offset(name, limit) => {
                // An API may give fewer at a time than a user wants, but hardly
                // fewer than its definition says.
                let limit = u64::from(*limit);
                let enough = number(page.asked, LIMIT, limit).min(limit);
                let count = self.count(values, page)?.filter(|count| *count >= enough);
                let next = |count: u64| number(page.asked, name, 0).saturating_add(count);
                count.map(|count| (name.clone(), next(count).to_string()))
            }
        })
    }

    /// Whether this is no place of the credential's.
    fn is_strange(&self, values: &Values<'_>, url: &Url) -> bool {
        let allowed = &self.integration.api.allowed_hosts;
        base(self.integration, values).is_ok_and(|base| fence_off(&base, url, allowed).is_err())
    }

    /// A URL that an answer names, as a target. One below a base URL that holds
    /// the credential is a path: the base may hold another one by then.
    fn target(&self, values: &Values<'_>, url: &Url) -> String {
        if let Ok(base) = base(self.integration, values) {
            let whole = base.expose().as_str().trim_end_matches('/');
            let has_secret = base.to_string().trim_end_matches('/') != whole;
            let path = url.as_str().strip_prefix(whole);
            if let Some(path) = path.filter(|path| has_secret && path.starts_with('/')) {
                return path.to_owned();
            }
        }
        url.to_string()
    }

    /// How many items a page holds that is asked for by counting; none where it
    /// is empty, and so behind the last.
    fn count(&mut self, values: &Values<'_>, page: &Page<'_>) -> Result<Option<u64>, PageError> {
        let Some(body) = page.body else {
            return Ok(None);
        };
        let mut count = 0;
        match self.items(values, body)? {
            Items::Array(items) => each_item(items, &mut |_| count += 1),
            Items::Absent => return Ok(None),
            Items::Whole(_) => return Err(PageError::Uncounted),
        };
        if count == 0 {
            return Ok(None);
        }
        // An API that knows nothing of the parameter gives the same for ever.
        let content = Some(digest(body.get()));
        if self.last == content {
            return Err(PageError::Loop);
        }
        self.last = content;
        Ok(Some(count))
    }
}

impl Plan {
    /// Turns the plan of the first page into that of another.
    pub fn turn(
        &mut self,
        integration: &Integration,
        values: &Values<'_>,
        turn: &Turn,
    ) -> Result<(), ApiError> {
        match turn {
            Turn::First => {}
            Turn::Query(name, value) => {
                let url = without(&self.url, &|known| known == name);
                self.url = with_query(url, vec![(name.clone(), Value::plain(value))]);
            }
            Turn::Target(text) => self.url = followed(integration, values, text)?,
        }
        let way = integration.api.paginate.as_ref();
        match way.map(|paginate| &paginate.next) {
            Some(NextPage::Page(name)) => must_count(self.url.expose(), name),
            Some(NextPage::Offset(name, limit)) => {
                must_count(self.url.expose(), name)?;
                must_count(self.url.expose(), LIMIT)?;
                if parameter(self.url.expose(), LIMIT).is_none() {
                    let limit = Value::plain(limit.to_string());
                    self.url = with_query(self.url.clone(), vec![(LIMIT.to_owned(), limit)]);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The URL that an answer named, where it may be gone to: what the definition
/// sends with every request is put in where it lacks, the credential anew.
fn followed(
    integration: &Integration,
    values: &Values<'_>,
    text: &str,
) -> Result<SafeUrl, ApiError> {
    let base = base(integration, values)?;
    // What the API wrote there may hold the credential.
    let clean = |text: String| redacted(&text, &values.handed_out());
    let url = target(&base, text, &integration.api.allowed_hosts);
    let url = url.map_err(|error| match error {
        ApiError::Fenced { url, allowed } => ApiError::Fenced {
            url: clean(url),
            allowed: clean(allowed),
        },
        ApiError::BadUrl(text) => ApiError::BadUrl(clean(text)),
        other => other,
    })?;
    let mut own = pairs(&integration.api.query, values)?;
    let secret: Vec<String> = own
        .iter()
        .filter(|(_, value)| value.secret)
        .map(|(name, _)| name.clone())
        .collect();
    let url = without(&url, &|name| secret.iter().any(|known| known == name));
    own.retain(|(name, value)| value.secret || parameter(url.expose(), name).is_none());
    Ok(with_query(veiled(&url, values), own))
}

/// A URL of others, shown without the values in its query and without what was
/// put in elsewhere that is secret.
fn veiled(url: &SafeUrl, values: &Values<'_>) -> SafeUrl {
    let start = url.to_string();
    let mut shown = start.split('?').next().unwrap_or_default().to_owned();
    for (at, (name, _)) in url.expose().query_pairs().enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        shown.push_str(&name);
        shown.push('=');
        shown.push_str(REDACTED);
    }
    let shown = redacted(&shown, &values.handed_out());
    SafeUrl::new(url.expose().clone(), shown)
}

/// A URL without some parameters; the others stay as they are written.
fn without(url: &SafeUrl, drop: &dyn Fn(&str) -> bool) -> SafeUrl {
    let Some(query) = url.expose().query() else {
        return url.clone();
    };
    let kept = |query: &str| {
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.retain(|pair| {
            let name = form_urlencoded::parse(pair.as_bytes()).next();
            name.is_none_or(|(name, _)| !drop(&name))
        });
        pairs.join("&")
    };
    let mut whole = url.expose().clone();
    let query = kept(query);
    whole.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
    let shown = url.to_string();
    let shown = match shown.split_once('?') {
        Some((start, query)) => match kept(query) {
            query if query.is_empty() => start.to_owned(),
            query => format!("{start}?{query}"),
        },
        None => shown,
    };
    SafeUrl::new(whole, shown)
}

/// The string or number at a path; `None` where nothing comes next.
fn text_at(
    path: &AnswerPath,
    values: &Values<'_>,
    body: Option<&RawValue>,
    what: &'static str,
) -> Result<Option<String>, PageError> {
    let found = match body {
        Some(body) => path.find_raw(body, values)?,
        None => None,
    };
    let Some(found) = found.filter(|found| !matches!(found.get(), "null" | "false")) else {
        return Ok(None);
    };
    let text = text_of_raw(found).filter(|_| found.get() != "true");
    let text = text.ok_or(PageError::Misfit(what, "a text"))?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

fn number(url: &Url, name: &str, usual: u64) -> u64 {
    let text = parameter(url, name);
    text.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What is counted on from must be a number.
fn must_count(url: &Url, name: &str) -> Result<(), ApiError> {
    match parameter(url, name) {
        Some(text) if text.parse::<u64>().is_err() => Err(ApiError::Uncountable {
            name: name.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
