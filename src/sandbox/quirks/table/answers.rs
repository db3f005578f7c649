//! Quirks 1 to 5: what comes back from the token endpoint.

use super::super::quirk::{Answer, Failure, Format, Life, Quirk, Refresh, Source, Wrapping};

/// A provider whose answer alone is odd.
const fn answers(name: &'static str, about: &'static str, answer: Answer) -> Quirk {
    Quirk {
        name,
        about,
        answer,
        ..Quirk::STANDARD
    }
}

/// A provider that tells the life of a token so.
const fn lives(name: &'static str, about: &'static str, life: Life) -> Quirk {
    let answer = Answer {
        life,
        ..Answer::STANDARD
    };
    answers(name, about, answer)
}

/// A provider that puts the token there.
const fn wraps(name: &'static str, about: &'static str, wrapping: Wrapping) -> Quirk {
    let answer = Answer {
        wrapping,
        ..Answer::STANDARD
    };
    answers(name, about, answer)
}

pub static QUIRKS: [Quirk; 21] = [
    answers(
        "1-no-token-type",
        "the answer has no token_type",
        Answer {
            token_type: None,
            ..Answer::STANDARD
        },
    ),
    answers(
        "1-odd-case",
        "token_type is written bEaReR, the API wants Bearer",
        Answer {
            token_type: Some("bEaReR"),
            ..Answer::STANDARD
        },
    ),
    answers(
        "1-scope-array",
        "scope is an array",
        Answer {
            scope_array: true,
            ..Answer::STANDARD
        },
    ),
    lives(
        "2-string",
        "expires_in is a string",
        Life::Text("expires_in"),
    ),
    lives(
        "2-ms",
        "expires_in counts milliseconds",
        Life::Milliseconds("expires_in"),
    ),
    lives(
        "2-other-name",
        "expires_in is called expires",
        Life::Seconds("expires"),
    ),
    lives(
        "2-absolute-unix",
        "expires_at says when, in unix seconds",
        Life::Unix("expires_at"),
    ),
    lives(
        "2-absolute-unix-ms",
        "expiry says when, in unix milliseconds",
        Life::UnixMilliseconds("expiry"),
    ),
    lives(
        "2-iso",
        "expiresAt says when, in ISO 8601",
        Life::Iso("expiresAt"),
    ),
    lives(
        "2-absent",
        "nothing says how long the token lives",
        Life::Absent,
    ),
    wraps(
        "3-nested-authed-user",
        "the person's token is in authed_user, the one at the top is the bot's",
        Wrapping::AuthedUser,
    ),
    wraps("3-data", "the token is in data", Wrapping::Data),
    wraps(
        "3-list",
        "the token is the one of kind user in a list",
        Wrapping::List,
    ),
    Quirk {
        source: Source::Client,
        refresh: Refresh::Never,
        ..answers(
            "3-raw-text",
            "the body is the bare token",
            Answer {
                format: Format::Text,
                ..Answer::STANDARD
            },
        )
    },
    Quirk {
        failure: Failure::InsideSuccess,
        ..Quirk::named(
            "4-github-200-error",
            "an error comes with status 200, a dead grant as bad_refresh_token",
        )
    },
    Quirk {
        failure: Failure::NotOk,
        ..wraps(
            "4-slack-ok-false",
            "an error comes with status 200 and ok: false",
            Wrapping::Ok,
        )
    },
    Quirk {
        failure: Failure::Code,
        ..wraps(
            "4-envelope",
            "everything comes with status 200 in an envelope, an error as a code that is not 0",
            Wrapping::Envelope,
        )
    },
    answers(
        "4-201",
        "a success has status 201",
        Answer {
            status: 201,
            ..Answer::STANDARD
        },
    ),
    answers(
        "5-form",
        "the answer is a form that calls itself HTML",
        Answer {
            format: Format::Form("text/html; charset=utf-8"),
            ..Answer::STANDARD
        },
    ),
    answers(
        "5-form-as-json",
        "the answer is a form that calls itself JSON",
        Answer {
            format: Format::Form("application/json"),
            ..Answer::STANDARD
        },
    ),
    answers(
        "5-form-as-text",
        "the answer is a form that calls itself text, with expires for expires_in",
        Answer {
            format: Format::Form("text/plain"),
            life: Life::Seconds("expires"),
            ..Answer::STANDARD
        },
    ),
];
