//! A request and its response, shared by the handler and the connection.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use coroutine_core as co;
use http::{HeaderMap, StatusCode};

use super::access_log::Arrival;
use super::departure::Departure;
use super::endpoint::Ended;
use super::reply::{Message, Reply};
use super::request::HttpServerRequest;

/// A request that is being answered.
pub(super) struct Exchange {
    pub(super) request: HttpServerRequest,
    /// The path's pattern, for reports.
    pub(super) pattern: Rc<str>,
    /// Names and values of the path's parameters, decoded.
    pub(super) path_arguments: Vec<(Box<str>, String)>,
    /// Only borrowed for the length of a call; no foreign code runs meanwhile.
    pub(super) reply: RefCell<Reply>,
    pub(super) arrival: Arrival,
    /// Whether the handler has said that the response is complete.
    pub(super) finish: Cell<Finish>,
    /// Called if the client leaves.
    pub(super) departure: Departure,
}

/// Whether a response is complete.
#[derive(Default)]
pub(super) enum Finish {
    #[default]
    Open,
    /// The connection waits for it.
    Awaited(co::Promise<()>),
    Finished,
}

/// On the handler's side.
impl Exchange {
    /// The response is complete, whatever the handler does now.
    pub(super) fn finish(&self) {
        if let Finish::Awaited(promise) = self.finish.replace(Finish::Finished) {
            promise.set_result(());
        }
    }
}

/// On the connection's side.
impl Exchange {
    /// Waits for [`finish`](Self::finish).
    pub(super) fn finished(&self) -> co::Future<()> {
        let (promise, future) = co::promise();
        match self.finish.replace(Finish::Finished) {
            Finish::Finished => promise.set_result(()),
            Finish::Open | Finish::Awaited(_) => self.finish.set(Finish::Awaited(promise)),
        }
        future
    }

    /// The handler has ended, or has said that it has nothing more to say: logs what went wrong.
    pub(super) fn settle(&self, ended: Ended) {
        let fault = self.reply.borrow_mut().take_fault();
        let finished = matches!(self.finish.replace(Finish::Finished), Finish::Finished);
        self.departure.forget();
        if fault.is_some() || (ended.is_err() && !finished) {
            self.reply
                .replace(Reply::error(StatusCode::INTERNAL_SERVER_ERROR));
        }
        if let Some(fault) = fault {
            self.report(format_args!("{fault}"));
        }
        if let Err(failure) = ended {
            self.report(format_args!("{}", failure.into_text()));
        }
        let status = self.reply.borrow().status();
        self.arrival.answered(status, &self.request);
    }

    /// The connection is gone, and nobody waits for the response any more.
    pub(super) fn abandon(&self) {
        let finish = self.finish.take();
        let finished = matches!(finish, Finish::Finished);
        self.finish.set(finish);
        match finished {
            true => self.departure.forget(),
            false => self.departure.happen(),
        }
    }

    fn report(&self, what: fmt::Arguments<'_>) {
        let (method, path) = (self.request.method(), self.request.path());
        let pattern = &self.pattern;
        co::__private::log_error(format_args!(
            "the handler of {pattern} failed at {method} {path}: {what}"
        ));
    }

    /// The response. What the handler still writes into it is lost.
    #[inline]
    pub(super) fn into_message(mut self: Rc<Self>) -> Message {
        match Rc::get_mut(&mut self) {
            Some(this) => {
                let spare = this.request.take_headers();
                let method = this.request.method();
                this.reply.get_mut().take_message(method, spare)
            }
            None => {
                let method = self.request.method();
                self.reply
                    .borrow_mut()
                    .take_message(method, HeaderMap::new())
            }
        }
    }
}
