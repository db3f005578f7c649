//! Quirks 10 to 17: renewal, values found on the way, where the token goes, what every call needs.

use super::super::quirk::{
    Answer, Ask, Base, Encoding, Life, Moment, Offline, Place, Quirk, Refresh, Wanted, What,
};

/// A provider that renews so.
const fn renews(name: &'static str, about: &'static str, refresh: Refresh) -> Quirk {
    Quirk {
        refresh,
        ..Quirk::named(name, about)
    }
}

/// A provider whose API is there.
const fn lies(name: &'static str, about: &'static str, base: Base) -> Quirk {
    Quirk {
        base,
        ..Quirk::named(name, about)
    }
}

/// A provider that wants the token there.
const fn places(name: &'static str, about: &'static str, place: Place) -> Quirk {
    Quirk {
        place,
        ..Quirk::named(name, about)
    }
}

/// A provider that wants this with every call.
const fn asks(name: &'static str, about: &'static str, asks: &'static [Ask]) -> Quirk {
    Quirk {
        asks,
        ..Quirk::named(name, about)
    }
}

const NO_LIFE: Answer = Answer {
    life: Life::Absent,
    ..Answer::STANDARD
};

pub static QUIRKS: [Quirk; 24] = [
    renews(
        "10-rotation",
        "a refresh token works once, and its reuse ends the family",
        Refresh::Rotates,
    ),
    renews(
        "10-not-returned",
        "the refresh token stays good and is not repeated",
        Refresh::Keeps,
    ),
    Quirk {
        encoding: Encoding::Get,
        ..renews(
            "10-from-access-token",
            "a live access token is exchanged for another, by GET and fb_exchange_token",
            Refresh::FromAccess,
        )
    },
    renews(
        "10-other-url",
        "the refresh token goes to /refresh",
        Refresh::OtherUrl,
    ),
    Quirk {
        answer: NO_LIFE,
        ..renews(
            "10-none",
            "there is no refresh token, and the answer says no life",
            Refresh::Never,
        )
    },
    Quirk {
        answer: NO_LIFE,
        ..renews(
            "10-prolonged",
            "POST /extend prolongs the token it is shown and answers without one",
            Refresh::Prolongs,
        )
    },
    Quirk {
        max_life: 120,
        ..Quirk::named("10-short-lived", "tokens live two minutes")
    },
    Quirk {
        expired_status: 403,
        ..Quirk::named("10-expired-is-403", "an expired token is answered with 403")
    },
    lies(
        "11-callback-value",
        "the redirect names a realmId that stands in every path",
        Base::Callback("realmId"),
    ),
    lies(
        "11-token-value",
        "the token answer names an instance_url, and the API is there only",
        Base::Token("instance_url"),
    ),
    lies(
        "11-id-token-value",
        "the ID token names a tenant that stands in every path",
        Base::IdToken("tenant"),
    ),
    lies(
        "11-region",
        "each region has endpoints and an API of its own",
        Base::Region(&["/eu", "/us"]),
    ),
    places(
        "12-custom-header",
        "the token goes into X-Shopify-Access-Token",
        Place::Header("x-shopify-access-token"),
    ),
    places(
        "12-token-scheme",
        "the token goes into Authorization: token …",
        Place::Scheme("token"),
    ),
    places(
        "12-raw-authorization",
        "the token goes into Authorization, bare",
        Place::Raw,
    ),
    places(
        "12-query",
        "the token goes into the query",
        Place::Query("access_token"),
    ),
    places(
        "12-path",
        "the token goes into the path",
        Place::Path("/bot"),
    ),
    Quirk {
        asks: &[Ask {
            at: &[Moment::Api],
            what: What::Header("x-client-id"),
            value: Wanted::Is("quirk-app"),
        }],
        ..places(
            "12-two-headers",
            "the token goes into X-Access-Token, the client's id into X-Client-Id",
            Place::Header("x-access-token"),
        )
    },
    asks(
        "13-version-header",
        "every call, the token's too, needs Quirk-Version",
        &[Ask {
            at: &[Moment::Token, Moment::Api],
            what: What::Header("quirk-version"),
            value: Wanted::Is("2022-06-28"),
        }],
    ),
    asks(
        "13-user-agent",
        "every call, the token's too, needs this User-Agent",
        &[Ask {
            at: &[Moment::Token, Moment::Api],
            what: What::Header("user-agent"),
            value: Wanted::Is("quirk-tests/1.0 (by nobody)"),
        }],
    ),
    asks(
        "13-fresh-uuid",
        "every call to the API needs an X-Request-Id not seen before",
        &[Ask {
            at: &[Moment::Api],
            what: What::Header("x-request-id"),
            value: Wanted::FreshUuid,
        }],
    ),
    lies(
        "16-lookup",
        "GET /lookup finds the cloud's id, which stands in every path",
        Base::Lookup,
    ),
    Quirk {
        offline: Offline::Params(&[("access_type", "offline"), ("prompt", "consent")]),
        ..Quirk::named(
            "17-offline-params",
            "a refresh token comes only with access_type=offline and prompt=consent",
        )
    },
    Quirk {
        offline: Offline::Scope("offline_access"),
        ..Quirk::named(
            "17-offline-scope",
            "a refresh token comes only with the scope offline_access",
        )
    },
];
