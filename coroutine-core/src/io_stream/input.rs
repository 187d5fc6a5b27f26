//! Bytes that were read from a stream and that nobody has taken yet.

use std::cell::Cell;

/// The least that a read asks for.
const LEAST: usize = 8 << 10;

/// The most that a read asks for.
const MOST: usize = 64 << 10;

thread_local! {
    /// A buffer without bytes that the next stream of this thread may read into, so that those that wait for their peers have none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A buffer that is filled at one end and taken from at the other.
#[derive(Default)]
pub(super) struct Input {
    /// The bytes that are there are those from `start` to `end`; all others are room, which is initialised once.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How far the buffer was ever filled.
    used: usize,
}

impl Input {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Room for more bytes, for at most `limit` of them: the more there are already, the more are on their way.
    pub(super) fn room(&mut self, limit: usize) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = SPARE.try_with(Cell::take).unwrap_or_default();
        }
        let room = self.len().clamp(LEAST, MOST).min(limit);
        if self.bytes.len() - self.end < room {
            self.make_room(room);
        }
        &mut self.bytes[self.end..self.end + room]
    }

    /// Moves what is there to the front where that takes no longer than what was taken since, else grows.
    fn make_room(&mut self, room: usize) {
        if self.start >= self.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.len());
        }
        if self.bytes.len() - self.end < room {
            // It grows by halves at least, so that each byte is moved a few times at most.
            let size = (self.end + room).max(self.bytes.len() / 2 * 3);
            self.bytes.resize(size, 0);
        }
    }

    /// The read has to wait: where no bytes are there, others may have the buffer meanwhile. What a large message took goes.
    pub(super) fn rest(&mut self) {
        if self.is_empty() {
            let Self {
                bytes: mut buffer,
                used,
                ..
            } = std::mem::take(self);
            if buffer.len() <= MOST {
                // A transport that says it has read what it has not must not bring to light what another stream's peer has sent.
                buffer[..used].fill(0);
                // Where the thread ends, nobody reads any more.
                let _ = SPARE.try_with(|spare| spare.set(buffer));
            }
        }
    }

    /// So many bytes of the room are there now.
    pub(super) fn add(&mut self, count: usize) {
        self.end += count;
        self.used = self.used.max(self.end);
    }

    /// Takes the first `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        if count == self.len() && self.start == 0 && count >= LEAST {
            let mut taken = std::mem::take(self).bytes;
            taken.truncate(count);
            return taken;
        }
        let taken = self.bytes()[..count].to_vec();
        self.skip(count);
        taken
    }

    /// Takes as many bytes as there are, or as `buffer` has room for, and gives their number.
    pub(super) fn take_into(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.bytes()[..count]);
        self.skip(count);
        count
    }

    fn skip(&mut self, count: usize) {
        self.start += count;
        if !self.is_empty() {
            return;
        }
        (self.start, self.end) = (0, 0);
    }

    /// Puts bytes back that were taken.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        match self.start.checked_sub(bytes.len()) {
            Some(start) => {
                self.bytes[start..self.start].copy_from_slice(bytes);
                self.start = start;
            }
            None => {
                self.bytes = [bytes, self.bytes()].concat();
                (self.start, self.end) = (0, self.bytes.len());
                self.used = self.end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn a_stream_that_waits_has_no_buffer_and_the_next_sees_nothing_of_its_bytes() {
        let mut one = Input::default();
        one.room(100)[..6].copy_from_slice(b"secret");
        one.add(6);
        one.rest();
        assert_eq!(one.bytes(), b"secret");
        assert_eq!(one.take(6), b"secret");
        one.rest();
        assert_eq!(one.bytes.capacity(), 0);
        let mut other = Input::default();
        assert!(other.room(100).iter().all(|byte| *byte == 0));
    }
}
