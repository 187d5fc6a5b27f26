//! Waiting for a response.

use std::convert::Infallible;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use coroutine_core as co;
use http::StatusCode;

use super::access_log::Arrival;
use super::activity::{Activity, Phase};
use super::endpoint::{Ended, Step};
use super::exchange::Exchange;
use super::reply::{Message, Reply};

/// The response to a request, as soon as it is there.
pub(super) enum Respond {
    /// It is there. Boxed nowhere: this is the way of a handler that does not suspend.
    Ready(Option<Message>),
    /// A coroutine is at work.
    Waiting(Box<Waiting>),
    /// The request's body is on its way.
    Reading(Pin<Box<dyn StdFuture<Output = Message>>>),
}

/// A handler that is suspended.
pub(super) struct Waiting {
    /// Dropping it detaches the coroutine, which goes on.
    ended: Pin<Box<dyn StdFuture<Output = Ended>>>,
    /// The handler says that the response is complete, before it has ended.
    finished: co::Future<()>,
    exchange: Rc<Exchange>,
    activity: Rc<Activity>,
    arrival: Arrival,
}

impl Respond {
    pub(super) fn ready(message: Message) -> Self {
        Self::Ready(Some(message))
    }

    /// The response of a handler that was called.
    pub(super) fn new(
        step: Step,
        exchange: Rc<Exchange>,
        activity: Rc<Activity>,
        arrival: Arrival,
    ) -> Self {
        match step {
            Step::Ended(ended) => Self::ready(answer(ended, &exchange, &activity, arrival)),
            Step::Later(ended) => Self::Waiting(Box::new(Waiting {
                ended,
                finished: exchange.finished(),
                exchange,
                activity,
                arrival,
            })),
        }
    }
}

impl StdFuture for Respond {
    type Output = Result<Message, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let message = match &mut *self {
            Self::Ready(message) => message
                .take()
                .expect("hyper polls a response once after it is there"),
            Self::Waiting(waiting) => ready!(waiting.poll(cx)),
            Self::Reading(reading) => ready!(reading.as_mut().poll(cx)),
        };
        Poll::Ready(Ok(message))
    }
}

impl Waiting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Message> {
        let ended = match self.ended.as_mut().poll(cx) {
            Poll::Ready(ended) => ended,
            Poll::Pending => {
                ready!(Pin::new(&mut self.finished).poll(cx));
                Ok(())
            }
        };
        Poll::Ready(answer(ended, &self.exchange, &self.activity, self.arrival))
    }
}

/// Makes the response of what the handler has left behind.
fn answer(ended: Ended, exchange: &Exchange, activity: &Activity, arrival: Arrival) -> Message {
    let request = &exchange.request;
    let mut reply = exchange.take_reply();
    if let Some(fault) = reply.take_fault() {
        let (what, at) = (fault.what, fault.said_at);
        report(
            exchange,
            format_args!("what it said at {at} {what}, so that it cannot be sent"),
        );
        reply = Reply::error(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if let Err(failure) = ended {
        report(exchange, format_args!("{failure}"));
        if !exchange.is_finished() {
            reply = Reply::error(StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
    let message = reply.into_message();
    activity.enter(Phase::Head);
    arrival.answered(
        message.status(),
        request.method(),
        request.uri(),
        request.remote_addr(),
    );
    message
}

fn report(exchange: &Exchange, what: std::fmt::Arguments<'_>) {
    let (method, path) = (exchange.request.method(), exchange.request.path());
    let pattern = &exchange.pattern;
    co::__private::log_error(format_args!(
        "the handler of {pattern} failed at {method} {path}: {what}"
    ));
}
