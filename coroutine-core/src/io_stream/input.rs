//! Bytes that were read from a stream and that nobody has taken yet.

/// The least that a read asks for.
const LEAST: usize = 8 << 10;

/// The most that a read asks for.
const MOST: usize = 64 << 10;

/// A buffer that is filled at one end and taken from at the other.
#[derive(Default)]
pub(super) struct Input {
    /// The bytes that are there are those from `start` to `end`; all others are room, which is initialised once.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
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

    /// So many bytes of the room are there now.
    pub(super) fn add(&mut self, count: usize) {
        self.end += count;
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
        if self.bytes.len() > MOST {
            // A stream that waits for its next message should not keep what a large one took.
            *self = Self::default();
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
            }
        }
    }
}
