//! Sockets of the Unix domain that take connections.

use std::future::Future as StdFuture;
use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use super::unix_stream::UnixStream;
use super::watched::{Watched, socket};

/// A socket of the Unix domain that takes connections.
///
/// The file at its path stays when the listener is dropped, and has to be removed before somebody can listen there again.
///
/// ```
/// use std::os::linux::net::SocketAddrExt;
/// use std::os::unix::net::SocketAddr;
///
/// use coroutine_core::{self as co, IoLoop, net::{UnixListener, UnixStream}};
///
/// #[co::coroutine]
/// fn accept_one() -> std::io::Result<()> {
///     // An abstract address of Linux's: it is no file, and ends with the listener.
///     let address = SocketAddr::from_abstract_name(format!("example-{}", std::process::id()))?;
///     let listener = UnixListener::bind_addr(&address)?;
///     let client = yield_!(UnixStream::connect_addr(&address))?;
///     let (stream, _) = yield_!(listener.accept())?;
///     yield_!(stream.write_all(b"welcome"))
/// }
///
/// IoLoop::current().run_sync(accept_one)??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UnixListener {
    watched: Watched<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, where a file is made that is a socket.
    ///
    /// # Errors
    ///
    /// Fails when there is a file already, or none can be made; the error names the path.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let bound = mio::net::UnixListener::bind(path).and_then(Self::watch);
        bound.map_err(|error| {
            let path = path.display();
            io::Error::new(error.kind(), format!("cannot listen at {path}: {error}"))
        })
    }

    /// Listens at an address, which may be an abstract one of Linux's.
    ///
    /// # Errors
    ///
    /// Fails when somebody listens there already; the error names the address.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        let bound = mio::net::UnixListener::bind_addr(address).and_then(Self::watch);
        bound.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot listen at {address:?}: {error}"),
            )
        })
    }

    /// Takes over a listening socket of the standard library's.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched.
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::watch(mio::net::UnixListener::from_std(listener))
    }

    fn watch(listener: mio::net::UnixListener) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(listener)?,
        })
    }

    /// Waits for a connection and gives it, with the peer's address.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error, also where that is no fault of the listener's: a connection may have gone before it was accepted, and a shortage of
    /// descriptors (`EMFILE`, `ENFILE`) or of memory passes. A loop that ends with the first error is a server that many clients at once can end: go on, and
    /// [`sleep`](crate::sleep()) before the next try, as [`TcpServer`](super::TcpServer) and [`add_accept_handler`](super::add_accept_handler) do for TCP.
    pub fn accept(&self) -> impl StdFuture<Output = io::Result<(UnixStream, SocketAddr)>> + '_ {
        let accept = |socket: &mio::net::UnixListener| {
            let (stream, peer) = socket.accept()?;
            Ok((UnixStream::watch(stream)?, peer))
        };
        self.watched.when_ready(self.watched.reader(), accept)
    }

    /// The address at which it listens.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.socket().local_addr()
    }
}

socket!(UnixListener);
