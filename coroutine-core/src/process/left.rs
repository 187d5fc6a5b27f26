//! Listening sockets that one program leaves to another. An environment variable says which descriptors these are: the one to be executed finds them open.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;

use rustix::io::{FdFlags, fcntl_setfd};

/// Where the system shows this process's descriptors.
const DESCRIPTORS: &str = if cfg!(target_os = "linux") {
    "/proc/self/fd"
} else {
    "/dev/fd"
};

#[derive(Clone, Copy)]
pub(super) struct Socket {
    pub(super) descriptor: RawFd,
    /// Which socket it is, among all.
    pub(super) inode: u64,
}

/// Reads `descriptor=inode,descriptor=inode`.
pub(super) fn parse(text: &str) -> Option<Vec<Socket>> {
    let sockets = text.split(',').filter(|part| !part.is_empty());
    sockets.map(parse_one).collect()
}

fn parse_one(text: &str) -> Option<Socket> {
    let (descriptor, inode) = text.split_once('=')?;
    Some(Socket {
        descriptor: descriptor.parse().ok()?,
        inode: inode.parse().ok()?,
    })
}

pub(super) fn text(sockets: &[Socket]) -> String {
    let text = |socket: &Socket| format!("{}={}", socket.descriptor, socket.inode);
    sockets.iter().map(text).collect::<Vec<_>>().join(",")
}

impl Socket {
    pub(super) fn of(socket: &impl AsRawFd) -> io::Result<Self> {
        let descriptor = socket.as_raw_fd();
        Ok(Self {
            descriptor,
            inode: inode(descriptor)?,
        })
    }

    /// Has the socket stay open when a program is executed. It makes one system call.
    pub(super) fn keep(&self) -> io::Result<()> {
        set_flags(self.descriptor, FdFlags::empty())
    }

    pub(super) fn take(self) -> io::Result<TcpListener> {
        let found = inode(self.descriptor);
        if !found.is_ok_and(|inode| inode == self.inode) {
            let text = format!(
                "descriptor {} is not the socket that was left",
                self.descriptor
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        set_flags(self.descriptor, FdFlags::CLOEXEC)?;
        // SAFETY: the descriptor is open, and is the socket that the program before has left, as its inode shows. Nothing in this process has made it, so
        // nothing owns it, and it is taken once.
        Ok(unsafe { OwnedFd::from_raw_fd(self.descriptor) }.into())
    }
}

fn inode(descriptor: RawFd) -> io::Result<u64> {
    fs::metadata(format!("{DESCRIPTORS}/{descriptor}")).map(|metadata| metadata.ino())
}

/// Says whether a descriptor is closed when a program is executed.
fn set_flags(descriptor: RawFd, flags: FdFlags) -> io::Result<()> {
    // SAFETY: the caller knows it to be open: it was just looked at, or whoever keeps the socket for another program keeps it open.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok(fcntl_setfd(descriptor, flags)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_that_is_another_socket_is_not_taken() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut left = Socket::of(&socket).expect("a socket");
        left.inode += 1;
        left.take().expect_err("another socket");
    }
}
