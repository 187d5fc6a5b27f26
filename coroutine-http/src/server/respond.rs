//! Waiting for a response.

use std::convert::Infallible;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use coroutine_core as co;

use super::activity::{Activity, Phase};
use super::endpoint::{Step, Suspended};
use super::exchange::Exchange;
use super::outgoing::{Outgoing, Streamed};
use super::reply::Message;

/// The response to a request, as soon as it is there. It is small, since hyper moves it about; the response itself is made where it is handed over.
pub(super) enum Respond {
    /// The handler has ended. This is the way of one that does not suspend: there is no allocation and no turn of the loop.
    Ended(Option<Rc<Exchange>>),
    /// The handler has ended, after the headers were sent.
    Flushed(Option<Box<Message>>),
    /// There is no handler for the request.
    Refused(Option<Box<Message>>),
    /// A coroutine is at work.
    Waiting(Box<Waiting>),
    /// The request's body is on its way.
    Reading(Pin<Box<dyn StdFuture<Output = Message>>>),
}

/// A handler that is suspended.
pub(super) struct Waiting {
    /// Until the response is made. Dropping it detaches the coroutine, which goes on.
    ended: Option<Box<dyn Suspended>>,
    /// The handler says that the response is complete, before it has ended.
    finished: co::Future<()>,
    /// Until the response is made.
    exchange: Option<Rc<Exchange>>,
    activity: Rc<Activity>,
}

impl Respond {
    pub(super) fn refused(message: Box<Message>) -> Self {
        Self::Refused(Some(message))
    }

    /// The response of a handler that was called.
    pub(super) fn new(step: Step, exchange: Rc<Exchange>, activity: &Rc<Activity>) -> Self {
        match step {
            Step::Ended(ended) => {
                exchange.settle(ended);
                activity.enter(Phase::Head);
                match exchange.headers_written() {
                    true => Self::Flushed(Some(Box::new(streamed(&exchange, None, activity)))),
                    false => Self::Ended(Some(exchange)),
                }
            }
            Step::Later(ended) => Self::waiting(ended, exchange, activity),
            Step::Bound(ended) => {
                exchange.is_bound.set(true);
                Self::waiting(Box::new(ended), exchange, activity)
            }
            Step::Callbacks => {
                exchange.is_bound.set(true);
                Self::waiting(exchange.forsaken(), exchange, activity)
            }
        }
    }

    fn waiting(ended: Box<dyn Suspended>, exchange: Rc<Exchange>, activity: &Rc<Activity>) -> Self {
        Self::Waiting(Box::new(Waiting {
            ended: Some(ended),
            finished: exchange.finished(),
            exchange: Some(exchange),
            activity: Rc::clone(activity),
        }))
    }
}

/// Why a response is there when it is taken: hyper polls for it until it has it.
const ONCE: &str = "hyper does not poll for a response that it has";

impl StdFuture for Respond {
    type Output = Result<Message, Infallible>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match &mut *self {
            Self::Ended(exchange) => Exchange::into_message(exchange.take().expect(ONCE)),
            Self::Refused(message) | Self::Flushed(message) => *message.take().expect(ONCE),
            Self::Waiting(waiting) => ready!(waiting.poll(cx)),
            Self::Reading(reading) => ready!(reading.as_mut().poll(cx)),
        }))
    }
}

impl Waiting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Message> {
        let ended = match Pin::new(self.ended.as_mut().expect(ONCE)).poll(cx) {
            Poll::Ready(ended) => Some(ended),
            Poll::Pending => {
                ready!(Pin::new(&mut self.finished).poll(cx));
                None
            }
        };
        let exchange = self.exchange.take().expect(ONCE);
        let begun = exchange.has_begun();
        if ended.is_none() && begun {
            return Poll::Ready(streamed(&exchange, self.ended.take(), &self.activity));
        }
        exchange.settle(ended.unwrap_or(Ok(())));
        self.activity.set_upgrade(exchange.upgrade.take());
        self.activity.enter(Phase::Head);
        Poll::Ready(match exchange.headers_written() {
            true => streamed(&exchange, None, &self.activity),
            false => exchange.into_message(),
        })
    }
}

/// A response whose body is sent while it is made.
fn streamed(
    exchange: &Rc<Exchange>,
    ending: Option<Box<dyn Suspended>>,
    activity: &Rc<Activity>,
) -> Message {
    let body = Streamed::new(Rc::clone(exchange), ending, Rc::clone(activity));
    let body = Outgoing::Streamed(Box::new(body));
    exchange.reply.borrow_mut().message(body)
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // The response was not taken: the connection is gone.
        if let Some(exchange) = self.exchange.take() {
            exchange.abandon();
            if let Some(ending) = self.ended.take() {
                exchange.see_off(ending);
            }
        }
    }
}
