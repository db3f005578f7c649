//! What a filter is given: the JSON texts in a body, held to bounds before they
//! are read into memory.

use serde::de::IgnoredAny;

/// The deepest nesting: jaq reads, compares and writes level by level on the
/// stack, which may be that of a small thread.
const MAX_DEPTH: usize = 256;
/// The longest number: reading one takes time that grows with its square.
const MAX_DIGITS: usize = 4096;

/// The texts of a body, one after another: one, or those of NDJSON, or of a
/// sequence (RFC 7464), whose separators may not stand in a string.
pub(super) fn texts(body: &[u8]) -> impl Iterator<Item = Result<&[u8], String>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.split(|byte| *byte == 0x1e).flat_map(|part| {
        let mut values = serde_json::Deserializer::from_slice(part).into_iter::<IgnoredAny>();
        let mut begin = 0;
        std::iter::from_fn(move || {
            let read = values.next()?;
            let end = values.byte_offset();
            let text = part.get(begin..end).unwrap_or_default();
            begin = end;
            Some(match read {
                Ok(_) => Ok(text),
                Err(error) => Err(format!("it is no JSON: {error}")),
            })
        })
    })
}

/// Whether this is one JSON text.
pub(super) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Whether a JSON text is within the bounds.
pub(super) fn bounded(text: &[u8]) -> Result<(), String> {
    let (mut depth, mut digits) = (0_usize, 0_usize);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in text {
        if in_string {
            in_string = is_escaped || *byte != b'"';
            is_escaped = !is_escaped && *byte == b'\\';
            continue;
        }
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        if digits > MAX_DIGITS {
            return Err(format!("it has a number of more than {MAX_DIGITS} digits"));
        }
    }
    Ok(())
}
