//! TCP connections.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::bytes::{reader, writer};
use super::happy_eyeballs::race;
use super::watched::{Watched, socket, unused};

/// A TCP connection.
///
/// It implements [`AsyncRead`](futures_io::AsyncRead) and [`AsyncWrite`](futures_io::AsyncWrite), and so does `&TcpStream`: one coroutine may read while another writes.
pub struct TcpStream {
    watched: Watched<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `address`. A host is found by its name with [`TcpClient::connect_tcp`](super::TcpClient::connect_tcp).
    ///
    /// # Errors
    ///
    /// Fails when the connection is refused or cannot be made; the error names the address.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop, net::{TcpListener, TcpStream}};
    /// use std::net::SocketAddr;
    ///
    /// #[co::coroutine]
    /// fn greet(address: SocketAddr) -> std::io::Result<()> {
    ///     let stream = yield_!(TcpStream::connect(address))?;
    ///     yield_!(stream.write_all(b"hello"))
    /// }
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let address = listener.local_addr()?;
    /// IoLoop::current().run_sync(move || greet(address))??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::connect_from(None, address).await.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot connect to {address}: {error}"),
            )
        })
    }

    /// Connects to whichever of the addresses answers first. They are tried after one another as by a [`TcpClient`](super::TcpClient), which also finds them.
    ///
    /// # Errors
    ///
    /// Fails when none answers; the error says what happened at each address.
    pub async fn connect_any(addresses: Vec<SocketAddr>) -> io::Result<Self> {
        Self::connect_any_from(None, addresses).await
    }

    /// As [`connect_any`](Self::connect_any), from an address of this machine's, if one is stated; its port zero stands for any.
    ///
    /// # Errors
    ///
    /// As [`connect_any`](Self::connect_any).
    pub async fn connect_any_from(
        source: Option<SocketAddr>,
        addresses: Vec<SocketAddr>,
    ) -> io::Result<Self> {
        race(addresses, |address| Self::connect_from(source, address)).await
    }

    /// Connects from an address of this machine's, if one is stated.
    pub(super) async fn connect_from(
        source: Option<SocketAddr>,
        address: SocketAddr,
    ) -> io::Result<Self> {
        let stream = Self::watch(match source {
            Some(source) => begin_from(source, address)?,
            None => mio::net::TcpStream::connect(address)?,
        })?;
        let connected = |socket: &mio::net::TcpStream| {
            if let Some(error) = socket.take_error()? {
                return Err(error);
            }
            match socket.peer_addr() {
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                peer => peer,
            }
        };
        stream
            .watched
            .when_ready(stream.watched.writer(), connected)
            .await?;
        Ok(stream)
    }

    /// Takes over a connection of the standard library's.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched.
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Self::watch(mio::net::TcpStream::from_std(stream))
    }

    /// Another handle to the same connection, with a descriptor of its own. Rarely needed: `&TcpStream` reads and writes as well.
    ///
    /// # Errors
    ///
    /// Fails when there are too many descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Self::from_std(self.as_fd().try_clone_to_owned()?.into())
    }

    pub(super) fn watch(stream: mio::net::TcpStream) -> io::Result<Self> {
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

    /// The peer's address.
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

    /// Sends small writes at once instead of gathering them (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Gives the operating system's error.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.watched.socket().set_nodelay(nodelay)
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

reader!(TcpStream);
writer!(TcpStream);
socket!(TcpStream);
unused!(TcpStream);

/// Has a socket that is bound to `source` begin to connect.
fn begin_from(source: SocketAddr, address: SocketAddr) -> io::Result<mio::net::TcpStream> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&source.into())?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(mio::net::TcpStream::from_std(socket.into())),
    }
}
