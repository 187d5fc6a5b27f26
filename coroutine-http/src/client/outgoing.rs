//! The body of a request on its way.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use coroutine_core::queues::Queue;
use coroutine_core::{Sleep, sleep};
use hyper::body::{Body, Frame, SizeHint};

use super::error::{HttpError, Kind};
use super::step::{BoxError, State, Step};

/// Makes a body: gets what it writes with, and gives what is to be waited for.
pub(super) type Producer = Rc<RefCell<dyn FnMut(BodyWriter) -> Step>>;

/// A request's body, as it is kept until it is sent.
#[derive(Clone, Default)]
pub(super) enum Content {
    #[default]
    None,
    Whole(Bytes),
    Producer(Producer),
}

/// A body, as hyper takes it.
pub(super) struct Outgoing {
    /// What is waited for before anything is sent.
    gate: Option<Box<Gate>>,
    bytes: Source,
}

enum Source {
    Whole(Bytes),
    Produced(Box<Produced>),
}

impl Outgoing {
    /// `length` is what the request says that a producer's body has.
    pub(super) fn new(content: &Content, length: Option<u64>, gate: Option<Box<Gate>>) -> Self {
        let bytes = match content {
            Content::None => Source::Whole(Bytes::new()),
            Content::Whole(bytes) => Source::Whole(bytes.clone()),
            Content::Producer(producer) => {
                Source::Produced(Box::new(Produced::new(Rc::clone(producer), length)))
            }
        };
        Self { gate, bytes }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(gate) = &mut this.gate {
            ready!(gate.poll(cx));
            this.gate = None;
        }
        let chunk = match &mut this.bytes {
            Source::Whole(bytes) if bytes.is_empty() => None,
            Source::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Source::Produced(produced) => ready!(produced.poll(cx)),
        };
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.bytes, Source::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Produced(produced) => match produced.left {
                Some(left) => SizeHint::with_exact(left),
                None => SizeHint::new(),
            },
        }
    }
}

/// Waits for the server to say that it wants the body (RFC 9110, 10.1.1), but not for ever.
pub(super) struct Gate {
    open: Arc<AtomicBool>,
    /// Set when the waiting begins, since it may take long to connect.
    patience: Option<Sleep>,
}

/// How long a body waits for the server to say that it wants it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Gate {
    pub(super) fn new(open: Arc<AtomicBool>) -> Self {
        let patience = None;
        Self { open, patience }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.open.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let patience = self.patience.get_or_insert_with(|| sleep(PATIENCE));
        Pin::new(patience).poll(cx)
    }
}

/// A body that is made while it is sent.
struct Produced {
    producer: Option<Producer>,
    /// What the producer gave, until it is done.
    step: Option<Step>,
    pipe: Pipe,
    /// How many bytes are to come, if that was told.
    left: Option<u64>,
}

impl Produced {
    fn new(producer: Producer, left: Option<u64>) -> Self {
        Self {
            producer: Some(producer),
            step: None,
            pipe: Pipe::new(),
            left,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        if let Some(producer) = self.producer.take() {
            match producer.try_borrow_mut() {
                Ok(mut produce) => self.step = Some(produce(self.pipe.writer())),
                Err(_) => return Poll::Ready(Some(Err("its producer is producing".into()))),
            }
        }
        loop {
            if let Poll::Ready(chunk) = self.pipe.poll_next(cx) {
                return Poll::Ready(Some(self.counted(chunk)));
            }
            let ended = match &mut self.step {
                None => return Poll::Ready(self.ended()),
                Some(Step(State::Done(result))) => std::mem::replace(result, Ok(())),
                Some(Step(State::Later(future))) => match future.as_mut().poll(cx) {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        // It may have written something just now.
                        let chunk = ready!(self.pipe.poll_next(cx));
                        return Poll::Ready(Some(self.counted(chunk)));
                    }
                },
            };
            self.step = None;
            if let Err(error) = ended {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn counted(&mut self, chunk: Bytes) -> Result<Bytes, BoxError> {
        if let Some(left) = self.left {
            let after = left.checked_sub(chunk.len() as u64);
            self.left = Some(after.ok_or("its producer has written more than its Content-Length")?);
        }
        Ok(chunk)
    }

    fn ended(&self) -> Option<Result<Bytes, BoxError>> {
        match self.left {
            None | Some(0) => None,
            Some(_) => Some(Err(
                "its producer has written less than its Content-Length".into()
            )),
        }
    }
}

/// Chunks on their way from one coroutine to another. There is room for one.
pub(super) struct Pipe {
    chunks: Queue<Bytes>,
    /// Whether somebody takes them.
    open: Rc<Cell<bool>>,
    /// What waits for the next one.
    next: Option<Pin<Box<dyn StdFuture<Output = Bytes>>>>,
}

impl Pipe {
    pub(super) fn new() -> Self {
        Self {
            chunks: Queue::new(1),
            open: Rc::new(Cell::new(true)),
            next: None,
        }
    }

    pub(super) fn writer(&self) -> BodyWriter {
        BodyWriter {
            chunks: self.chunks.clone(),
            open: Rc::clone(&self.open),
        }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let chunks = &self.chunks;
        let next = self.next.get_or_insert_with(|| Box::pin(chunks.get()));
        let chunk = ready!(next.as_mut().poll(cx));
        self.next = None;
        Poll::Ready(chunk)
    }
}

/// Those who wait to write learn that nobody takes it.
impl Drop for Pipe {
    fn drop(&mut self) {
        self.open.set(false);
        self.next = None;
        while self.chunks.get_nowait().is_some() {}
    }
}

/// What a [`body_producer`](crate::HttpRequest::body_producer) writes the body with. A clone writes to the same.
#[derive(Clone)]
pub struct BodyWriter {
    chunks: Queue<Bytes>,
    open: Rc<Cell<bool>>,
}

impl BodyWriter {
    /// Writes a chunk: yield it, and it waits until there is room for the chunk. Nothing is written before it is yielded.
    ///
    /// # Errors
    ///
    /// Fails when nobody takes it any more: the connection was lost, or the fetch has ended.
    pub fn write<C: Into<Bytes>>(
        &self,
        chunk: C,
    ) -> impl StdFuture<Output = Result<(), HttpError>> + use<C> {
        let (writer, chunk) = (self.clone(), chunk.into());
        async move {
            if writer.open.get() && !chunk.is_empty() {
                writer.chunks.put(chunk).await;
            }
            match writer.open.get() {
                true => Ok(()),
                false => Err(HttpError::new(Kind::NotTaken)),
            }
        }
    }
}

impl fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter")
            .field("open", &self.open.get())
            .finish_non_exhaustive()
    }
}
