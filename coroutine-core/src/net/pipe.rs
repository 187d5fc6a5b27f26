//! Pipes: between coroutines, and to the input and from the output of other processes.

use std::io;
use std::os::fd::OwnedFd;

use super::bytes::{reader, writer};
use super::watched::{Watched, socket};

/// Makes a pipe.
///
/// # Errors
///
/// Fails when there are too many descriptors.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::pipe};
///
/// #[co::coroutine]
/// fn through_a_pipe() -> std::io::Result<[u8; 5]> {
///     let (sender, receiver) = pipe::new()?;
///     yield_!(sender.write_all(b"hello"))?;
///     let mut buffer = [0; 5];
///     yield_!(receiver.read(&mut buffer))?;
///     Ok(buffer)
/// }
///
/// assert_eq!(&IoLoop::current().run_sync(through_a_pipe)??, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn new() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio::unix::pipe::new()?;
    Ok((Sender::watch(sender)?, Receiver::watch(receiver)?))
}

/// The end of a pipe that is written to. The pipe ends when it is dropped.
///
/// It implements [`AsyncWrite`](futures_io::AsyncWrite), and so does `&Sender`. Closing it through that trait does nothing, since a pipe has no other end than its descriptor's.
pub struct Sender {
    watched: Watched<mio::unix::pipe::Sender>,
}

impl Sender {
    /// Takes over the writing end of a pipe, such as [`ChildStdin`](std::process::ChildStdin). It becomes non-blocking.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched: a regular file, for example, cannot.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> io::Result<Self> {
        let sender = mio::unix::pipe::Sender::from(fd.into());
        sender.set_nonblocking(true)?;
        Self::watch(sender)
    }

    fn watch(sender: mio::unix::pipe::Sender) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(sender)?,
        })
    }
}

writer!(Sender);
socket!(Sender);

/// The end of a pipe that is read from.
///
/// It implements [`AsyncRead`](futures_io::AsyncRead), and so does `&Receiver`.
pub struct Receiver {
    watched: Watched<mio::unix::pipe::Receiver>,
}

impl Receiver {
    /// Takes over the reading end of a pipe, such as [`ChildStdout`](std::process::ChildStdout). It becomes non-blocking.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched: a regular file, for example, cannot.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> io::Result<Self> {
        let receiver = mio::unix::pipe::Receiver::from(fd.into());
        receiver.set_nonblocking(true)?;
        Self::watch(receiver)
    }

    fn watch(receiver: mio::unix::pipe::Receiver) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(receiver)?,
        })
    }
}

reader!(Receiver);
socket!(Receiver);
