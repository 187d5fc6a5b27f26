//! This system does not have processes as descriptors.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;

pub(super) fn open(_child: &Child) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}
