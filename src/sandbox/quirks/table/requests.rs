//! Quirks 6 to 9: what the authorization and token endpoints want to be sent.

use super::super::quirk::{Ask, ClientAuth, Encoding, Moment, Quirk, Wanted, What};

/// A provider that calls standard parameters by other names.
const fn renames(
    name: &'static str,
    about: &'static str,
    renames: &'static [(&'static str, &'static str)],
) -> Quirk {
    Quirk {
        renames,
        ..Quirk::named(name, about)
    }
}

/// A provider that wants token calls so.
const fn encodes(name: &'static str, about: &'static str, encoding: Encoding) -> Quirk {
    Quirk {
        encoding,
        ..Quirk::named(name, about)
    }
}

/// A provider that wants clients to authenticate so.
const fn authenticates(name: &'static str, about: &'static str, client: ClientAuth) -> Quirk {
    Quirk {
        client,
        ..Quirk::named(name, about)
    }
}

/// A provider that joins scopes so.
const fn joins(name: &'static str, about: &'static str, separator: &'static str) -> Quirk {
    Quirk {
        separator,
        ..Quirk::named(name, about)
    }
}

pub static QUIRKS: [Quirk; 23] = [
    Quirk {
        client: ClientAuth::Body,
        ..renames(
            "6-client-key",
            "client_id is called client_key",
            &[("client_id", "client_key")],
        )
    },
    Quirk {
        client: ClientAuth::Body,
        ..renames(
            "6-app-id-secret",
            "client_id and client_secret are called app_id and secret",
            &[("client_id", "app_id"), ("client_secret", "secret")],
        )
    },
    renames(
        "6-renamed-code",
        "code is called auth_code, in the redirect and in the token call",
        &[("code", "auth_code")],
    ),
    renames(
        "6-redirect-url",
        "redirect_uri is called redirect_url",
        &[("redirect_uri", "redirect_url")],
    ),
    Quirk {
        absent: &["grant_type", "redirect_uri"],
        ..Quirk::named(
            "6-absent-params",
            "a code must come without grant_type and redirect_uri, a refresh token with grant_type",
        )
    },
    Quirk {
        pkce: false,
        ..Quirk::named("6-no-pkce", "PKCE is refused as unknown")
    },
    Quirk {
        asks: &[Ask {
            at: &[Moment::Authorize, Moment::Token],
            what: What::Param("audience"),
            value: Wanted::Is("https://api.quirks.invalid"),
        }],
        ..Quirk::named("6-extra-param", "every call must name an audience")
    },
    encodes("7-json", "token calls are JSON", Encoding::Json),
    encodes("7-get", "token calls are GET requests", Encoding::Get),
    encodes(
        "7-query-post",
        "token calls are POST requests with everything in the query",
        Encoding::QueryPost,
    ),
    Quirk {
        asks: &[Ask {
            at: &[Moment::Authorize, Moment::Token],
            what: What::Query("tenant"),
            value: Wanted::Is("a b&c"),
        }],
        ..Quirk::named(
            "7-query-in-url",
            "the endpoints' URLs have a query that must survive",
        )
    },
    Quirk {
        encoding: Encoding::Json,
        client: ClientAuth::Body,
        ..renames(
            "7-json-renamed",
            "token calls are JSON with appid for client_id and auth_code for code",
            &[("client_id", "appid"), ("code", "auth_code")],
        )
    },
    authenticates(
        "8-basic-only",
        "the client authenticates in the header only",
        ClientAuth::Basic,
    ),
    authenticates(
        "8-body-only",
        "the client authenticates in the body only",
        ClientAuth::Body,
    ),
    authenticates(
        "8-both",
        "the client authenticates in header and body at once",
        ClientAuth::Both,
    ),
    authenticates(
        "8-public-no-secret",
        "a public client must send no secret, on refresh neither",
        ClientAuth::Public,
    ),
    authenticates(
        "8-raw-basic",
        "the halves of the Basic header are not form-encoded",
        ClientAuth::RawBasic,
    ),
    authenticates(
        "8-encoded-basic",
        "the halves of the Basic header are form-encoded, as the RFC says",
        ClientAuth::EncodedBasic,
    ),
    joins("9-comma", "scopes are joined by a comma", ","),
    joins("9-plus", "scopes are joined by a plus sign", "+"),
    joins("9-pipe", "scopes are joined by a bar", "|"),
    joins("9-semicolon", "scopes are joined by a semicolon", ";"),
    Quirk::named("9-no-empty-scope", "an empty scope is refused"),
];
