//! The vocabulary of the provider: its clients, its scopes, its forms and its errors.
//!
//! Promises: parameters without a value count as absent, repeated ones are refused (RFC 6749, 3.1
//! and 3.2), and every error is one of section 5.2 with a sentence that says what to change.

use oauth2::CsrfToken;
use serde_json::json;
use url::form_urlencoded;

use super::dpop::BOUND_CLIENT;
use super::wire::Reply;

/// A registered client.
pub struct Client {
    /// Its `client_id`.
    pub id: &'static str,
    /// What the consent page calls it.
    pub name: &'static str,
    /// Its secret; a public client has none (RFC 6749, 2.1).
    pub secret: Option<&'static str>,
    /// The public half of the key it signs with.
    pub key: Option<PublicKey>,
}

/// A point on P-256, as a JWK writes it (RFC 7518, 6.2.1).
pub struct PublicKey {
    /// One coordinate.
    pub x: &'static str,
    /// The other.
    pub y: &'static str,
}

impl Client {
    /// Whether it cannot show who it is (RFC 6749, 2.1).
    pub fn is_public(&self) -> bool {
        self.secret.is_none() && self.key.is_none()
    }
}

/// The clients the sandbox knows: one public, one with a secret, one with a key, one that proves a key,
/// one without a browser.
pub const CLIENTS: [Client; 5] = [
    Client {
        id: "sandbox-app",
        name: "Sandbox app",
        secret: None,
        key: None,
    },
    Client {
        id: "sandbox-service",
        name: "Sandbox service",
        secret: Some("sandbox-secret-not-real"),
        key: None,
    },
    Client {
        id: "sandbox-key-client",
        name: "Sandbox key client",
        secret: None,
        // RFC 7515, A.3: its private half is printed in the RFC, and in `--print-config`.
        key: Some(PublicKey {
            x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }),
    },
    Client {
        id: BOUND_CLIENT,
        name: "Sandbox app with a key",
        secret: None,
        key: None,
    },
    Client {
        id: DEVICE_CLIENT,
        name: "Sandbox device",
        secret: None,
        key: None,
    },
];

/// The client that may ask for device codes.
pub const DEVICE_CLIENT: &str = "sandbox-device";

/// Those that machines get tokens as, by what they show (`machines`) rather than by a secret.
pub static ROBOT: Client = Client {
    id: "robot@sandbox.example",
    name: "Sandbox robot",
    secret: None,
    key: None,
};
/// The subject of the runner's ID tokens.
pub static JOB: Client = Client {
    id: "repo:octo/hello:ref:refs/heads/main",
    name: "Sandbox job",
    secret: None,
    key: None,
};

/// Parameters that may stand several times (RFC 8707, 2; RFC 8693, 2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The client of that id.
pub fn client(id: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.id == id)
}

/// The scopes the sandbox knows, with what the consent page says of each.
pub const SCOPES: [(&str, &str); 4] = [
    ("profile", "see your name and login"),
    ("email", "see your email address"),
    ("notes:read", "read your notes"),
    ("notes:write", "write and delete your notes"),
];

/// Scopes in the order they were asked for, each once.
pub type Scopes = Vec<&'static str>;

/// Reads a `scope` parameter (RFC 6749, 3.3); absent, it means `profile`.
pub fn parse_scopes(text: Option<&str>) -> Result<Scopes, OAuthError> {
    let mut scopes = Scopes::new();
    for word in text.unwrap_or("profile").split_whitespace() {
        let Some((scope, _)) = SCOPES.iter().find(|(scope, _)| *scope == word) else {
            let known: Vec<_> = SCOPES.iter().map(|(scope, _)| *scope).collect();
            return Err(OAuthError::new(
                "invalid_scope",
                format!(
                    "{} is not a scope here; known: {}",
                    quoted(word),
                    known.join(", ")
                ),
            ));
        };
        if !scopes.contains(scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

/// Text from a request, made fit for an `error_description` (RFC 6749, 5.2: no quotes, no
/// backslashes, printable ASCII) and short.
pub fn quoted(text: &str) -> String {
    let clean = |character: char| match character {
        '"' | '\\' => '_',
        ' '..='~' => character,
        _ => '_',
    };
    let shown: String = text.chars().take(60).map(clean).collect();
    format!("'{shown}'")
}

/// An error answer of the provider (RFC 6749, 5.2).
pub struct OAuthError {
    /// The status: 401 for `invalid_client`, else 400.
    pub status: u16,
    /// The `error` code.
    pub error: &'static str,
    /// The `error_description`.
    pub description: String,
}

impl OAuthError {
    /// An error with the status that belongs to its code.
    pub fn new(error: &'static str, description: impl Into<String>) -> OAuthError {
        OAuthError {
            status: if error == "invalid_client" { 401 } else { 400 },
            error,
            description: description.into(),
        }
    }

    /// The error as the answer of a token-like endpoint.
    pub fn reply(&self) -> Reply {
        let body = json!({ "error": self.error, "error_description": self.description });
        let reply = Reply::json(self.status, &body).with("Cache-Control", "no-store");
        if self.status == 401 {
            reply.with("WWW-Authenticate", r#"Basic realm="hallpass sandbox""#)
        } else {
            reply
        }
    }
}

/// The parameters of a query or a form body.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses `application/x-www-form-urlencoded`; parameters without a value are left out.
    pub fn parse(text: &[u8]) -> Form {
        Form(
            form_urlencoded::parse(text)
                .into_owned()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// These parameters, as they are.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Form {
        Form(pairs)
    }

    /// The same, and this parameter.
    pub fn with(mut self, name: &str, value: String) -> Form {
        self.0.push((name.to_owned(), value));
        self
    }

    /// The (first) value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::new("invalid_request", format!("{name} is missing")))
    }

    /// The name of a parameter that was sent twice and may not be.
    pub fn repeated(&self) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(index, (name, _))| {
            let before = &self.0[..index];
            let twice = before.iter().any(|(key, _)| key == name);
            (twice && !REPEATABLE.contains(&name.as_str())).then_some(name.as_str())
        })
    }

    /// Refuses a form in which a parameter stands twice.
    pub fn check_unrepeated(&self) -> Result<(), OAuthError> {
        match self.repeated() {
            Some(name) => Err(OAuthError::new(
                "invalid_request",
                format!("{} was sent more than once", quoted(name)),
            )),
            None => Ok(()),
        }
    }
}

/// A new unguessable value (256 random bits) that starts with `prefix`.
pub fn random(prefix: &str) -> String {
    format!("{prefix}{}", CsrfToken::new_random_len(32).secret())
}
