//! HTTP/1.1 (RFC 9112), as much as is needed to answer a program that is measured: a head is read,
//! a body is thrown away, and of a large answer every byte comes out of one buffer.

use std::io::{self, Read, Write};

/// What large bodies are made of.
const BLOCK: usize = 1024 * 1024;
/// The longest head that is taken, and what is read into until a large body comes.
const LONGEST_HEAD: usize = 16 * 1024;

/// A connection, with what was read of it and not yet used.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
    filled: usize,
}

/// A request's head.
pub(crate) struct Head {
    /// The path, with its query.
    pub(crate) path: String,
    length: u64,
    chunked: bool,
    waits: bool,
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        let buffer = vec![0; LONGEST_HEAD];
        Self {
            stream,
            buffer,
            filled: 0,
        }
    }

    /// The next request's head; `None` where the other side has gone.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            let have = &self.buffer[..self.filled];
            if let Some(at) = have.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = Head::read(&String::from_utf8_lossy(&have[..at]));
                self.used(at + 4);
                return Ok(Some(head));
            }
            if self.filled >= LONGEST_HEAD {
                return Err(io::Error::other("the head is too long"));
            }
            let read = self.stream.read(&mut self.buffer[self.filled..])?;
            if read == 0 {
                return Ok(None);
            }
            self.filled += read;
        }
    }

    /// Takes the body that belongs to a head, and returns it where it is a small one.
    pub(crate) fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        if head.waits {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            self.stream.flush()?;
        }
        let small = !head.chunked && head.length <= LONGEST_HEAD as u64;
        if !small {
            self.buffer.resize(BLOCK, 0);
        }
        if head.chunked {
            return self.chunks();
        }
        let mut left = head.length;
        let mut kept = Vec::new();
        while left > 0 {
            if self.filled == 0 {
                self.fill()?;
            }
            let part = usize::try_from(left).map_or(self.filled, |left| left.min(self.filled));
            if small {
                kept.extend_from_slice(&self.buffer[..part]);
            }
            self.used(part);
            left -= part as u64;
        }
        Ok(kept)
    }

    /// Bodies that are sent here have no line breaks in them, so that the last chunk is known by its
    /// bytes.
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut end = Vec::new();
        loop {
            if self.filled == 0 {
                self.fill()?;
            }
            let from = self.filled.saturating_sub(5);
            end.extend_from_slice(&self.buffer[from..self.filled]);
            end.drain(..end.len().saturating_sub(5));
            self.used(self.filled);
            if end.ends_with(b"0\r\n\r\n") {
                return Ok(Vec::new());
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.filled = self.stream.read(&mut self.buffer)?;
        if self.filled == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn used(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }

    /// Answers with a small body.
    pub(crate) fn answer(&mut self, status: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(answer.as_bytes())?;
        self.stream.flush()
    }

    /// Answers with a body of this many bytes.
    pub(crate) fn answer_with(&mut self, bytes: u64, block: &[u8]) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {bytes}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes())?;
        let mut left = bytes;
        while left > 0 {
            let part = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
            self.stream.write_all(&block[..part])?;
            left -= part as u64;
        }
        self.stream.flush()
    }
}

/// The block that large bodies are made of.
pub(crate) fn block() -> Vec<u8> {
    vec![b'x'; BLOCK]
}

impl Head {
    fn read(text: &str) -> Self {
        let mut lines = text.lines();
        let path = lines.next().and_then(|line| line.split(' ').nth(1));
        let mut head = Head {
            path: path.unwrap_or_default().to_owned(),
            length: 0,
            chunked: false,
            waits: false,
        };
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = value.parse().unwrap_or(0),
                "transfer-encoding" => head.chunked = value.eq_ignore_ascii_case("chunked"),
                "expect" => head.waits = value.eq_ignore_ascii_case("100-continue"),
                _ => {}
            }
        }
        head
    }
}
