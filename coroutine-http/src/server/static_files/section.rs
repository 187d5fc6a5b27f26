//! A part of a file that is read piece by piece. All of this blocks.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use bytes::Bytes;

/// How many bytes are read at once. There are two pieces in memory: one that is sent, and the next one.
const PIECE: u64 = 128 * 1024;

pub(super) struct Section {
    file: File,
    left: u64,
}

impl Section {
    pub(super) fn new(mut file: File, start: u64, count: u64) -> io::Result<Self> {
        if start > 0 {
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(Self { file, left: count })
    }

    /// Reads a piece, and gives what is behind it, if there is something.
    pub(super) fn read(mut self) -> io::Result<(Bytes, Option<Self>)> {
        let count = self.left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        (&mut self.file).take(count).read_to_end(&mut piece)?;
        if piece.len() as u64 != count {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a file became shorter while it was sent",
            ));
        }
        self.left -= count;
        Ok((Bytes::from(piece), (self.left > 0).then_some(self)))
    }
}
