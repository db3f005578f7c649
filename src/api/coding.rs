//! Content codings (RFC 9110 section 8.4): gzip, also of several members, and
//! deflate, with or without the zlib wrapper it is meant to have. Decoded while
//! it streams, in constant memory, however much one byte may stand for.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, RANGE};

/// How many codings may lie in each other; more are nobody's good intention.
const MOST: usize = 4;

/// How many coded bytes are read at once.
const BLOCK: usize = 64 * 1024;

/// Asks for a compressed answer, unless somebody said what is wanted, or wants
/// a part, which would be one of the compressed bytes.
pub fn ask(headers: &mut HeaderMap) {
    if !headers.contains_key(RANGE) {
        let gzip = HeaderValue::from_static("gzip");
        headers.entry(ACCEPT_ENCODING).or_insert(gzip);
    }
}

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
}

/// The codings of a body in the order in which they were applied; the error
/// quotes what is none that can be undone.
pub(super) fn of(headers: &HeaderMap) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for word in text.split(',').map(str::trim) {
            match word {
                "" | "identity" => {}
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "deflate" => codings.push(Coding::Deflate),
                other => return Err(other.to_owned()),
            }
        }
    }
    if codings.len() > MOST {
        return Err(format!("{} codings in each other", codings.len()));
    }
    Ok(codings)
}

/// A body with a coding undone.
pub(super) fn undone(body: Box<dyn Read + Send>, coding: Coding) -> Box<dyn Read + Send> {
    Box::new(Undoing::Unread(Some(body), coding))
}

enum Undoing {
    /// Nothing was read yet: a body without a byte is no broken one.
    Unread(Option<Box<dyn Read + Send>>, Coding),
    Gzip(Box<MultiGzDecoder<Begun>>),
    Deflate(Begun, Decompress),
    Empty,
}

/// A body whose first bytes were looked at.
type Begun = BufReader<io::Chain<io::Cursor<Vec<u8>>, Box<dyn Read + Send>>>;

impl Read for Undoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Undoing::Unread(body, coding) = self {
            let coding = *coding;
            let body = body.take().ok_or_else(|| damaged("nothing"))?;
            *self = begun(body, coding)?;
        }
        match self {
            Undoing::Gzip(body) => told("gzip", body.read(buffer)),
            Undoing::Deflate(body, state) => {
                let (read, over) = inflate(body, state, buffer)?;
                if over {
                    *self = Undoing::Empty;
                }
                Ok(read)
            }
            Undoing::Unread(..) | Undoing::Empty => Ok(0),
        }
    }
}

/// Reads on, and says whether that was the end. By itself: flate2's own reader
/// takes the end of its input for the end of the stream.
fn inflate(
    body: &mut Begun,
    state: &mut Decompress,
    buffer: &mut [u8],
) -> io::Result<(usize, bool)> {
    loop {
        let input = body.fill_buf()?;
        let ended = input.is_empty();
        let (taken, given) = (state.total_in(), state.total_out());
        let status = state.decompress(input, buffer, FlushDecompress::None);
        let status = status.map_err(|_| damaged("its deflate is damaged"))?;
        let taken = usize::try_from(state.total_in() - taken).unwrap_or(usize::MAX);
        let given = usize::try_from(state.total_out() - given).unwrap_or(usize::MAX);
        body.consume(taken);
        if status == Status::StreamEnd {
            return Ok((given, true));
        }
        if given > 0 || buffer.is_empty() {
            return Ok((given, false));
        }
        if ended {
            return Err(damaged("its deflate is cut short"));
        }
    }
}

/// Looks at the first two bytes: whether there are any, and of what kind.
fn begun(mut body: Box<dyn Read + Send>, coding: Coding) -> io::Result<Undoing> {
    let mut first = Vec::with_capacity(2);
    body.by_ref().take(2).read_to_end(&mut first)?;
    if first.is_empty() {
        return Ok(Undoing::Empty);
    }
    let wrapped = is_zlib(&first);
    let body = BufReader::with_capacity(BLOCK, io::Cursor::new(first).chain(body));
    Ok(match coding {
        Coding::Gzip => Undoing::Gzip(Box::new(MultiGzDecoder::new(body))),
        Coding::Deflate => Undoing::Deflate(body, Decompress::new(wrapped)),
    })
}

/// Whether two bytes are the head of a zlib stream (RFC 1950 section 2.2).
fn is_zlib(first: &[u8]) -> bool {
    let [method, flags] = first else { return false };
    method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
}

/// What the decoder says is of no use to anybody; what the network says is.
fn told(coding: &str, read: io::Result<usize>) -> io::Result<usize> {
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof if error.get_ref().is_none_or(is_short) => {
            damaged(&format!("its {coding} is cut short"))
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            damaged(&format!("its {coding} is damaged"))
        }
        _ => error,
    })
}

/// Whether an error is a text and has no cause of its own, as the decoders' are.
fn is_short(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.source().is_none()
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write as _;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>, coding: Coding) -> io::Result<String> {
        let mut text = String::new();
        undone(Box::new(io::Cursor::new(bytes)), coding).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn every_shape_of_a_coding_is_undone() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"text").unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"text").unwrap();
        let (zlib, raw) = (zlib.finish().unwrap(), raw.finish().unwrap());
        for cut in [&zlib[..zlib.len() - 1], &raw[..raw.len() - 1]] {
            let error = read(cut.to_vec(), Coding::Deflate).unwrap_err();
            assert_eq!(error.to_string(), "its deflate is cut short");
        }
        for (bytes, coding, text) in [
            (gzip("text"), Coding::Gzip, "text"),
            ([gzip("te"), gzip("xt")].concat(), Coding::Gzip, "text"),
            (zlib, Coding::Deflate, "text"),
            (raw, Coding::Deflate, "text"),
            (Vec::new(), Coding::Gzip, ""),
            (Vec::new(), Coding::Deflate, ""),
        ] {
            assert_eq!(read(bytes, coding).unwrap(), text);
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_told() {
        let whole = gzip("a text that is long enough to be cut anywhere");
        for end in 1..whole.len() {
            let error = read(whole[..end].to_vec(), Coding::Gzip).unwrap_err();
            assert!(error.to_string().contains("its gzip is"), "{end}: {error}");
        }
        let error = read(b"no gzip at all".to_vec(), Coding::Gzip).unwrap_err();
        assert_eq!(error.to_string(), "its gzip is damaged");
    }

    #[test]
    fn several_codings_are_read_and_unknown_ones_quoted() {
        for (text, codings) in [
            ("gzip", Ok(vec![Coding::Gzip])),
            ("identity", Ok(vec![])),
            ("deflate, X-GZIP", Ok(vec![Coding::Deflate, Coding::Gzip])),
            ("gzip, br", Err("br".to_owned())),
            (
                "gzip,gzip,gzip,gzip,gzip",
                Err("5 codings in each other".to_owned()),
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(of(&headers), codings, "{text}");
        }
    }
}
