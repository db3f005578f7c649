//! The other ways to a credential: keys, pairs, sessions, signed tokens.

use super::super::quirk::{Ask, Moment, Place, Quirk, Refresh, Source, Wanted, What};

/// A provider with this kind of credential, wanted there.
const fn takes(name: &'static str, about: &'static str, source: Source, place: Place) -> Quirk {
    Quirk {
        source,
        place,
        refresh: Refresh::Never,
        ..Quirk::named(name, about)
    }
}

pub static QUIRKS: [Quirk; 15] = [
    takes(
        "client-credentials",
        "the client's own authority, without a person",
        Source::Client,
        Place::Bearer,
    ),
    takes(
        "key-bearer",
        "an API key as a bearer token",
        Source::Key,
        Place::Bearer,
    ),
    takes(
        "key-header",
        "an API key in X-Api-Key",
        Source::Key,
        Place::Header("x-api-key"),
    ),
    takes(
        "key-scheme",
        "an API key in Authorization: GenieKey …",
        Source::Key,
        Place::Scheme("GenieKey"),
    ),
    takes(
        "key-query",
        "an API key in the query",
        Source::Key,
        Place::Query("api_key"),
    ),
    Quirk {
        asks: &[Ask {
            at: &[Moment::Api],
            what: What::Header("dd-application-key"),
            value: Wanted::Is("sbx_app_key_not_real"),
        }],
        ..takes(
            "key-two",
            "an API key and an application key in two headers",
            Source::Key,
            Place::Header("dd-api-key"),
        )
    },
    takes(
        "key-path",
        "an API key in the path",
        Source::Key,
        Place::Path("/bot"),
    ),
    takes(
        "basic-header",
        "user and password in Authorization: Basic",
        Source::Pair("quirk-user", "sbx_pässword:not_real"),
        Place::Basic,
    ),
    takes(
        "basic-blank",
        "the key as the user, a blank password",
        Source::Pair("sbx_key_not_real", ""),
        Place::Basic,
    ),
    takes(
        "basic-template",
        "the user is written email/token",
        Source::Pair("quirk-user@quirks.invalid/token", "sbx_key_not_real"),
        Place::Basic,
    ),
    takes(
        "basic-query",
        "user and password in the query",
        Source::Pair("quirk-user", "sbx_pässword:not_real"),
        Place::QueryPair("user", "pass"),
    ),
    takes(
        "session-put",
        "PUT with nested JSON gives a session token",
        Source::Session,
        Place::Header("x-session-token"),
    ),
    takes(
        "session-steps",
        "a login gives a ticket, the ticket a session token",
        Source::Steps,
        Place::Header("x-session-token"),
    ),
    takes(
        "signed-app",
        "a signed JWT is traded for an installation's token, with 201 and an ISO time",
        Source::App,
        Place::Bearer,
    ),
    takes(
        "signed-token",
        "a signed JWT is the token",
        Source::Jwt,
        Place::Bearer,
    ),
];
