//! The pages a person sees after consenting, in the look of the service
//! (`look`): no script, nothing loaded, no token; a strict
//! Content-Security-Policy, `no-store` and `no-referrer`. Text from elsewhere
//! is escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::look::{Look, Tile};
use crate::definition::Brand;

/// The style of every page; with that of the service its hash is what the
/// policy allows. The cards' backgrounds are `look::CARDS`.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#ffffff;--text:#1c2024;--soft:#60666d;--line:#e2e5e9;--good:#17803d;--bad:#b42318;--accent:#4a5560;--on:#fff;--tint:#eef0f3}\
@media(prefers-color-scheme:dark){:root{--bg:#111315;--card:#1b1e21;--text:#eceef0;--soft:#9ba1a7;--line:#2e3338;--good:#4ade80;--bad:#ff8a7a;--accent:#c3cad1;--on:#000;--tint:#2a2f34}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--text);font:1rem/1.5 system-ui,sans-serif}\
main{position:relative;overflow:hidden;width:100%;max-width:27rem;padding:2.25rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:14px;text-align:center;overflow-wrap:anywhere}\
.mark{width:3rem;height:3rem;margin:0 auto 1.1rem;border-radius:50%;display:grid;place-items:center;font-size:1.5rem;line-height:1;color:var(--card);background:var(--good)}\
.tile{position:relative;width:4.5rem;height:4.5rem;margin:0 auto 1.4rem;border-radius:1.1rem;display:grid;place-items:center;font-size:2.4rem;line-height:1;background:var(--tint)}\
.letters{font-size:1.4rem;font-weight:700;color:var(--on);background:var(--accent)}\
.picture{background:#fff;border:1px solid var(--line)}\
.picture img{width:3rem;height:3rem;object-fit:contain}\
.tile .mark{position:absolute;right:-.55rem;bottom:-.55rem;width:1.75rem;height:1.75rem;margin:0;border:3px solid var(--card);font-size:.8rem;font-weight:700}\
.mark.bad{background:var(--bad)}\
h1{margin:0 0 .4rem;font-size:1.3rem;line-height:1.3;text-wrap:balance}\
p{margin:.4rem 0;color:var(--soft);text-wrap:balance}\
code{font:.9em ui-monospace,monospace;color:var(--text)}\
h2{margin:1.5rem 0 .5rem;font-size:.8rem;font-weight:600;color:var(--soft)}\
ul{margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;justify-content:center}\
li{padding:.15rem .6rem;border:1px solid var(--line);border-radius:99px;font:.85rem/1.5 ui-monospace,monospace}\
.close{margin-top:1.6rem}";

/// A page with its status.
pub(super) struct Page {
    status: u16,
    html: String,
    policy: String,
    /// The methods there are, where another was used (RFC 9110 section 15.5.6).
    allow: Option<&'static str>,
}

impl Page {
    /// Answers a request; a browser that has gone away is let go.
    pub(super) fn send(self, request: tiny_http::Request) {
        let headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", &self.policy),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
        .map(|(name, value)| tiny_http::Header::from_bytes(name, value));
        let mut response =
            tiny_http::Response::from_string(self.html).with_status_code(self.status);
        let allow = self.allow;
        let allow = allow.and_then(|allow| tiny_http::Header::from_bytes("Allow", allow).ok());
        for header in headers.into_iter().flatten().chain(allow) {
            response.add_header(header);
        }
        let _ = request.respond(response);
    }
}

/// The connection is made.
pub(super) fn connected(brand: &Brand, scopes: &[String], account: Option<&str>) -> Page {
    let look = Look::of(brand);
    let head = headline(look.tile.as_ref(), true, &brand.name, "Connected to");
    let sentence = brand.description.as_deref();
    let sentence = sentence
        .map(|text| format!("<p>{}</p>", escape(text)))
        .unwrap_or_default();
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
    page(
        200,
        &format!("Connected to {}", escape(&brand.name)),
        &format!(
            "{head}{sentence}{account}{granted}\
             <p class=\"close\">You can close this tab and go back to the terminal.</p>"
        ),
        &look,
    )
}

/// It is not.
pub(super) fn failed(brand: &Brand, why: &str) -> Page {
    let look = Look::of(brand);
    let head = headline(look.tile.as_ref(), false, &brand.name, "Not connected to");
    let why = format!("<p>{}</p>", message(why));
    page(
        200,
        &format!("Not connected to {}", escape(&brand.name)),
        &format!(
            "{head}{why}\
             <p class=\"close\">The terminal says what to do next. You can close this tab.</p>"
        ),
        &look,
    )
}

/// A redirect that belongs to no running connect. Whoever sent it learns no
/// more than the service's name.
pub(super) fn not_ours(brand: &Brand) -> Page {
    plain(
        400,
        "This answer was not expected",
        &format!(
            "<div class=\"mark bad\" aria-hidden=\"true\">✕</div><h1>This answer was not expected</h1>\
             <p>It does not belong to the connect to {} that is waiting in the terminal. \
             Open the link from the terminal again.</p>",
            escape(&brand.name)
        ),
    )
}

/// The answer came another way already; this one is let go.
pub(super) fn answered(brand: &Brand) -> Page {
    plain(
        410,
        "Answered already",
        &format!(
            "<h1>Answered already</h1>\
             <p>The connect to {} has its answer; the terminal says how it went. \
             You can close this tab.</p>",
            escape(&brand.name)
        ),
    )
}

/// Nothing else is served here.
pub(super) fn not_found() -> Page {
    plain(404, "Not here", "<h1>Nothing is here</h1>")
}

/// Another verb than GET, or than POST where forms are taken.
pub(super) fn wrong_method(forms: bool) -> Page {
    let (allow, words) = if forms {
        ("GET, POST", "GET and POST are")
    } else {
        ("GET", "GET is")
    };
    let body = format!("<h1>Only {words} answered here</h1>");
    Page {
        allow: Some(allow),
        ..plain(405, "Not so", &body)
    }
}

/// A name that this listener does not have.
pub(super) fn wrong_host() -> Page {
    plain(421, "Not here", "<h1>Nothing is here by that name</h1>")
}

/// How it went, as a sign on the service's picture or alone, and in words.
fn headline(tile: Option<&Tile>, good: bool, name: &str, what: &str) -> String {
    let sign = if good {
        "<span class=\"mark\">✓</span>"
    } else {
        "<span class=\"mark bad\">✕</span>"
    };
    let top = match tile {
        Some(Tile { class, html, .. }) => {
            format!("<div class=\"{class}\" aria-hidden=\"true\">{html}{sign}</div>")
        }
        None => format!("<div aria-hidden=\"true\">{sign}</div>"),
    };
    format!("{top}<h1>{what} {}</h1>", escape(name))
}

/// An error's message as a sentence of a page: what stands in backquotes there
/// is set as code here.
fn message(text: &str) -> String {
    let mut first = text.chars();
    let text = match first.next() {
        Some(c) => c.to_uppercase().chain(first).collect(),
        None => String::new(),
    };
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(&text);
    }
    let set = |(at, part): (usize, &&str)| match at % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    parts.iter().enumerate().map(set).collect()
}

/// A page that shows nothing of a service.
fn plain(status: u16, title: &str, body: &str) -> Page {
    let look = Look {
        style: String::new(),
        tile: None,
    };
    page(status, title, body, &look)
}

fn page(status: u16, title: &str, body: &str, look: &Look) -> Page {
    let style = format!("{STYLE}{}", look.style);
    let hash = STANDARD.encode(Sha256::digest(&style));
    let pictures = match &look.tile {
        Some(tile) if tile.is_data => "img-src data:; ",
        _ => "",
    };
    Page {
        status,
        allow: None,
        html: format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title><style>{style}</style></head><body><main>{body}</main></body></html>"
        ),
        policy: format!(
            "default-src 'none'; style-src 'sha256-{hash}'; {pictures}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    }
}

/// Text that cannot become markup.
pub(super) fn escape(text: &str) -> String {
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
    use crate::definition::Icon;

    #[test]
    fn text_from_elsewhere_cannot_become_markup() {
        let brand = Brand {
            name: "<script>".to_owned(),
            description: Some("<b>'".to_owned()),
            icon: Some(Icon::Text("<i>".to_owned())),
            color: None,
        };
        let page = connected(&brand, &["a\"b".to_owned()], Some("x&y\u{202e}"));
        for raw in ["<script>", "<b>", "<i>"] {
            assert!(!page.html.contains(raw), "{raw}");
        }
        for escaped in [
            "&lt;script&gt;",
            "&lt;b&gt;&#39;",
            "&lt;i&gt;",
            "a&quot;b",
            "x&amp;y\\u{202e}",
        ] {
            assert!(page.html.contains(escaped), "{escaped}");
        }
    }

    #[test]
    fn a_message_is_a_sentence_with_code_in_it() {
        for (text, shown) in [
            ("the `<x>` is", "The <code>&lt;x&gt;</code> is"),
            ("one ` alone", "One ` alone"),
            ("", ""),
        ] {
            assert_eq!(message(text), shown);
        }
    }
}
