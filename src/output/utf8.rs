//! Bytes that come in pieces, as text: a character that is split between two
//! pieces is put together, and what is no UTF-8 stands as U+FFFD (as the
//! WHATWG's decoder has it).

/// What is left over of the last piece.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character, at most three bytes.
    begun: Vec<u8>,
}

impl Utf8 {
    /// Hands on the text of a piece, as far as its characters are whole.
    pub(super) fn push(&mut self, bytes: &[u8], take: &mut dyn FnMut(&str)) {
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first().filter(|_| !self.begun.is_empty()) {
            self.begun.push(*first);
            match std::str::from_utf8(&self.begun) {
                Ok(text) => {
                    take(text);
                    self.begun.clear();
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    // The byte that does not go on with it begins something else.
                    self.begun.clear();
                    take("\u{fffd}");
                    continue;
                }
            }
            rest = others;
        }
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => return take(text),
                Err(error) => {
                    let (whole, wrong) = rest.split_at(error.valid_up_to());
                    if let Ok(text) = std::str::from_utf8(whole)
                        && !text.is_empty()
                    {
                        take(text);
                    }
                    let Some(length) = error.error_len() else {
                        self.begun = wrong.to_vec();
                        return;
                    };
                    take("\u{fffd}");
                    rest = &wrong[length..];
                }
            }
        }
    }

    /// The end: a character that was begun is none.
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(&str)) {
        if !self.begun.is_empty() {
            self.begun.clear();
            take("\u{fffd}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
        let (mut utf8, mut text) = (Utf8::default(), String::new());
        for piece in pieces {
            utf8.push(piece, &mut |part| text.push_str(part));
        }
        utf8.finish(&mut |part| text.push_str(part));
        text
    }

    #[test]
    fn characters_are_put_together_however_they_are_split() {
        let samples: [&[u8]; 8] = [
            b"plain",
            "ümlaut, 日本, 🎈".as_bytes(),
            b"\xff",
            b"a\xc3",
            b"a\xc3(b",
            b"\xe2\x82\xe2\x82\xac",
            b"\xf0\x9f\x8e",
            b"\xed\xa0\x80\xc0\xaf\xf5",
        ];
        for sample in samples {
            let whole = String::from_utf8_lossy(sample).into_owned();
            for size in 1..=sample.len() {
                assert_eq!(decoded(sample.chunks(size)), whole, "{sample:?} by {size}");
            }
        }
    }
}
