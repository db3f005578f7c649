//! The words in which a provider's oddities are told: a `Quirk` is a strict standard provider but
//! for the fields that say otherwise.

/// One provider.
#[derive(Clone, Copy)]
pub struct Quirk {
    /// Its path segment, `2-ms`; the number is that of its kind.
    pub name: &'static str,
    /// What is odd about it, in a line.
    pub about: &'static str,
    /// How a credential is obtained.
    pub source: Source,
    /// How the client authenticates at the token endpoint.
    pub client: ClientAuth,
    /// Standard parameters that go by another name, everywhere: (standard, theirs).
    pub renames: &'static [(&'static str, &'static str)],
    /// Standard parameters that must not come with a code.
    pub absent: &'static [&'static str],
    /// Whether PKCE is required; else it is refused.
    pub pkce: bool,
    /// What must come besides.
    pub asks: &'static [Ask],
    /// How the parameters of a token call travel.
    pub encoding: Encoding,
    /// What stands between scopes.
    pub separator: &'static str,
    /// When a refresh token is given.
    pub offline: Offline,
    /// What a token answer looks like.
    pub answer: Answer,
    /// What an error of the token endpoint looks like.
    pub failure: Failure,
    /// How a token is renewed.
    pub refresh: Refresh,
    /// The longest life of a token, in seconds.
    pub max_life: u64,
    /// Where the API wants the credential.
    pub place: Place,
    /// Where the API is.
    pub base: Base,
    /// What the API answers to a token that has expired.
    pub expired_status: u16,
    /// How a device is told its code, and how that ends.
    pub device: Device,
}

impl Quirk {
    /// A provider of which nothing is odd yet.
    pub const fn named(name: &'static str, about: &'static str) -> Quirk {
        Quirk {
            name,
            about,
            ..Quirk::STANDARD
        }
    }

    /// Nothing odd: a code with PKCE, a form, a confidential client, rotation, a bearer token.
    pub const STANDARD: Quirk = Quirk {
        name: "",
        about: "",
        source: Source::Person,
        client: ClientAuth::Either,
        renames: &[],
        absent: &[],
        pkce: true,
        asks: &[],
        encoding: Encoding::Form,
        separator: " ",
        offline: Offline::Always,
        answer: Answer::STANDARD,
        failure: Failure::Standard,
        refresh: Refresh::Rotates,
        max_life: u64::MAX,
        place: Place::Bearer,
        base: Base::Here,
        expired_status: 401,
        device: Device::STANDARD,
    };
}

/// How a device is told its code (RFC 8628, 3.2), and how that ends.
#[derive(Clone, Copy)]
pub struct Device {
    /// What the link is called.
    pub link: &'static str,
    /// What the link with the code in it is called, where there is one.
    pub complete: Option<&'static str>,
    /// Whether numbers are strings.
    pub text: bool,
    /// Whether the answer is a form.
    pub form: bool,
    /// What the first polls are told, one after the other.
    pub first: &'static [&'static str],
    /// What all later ones are told, whatever the person did.
    pub always: Option<&'static str>,
}

impl Device {
    /// As RFC 8628, 3.2 has it.
    pub const STANDARD: Device = Device {
        link: "verification_uri",
        complete: Some("verification_uri_complete"),
        text: false,
        form: false,
        first: &[],
        always: None,
    };
}

/// How a credential is obtained.
#[derive(Clone, Copy)]
pub enum Source {
    /// A person consents (RFC 6749, 4.1).
    Person,
    /// A person enters a code (RFC 8628).
    Device,
    /// The client's own authority (RFC 6749, 4.4).
    Client,
    /// A key that never changes.
    Key,
    /// This user and password.
    Pair(&'static str, &'static str),
    /// `PUT /session` with JSON gives a session token.
    Session,
    /// `/login` gives a ticket, `/trade` gives a session token for it.
    Steps,
    /// A signed JWT is traded for an installation's token, as GitHub Apps do.
    App,
    /// A signed JWT is the token.
    Jwt,
}

/// How the client authenticates (RFC 6749, 2.3).
#[derive(Clone, Copy, PartialEq)]
pub enum ClientAuth {
    /// In the header or in the body.
    Either,
    /// In the header only.
    Basic,
    /// In the header, both halves form-encoded, with a secret on which that shows.
    EncodedBasic,
    /// In the header, both halves as they are, with a secret on which that shows.
    RawBasic,
    /// In the body only.
    Body,
    /// In both at once.
    Both,
    /// Not at all: a public client that must send no secret.
    Public,
}

/// When something is asked for.
#[derive(Clone, Copy, PartialEq)]
pub enum Moment {
    /// At the authorization endpoint.
    Authorize,
    /// At the device authorization endpoint.
    Device,
    /// At the token endpoint.
    Token,
    /// At the API.
    Api,
}

/// Something that must come with a request.
#[derive(Clone, Copy)]
pub struct Ask {
    /// When.
    pub at: &'static [Moment],
    /// Under which name, and where.
    pub what: What,
    /// With which value.
    pub value: Wanted,
}

