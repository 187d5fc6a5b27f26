//! What of a file is in memory.

use std::fs::File;
use std::io::IoSliceMut;

use rustix::io::{ReadWriteFlags, preadv2};

/// Reads without waiting for a disk, and says how many bytes, if there are any. Not all file systems can tell.
pub(super) fn read(file: &File, room: &mut [u8], at: u64) -> Option<usize> {
    let read = preadv2(
        file,
        &mut [IoSliceMut::new(room)],
        at,
        ReadWriteFlags::NOWAIT,
    );
    read.ok().filter(|count| *count > 0)
}
