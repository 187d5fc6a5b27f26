//! Buffered byte streams. Tornado's `IOStream`.

mod as_stream;
mod error;
mod flusher;
mod goal;
mod input;
mod lent;
mod one_way;
mod output;
mod reader;
#[cfg(feature = "regex")]
mod regex;
mod shared;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod transport;
mod watch;
mod write;

use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::{Rc, Weak};

use futures_io::{AsyncRead, AsyncWrite};

pub use error::StreamError;
pub use write::Write;

use crate::callback::Callback;
use crate::coroutine::Descriptor;
use crate::net::TcpStream;
use crate::task;
use error::Reason;
use goal::{AtMost, Delimiter, Everything};
use lent::Lent;
use one_way::Ways;
use shared::Shared;
use transport::Plain;

/// A byte stream with buffers on both sides: reads that wait for a delimiter or for a number of bytes, and writes that go on by themselves. Tornado's `IOStream`.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, IoStream, StreamError, net::UnixStream};
///
/// #[co::coroutine]
/// fn greet(stream: IoStream) -> Result<(), StreamError> {
///     let name = yield_!(stream.read_until(b"\n", 100))?;
///     yield_!(stream.write([b"hello, ", &*name].concat()))
/// }
///
/// #[co::coroutine]
/// fn meet() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     let (client, server) = UnixStream::pair()?;
///     drop(greet(IoStream::new(server)));
///     let client = IoStream::new(client);
///     yield_!(client.write("world\n"))?;
///     Ok(yield_!(client.read_until_close())?)
/// }
///
/// assert_eq!(IoLoop::current().run_sync(meet)??, b"hello, world\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It implements [`AsyncRead`] and [`AsyncWrite`] as well, for crates that speak a protocol of their own over it: start TLS, then hand it on.
///
/// # Reading
///
/// A read is a future that does the reading while it is yielded; until then it does nothing. There is one at a time. A read that is dropped, by a timeout for example,
/// loses no bytes: the next one sees them. Nothing is read beyond what a read's limit allows, and in no case more than [`set_max_buffer_size`](Self::set_max_buffer_size) says,
/// but for the byte by which a read up to the end finds that there is too much.
/// A read that meets its limit fails and closes the stream, since nobody could tell where the next message begins.
///
/// # Writing
///
/// [`write`](Self::write) takes the bytes over at once, and they are sent whether or not its future is yielded. Yield it for back-pressure: it waits until the operating system
/// has taken the bytes. What waits to be sent can be limited with [`set_max_write_buffer_size`](Self::set_max_write_buffer_size).
///
/// # The end
///
/// What the peer has sent is read before its end is: a read whose bytes are there succeeds, others fail with the reason. When the peer has ended the stream, or when a write has
/// failed, the stream is [`closed`](Self::closed), and its [close callback](Self::set_close_callback) is called. A peer may have ended its own direction alone, so after its end writes are
/// still tried; after a failed write what the peer has sent can still be read.
///
/// [`close`](Self::close) ends both directions at once. So does dropping the stream: **bytes that wait to be sent are lost then**; a TLS stream says goodbye if nothing is lost and there is room for that. To end in good
/// order, yield the last write, or [`finish`](Self::finish). Where the peer may still be sending (a TLS server sends something by itself), also read to the end, since the operating system resets a connection that is closed with bytes
/// unread, and what was sent last may get lost by that.
pub struct IoStream {
    shared: Rc<Shared>,
    /// What somebody waits for who uses this through `AsyncWrite`.
    waiting: Option<Write>,
}

/// Making and setting up.
impl IoStream {
    /// A stream over `stream`, on the current loop. What has one direction alone is for [`reader`](Self::reader) or [`writer`](Self::writer).
    #[must_use]
    pub fn new(stream: impl AsyncRead + AsyncWrite + 'static) -> Self {
        Self::of_ways(Ways::Both, Plain::new(stream))
    }

    /// Limits how many bytes are read ahead of whoever takes them, and so how long a message may be. 100 MiB if it is not called, as in Tornado.
    pub fn set_max_buffer_size(&self, bytes: usize) {
        self.shared.max_buffer_size.set(bytes);
    }

    /// Limits how many bytes may wait to be sent: a write that would exceed it fails. There is no limit if it is not called.
    pub fn set_max_write_buffer_size(&self, bytes: usize) {
        self.shared.output.limit.set(Some(bytes));
    }

