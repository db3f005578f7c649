//! The grants of machines: JWT bearer (RFC 7523), token exchange (RFC 8693), and a user's password
//! (RFC 6749, 4.3) for the legacy that needs it; and a runner as GitHub Actions has one, which signs
//! the ID tokens that are exchanged.
//!
//! Promises: a signature is checked before anything in a token is believed; an assertion is for this
//! token endpoint, of now, not for long, and with an id good once; passwords are compared in
//! constant time.

use std::str::FromStr as _;
use std::time::Instant;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

use super::grants::Grant;
use super::oauth::{Client, Form, JOB, OAuthError, ROBOT, parse_scopes, quoted, random};
use super::quirks::{part, sign, vouched};
use super::state::{Entry, State};
use super::token::token_answer;
use super::wire::{Reply, Request};
use crate::clock::Timestamp;

/// RFC 7523, section 8.1.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// RFC 8693, section 2.1.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Where the runner is asked for an ID token.
pub const RUNNER: &str = "/actions/id-token";
/// What a job shows there.
const RUNNER_TOKEN: &str = "sandbox-runner-not-real";
/// The user that has a password.
const USER: (&str, &str) = ("ada", "sandbox-password-not-real");
/// What the token types of RFC 8693, section 3 begin with.
const TYPE: &str = "urn:ietf:params:oauth:token-type:";
/// The longest life of an assertion, in seconds: an hour, as with Google.
const LONGEST: u64 = 3600;
/// How far two clocks may be apart, in seconds.
const SKEW: u64 = 60;
/// The key that the runner signs with.
const RUNNER_KEY: &str = "sbx_runner_signing_key_of_32_bytes_or_more_not_real";
/// The public halves of the keys of RFC 7515, appendices A.2 and A.3, whose private halves the whole
/// world knows: the robot's.
const RSA: (&str, &str) = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "AQAB",
);
const EC: (&str, &str) = (
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
);

type Outcome<T> = Result<T, OAuthError>;

fn invalid_grant(description: impl Into<String>) -> OAuthError {
    OAuthError::new("invalid_grant", description)
}

/// Whether what this request shows speaks for itself, and no client does.
pub fn goes_without_client(form: &Form) -> bool {
    let by_itself = matches!(form.get("grant_type"), Some(JWT_BEARER | TOKEN_EXCHANGE));
    by_itself && form.get("client_id").is_none() && form.get("client_secret").is_none()
}

/// Who gets a token by these grants, and the answer; nothing where another grant is asked for.
pub fn issue(state: &State, form: &Form) -> Option<Outcome<(&'static str, Value)>> {
    match form.get("grant_type")? {
        JWT_BEARER => Some(by_assertion(state, form)),
        TOKEN_EXCHANGE => Some(by_exchange(state, form)),
        _ => None,
    }
}

fn token_for(state: &State, client: &'static Client, form: &Form) -> Outcome<Value> {
    let scopes = parse_scopes(form.get("scope"))?;
    let grant = Grant::new(client, scopes.clone(), false);
    let ttl = state.token_ttl();
    let issued = state.grants().issue(&grant, scopes, ttl, Instant::now());
    Ok(token_answer(&issued, ttl.as_secs()))
}

fn by_assertion(state: &State, form: &Form) -> Outcome<(&'static str, Value)> {
    let claims = verified(form.require("assertion")?)?;
    if claims["iss"] != ROBOT.id {
        return Err(invalid_grant(format!("iss must be '{}'", ROBOT.id)));
    }
    let endpoint = format!("{}/token", state.issuer);
    let is_meant = |audience: &Value| *audience == endpoint || *audience == state.issuer;
    let meant = match &claims["aud"] {
        Value::Array(several) => several.iter().any(is_meant),
        one => is_meant(one),
    };
    if !meant {
        return Err(invalid_grant(format!("aud must be '{endpoint}'")));
    }
    hold_to_now(&claims)?;
    if let Some(id) = claims["jti"].as_str()
        && !state.see_once(id)
    {
        return Err(invalid_grant("this assertion was shown before"));
    }
    Ok((ROBOT.id, token_for(state, &ROBOT, form)?))
}

