//! Which of the headers that say how long a body is a request's head has.
//!
//! hyper takes `Transfer-Encoding` where there is `Content-Length` as well, forgets the length, and closes the connection after the response. That is sound, but
//! leaves no trace for whoever wants to refuse such a request, as RFC 9112, 6.1, lets a server do. So the bytes are looked at on their way to hyper: the first
//! letter of each line of a head, and no more of most lines. Bodies are passed over, so that a head is found that comes together with the body before it. Of what
//! is no HTTP nothing is found, and need not be: hyper refuses it.

use memchr::{memchr, memchr_iter};

/// Looks at all bytes of a connection, in pieces as they arrive.
#[derive(Clone, Copy)]
pub(super) struct HeadScan {
    at: At,
    has_length: bool,
    has_encoding: bool,
    /// What `Content-Length` says.
    length: u64,
    /// Whether the lines are those behind a body in chunks.
    in_trailers: bool,
    /// How many heads there were.
    heads: u32,
    /// The number of the first one that has both headers.
    ambiguous: Option<u32>,
}

#[derive(Clone, Copy)]
enum At {
    /// Where a request begins. Empty lines are passed over (RFC 9112, 2.2).
    Between,
    LineStart,
    /// Behind a carriage return that began a line.
    EmptyLine,
    /// Within a name that has been right so far.
    Name(Name, u8),
    /// Within the number of `Content-Length`.
    Length,
    /// Within a line that does not matter.
    Rest,
    /// So many bytes are left of a body, or of a chunk.
    Body(u64),
    /// Within the number that a chunk begins with.
    ChunkSize(u64),
    /// Behind that number.
    ChunkExtension(u64),
    /// Behind a chunk.
    ChunkEnd,
    /// What comes is not HTTP/1.
    Elsewhere,
}

#[derive(Clone, Copy)]
enum Name {
    Length,
    Encoding,
}

impl Name {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Length => b"content-length:",
            Self::Encoding => b"transfer-encoding:",
        }
    }
}

impl HeadScan {
    pub(super) fn new() -> Self {
        Self {
            at: At::Between,
            has_length: false,
            has_encoding: false,
            length: 0,
            in_trailers: false,
            heads: 0,
            ambiguous: None,
        }
    }

    /// Looks at nothing.
    pub(super) fn off() -> Self {
        Self {
            at: At::Elsewhere,
            ..Self::new()
        }
    }

    /// Whether the head of this number, of which the first is one, is the first that has both headers.
    pub(super) fn is_ambiguous(&self, number: u32) -> bool {
        self.ambiguous == Some(number)
    }

    /// Whether nothing has come behind the request of this number.
    pub(super) fn is_at_end_of(&self, number: u32) -> bool {
        matches!(self.at, At::Between) && self.heads == number
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        if matches!(self.at, At::Between) && is_bare_head(bytes) {
            self.heads = self.heads.wrapping_add(1);
            return;
        }
        while let Some(first) = bytes.first() {
            let used = match self.at {
                At::Elsewhere => return,
                At::Rest | At::ChunkExtension(_) | At::ChunkEnd => match memchr(b'\n', bytes) {
                    Some(index) => {
                        self.end_line();
                        index + 1
                    }
                    None => return,
                },
                At::Body(left) => self.pass(left, bytes.len()),
                _ => {
                    self.step(*first);
                    1
                }
            };
            bytes = &bytes[used..];
        }
    }

    /// Passes over what there is of a body, and says how much that is.
    fn pass(&mut self, left: u64, there: usize) -> usize {
        let used = usize::try_from(left).map_or(there, |left| left.min(there));
        match left - used as u64 {
            0 if self.has_encoding => self.at = At::ChunkEnd,
            0 => self.begin_anew(),
            rest => self.at = At::Body(rest),
        }
        used
    }