    /// Sends small writes at once instead of gathering them (`TCP_NODELAY`). Does nothing where the stream does not run over a [`TcpStream`].
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.with_tcp(|tcp| tcp.map_or(Ok(()), |tcp| tcp.set_nodelay(nodelay)))
    }

    /// The peer's address, where the stream runs over a [`TcpStream`].
    ///
    /// # Errors
    ///
    /// Fails when the connection is gone, and where there is none of TCP.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.with_tcp(|tcp| {
            tcp.map_or(Err(io::ErrorKind::Unsupported.into()), TcpStream::peer_addr)
        })
    }

    fn with_tcp<R>(&self, look: impl FnOnce(Option<&TcpStream>) -> io::Result<R>) -> io::Result<R> {
        match &*Lent::new(&self.shared.transport) {
            Some(transport) => look(transport.tcp()),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Reading.
impl IoStream {
    /// Reads `count` bytes.
    ///
    /// # Errors
    ///
    /// Fails when the stream ends before so many bytes have come, when they are more than the buffer may hold, and when another read is under way.
    pub fn read_bytes(
        &self,
        count: usize,
    ) -> impl StdFuture<Output = Result<Vec<u8>, StreamError>> + use<> {
        reader::read_count(Rc::clone(&self.shared), count)
    }

    /// Reads some bytes, as soon as there are any, but at most `count`. Tornado's `read_bytes(n, partial=True)`.
    ///
    /// # Errors
    ///
    /// Fails when the stream ends before any byte has come, and when another read is under way.
    pub fn read_bytes_partial(
        &self,
        count: usize,
    ) -> impl StdFuture<Output = Result<Vec<u8>, StreamError>> + use<> {
        reader::read(Rc::clone(&self.shared), AtMost(count))
    }

    /// Reads up to `delimiter`, and gives it together with what came before. Tornado's `read_until`.
    ///
    /// # Errors
    ///
    /// Fails when the delimiter does not end within the first `max_bytes`, which closes the stream; when the stream ends before the delimiter has come;
    /// and when another read is under way.
    pub fn read_until(
        &self,
        delimiter: &[u8],
        max_bytes: usize,
    ) -> impl StdFuture<Output = Result<Vec<u8>, StreamError>> + use<> {
        let goal = Delimiter::new(delimiter, max_bytes);
        reader::read(Rc::clone(&self.shared), goal)
    }

    /// Reads everything until the peer ends the stream.
    ///
    /// # Errors
    ///
    /// Fails when the connection fails, or this side closes it, before the peer has ended it; when it is more than the buffer may hold; and when another read is under way.
    pub fn read_until_close(
        &self,
    ) -> impl StdFuture<Output = Result<Vec<u8>, StreamError>> + use<> {
        reader::read(Rc::clone(&self.shared), Everything)
    }

    /// Fills `buffer`.
    ///
    /// # Errors
    ///
    /// Fails when the stream ends before so many bytes have come, and when another read is under way. The bytes that have come are kept for the next read then.
    pub fn read_into<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = Result<(), StreamError>> + use<'a> {
        let filled = reader::read_into(Rc::clone(&self.shared), buffer, false);
        async move { filled.await.map(drop) }
    }

    /// Reads some bytes into `buffer`, as soon as there are any, and gives their number.
    ///
    /// # Errors
    ///
    /// Fails when the stream ends before any byte has come, and when another read is under way.
    pub fn read_into_partial<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = Result<usize, StreamError>> + use<'a> {
        reader::read_into(Rc::clone(&self.shared), buffer, true)
    }
}

/// Writing.
impl IoStream {
    /// Takes `data` over to be sent, and sends what is possible at once. The future tells when all of it has gone out.
    ///
    /// Writes are sent in order. One of no bytes waits for those before it.
    ///
    /// # Errors
    ///
    /// The future fails when the stream ends before the bytes were sent. It fails at once, and nothing is sent, when the stream is closed or
    /// when too much waits to be sent already.
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) -> Write {
        self.shared.write(data.as_ref(), Location::caller())
    }

    /// Ends the writing direction once everything is sent; reading goes on. Nothing can be written after it. A stream that is a [writer](Self::writer) alone is closed by it.
    ///
    /// # Errors
    ///
    /// The future fails when the stream ends before that.
    #[track_caller]
    pub fn finish(&self) -> Write {
        self.shared.finish(Location::caller())
    }
}

/// The end.
impl IoStream {
    /// Closes the stream at once. Bytes that wait to be sent are lost, and reads and writes that wait fail; what was read and not taken can still be read.
    pub fn close(&self) {
        self.shared.close(&Reason::Closed);
    }

    /// Whether the stream was closed, the peer has ended it, or it has failed. It may be that nobody has noticed yet, unless there is a read or a
    /// [close callback](Self::set_close_callback).
    #[must_use]
    pub fn closed(&self) -> bool {
        self.shared.is_over()
    }

    /// The failure that closed the stream, if it was one. Tornado's `stream.error`.
    #[must_use]
    pub fn error(&self) -> Option<StreamError> {
        self.shared.failure().map(StreamError::over)
    }

    /// Calls `callback` once, on a later turn, when the stream is [`closed`](Self::closed); also when it is already. It takes the place of an earlier one.
    ///
    /// While nobody reads, the stream is watched from now on: a few bytes may be read ahead. So an end is noticed as soon as all that came before it was taken.
    #[track_caller]
    pub fn set_close_callback(&self, callback: impl FnOnce() + 'static) {
        let (shared, place) = (&self.shared, Location::caller());
        let callback = Callback::node(Rc::clone(&shared.io_loop), place, callback);
        let watched = shared.close_callback.replace(Some(callback)).is_some();
        if shared.is_over() {
            shared.announce();
        } else if !watched {
            let describe = move || Descriptor::made_at("stream watcher", place);
            let watch = watch::watch(Rc::clone(shared));
            drop(task::start_on(
                Rc::clone(&shared.io_loop),
                describe,
                watch,
                0,
            ));
        }
    }
}

/// A server's hold on a stream that its handler has, which may have given it away. It does not keep the stream open.
pub(crate) struct Hold(Weak<Shared>);

impl Hold {
    /// Closes the stream, if it is there.
    pub(crate) fn close(&self) {
        if let Some(shared) = self.0.upgrade() {
            shared.close(&Reason::Closed);
        }
    }
}

impl IoStream {
    pub(crate) fn hold(&self) -> Hold {
        Hold(Rc::downgrade(&self.shared))
    }
}

/// Closes the stream, see [`IoStream`].
impl Drop for IoStream {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for IoStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoStream")
            .field("closed", &self.closed())
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}
