//! The definitions that go with the sandbox: a working `integrations.toml`, commented for whoever
//! copies from it.

use super::quirks;

/// The commented `integrations.toml` of a sandbox at `issuer` (no trailing slash), with those of
/// the providers that differ where they are wanted.
pub fn config(issuer: &str, with_quirks: bool) -> String {
    let mut text = TEMPLATE.replace("ISSUER", issuer);
    if with_quirks {
        text.push_str(&MACHINES.replace("ISSUER", issuer));
        text.push('\n');
        text.push_str(&quirks::definitions(issuer));
    }
    text
}

const TEMPLATE: &str = r#"# Definitions for the provider that `hallpass sandbox` runs at ISSUER
# Each has two halves: `auth` says how to get a credential, `api` how to use it.

# An app a person signs in to. `hallpass connect sandbox` opens the browser once; after that
# `hallpass token sandbox` and `hallpass request sandbox /me` renew the token by themselves.
[integrations.sandbox]
name = "Sandbox"                            # what people see; `sandbox` above is what you type

[integrations.sandbox.auth]
type = "oauth2"
grant = "authorization_code"                # a person consents in the browser
authorization_url = "ISSUER/authorize"      # where the browser is sent
token_url = "ISSUER/token"                  # where the code, and later each refresh, is exchanged
revocation_url = "ISSUER/revoke"            # where `hallpass disconnect` takes the grant back
client_id = "sandbox-app"                   # a public client: it has no secret, PKCE protects it
scopes = ["profile", "notes:read"]          # what to ask for; also known: email, notes:write

[integrations.sandbox.api]
base_url = "ISSUER"                         # the credential is sent here and nowhere else
test = "/me"                                # called at the end of connect, to see that it works
account = "login"                           # the field of that answer that says whose account it is

# The same app where tokens are bound to a key that rests beside them (DPoP, RFC 9449): whoever
# steals the token alone can do nothing with it.
[integrations.sandbox-dpop]
extends = "sandbox"
name = "Sandbox with a key"

[integrations.sandbox-dpop.auth]
client_id = "sandbox-dpop"
dpop = true                                 # a proof goes with every request, made by `hallpass request`

# A service that signs in as itself. Nobody is asked, so it needs no `connect`:
# `hallpass token sandbox-service` works at once, also in CI.
[integrations.sandbox-service]
name = "Sandbox service"

[integrations.sandbox-service.auth]
type = "oauth2"
grant = "client_credentials"                # the client's own authority, no person involved
token_url = "ISSUER/token"
revocation_url = "ISSUER/revoke"
client_id = "sandbox-service"
client_secret = "sandbox-secret-not-real"   # a real one goes elsewhere: { env = "MY_SECRET" }
scopes = ["notes:read"]

[integrations.sandbox-service.api]
base_url = "ISSUER"
test = "/me"
account = "login"

# The same, without a secret that both sides know: the client signs who it is (private_key_jwt), and
# the provider has only the public half of the key.
[integrations.sandbox-key]
name = "Sandbox key client"

[integrations.sandbox-key.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ISSUER/token"
revocation_url = "ISSUER/revoke"
client_id = "sandbox-key-client"
client_auth = "private_key_jwt"
scopes = ["notes:read"]

[integrations.sandbox-key.auth.jwt]
alg = "ES256"
# RFC 7515 prints this very key, so that it protects nothing; yours goes elsewhere:
# { file = "key.pem" }, { env = "MY_KEY" }
key = '{"kid":"sandbox-key-not-real","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}'

[integrations.sandbox-key.api]
base_url = "ISSUER"
test = "/me"
account = "login"

# The same app where no browser is: `hallpass connect sandbox-device` shows a code, which is entered
# in a browser on any other machine. With `grant = "authorization_code"` and an `authorization_url`
# beside it, `connect` uses the link, and the code where it is asked for one: `connect … --device`.
[integrations.sandbox-device]
name = "Sandbox device"

[integrations.sandbox-device.auth]
type = "oauth2"
grant = "device_code"                       # a person enters a code, in a browser anywhere
device_authorization_url = "ISSUER/device_authorization"   # where the code comes from
token_url = "ISSUER/token"                  # asked again and again until the person has approved
revocation_url = "ISSUER/revoke"
client_id = "sandbox-device"
scopes = ["profile", "notes:read"]

[integrations.sandbox-device.api]
base_url = "ISSUER"
test = "/me"
account = "login"
"#;

/// The grants of machines that show something of their own in the place of a client's secret.
const MACHINES: &str = r#"
# A service account: an assertion is signed here with its key, and no client is needed.
[integrations.sandbox-robot]
name = "Sandbox robot"

[integrations.sandbox-robot.auth]
type = "oauth2"
grant = "jwt_bearer"                        # RFC 7523; `aud`, `iat` and `exp` come by themselves
token_url = "ISSUER/token"
scopes = ["notes:read"]

[integrations.sandbox-robot.auth.jwt]
alg = "ES256"
# The key of RFC 7515, appendix A.3, which the whole world knows; a real one goes elsewhere.
key = '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}'
claims = { iss = "robot@sandbox.example", jti = "{uuid}" }

[integrations.sandbox-robot.api]
base_url = "ISSUER"
test = "/me"
account = "login"

# A CI job: the ID token that its runner signs is exchanged. Played with
# ACTIONS_ID_TOKEN_REQUEST_URL=ISSUER/actions/id-token?api-version=2.0
# ACTIONS_ID_TOKEN_REQUEST_TOKEN=sandbox-runner-not-real
[integrations.sandbox-job]
name = "Sandbox job"

[integrations.sandbox-job.auth]
type = "oauth2"
grant = "token_exchange"                    # RFC 8693
token_url = "ISSUER/token"
subject_token = { github_actions = { audience = "ISSUER" } }
scopes = ["notes:read"]

[integrations.sandbox-job.api]
base_url = "ISSUER"
test = "/me"
account = "login"
"#;

#[cfg(test)]
mod tests {
    use super::config;

    #[test]
    fn the_printed_config_is_toml_that_names_this_issuer() {
        let text = config("http://127.0.0.1:1234", false);
        let parsed: toml::Table = toml::from_str(&text).expect("valid TOML");
        let integrations = parsed["integrations"].as_table().expect("a table");
        assert_eq!(integrations.len(), 5);
        let auth = &integrations["sandbox"]["auth"];
        assert_eq!(
            auth["token_url"].as_str(),
            Some("http://127.0.0.1:1234/token")
        );
        assert!(!text.contains("ISSUER"));
    }
}
