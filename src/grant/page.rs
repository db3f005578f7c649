//! The pages a person sees after consenting: no script, nothing loaded, no
//! token; a strict Content-Security-Policy, `no-store` and `no-referrer`. Text
//! from elsewhere is escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The whole style; its hash is what the policy allows.
const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#1c2024;--soft:#60666d;--line:#e2e5e9;--good:#17803d;--bad:#b42318}\
@media(prefers-color-scheme:dark){:root{--bg:#111315;--card:#1b1e21;--text:#eceef0;--soft:#9ba1a7;--line:#2e3338;--good:#4ade80;--bad:#ff8a7a}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--text);font:1rem/1.5 system-ui,sans-serif}\
main{width:100%;max-width:27rem;padding:2.25rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:14px;text-align:center;overflow-wrap:anywhere}\
.mark{width:3rem;height:3rem;margin:0 auto 1.1rem;border-radius:50%;display:grid;place-items:center;font-size:1.5rem;line-height:1;color:var(--card);background:var(--good)}\
.bad{background:var(--bad)}\
h1{margin:0 0 .4rem;font-size:1.3rem;line-height:1.3}\
p{margin:.4rem 0;color:var(--soft)}\
h2{margin:1.5rem 0 .5rem;font-size:.8rem;font-weight:600;color:var(--soft)}\
ul{margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;justify-content:center}\
li{padding:.15rem .6rem;border:1px solid var(--line);border-radius:99px;font:.85rem/1.5 ui-monospace,monospace}\
.close{margin-top:1.6rem}";

/// A page with its status.
pub(super) struct Page {
    status: u16,
    html: String,
}

impl Page {
    /// Answers a request; a browser that has gone away is let go.
    pub(super) fn send(self, request: tiny_http::Request) {
        let mut response =
            tiny_http::Response::from_string(self.html).with_status_code(self.status);
        for (name, value) in headers() {
            if let Ok(header) = tiny_http::Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        let _ = request.respond(response);
    }
}

fn headers() -> Vec<(&'static str, String)> {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    vec![
        ("Content-Type", "text/html; charset=utf-8".to_owned()),
        (
            "Content-Security-Policy",
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        ),
        ("Cache-Control", "no-store".to_owned()),
        ("Referrer-Policy", "no-referrer".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Connection", "close".to_owned()),
    ]
}

/// The connection is made.
pub(super) fn connected(name: &str, scopes: &[String], account: Option<&str>) -> Page {
    let account = account
        .map(|account| format!("<p>as <strong>{}</strong></p>", escape(account)))
        .unwrap_or_default();
    let granted = if scopes.is_empty() {
        String::new()
    } else {
        let items: Vec<String> = scopes
            .iter()
            .map(|scope| format!("<li>{}</li>", escape(scope)))
            .collect();
        let items = items.concat();
        format!("<h2>Granted</h2><ul>{items}</ul>")
    };
    let name = escape(name);
    page(
        200,
        &format!("Connected to {name}"),
        &format!(
            "<div class=\"mark\">✓</div><h1>Connected to {name}</h1>{account}{granted}\
             <p class=\"close\">You can close this tab and go back to the terminal.</p>"
        ),
    )
}

/// It is not.
pub(super) fn failed(name: &str, why: &str) -> Page {
    let name = escape(name);
    page(
        200,
        &format!("Not connected to {name}"),
        &format!(
            "<div class=\"mark bad\">✕</div><h1>Not connected to {name}</h1><p>{}</p>\
             <p class=\"close\">The terminal says what to do next. You can close this tab.</p>",
            escape(why)
        ),
    )
}

/// A redirect that belongs to no running connect.
pub(super) fn not_ours(name: &str) -> Page {
    page(
        400,
        "This answer was not expected",
        &format!(
            "<div class=\"mark bad\">✕</div><h1>This answer was not expected</h1>\
             <p>It does not belong to the connect to {} that is waiting in the terminal. \
             Open the link from the terminal again.</p>",
            escape(name)
        ),
    )
}

/// Nothing else is served here.
pub(super) fn not_found() -> Page {
    page(404, "Not here", "<h1>Nothing is here</h1>")
}

/// Another verb than GET.
pub(super) fn wrong_method() -> Page {
    page(405, "Not so", "<h1>Only GET is answered here</h1>")
}

/// A name that this listener does not have.
pub(super) fn wrong_host() -> Page {
    page(421, "Not here", "<h1>Nothing is here by that name</h1>")
}

fn page(status: u16, title: &str, body: &str) -> Page {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    Page { status, html }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if crate::ui::is_harmful(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_become_markup() {
        let page = connected("<script>", &["a\"b".to_owned()], Some("x&y\u{202e}"));
        assert!(!page.html.contains("<script>"));
        for escaped in ["&lt;script&gt;", "a&quot;b", "x&amp;y\\u{202e}"] {
            assert!(page.html.contains(escaped), "{escaped}");
        }
    }
}
