//! TCP connections.

use std::fmt;
use std::future::Future as StdFuture;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use socket2::SockRef;

use super::watched::Watched;

/// A TCP connection.
///
/// It implements [`AsyncRead`] and [`AsyncWrite`], and so does `&TcpStream`: one coroutine may read while another writes.
pub struct TcpStream {
    watched: Watched<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `address`.
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
        let connected = Self::connected(address).await;
        connected.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot connect to {address}: {error}"),
            )
        })
    }

    async fn connected(address: SocketAddr) -> io::Result<Self> {
        let stream = Self::watch(mio::net::TcpStream::connect(address)?)?;
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

    pub(super) fn watch(stream: mio::net::TcpStream) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(stream)?,
        })
    }

    /// Reads some bytes into `buffer` and gives their number; zero is the end of the stream.
    pub fn read<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a> {
        let read = move |mut socket: &mio::net::TcpStream| {
            self.note_read(buffer.len(), socket.read(buffer))
        };
        self.watched.when_ready(self.watched.reader(), read)
    }

    /// Writes some of `bytes` and gives their number.
    pub fn write<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a> {
        let write = move |mut socket: &mio::net::TcpStream| {
            self.note_write(bytes.len(), socket.write(bytes))
        };
        self.watched.when_ready(self.watched.writer(), write)
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    ///
    /// Fails when the peer has closed the connection; some of the bytes may have been written by then.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => bytes = &bytes[written..],
            }
        }
        Ok(())
    }

    /// Reads into memory that is not initialised. When it gives a number, so many bytes at the beginning of `buffer` are.
    ///
    /// For adapters to other libraries' traits.
    pub fn poll_read_uninit(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.watched.poll_with(self.watched.reader(), cx, |socket| {
            self.note_read(buffer.len(), SockRef::from(socket).recv(buffer))
        })
    }

    /// After a read that was not filled, the kernel has nothing more for now, and need not be asked to find that out.
    fn note_read(&self, asked: usize, read: io::Result<usize>) -> io::Result<usize> {
        if let Ok(count) = read
            && 0 < count
            && count < asked
        {
            self.watched.reader().clear_partly();
        }
        read
    }

    /// As [`note_read`](Self::note_read).
    fn note_write(&self, asked: usize, written: io::Result<usize>) -> io::Result<usize> {
        if let Ok(count) = written
            && 0 < count
            && count < asked
        {
            self.watched.writer().clear_partly();
        }
        written
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

impl AsyncRead for &TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.watched
            .poll_with(self.watched.reader(), cx, |mut socket| {
                self.note_read(buffer.len(), socket.read(buffer))
            })
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = buffers.iter().map(|buffer| buffer.len()).sum();
        self.watched
            .poll_with(self.watched.reader(), cx, |mut socket| {
                self.note_read(asked, socket.read_vectored(buffers))
            })
    }
}

impl AsyncWrite for &TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watched
            .poll_with(self.watched.writer(), cx, |mut socket| {
                self.note_write(bytes.len(), socket.write(bytes))
            })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = bytes.iter().map(|slice| slice.len()).sum();
        self.watched
            .poll_with(self.watched.writer(), cx, |mut socket| {
                self.note_write(asked, socket.write_vectored(bytes))
            })
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the writing direction.
    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.shutdown(Shutdown::Write) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read_vectored(cx, buffers)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watched.socket().as_fd()
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream")
            .field(self.watched.socket())
            .finish()
    }
}
