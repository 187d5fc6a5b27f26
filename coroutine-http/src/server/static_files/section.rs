//! A part of a file that is read piece by piece.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

use super::memory;

/// How many bytes are read at once. For a client that takes nothing there are as many pieces in memory as make 64 KiB, which hyper has accepted, and one that waits for it.
/// Larger ones are hardly faster.
const PIECE: u64 = 24 * 1024;

/// What is still to be read.
pub(super) struct Section {
    file: File,
    /// Where the next piece begins.
    at: u64,
    left: u64,
}

/// Some bytes, and what is behind them, if there is something.
type Piece = (Bytes, Option<Section>);

impl Section {
    pub(super) fn new(file: File, start: u64, count: u64) -> Self {
        Self {
            file,
            at: start,
            left: count,
        }
    }

    /// Reads a piece. This blocks.
    pub(super) fn read(self) -> io::Result<Piece> {
        let mut piece = self.room();
        match self.file.read_exact_at(&mut piece, self.at) {
            Ok(()) => Ok(self.behind(piece)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a file became shorter while it was sent",
            )),
            Err(error) => Err(error),
        }
    }

    /// Reads what there is of a piece in the system's memory, unless that is nothing. This does not wait for a disk, so that it needs no other thread.
    pub(super) fn read_from_memory(self) -> Result<Piece, Self> {
        let mut piece = self.room();
        match memory::read(&self.file, &mut piece, self.at) {
            Some(count) => {
                piece.truncate(count);
                Ok(self.behind(piece))
            }
            None => Err(self),
        }
    }

    fn room(&self) -> Vec<u8> {
        let length = self.left.min(PIECE);
        vec![0; usize::try_from(length).unwrap_or_default()]
    }

    fn behind(mut self, piece: Vec<u8>) -> Piece {
        let length = piece.len() as u64;
        self.at += length;
        self.left -= length;
        (Bytes::from(piece), (self.left > 0).then_some(self))
    }
}
