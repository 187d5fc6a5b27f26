//! What tungstenite takes for the connection: memory.

use std::io::{self, Read, Write};

use bytes::{Buf, BytesMut};
use futures_io::{AsyncRead, AsyncWrite};

/// A connection to the peer.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

/// Bytes that came and are not read yet, and bytes that are written and have not gone.
#[derive(Default)]
pub(super) struct Pipe {
    pub(super) arrived: BytesMut,
    /// Nothing more comes.
    pub(super) ended: bool,
    pub(super) leaving: BytesMut,
    /// How many bytes are still to come of the frame that is being read.
    pub(super) rest: u64,
    /// Whether a frame that closes is kept back, with what comes behind it.
    pub(super) holds_close: bool,
    /// Whether there is one that is kept back.
    pub(super) has_close: bool,
}

impl Pipe {
    /// How much may be read now: not beyond the end of a frame, since the next one may close.
    fn readable(&mut self) -> usize {
        if self.rest == 0 {
            let head = Head::of(&self.arrived);
            self.has_close = self.holds_close && head.is_some_and(|head| head.closes);
            self.rest = match head {
                _ if self.has_close => 0,
                Some(head) => head.length,
                // What there will never be a whole head of.
                None if self.ended => u64::MAX,
                None => 0,
            };
        }
        let rest = usize::try_from(self.rest).unwrap_or(usize::MAX);
        rest.min(self.arrived.len())
    }
}

/// What the first bytes of a frame say (RFC 6455, 5.2).
#[derive(Clone, Copy)]
struct Head {
    closes: bool,
    /// Of the whole frame, in bytes.
    length: u64,
}

impl Head {
    /// None where not all of it is there. Whether it keeps to the rules is for others to say.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (payload, size) = match second & 0x7F {
            126 => (u16::from_be_bytes(*bytes[2..].first_chunk()?).into(), 4),
            127 => (u64::from_be_bytes(*bytes[2..].first_chunk()?), 10),
            short => (short.into(), 2),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        Some(Self {
            closes: first & 0x0F == 8,
            length: u64::saturating_add(payload, size + mask),
        })
    }
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = room.len().min(self.readable());
        if count == 0 {
            return match self.ended && !self.has_close {
                true => Ok(0),
                false => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        self.rest -= count as u64;
        self.arrived.copy_to_slice(&mut room[..count]);
        if self.arrived.is_empty() {
            // An idle connection keeps no memory.
            self.arrived = BytesMut::new();
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.leaving.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can be read, until nothing can.
    fn read_all(pipe: &mut Pipe) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut room = [0; 300];
        while let Ok(count @ 1..) = pipe.read(&mut room) {
            all.push(room[..count].to_vec());
        }
        all
    }

    #[test]
    fn it_is_read_frame_by_frame_whatever_its_head_is() {
        let medium = [&[0x82, 126, 0, 200][..], &[7; 200]].concat();
        let long = [&[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 2][..], &[7; 2]].concat();
        let masked = vec![0x81, 0x81, 1, 2, 3, 4, b'a'];
        let frames = vec![vec![0x81, 1, b'a'], medium, long, masked, vec![0x88, 0]];
        let mut pipe = Pipe::default();
        for byte in frames.concat() {
            pipe.arrived.extend_from_slice(&[byte]);
        }
        assert_eq!(read_all(&mut pipe), frames);
    }

    #[test]
    fn a_head_that_comes_in_parts_is_waited_for() {
        let mut pipe = Pipe::default();
        for part in [&[0x82][..], &[127, 0, 0], &[0, 0, 0, 0, 0]] {
            pipe.arrived.extend_from_slice(part);
            assert!(read_all(&mut pipe).is_empty());
        }
        pipe.arrived.extend_from_slice(&[1, 9]);
        assert_eq!(read_all(&mut pipe).concat().len(), 11);
    }

    #[test]
    fn a_frame_that_closes_is_kept_back_with_what_is_behind_it() {
        let mut pipe = Pipe {
            holds_close: true,
            ended: true,
            ..Pipe::default()
        };
        pipe.arrived.extend_from_slice(&[0x81, 0, 0x88, 0, 0x81, 0]);
        assert_eq!(read_all(&mut pipe), [[0x81, 0]]);
        assert!(pipe.has_close);
        pipe.holds_close = false;
        assert_eq!(read_all(&mut pipe).concat(), [0x88, 0, 0x81, 0]);
    }

    #[test]
    fn the_end_within_a_head_is_the_end() {
        let mut pipe = Pipe::default();
        pipe.arrived.extend_from_slice(&[0x81]);
        assert!(read_all(&mut pipe).is_empty());
        pipe.ended = true;
        assert_eq!(read_all(&mut pipe), [[0x81]]);
        assert!(matches!(pipe.read(&mut [0]), Ok(0)));
    }
}
