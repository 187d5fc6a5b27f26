//! What hyper wants of a runtime, given by the loop.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_io::AsyncWrite;
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::server::stream::Stream;

/// Told of what a connection does.
pub(crate) trait Watch {
    /// These bytes were read.
    fn on_read(&self, bytes: &[u8]);
    /// Some bytes were written.
    fn on_write(&self);
    /// The peer takes nothing, and bytes wait for it.
    fn on_stuck(&self);
    /// No bytes wait any more.
    fn on_flush(&self);
}

/// A connection as hyper reads and writes it.
pub(crate) struct Io<W> {
    stream: Stream,
    /// What was read before hyper had the connection.
    early: Bytes,
    watch: W,
    /// For putting small parts together.
    room: Vec<u8>,
}

impl<W> Io<W> {
    /// A connection from which some bytes were read already.
    pub(crate) fn after(early: Bytes, stream: Stream, watch: W) -> Self {
        Self {
            stream,
            early,
            watch,
            room: Vec::new(),
        }
    }

    pub(crate) fn into_stream(self) -> Stream {
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

    #[cold]
    fn give_early(&mut self, buffer: &mut ReadBufCursor<'_>) {
        let count = self.early.len().min(buffer.remaining());
        let bytes = self.early.split_to(count);
        buffer.put_slice(&bytes);
        self.watch.on_read(&bytes);
    }
}

impl<W: Watch + Unpin> Read for Io<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.early.is_empty() {
            this.give_early(&mut buffer);
            return Poll::Ready(Ok(()));
        }
        let watch = &this.watch;
        let read = this
            .stream
            .poll_fill(cx, &mut buffer, |bytes| watch.on_read(bytes));
        Poll::Ready(ready!(read))
    }
}

impl<W: Watch + Unpin> Write for Io<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let stream = Pin::new(&mut this.stream);
        let written = match gather(bytes, &mut this.room) {
            true => stream.poll_write(cx, &this.room),
            false => stream.poll_write_vectored(cx, bytes),
        };
        this.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper asks for it when it has no bytes left.
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        match flushed {
            Poll::Ready(_) => self.watch.on_flush(),
            Poll::Pending => self.watch.on_stuck(),
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

/// Messages of up to so many bytes are copied together: a plain write costs the kernel less than a list of parts does.
const SMALL: usize = 1024;

/// Puts the parts together, if they are small.
fn gather(parts: &[IoSlice<'_>], room: &mut Vec<u8>) -> bool {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    if length > SMALL {
        return false;
    }
    room.clear();
    parts.iter().for_each(|part| room.extend_from_slice(part));
    true
}