/// The claims of an assertion that the robot has signed.
fn verified(assertion: &str) -> Outcome<Value> {
    let refuse = |what: &str| invalid_grant(format!("the assertion {what}"));
    let (signed, signature) = assertion
        .rsplit_once('.')
        .ok_or_else(|| refuse("is no JWT"))?;
    let (head, _) = signed.split_once('.').ok_or_else(|| refuse("is no JWT"))?;
    let head = part(head).unwrap_or_default();
    let alg = head["alg"].as_str().unwrap_or_default();
    let (algorithm, key) = match Algorithm::from_str(alg) {
        Ok(algorithm @ (Algorithm::RS256 | Algorithm::PS256)) => {
            (algorithm, DecodingKey::from_rsa_components(RSA.0, RSA.1))
        }
        Ok(algorithm @ Algorithm::ES256) => {
            (algorithm, DecodingKey::from_ec_components(EC.0, EC.1))
        }
        _ => {
            return Err(refuse(&format!(
                "has alg {}, not RS256, PS256 or ES256",
                quoted(alg)
            )));
        }
    };
    let checked = key.and_then(|key| {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm)
    });
    if !checked.unwrap_or(false) {
        return Err(refuse("has a signature that is not the robot's"));
    }
    let claims = signed.split_once('.').and_then(|(_, claims)| part(claims));
    claims.ok_or_else(|| refuse("has no claims"))
}

/// Holds a token to being of now, and not for long.
fn hold_to_now(claims: &Value) -> Outcome<()> {
    let now = Timestamp::now().unix();
    let Some(until) = claims["exp"].as_u64() else {
        return Err(invalid_grant("exp is missing"));
    };
    let from = claims["iat"].as_u64().unwrap_or(now);
    if until <= now {
        return Err(invalid_grant("it has expired"));
    }
    if from > now + SKEW || until.saturating_sub(from) > LONGEST {
        return Err(invalid_grant("it is not of now, or for more than an hour"));
    }
    Ok(())
}

fn by_exchange(state: &State, form: &Form) -> Outcome<(&'static str, Value)> {
    let kind = form.require("subject_token_type")?.to_owned();
    if ![format!("{TYPE}jwt"), format!("{TYPE}id_token")].contains(&kind) {
        return Err(OAuthError::new(
            "invalid_request",
            format!("{} is not exchanged here", quoted(&kind)),
        ));
    }
    let claims = vouched(form.require("subject_token")?, RUNNER_KEY);
    let claims = claims.ok_or_else(|| invalid_grant("the runner has not signed this"))?;
    let runner = format!("{}/actions", state.issuer);
    if claims["iss"] != runner || claims["aud"] != state.issuer {
        return Err(invalid_grant(format!(
            "iss must be '{runner}' and aud '{}'",
            state.issuer
        )));
    }
    hold_to_now(&claims)?;
    let mut answer = token_for(state, &JOB, form)?;
    let wanted = form.get("requested_token_type");
    let wanted = wanted.map_or_else(|| format!("{TYPE}access_token"), str::to_owned);
    answer["issued_token_type"] = json!(wanted);
    if wanted != format!("{TYPE}access_token") {
        answer["token_type"] = json!("N_A");
    }
    Ok((JOB.id, answer))
}

/// Holds a request to the one user's name and password.
pub fn check_password(form: &Form) -> Outcome<()> {
    let (name, word) = (form.require("username")?, form.require("password")?);
    let fits = name.as_bytes().ct_eq(USER.0.as_bytes()) & word.as_bytes().ct_eq(USER.1.as_bytes());
    if fits.into() {
        Ok(())
    } else {
        Err(invalid_grant("user name or password is wrong"))
    }
}

/// Answers a job that asks the runner for its ID token, as GitHub does.
pub fn id_token(state: &State, request: &Request, entry: &mut Entry) -> Reply {
    let shown = request.header("authorization").and_then(|header| {
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    if shown != Some(RUNNER_TOKEN) {
        let reply = Reply::json(401, &json!({ "message": "the job's own token is wanted" }));
        entry.error = Some("invalid_token");
        return reply;
    }
    let mut query = form_urlencoded::parse(request.query.as_bytes());
    let audience = query.find(|(name, _)| name == "audience");
    let audience = audience.map_or_else(|| "https://github.example/octo".into(), |pair| pair.1);
    let now = Timestamp::now().unix();
    let claims = json!({
        "iss": format!("{}/actions", state.issuer),
        "aud": audience,
        "sub": JOB.id,
        "jti": random(""),
        "iat": now,
        "exp": now + 300,
    });
    Reply::json(200, &json!({ "value": sign(&claims, RUNNER_KEY) }))
}
