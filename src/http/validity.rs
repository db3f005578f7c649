//! When a certificate ends (RFC 5280 section 4.1.2.5): read off its DER as far
//! as that, for whoever wants to say so before a server does.

use crate::clock::Timestamp;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version.
const VERSION: u8 = 0xa0;

/// `notAfter`; `None` where it cannot be found.
pub(super) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (whole, _) = sequence(certificate)?;
    let (mut rest, _) = sequence(whole)?;
    if rest.first() == Some(&VERSION) {
        (_, _, rest) = element(rest)?;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (validity, _) = sequence(rest)?;
    let (_, _, after) = element(validity)?;
    let (tag, text, _) = element(after)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (century, rest) = match (tag, text.len()) {
        // Years from 50 on are of the last century.
        (UTC_TIME, 12) if text >= "50" => ("19", text),
        (UTC_TIME, 12) => ("20", text),
        (GENERALIZED_TIME, 14) => text.split_at_checked(2)?,
        _ => return None,
    };
    if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| rest.get(at..at + 2);
    let (date, time) = (
        format!("{century}{}-{}-{}", part(0)?, part(2)?, part(4)?),
        format!("{}:{}:{}", part(6)?, part(8)?, part(10)?),
    );
    Timestamp::read(&format!("{date}T{time}Z"))
}

fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    match element(der)? {
        (SEQUENCE, content, rest) => Some((content, rest)),
        _ => None,
    }
}

/// Tag, content (X.690 section 8.1) and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            if digits.len() > 4 {
                return None;
            }
            let fold = |sum, digit: &u8| sum << 8 | usize::from(*digit);
            (digits.iter().fold(0, fold), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_however_it_is_written() {
        let pem = include_bytes!("../../tests/keys/client.pem");
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        let ends = not_after(&der).map(|ends| ends.to_string());
        assert_eq!(ends.as_deref(), Some("2126-10-29T14:08:30Z"));
        for (tag, text, expected) in [
            (UTC_TIME, "300102030405Z", Some("2030-01-02T03:04:05Z")),
            (UTC_TIME, "991231235959Z", Some("1999-12-31T23:59:59Z")),
            (
                GENERALIZED_TIME,
                "20600102030405Z",
                Some("2060-01-02T03:04:05Z"),
            ),
            (UTC_TIME, "3001020304Z", None),
            (GENERALIZED_TIME, "2060010203040\u{e9}", None),
            (GENERALIZED_TIME, "20600102030405", None),
            (SEQUENCE, "20600102030405Z", None),
        ] {
            let read = moment(tag, text).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let pem = include_bytes!("../../tests/keys/client.pem");
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        for length in 0..120 {
            assert_eq!(not_after(&der[..length]), None, "{length}");
        }
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
        assert_eq!(not_after(&[0x30, 0xff, 1]), None);
    }
}
