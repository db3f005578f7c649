//! Quirks 14: how a device is told its code, and what its polls are told.

use super::super::quirk::{
    Ask, ClientAuth, Device, Encoding, Failure, Moment, Quirk, Source, Wanted, What,
};

/// A provider of device codes, of which nothing else is odd.
const fn devices(name: &'static str, about: &'static str) -> Quirk {
    Quirk {
        source: Source::Device,
        ..Quirk::named(name, about)
    }
}

/// One that tells devices their code so.
const fn tells(name: &'static str, about: &'static str, device: Device) -> Quirk {
    Quirk {
        device,
        ..devices(name, about)
    }
}

pub static QUIRKS: [Quirk; 10] = [
    tells(
        "14-verification-url",
        "the link is called verification_url, and none has the code in it",
        Device {
            link: "verification_url",
            complete: None,
            ..Device::STANDARD
        },
    ),
    tells(
        "14-complete-url",
        "the link with the code in it is called verification_url_complete, numbers are strings",
        Device {
            complete: Some("verification_url_complete"),
            text: true,
            ..Device::STANDARD
        },
    ),
    tells(
        "14-form",
        "the device's answer is a form",
        Device {
            form: true,
            ..Device::STANDARD
        },
    ),
    tells(
        "14-slow-down",
        "the first poll is told to slow down",
        Device {
            first: &["slow_down"],
            ..Device::STANDARD
        },
    ),
    Quirk {
        failure: Failure::InsideSuccess,
        ..tells(
            "14-pending-in-200",
            "a poll that comes too early is a 200 with an error in it",
            Device {
                first: &["authorization_pending"],
                ..Device::STANDARD
            },
        )
    },
    Quirk {
        client: ClientAuth::Basic,
        ..devices(
            "14-client-auth",
            "the client authenticates when it asks for a code, in the header",
        )
    },
    Quirk {
        encoding: Encoding::Json,
        client: ClientAuth::Body,
        renames: &[("device_code", "code")],
        asks: &[Ask {
            at: &[Moment::Device],
            what: What::Param("audience"),
            value: Wanted::Is("https://api.quirks.invalid"),
        }],
        ..devices(
            "14-bent",
            "all calls are JSON, the first names an audience, and device_code is called code",
        )
    },
    tells(
        "14-expired",
        "the code has expired",
        Device {
            always: Some("expired_token"),
            ..Device::STANDARD
        },
    ),
    tells(
        "14-denied",
        "the person said no",
        Device {
            always: Some("access_denied"),
            ..Device::STANDARD
        },
    ),
    tells(
        "14-unknown-code",
        "the device code is not known any more",
        Device {
            always: Some("invalid_grant"),
            ..Device::STANDARD
        },
    ),
];
