//! What hyper wants of a runtime, given by the loop.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use coroutine_core::net::TcpStream;
use futures_io::AsyncWrite;
use hyper::rt::{Read, ReadBufCursor, Write};

/// Told of what a connection does.
pub(crate) trait Watch {
    /// Some bytes were read.
    fn on_read(&self) {}
    /// Some bytes were written.
    fn on_write(&self) {}
    /// The peer takes nothing, and bytes wait for it.
    fn on_stuck(&self) {}
    /// No bytes wait any more.
    fn on_flush(&self) {}
}

/// For connections that nobody watches.
impl Watch for () {}

/// A connection as hyper reads and writes it.
pub(crate) struct Io<W> {
    stream: TcpStream,
    watch: W,
}

impl<W> Io<W> {
    pub(crate) fn new(stream: TcpStream, watch: W) -> Self {
        Self { stream, watch }
    }

    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

impl<W: Watch> Io<W> {
    #[inline]
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(_)) => self.watch.on_write(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.watch.on_stuck(),
        }
        written
    }
}

impl<W: Watch + Unpin> Read for Io<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: whoever has the slice must not make initialised bytes uninitialised; a read from a socket only writes bytes.
        let room = unsafe { buffer.as_mut() };
        let read = self.stream.poll_read_uninit(cx, room);
        read.map_ok(|count| {
            // SAFETY: the stream says that so many bytes at the beginning of the slice are initialised now.
            unsafe { buffer.advance(count) };
            self.watch.on_read();
        })
    }
}

impl<W: Watch + Unpin> Write for Io<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut &self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut room = [0; SMALL];
        let written = match gather(bytes, &mut room) {
            Some(gathered) => Pin::new(&mut &self.stream).poll_write(cx, gathered),
            None => Pin::new(&mut &self.stream).poll_write_vectored(cx, bytes),
        };
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper asks for it when it has no bytes left.
        self.watch.on_flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.stream.shutdown(Shutdown::Write) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

/// Messages of up to so many bytes are copied together: a plain write costs the kernel less than a list of parts does.
const SMALL: usize = 1024;

/// The parts in one piece, if they are small.
fn gather<'a>(parts: &[IoSlice<'_>], room: &'a mut [u8; SMALL]) -> Option<&'a [u8]> {
    let mut length = 0;
    for part in parts {
        let end = length + part.len();
        room.get_mut(length..end)?.copy_from_slice(part);
        length = end;
    }
    Some(&room[..length])
}
