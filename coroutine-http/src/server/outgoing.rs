//! The body of a response, on its way to the connection.

use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use coroutine_core as co;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::activity::{Activity, Phase};
use super::endpoint::Suspended;
use super::exchange::Exchange;
use super::outlet::{Next, Outlet};

/// What is sent.
pub(super) enum Outgoing {
    /// A body that is all there, so that its length is known.
    Whole(Full<Bytes>),
    /// One that is sent while the handler makes it.
    Streamed(Box<Streamed>),
}

impl From<Bytes> for Outgoing {
    #[inline]
    fn from(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }
}

/// A handler at work on a body.
pub(super) struct Streamed {
    exchange: Rc<Exchange>,
    /// The end of the handler, until it has come. Dropping it detaches the coroutine, which goes on.
    ended: Option<Box<dyn Suspended>>,
    /// Something new to send, or the end of it.
    news: Option<co::Future<()>>,
    activity: Rc<Activity>,
}

impl Streamed {
    pub(super) fn new(
        exchange: Rc<Exchange>,
        ended: Option<Box<dyn Suspended>>,
        activity: Rc<Activity>,
    ) -> Self {
        activity.set_sending(true);
        Self {
            exchange,
            ended,
            news: None,
            activity,
        }
    }

    fn outlet(&self) -> &Outlet {
        let outlet = self.exchange.outlet();
        outlet.expect("it was made when the headers were sent")
    }

    /// Looks whether the handler has ended.
    fn look(&mut self, cx: &mut Context<'_>) {
        if let Some(handler) = &mut self.ended
            && let Poll::Ready(ended) = Pin::new(handler).poll(cx)
        {
            self.ended = None;
            self.exchange.settle(ended);
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        self.look(cx);
        let next = self.poll_outlet(cx);
        // It asks for no more before it has sent what it gets.
        self.activity.set_sending(next.is_ready());
        next
    }

    fn poll_outlet(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        loop {
            match self.outlet().next() {
                Next::Chunk(chunk) => return Poll::Ready(Some(Ok(Frame::data(chunk)))),
                Next::End => return Poll::Ready(None),
                Next::Cut => return Poll::Ready(Some(Err(CutShort))),
                Next::Nothing => {
                    let mut news = self.news.take().unwrap_or_else(|| self.outlet().news());
                    if Pin::new(&mut news).poll(cx).is_pending() {
                        self.news = Some(news);
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        let complete = self.outlet().close();
        self.exchange.leave(complete);
        if let Some(ending) = self.ended.take() {
            Rc::clone(&self.exchange).see_off(ending);
        }
        self.activity.set_sending(false);
        self.activity.enter(Phase::Head);
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = CutShort;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Streamed(body) => body.poll_next(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(body) => body.outlet().is_at_end(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Streamed(body) => body.outlet().size_hint(),
        }
    }
}

/// The handler has not made all of the body. The client must see that, so that hyper is told, and cuts the connection.
#[derive(Debug)]
pub(super) struct CutShort;

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler has not made all of the response")
    }
}

impl Error for CutShort {}
