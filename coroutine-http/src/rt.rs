//! What hyper wants of a runtime, given by the loop.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_io::AsyncWrite;
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::server::outbox::Outbox;
use crate::server::stream::Stream;

/// Told of what a connection does.
pub(crate) trait Watch {
    /// These bytes were read.
    fn on_read(&self, bytes: &[u8]);
    /// The first `count` bytes of these parts were written.
    fn on_write(&self, parts: &[IoSlice<'_>], count: usize);
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
    /// Through which small responses go. None with TLS.
    outbox: Option<Rc<Outbox>>,
}

impl<W> Io<W> {
    /// A connection from which some bytes were read already.
    pub(crate) fn after(early: Bytes, stream: Stream, watch: W) -> Self {
        Self {
            stream,
            early,
            watch,
            outbox: None,
        }
    }

    /// One whose small responses are sent together with those of others.
    pub(crate) fn with_outbox(self, outbox: Option<Rc<Outbox>>) -> Self {
        Self { outbox, ..self }
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }
}

impl<W: Watch> Io<W> {
    #[inline]
    fn noted(
        &self,
        parts: &[IoSlice<'_>],
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(count)) => self.watch.on_write(parts, *count),
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

impl<W: Watch + Unpin> Io<W> {
    /// Puts the parts into the outbox, if they belong there. Pending where the client has yet to take what was there before.
    #[inline]
    fn poll_put(
        &self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<Option<usize>>> {
        let Some(outbox) = &self.outbox else {
            return Poll::Ready(Ok(None));
        };
        ready!(outbox.poll_sent(cx))?;
        let put = outbox.put(parts);
        if put.is_none() {
            ready!(outbox.poll_send(cx))?;
        }
        Poll::Ready(Ok(put))
    }
}

impl<W: Watch + Unpin> Write for Io<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let parts = [IoSlice::new(bytes)];
        let written = match ready!(self.poll_put(cx, &parts))? {
            Some(count) => Poll::Ready(Ok(count)),
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
        };
        self.noted(&parts, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match ready!(self.poll_put(cx, parts))? {
            Some(count) => Poll::Ready(Ok(count)),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, parts),
        };
        self.noted(parts, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(outbox) = &self.outbox {
            ready!(outbox.poll_sent(cx))?;
        }
        // hyper asks for it when it has no bytes left.
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        match flushed {
            Poll::Ready(_) => self.watch.on_flush(),
            Poll::Pending => self.watch.on_stuck(),
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(outbox) = &self.outbox {
            ready!(outbox.poll_send(cx))?;
        }
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
