//! `Link` headers (RFC 8288 section 3, parsed as its appendix B.2 does): which
//! URL comes next.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The target of the first link whose relation is `next`, as it is written.
/// What cannot be read as a link is passed over.
pub(super) fn next(headers: &HeaderMap, context: &Url) -> Option<String> {
    headers.get_all(LINK).iter().find_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        links(&text).into_iter().find_map(|link| {
            let is_next = |rel: &str| rel.eq_ignore_ascii_case("next");
            let fits = link.rel?.split_ascii_whitespace().any(is_next);
            // A link of another document says nothing of this one (section 3.2).
            let is_ours = link.anchor.is_none_or(|anchor| {
                let anchor = context.join(&anchor);
                anchor.is_ok_and(|anchor| without_fragment(anchor) == *context)
            });
            (fits && is_ours).then_some(link.target)
        })
    })
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

struct Link {
    target: String,
    rel: Option<String>,
    anchor: Option<String>,
}

fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while let Some((target, after)) = rest
        .strip_prefix('<')
        .and_then(|inner| inner.split_once('>'))
    {
        let mut link = Link {
            target: target.trim().to_owned(),
            rel: None,
            anchor: None,
        };
        rest = after.trim_start();
        while let Some(inner) = rest.strip_prefix(';') {
            let (name, value, after) = parameter(inner.trim_start());
            let place = match name.as_str() {
                "rel" => &mut link.rel,
                "anchor" => &mut link.anchor,
                _ => &mut None,
            };
            // Only the first of a name counts (section 3.3).
            place.get_or_insert(value);
            rest = after.trim_start();
        }
        links.push(link);
        // What is odd behind a link is passed over up to the next.
        let Some(comma) = rest.find(',') else { break };
        rest = rest[comma..].trim_start_matches([' ', '\t', ',']);
    }
    links
}

/// Name (in lower case), value and what follows.
fn parameter(text: &str) -> (String, String, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let name = text[..end].trim().to_ascii_lowercase();
    let Some(value) = text[end..].strip_prefix('=') else {
        return (name, String::new(), &text[end..]);
    };
    let value = value.trim_start();
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find([';', ',']).unwrap_or(value.len());
        return (name, value[..end].trim().to_owned(), &value[end..]);
    };
    let mut unquoted = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (name, unquoted, &quoted[at + 1..]),
            '\\' => unquoted.extend(chars.next().map(|(_, c)| c)),
            c => unquoted.push(c),
        }
    }
    (name, unquoted, "")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn found(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let context = Url::parse("https://api.example.com/items?page=1").unwrap();
        next(&headers, &context)
    }

    #[test]
    fn the_next_link_is_found_however_it_is_written() {
        for (values, expected) in [
            (
                &[r#"<https://a.test/?page=2>; rel="next""#][..],
                "https://a.test/?page=2",
            ),
            (&["</x?page=2>;rel=next"], "/x?page=2"),
            (&["<?page=2> ; REL = \"NEXT\""], "?page=2"),
            (
                &[r#"<a>; rel="prev", <b>; rel="next last", <c>; rel=last"#],
                "b",
            ),
            (&[r#"<a>; rel="last next""#], "a"),
            (&[r#"<a>; rel="first""#, r#"<b>; rel="next""#], "b"),
            (
                &[r#"<a,b;c>; title="x, <y>; rel=next \" ;"; rel="next""#],
                "a,b;c",
            ),
            (&[r#"<a>; title="<z>; rel=next", <b>; rel=next"#], "b"),
            (&[", , <a>;rel=next , "], "a"),
            (&["<a>; rel=next; rel=prev"], "a"),
            (&["<a>; rel=next, <b>; rel=next"], "a"),
            (&["<a>; flag; rel=next"], "a"),
            (&["<a>;; rel=next"], "a"),
            (&[r#"<a>; rel=next; results="true""#], "a"),
            (&["<>; rel=next"], ""),
            (&[r#"<a>; anchor="?page=1#top"; rel=next"#], "a"),
            (&["<ä>; title*=UTF-8''%e4; rel=next"], "ä"),
        ] {
            assert_eq!(found(values).as_deref(), Some(expected), "{values:?}");
        }
    }

    #[test]
    fn what_is_no_next_link_is_none() {
        for values in [
            &[][..],
            &[""],
            &["rel=next"],
            &["<a"],
            &["<a>"],
            &["<a>; rel=nextone"],
            &["<a>; rel=\"prev\"; rel=\"next\""],
            &["<a>; rev=next"],
            &["<a>; title=\"; rel=next"],
            &["<a>; anchor=\"/other\"; rel=next"],
            &["<a>; rel"],
        ] {
            assert_eq!(found(values), None, "{values:?}");
        }
    }
}
