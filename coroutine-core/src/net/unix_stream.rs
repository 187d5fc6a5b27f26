//! Connections of the Unix domain.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

use super::bytes::{reader, writer};
use super::watched::{Watched, socket, unused};
use crate::sleep::sleep;

/// After how long it is tried again to connect to a listener whose queue is full. The kernel tells of no better time.
const RETRY: Duration = Duration::from_millis(5);

/// A connection between processes of one machine.
///
/// It implements [`AsyncRead`](futures_io::AsyncRead) and [`AsyncWrite`](futures_io::AsyncWrite), and so does `&UnixStream`: one coroutine may read while another writes.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::UnixStream};
///
/// #[co::coroutine]
/// fn talk() -> std::io::Result<[u8; 5]> {
///     let (one, other) = UnixStream::pair()?;
///     yield_!(one.write_all(b"hello"))?;
///     let mut buffer = [0; 5];
///     yield_!(other.read(&mut buffer))?;
///     Ok(buffer)
/// }
///
/// assert_eq!(&IoLoop::current().run_sync(talk)??, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UnixStream {
    watched: Watched<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket at `path`. While the listener's queue is full, it waits.
    ///
    /// # Errors
    ///
    /// Fails when there is no socket, or nobody listens at it; the error names the path.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let connected = match SocketAddr::from_pathname(path) {
            Ok(address) => Self::connected(&address).await,
            Err(error) => Err(error),
        };
        connected.map_err(|error| {
            let path = path.display();
            io::Error::new(error.kind(), format!("cannot connect to {path}: {error}"))
        })
    }

    /// Connects to an address, which may be an abstract one of Linux's. While the listener's queue is full, it waits.
    ///
    /// # Errors
    ///
    /// Fails when nobody listens there; the error names the address.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        let connected = Self::connected(address).await;
        connected.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot connect to {address:?}: {error}"),
            )
        })
    }

    async fn connected(address: &SocketAddr) -> io::Result<Self> {
        loop {
            match mio::net::UnixStream::connect_addr(address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(RETRY).await,
                stream => return Self::watch(stream?),
            }
        }
    }

    /// Two ends of a connection without a name.
    ///
    /// # Errors
    ///
    /// Fails when there are too many descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixStream::pair()?;
        Ok((Self::watch(one)?, Self::watch(other)?))
    }

    /// Takes over a connection of the standard library's.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched.
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Self::watch(mio::net::UnixStream::from_std(stream))
    }

    /// Another handle to the same connection, with a descriptor of its own. Rarely needed: `&UnixStream` reads and writes as well.
    ///
    /// # Errors
    ///
    /// Fails when there are too many descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Self::from_std(self.as_fd().try_clone_to_owned()?.into())
    }

    pub(super) fn watch(stream: mio::net::UnixStream) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(stream)?,
        })
    }

    /// Reads into memory that is not initialised. When it gives a number, so many bytes at the beginning of `buffer` are.
    ///
    /// For adapters to other libraries' traits.
    pub fn poll_read_uninit(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.watched.poll_read_uninit(cx, buffer)
    }

    /// The peer's address. A client's has no name as a rule.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.watched.socket().peer_addr()
    }

    /// This side's address.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.socket().local_addr()
    }

    /// Ends one direction of the connection, or both.
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.watched.socket().shutdown(how)
    }
}

reader!(UnixStream);
writer!(UnixStream);
socket!(UnixStream);
unused!(UnixStream);