    fn step(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Between, b'\r' | b'\n') => At::Between,
            (At::LineStart | At::EmptyLine, b'\n') => return self.end_head(),
            (At::LineStart, b'\r') => At::EmptyLine,
            (At::LineStart, b'c' | b'C') => At::Name(Name::Length, 1),
            (At::LineStart, b't' | b'T') => At::Name(Name::Encoding, 1),
            (At::Name(name, matched), byte) => self.step_name(name, matched, byte),
            (At::Length, byte) => self.step_length(byte),
            (At::ChunkSize(size), b'\n') => return self.begin_chunk(size),
            (At::ChunkSize(size), byte) => match char::from(byte).to_digit(16) {
                Some(digit) => At::ChunkSize(add_digit(size, 16, digit)),
                None => At::ChunkExtension(size),
            },
            _ => At::Rest,
        };
    }

    fn step_name(&mut self, name: Name, matched: u8, byte: u8) -> At {
        let (all, matched) = (name.bytes(), usize::from(matched));
        if byte == b'\n' {
            return At::LineStart;
        }
        if all[matched] != byte.to_ascii_lowercase() {
            return At::Rest;
        }
        if matched + 1 < all.len() {
            // No name is as long as that.
            return At::Name(name, u8::try_from(matched + 1).unwrap_or(u8::MAX));
        }
        match name {
            Name::Length => {
                (self.has_length, self.length) = (true, 0);
                At::Length
            }
            Name::Encoding => {
                self.has_encoding = true;
                At::Rest
            }
        }
    }

    fn step_length(&mut self, byte: u8) -> At {
        if byte == b'\n' {
            return At::LineStart;
        }
        if let Some(digit) = char::from(byte).to_digit(10) {
            self.length = add_digit(self.length, 10, digit);
        }
        At::Length
    }

    /// Behind a line of which the rest does not matter.
    fn end_line(&mut self) {
        match self.at {
            At::ChunkExtension(size) => self.begin_chunk(size),
            At::ChunkEnd => self.at = At::ChunkSize(0),
            _ => self.at = At::LineStart,
        }
    }

    /// The last chunk is the one that is empty.
    fn begin_chunk(&mut self, size: u64) {
        self.in_trailers = size == 0;
        self.at = match size {
            0 => At::LineStart,
            size => At::Body(size),
        };
    }

    fn end_head(&mut self) {
        if self.in_trailers {
            return self.begin_anew();
        }
        self.heads = self.heads.wrapping_add(1);
        if self.has_length && self.has_encoding {
            self.ambiguous.get_or_insert(self.heads);
        }
        match self.length {
            _ if self.has_encoding => self.at = At::ChunkSize(0),
            0 => self.begin_anew(),
            length => self.at = At::Body(length),
        }
    }

    /// The request is over.
    fn begin_anew(&mut self) {
        *self = Self {
            heads: self.heads,
            ambiguous: self.ambiguous,
            ..Self::new()
        };
    }
}

/// A number with one digit more. One that is too large is the largest.
fn add_digit(number: u64, base: u64, digit: u32) -> u64 {
    number.saturating_mul(base).saturating_add(digit.into())
}

/// Whether these bytes are one head, whole, that says nothing of a body, as nearly all are. Of each line it looks at no more than two letters.
fn is_bare_head(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\r\n\r\n") else {
        return false;
    };
    let matters = |end: usize| match lines.get(end + 1) {
        // There is an empty line before the end, or `Transfer-Encoding`.
        None | Some(b'\r' | b'\n' | b't' | b'T') => true,
        Some(b'c' | b'C') => lines.get(end + CONTENT.len()) == Some(&b'-'),
        Some(_) => false,
    };
    !matches!(lines.first(), None | Some(b'\r' | b'\n')) && !memchr_iter(b'\n', lines).any(matters)
}

/// What the name of the header begins with that tells a length.
const CONTENT: &str = "content-";

#[cfg(test)]
mod tests {
    use super::HeadScan;

    /// How many heads there are, and which one is ambiguous, in pieces of each size.
    fn scanned(text: &str) -> (u32, Option<u32>) {
        let found = |size: usize| {
            let mut scan = HeadScan::new();
            let pieces = text.as_bytes().chunks(size);
            pieces.for_each(|piece| scan.feed(piece));
            (scan.heads, scan.ambiguous)
        };
        let all: Vec<_> = (1..=text.len()).map(found).collect();
        assert!(all.iter().all(|one| *one == all[0]), "{text}");
        all[0]
    }

    fn ambiguous(text: &str) -> bool {
        scanned(text).1.is_some()
    }

    const BOTH: &str =
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

    #[test]
    fn the_head_behind_a_body_is_found() {
        for body in [
            "Content-Length: 12\r\n\r\n\r\n\r\nPOST /\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "Content-Length: 0\r\n\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\n\r\n\r\nx\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nContent-Length: 9\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let text = format!("POST / HTTP/1.1\r\n{body}{BOTH}GET / HTTP/1.1\r\n\r\n");
            assert_eq!(scanned(&text), (3, Some(2)), "{text}");
        }
    }

    #[test]
    fn a_head_is_counted_once_whatever_is_between_two() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\nCookie: a-b\r\n\r\n";
        for between in ["", "\r\n", "\r\n\r\n\r\n", "\n\n", "\n"] {
            let text = format!("{between}{get}{between}{get}{between}");
            assert_eq!(scanned(&text), (2, None), "{text}");
        }
        let ask = "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n";
        assert_eq!(scanned(&format!("{ask}\r{ask}\n{get}")), (3, None));
    }

    #[test]
    fn both_headers_are_found_in_either_order_and_case() {
        assert!(ambiguous(
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        ));
        assert!(ambiguous(
            "POST / HTTP/1.1\ntransfer-encoding:chunked\nCONTENT-LENGTH:3\n\n"
        ));
        assert!(ambiguous(
            "GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        ));
    }

    #[test]
    fn what_only_looks_like_them_is_not_taken_for_them() {
        for lines in [
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Content-Lengths: 3\r\nTransfer-Encoding: chunked\r\n",
            "X-Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "X: Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Content-\r\nLength: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\n\r\nContent-Length: 3\r\n",
        ] {
            assert!(
                !ambiguous(&format!("POST / HTTP/1.1\r\n{lines}\r\n")),
                "{lines}"
            );
        }
    }
}
