//! Which bytes of an HTTP/2 connection belong to requests and responses.
//!
//! A client may keep both sides busy with frames that are about the connection alone, such as pings and their answers, and take nothing meanwhile. hyper does
//! not say what it reads and writes, so that the bytes are looked at on their way: the first four of each frame, which say how long it is and of what kind.

/// The head of a frame (RFC 9113, 4.1).
const HEAD: u8 = 9;

/// The kinds of frames that matter here (RFC 9113, 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;

/// Looks at all bytes of one direction, in pieces as they come.
#[derive(Clone, Copy)]
pub(super) struct FrameScan {
    /// How many bytes of a frame's head there were.
    head: u8,
    /// How many bytes are left behind the head.
    left: usize,
    kind: u8,
}

impl FrameScan {
    /// Where the first byte is that of a frame.
    pub(super) fn new() -> Self {
        Self {
            head: 0,
            left: 0,
            // None has it.
            kind: u8::MAX,
        }
    }

    /// Where so many bytes come before the first frame.
    pub(super) fn behind(preface: usize) -> Self {
        let mut scan = Self::new();
        if preface > 0 {
            (scan.head, scan.left) = (HEAD, preface);
        }
        scan
    }

    /// How many of these bytes are within frames of these kinds, their heads left out.
    pub(super) fn feed(&mut self, mut bytes: &[u8], kinds: &[u8]) -> usize {
        let mut count = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if self.head < HEAD {
                self.read_head(*first);
                bytes = rest;
                continue;
            }
            let passed = self.left.min(bytes.len());
            bytes = &bytes[passed..];
            self.pass(passed);
            if kinds.contains(&self.kind) {
                count += passed;
            }
        }
        count
    }

    fn read_head(&mut self, byte: u8) {
        match self.head {
            0..3 => self.left = self.left << 8 | usize::from(byte),
            3 => self.kind = byte,
            // Flags and the stream.
            _ => {}
        }
        self.head += 1;
        if self.head == HEAD {
            self.pass(0);
        }
    }

    fn pass(&mut self, count: usize) {
        self.left -= count;
        if self.left == 0 {
            self.head = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let mut frame = (length as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, 0, 0, 0, 0, 1]);
        frame.resize(frame.len() + length, DATA);
        frame
    }

    const PING: u8 = 6;

    fn frames() -> Vec<u8> {
        let mut all = b"preface".to_vec();
        all.extend(frame(PING, 8));
        all.extend(frame(DATA, 70_000));
        all.extend(frame(DATA, 0));
        all.extend(frame(HEADERS, 5));
        all.extend(frame(PING, 8));
        all.extend(frame(DATA, 1));
        all
    }

    #[test]
    fn bytes_are_counted_by_the_kind_of_their_frame() {
        for piece in [1, 2, 3, 4, 8, 9, 10, 16, 1000, 100_000] {
            let (mut data, mut both) = (FrameScan::behind(7), FrameScan::behind(7));
            let (mut of_data, mut of_both) = (0, 0);
            for bytes in frames().chunks(piece) {
                of_data += data.feed(bytes, &[DATA]);
                of_both += both.feed(bytes, &[DATA, HEADERS]);
            }
            assert_eq!((of_data, of_both), (70_001, 70_006), "in pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_may_be_what_comes_first() {
        assert_eq!(FrameScan::new().feed(&frame(DATA, 3), &[DATA]), 3);
        assert_eq!(FrameScan::behind(0).feed(&frame(DATA, 3), &[DATA]), 3);
    }
}
