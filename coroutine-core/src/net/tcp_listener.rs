//! TCP sockets that take connections.

use std::future::Future as StdFuture;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use super::bind::bind_first;
use super::tcp_stream::TcpStream;
use super::watched::{Watched, socket};

/// A TCP socket that takes connections.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::{TcpListener, TcpStream}};
///
/// #[co::coroutine]
/// fn accept_one(listener: TcpListener) -> std::io::Result<bool> {
///     let client = co::IoLoop::current().spawn(TcpStream::connect(listener.local_addr()?));
///     let (_stream, peer) = yield_!(listener.accept())?;
///     Ok(peer == yield_!(client)?.local_addr()?)
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// assert!(IoLoop::current().run_sync(|| accept_one(listener))??);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TcpListener {
    watched: Watched<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at the first of the addresses at which that is possible. The port zero asks for one that is free.
    ///
    /// A name is looked up on the spot, which may block; addresses are not.
    ///
    /// # Errors
    ///
    /// The error says at which address listening failed: the port is taken, say, or needs a privilege.
    pub fn bind(addresses: impl ToSocketAddrs) -> io::Result<Self> {
        Self::from_std(bind_first(addresses.to_socket_addrs()?)?)
    }

    /// Takes over a listening socket of the standard library's.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self {
            watched: Watched::new(mio::net::TcpListener::from_std(listener))?,
        })
    }

    /// Waits for a connection and gives it, with the peer's address.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error, also where that is no fault of the listener's: a connection may have gone before it was accepted, and a shortage of
    /// descriptors (`EMFILE`, `ENFILE`) or of memory passes. A loop that ends with the first error is a server that many clients at once can end. A
    /// [`TcpServer`](super::TcpServer), or [`add_accept_handler`](super::add_accept_handler), goes on instead, and waits until there are descriptors again.
    pub fn accept(&self) -> impl StdFuture<Output = io::Result<(TcpStream, SocketAddr)>> + '_ {
        let accept = |socket: &mio::net::TcpListener| {
            let (stream, peer) = socket.accept()?;
            Ok((TcpStream::watch(stream)?, peer))
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

socket!(TcpListener);
