//! A list that comes in pages, asked for in each of the usual ways.
//!
//! `/items?page=2&per_page=30` (or `offset` and `limit`) is an array with `Link` headers (RFC 8288);
//! `/items/cursor?cursor=…&limit=30` an object: `data`, and in `meta` the `next` cursor and `next_url`,
//! both null on the last page. There are 95 items.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::wire::{Reply, Request};

const COUNT: u64 = 95;
const USUAL: u64 = 30;
const MOST: u64 = 100;

/// Answers at `/items` and `/items/cursor`.
pub(super) fn answer(issuer: &str, request: &Request) -> Reply {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Reply::json(405, &json!({ "error": "method not allowed" })).with("Allow", "GET");
    }
    let by_cursor = request.path == "/items/cursor";
    let size_name = if by_cursor || has(request, "offset") || has(request, "limit") {
        "limit"
    } else {
        "per_page"
    };
    let size = number(request, size_name, USUAL).map(|size| size.clamp(1, MOST));
    let first = match (by_cursor, size_name) {
        (true, _) => number(request, "cursor", 0),
        (false, "limit") => number(request, "offset", 0),
        (false, _) => number(request, "page", 1).and_then(|page| page.checked_sub(1)),
    };
    let (Some(first), Some(size)) = (first, size) else {
        return Reply::json(
            400,
            &json!({ "error": "pages are counted in numbers, from 1" }),
        );
    };
    if by_cursor {
        return with_cursor(issuer, first, size);
    }
    if size_name == "limit" {
        return Reply::json(200, &items(first, size));
    }
    let reply = Reply::json(200, &items(first.saturating_mul(size), size));
    let last = COUNT.div_ceil(size);
    let page = first + 1;
    let mut links = Vec::new();
    let mut link = |page: u64, rel: &str| {
        links.push(format!(
            "<{issuer}/items?page={page}&per_page={size}>; rel=\"{rel}\""
        ));
    };
    if page > 1 {
        link(page - 1, "prev");
        link(1, "first");
    }
    if page < last {
        link(page + 1, "next");
        link(last, "last");
    }
    if links.is_empty() {
        return reply;
    }
    reply.with("Link", links.join(", "))
}

fn with_cursor(issuer: &str, first: u64, size: u64) -> Reply {
    let next = first.saturating_add(size);
    let next = (next < COUNT).then_some(next);
    let url = next.map(|next| format!("{issuer}/items/cursor?cursor={next}&limit={size}"));
    let meta = json!({ "next": next.map(|next| next.to_string()), "next_url": url });
    Reply::json(200, &json!({ "data": items(first, size), "meta": meta }))
}

/// So many items from one on.
fn items(first: u64, size: u64) -> Value {
    let end = first.saturating_add(size).min(COUNT);
    let item = |at: u64| json!({ "id": at + 1, "name": format!("item {}", at + 1) });
    (first..end).map(item).collect()
}

fn has(request: &Request, name: &str) -> bool {
    form_urlencoded::parse(request.query.as_bytes()).any(|(known, _)| known == name)
}

/// A number of the query; `None` where it is none.
fn number(request: &Request, name: &str, usual: u64) -> Option<u64> {
    let mut pairs = form_urlencoded::parse(request.query.as_bytes());
    match pairs.find(|(known, _)| known == name) {
        Some((_, text)) => text.parse().ok(),
        None => Some(usual),
    }
}
