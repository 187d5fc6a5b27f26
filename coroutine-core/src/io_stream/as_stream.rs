//! A buffered stream as a plain one, for crates that speak protocols of their own over it: after `start_tls`, for example.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::error::{Reason, StreamError};
use super::lent::Lent;
use super::reader::Claim;
use super::shared::Shared;
use super::{IoStream, StdFuture};

/// How many bytes may wait to be sent while more are taken, at most.
const AHEAD: usize = 64 << 10;

impl AsyncRead for IoStream {
    /// Gives what was read ahead first.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let claim = Claim::new(&self.shared).map_err(io::Error::from)?;
        let count = Lent::new(&self.shared.input).take_into(buffer);
        if count > 0 || buffer.is_empty() {
            return Poll::Ready(Ok(count));
        }
        let read = self.shared.poll_read(cx, buffer);
        drop(claim);
        match read {
            Poll::Pending => Shared::wait(&self.shared.reader, cx),
            Poll::Ready(Err(Reason::Ended)) => Poll::Ready(Ok(0)),
            Poll::Ready(read) => {
                Poll::Ready(read.map_err(|reason| StreamError::over(reason).into()))
            }
        }
    }
}

impl AsyncWrite for IoStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_waiting(cx))?;
        if self.room() == 0 {
            ready!(self.as_mut().poll_flush(cx))?;
        }
        let some = &bytes[..bytes.len().min(self.room())];
        let written = self.shared.write(some, Location::caller());
        Poll::Ready(match written.into_error() {
            Some(error) => Err(error.into()),
            None => Ok(some.len()),
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What an earlier call waited for may be less than what was written since.
        ready!(self.poll_waiting(cx))?;
        self.waiting = Some(self.shared.when_sent());
        self.poll_waiting(cx)
    }

    /// As [`finish`](IoStream::finish).
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(cx))?;
        self.waiting = Some(self.shared.finish(Location::caller()));
        self.poll_waiting(cx)
    }
}

impl IoStream {
    /// How many more bytes may wait to be sent.
    fn room(&self) -> usize {
        let output = &self.shared.output;
        let unsent = usize::try_from(output.unsent()).unwrap_or(usize::MAX);
        let limit = output.limit.get().map_or(AHEAD, |limit| limit.min(AHEAD));
        limit.saturating_sub(unsent)
    }

    /// Waits for what an earlier call waited for, if there is something.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(waiting) = &mut self.waiting else {
            return Poll::Ready(Ok(()));
        };
        let result = ready!(Pin::new(waiting).poll(cx));
        self.waiting = None;
        Poll::Ready(result.map_err(io::Error::from))
    }
}
