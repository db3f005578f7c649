//! The pages a person sees: the consent page, those of a device's code, the one that carries the
//! answer back as a form, and the page that says what is wrong.
//!
//! Promises: nothing loaded from anywhere, every inserted text escaped, a policy that allows exactly
//! the page's own style, its one form, and where that sends itself, the line of script that does so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::oauth::{Client, SCOPES};
use super::wire::Reply;

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1c1e21;--soft:#5d6470;--line:#d9dce1;\
--page:#f3f4f6;--card:#fff;--go:#1f6f4a;--go-ink:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#eceef1;--soft:#a2a9b4;--line:#3a3f47;\
--page:#15171a;--card:#1f2226;--go:#57c491;--go-ink:#0c1a13}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;\
background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\
main{width:100%;max-width:26rem;padding:1.75rem;background:var(--card);\
border:1px solid var(--line);border-radius:12px;overflow-wrap:anywhere}\
h1{margin:0 0 .75rem;font-size:1.3rem;line-height:1.3}\
p{margin:.75rem 0}.soft{color:var(--soft);font-size:.875rem}\
ul{margin:.75rem 0;padding-left:1.25rem}code{font-size:.9em}\
form{display:flex;gap:.75rem;margin:1.5rem 0 .5rem}\
button{flex:1;padding:.7rem 1rem;font:inherit;font-weight:600;color:inherit;cursor:pointer;\
background:none;border:1px solid var(--line);border-radius:8px}\
button.go{background:var(--go);border-color:var(--go);color:var(--go-ink)}\
button:focus-visible{outline:3px solid var(--go);outline-offset:2px}";

/// The page on which a person allows or denies; the form goes to the path `action` and carries the
/// one-time `request_id`.
pub fn consent(
    client: &Client,
    action: &str,
    scopes: &[&str],
    redirect_uri: &str,
    request_id: &str,
) -> Reply {
    let what = format!(
        "You will be sent back to <code>{}</code>.",
        escape(redirect_uri)
    );
    let body = question(client, action, scopes, request_id, &what);
    // Browsers apply form-action to the redirect after the form too, so the callback must be named.
    let target = origin(redirect_uri);
    render(200, "Allow access?", &body, &format!("'self' {target}"))
}

/// What sends the answer's form.
const SEND: &str = "document.forms[0].submit()";

/// The page that carries an answer back as a form (OAuth 2.0 Form Post Response Mode, 2).
pub fn answer(redirect_uri: &str, pairs: &[(&str, &str)]) -> Reply {
    let fields: Vec<_> = pairs
        .iter()
        .map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let body = format!(
        "<h1>Back to the application</h1>\
         <form id=\"answer\" method=\"post\" action=\"{action}\">{fields}\
         <button class=\"go\">Continue</button></form><script>{SEND}</script>",
        action = escape(redirect_uri),
        fields = fields.concat(),
    );
    let script = STANDARD.encode(Sha256::digest(SEND));
    let rest = format!("{}; script-src 'sha256-{script}'", origin(redirect_uri));
    render(200, "Back to the application", &body, &rest)
}

/// The origin of a callback as a policy can name it: an IPv6 literal cannot be named, there the
/// scheme has to do.
fn origin(redirect_uri: &str) -> &str {
    let origin = redirect_uri.trim_end_matches("/callback");
    if origin.contains('[') {
        "http:"
    } else {
        origin
    }
}

/// The page on which a person allows or denies what a device asks (RFC 8628, 3.3), having compared
/// the code.
pub fn device(
    client: &Client,
    action: &str,
    scopes: &[&str],
    user_code: &str,
    request_id: &str,
) -> Reply {
    let what = format!(
        "Your device shows the code <code>{}</code>; if it shows another, deny.",
        escape(user_code)
    );
    let body = question(client, action, scopes, request_id, &what);
    render(200, "Allow access?", &body, "'self'")
}

/// The page on which a person enters the code that their device shows.
pub fn enter_code(action: &str) -> Reply {
    let body = format!(
        "<h1>Connect a device</h1><p>Enter the code that it shows.</p>\
         <form method=\"post\" action=\"{}\">\
         <input name=\"user_code\" autocomplete=\"off\" autofocus>\
         <button class=\"go\">Continue</button></form>",
        escape(action)
    );
    render(200, "Enter the code", &body, "'self'")
}

/// The page that says that a device got its answer.
pub fn answered(allowed: bool) -> Reply {
    let (title, text) = if allowed {
        (
            "Allowed",
            "Your device goes on by itself; you can close this page.",
        )
    } else {
        ("Denied", "Your device is told so; you can close this page.")
    };
    render(
        200,
        title,
        &format!("<h1>{title}</h1><p>{text}</p>"),
        "'none'",
    )
}

/// Who wants what, and the two answers; `what` says what follows them.
fn question(
    client: &Client,
    action: &str,
    scopes: &[&str],
    request_id: &str,
    what: &str,
) -> String {
    let wishes: Vec<_> = SCOPES
        .iter()
        .filter(|(scope, _)| scopes.contains(scope))
        .map(|(scope, meaning)| format!("<li>{meaning} <code class=\"soft\">{scope}</code></li>"))
        .collect();
    format!(
        "<h1>Let {name} use your sandbox account?</h1>\
         <p>You are signed in as <strong>sandbox-user</strong>. <strong>{name}</strong> \
         (<code>{id}</code>) wants to:</p><ul>{wishes}</ul>\
         <form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"request_id\" value=\"{request_id}\">\
         <button name=\"decision\" value=\"deny\">Deny</button>\
         <button class=\"go\" name=\"decision\" value=\"allow\">Allow</button></form>\
         <p class=\"soft\">{what} \
         This is a practice provider on your own machine; nothing here is real.</p>",
        wishes = wishes.concat(),
        name = escape(client.name),
        id = escape(client.id),
        action = escape(action),
        request_id = escape(request_id),
    )
}

/// The page shown where redirecting would be wrong. `why` is a sentence.
pub fn problem(status: u16, why: &str) -> Reply {
    let body = format!(
        "<h1>This request cannot be answered</h1><p id=\"why\">{}</p>\
         <p class=\"soft\">Nothing was granted and nobody was redirected.</p>",
        escape(why)
    );
    render(status, "Request refused", &body, "'none'")
}

fn render(status: u16, title: &str, body: &str, form_action: &str) -> Reply {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · hallpass sandbox</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n"
    );
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Reply::new(status, "text/html; charset=utf-8", page)
        .with("Content-Security-Policy", policy)
        .with("Cache-Control", "no-store")
        .with("Referrer-Policy", "no-referrer")
        .with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "DENY")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
