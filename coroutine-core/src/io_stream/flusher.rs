//! The coroutine that sends what was written to a stream. It lives as long as something is unsent.

use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;

use super::error::Reason;
use super::one_way::Ways;
use super::shared::Shared;
use super::transport::AnyStream;
use crate::coroutine::Descriptor;
use crate::error::LoopError;
use crate::task;

/// Starts the coroutine, which goes as far as it can on the spot.
pub(super) fn start(shared: &Rc<Shared>, place: &'static Location<'static>) {
    let mut flusher = Flusher {
        shared: Rc::clone(shared),
        done: false,
    };
    let body = async move { flusher.run().await };
    let describe = move || Descriptor::made_at("stream writer", place);
    drop(task::start_on(
        Rc::clone(&shared.io_loop),
        describe,
        body,
        0,
    ));
}

struct Flusher {
    shared: Rc<Shared>,
    done: bool,
}

impl Flusher {
    async fn run(&mut self) {
        let shared = &self.shared;
        while shared.output.due() > 0 {
            let sent = match shared.output.is_at_end() {
                true => self.send_end().await,
                false => self.send(&shared.output.take_pending()).await,
            };
            if let Err(error) = sent {
                shared.fail_writing(error);
                break;
            }
        }
        self.done = true;
    }

    async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.poll(|stream, cx| stream.poll_write(cx, bytes)).await?;
            bytes = match bytes.get(count..) {
                Some(rest) if count > 0 => rest,
                Some(_) => return Err(io::ErrorKind::WriteZero.into()),
                None => return Err(Shared::miscounted()),
            };
            self.poll(AsyncWrite::poll_flush).await?;
            self.shared.output.note_sent(count);
        }
        Ok(())
    }

    async fn send_end(&self) -> io::Result<()> {
        self.poll(AsyncWrite::poll_close).await?;
        self.shared.output.note_sent(1);
        if self.shared.ways == Ways::Writing {
            self.shared.close(&Reason::Closed);
        }
        Ok(())
    }

    async fn poll<R>(
        &self,
        mut poll: impl FnMut(Pin<&mut AnyStream>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> io::Result<R> {
        let shared = &self.shared;
        poll_fn(|cx| {
            if shared.is_closed() {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            match shared.poll_transport(|stream| poll(stream, cx)) {
                Poll::Pending => Shared::wait(&shared.flusher, cx),
                ready => ready,
            }
        })
        .await
    }

    fn why_not_done(&self) -> io::Error {
        match self.shared.io_loop.is_closed() {
            true => io::Error::other(LoopError::closed()),
            false => io::Error::other("the transport has panicked"),
        }
    }
}

/// A flusher that ends early leaves nobody to send the rest.
impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.output.flushing.set(false);
        if !self.done {
            self.shared.close(&Reason::failed(self.why_not_done()));
        }
    }
}