/// A place in a request, by name.
#[derive(Clone, Copy)]
pub enum What {
    /// A parameter beside the standard ones.
    Param(&'static str),
    /// A header, in lower case.
    Header(&'static str),
    /// A parameter of the URL's own query.
    Query(&'static str),
}

/// A value that is wanted.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// Exactly this.
    Is(&'static str),
    /// A UUID that was not seen before.
    FreshUuid,
}

/// How the parameters of a token call travel.
#[derive(Clone, Copy)]
pub enum Encoding {
    /// POST, form-encoded.
    Form,
    /// POST, a JSON object.
    Json,
    /// GET, in the query.
    Get,
    /// POST, in the query, without a body.
    QueryPost,
}

/// When a refresh token is given.
#[derive(Clone, Copy)]
pub enum Offline {
    /// Always.
    Always,
    /// With these parameters in the authorization request.
    Params(&'static [(&'static str, &'static str)]),
    /// With this scope.
    Scope(&'static str),
}

/// What a token answer looks like.
#[derive(Clone, Copy)]
pub struct Answer {
    /// The status of a success.
    pub status: u16,
    /// The `token_type`; the API wants it in exactly this case.
    pub token_type: Option<&'static str>,
    /// How the life of the token is told.
    pub life: Life,
    /// Whether `scope` is an array.
    pub scope_array: bool,
    /// Where in the answer the token is.
    pub wrapping: Wrapping,
    /// How the answer is written.
    pub format: Format,
}

impl Answer {
    /// As RFC 6749, 5.1 has it.
    pub const STANDARD: Answer = Answer {
        status: 200,
        token_type: Some("Bearer"),
        life: Life::Seconds("expires_in"),
        scope_array: false,
        wrapping: Wrapping::Top,
        format: Format::Json,
    };
}

/// How the life of a token is told, and under which name.
#[derive(Clone, Copy)]
pub enum Life {
    /// Seconds, a number.
    Seconds(&'static str),
    /// Seconds, a string.
    Text(&'static str),
    /// Milliseconds.
    Milliseconds(&'static str),
    /// The moment of its end, in unix seconds.
    Unix(&'static str),
    /// The moment of its end, in unix milliseconds.
    UnixMilliseconds(&'static str),
    /// The moment of its end, in ISO 8601.
    Iso(&'static str),
    /// Not at all.
    Absent,
}

/// Where in the answer the token is.
#[derive(Clone, Copy)]
pub enum Wrapping {
    /// At the top.
    Top,
    /// In `authed_user`; the one at the top is another's (Slack).
    AuthedUser,
    /// In `data`.
    Data,
    /// In `data`, beside a numeric `code` and a `msg`.
    Envelope,
    /// At the top, beside `ok: true`.
    Ok,
    /// In `tokens`, an array, as the one whose `kind` is `user`.
    List,
}

/// How an answer is written.
#[derive(Clone, Copy)]
pub enum Format {
    /// JSON.
    Json,
    /// A form, under this content type.
    Form(&'static str),
    /// The bare token.
    Text,
}

/// What an error of the token endpoint looks like.
#[derive(Clone, Copy)]
pub enum Failure {
    /// As RFC 6749, 5.2 has it.
    Standard,
    /// A 200 with `error`, and a word of its own for a dead refresh token (GitHub).
    InsideSuccess,
    /// A 200 with `ok: false` (Slack).
    NotOk,
    /// A 200 with a `code` that is not 0.
    Code,
}

/// How a token is renewed.
#[derive(Clone, Copy, PartialEq)]
pub enum Refresh {
    /// Each refresh token works once, and its reuse ends the family.
    Rotates,
    /// The refresh token stays good and is not repeated in the answer.
    Keeps,
    /// Like `Rotates`, at `/refresh`.
    OtherUrl,
    /// The access token is exchanged for another; there is no refresh token.
    FromAccess,
    /// `/extend` prolongs the access token and answers without one.
    Prolongs,
    /// Not at all.
    Never,
}

/// Where the API wants the credential.
#[derive(Clone, Copy)]
pub enum Place {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `Authorization`, with this scheme.
    Scheme(&'static str),
    /// `Authorization`, without a scheme.
    Raw,
    /// `Authorization: Basic …`.
    Basic,
    /// A header of this (lower-case) name.
    Header(&'static str),
    /// A query parameter of this name.
    Query(&'static str),
    /// Two query parameters, for user and password.
    QueryPair(&'static str, &'static str),
    /// The path, behind this.
    Path(&'static str),
}

/// Where the API is, below the quirk's own path.
#[derive(Clone, Copy)]
pub enum Base {
    /// Right there.
    Here,
    /// Below `/company/VALUE`; the redirect alone tells the value, under this name.
    Callback(&'static str),
    /// Below `/pods/VALUE`; the token answer alone tells the URL, under this name.
    Token(&'static str),
    /// Below `/tenants/VALUE`; the ID token alone tells the value, as this claim.
    IdToken(&'static str),
    /// Below `/ex/VALUE`; `/lookup` alone tells the value.
    Lookup,
    /// One of these prefixes, with endpoints of its own.
    Region(&'static [&'static str]),
}
