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
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return match self.ended {
                true => Ok(0),
                false => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let count = room.len().min(self.arrived.len());
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
