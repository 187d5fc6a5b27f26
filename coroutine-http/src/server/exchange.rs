//! A request and its response, shared by the handler and the connection.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use coroutine_core as co;
use http::HeaderMap;

use super::access_log::Arrival;
use super::asynchronous::Callbacks;
use super::compression;
use super::departure::Departure;
use super::endpoint::{Ended, Suspended};
use super::outlet::{Outlet, StreamClosedError, WrongLength};
use super::reply::{Message, Reply};
use super::request::HttpServerRequest;
use super::request_failure::RequestFailure;
use super::routes::{Goal, Route};
use super::service::Site;
use super::table::Arguments;
use super::upgrade::Upgrade;
use super::upload::Upload;
use super::web_handler::Life;

/// A request that is being answered.
pub(super) struct Exchange {
    pub(super) request: HttpServerRequest,
    /// The application, and where in it the request goes.
    pub(super) site: Rc<Site>,
    pub(super) goal: Goal,
    /// Names and values of the path's parameters, decoded.
    pub(super) path_arguments: Arguments,
    /// Only borrowed for the length of a call; no foreign code runs meanwhile.
    pub(super) reply: RefCell<Reply>,
    pub(super) arrival: Arrival,
    /// Whether the handler has said that the response is complete.
    pub(super) finish: Cell<Finish>,
    /// Called if the client leaves.
    pub(super) departure: Departure,
    /// Whether the handler ends then.
    pub(super) cancels: Cell<bool>,
    /// What becomes of a handler that is no coroutine.
    pub(super) callbacks: Cell<Callbacks>,
    /// Whether nobody waits for the end of the handler any more when the client has left.
    pub(super) is_bound: Cell<bool>,
    /// What the connection turns to when the response has been sent.
    pub(super) upgrade: Cell<Option<Upgrade>>,
    /// The handler's value, if it is of a type with methods, until the end.
    pub(super) life: RefCell<Option<Rc<dyn Life>>>,
    /// Whether that handler has ended.
    pub(super) handler_ended: Cell<bool>,
    /// Whether that handler was called for a verb that it has no method for.
    pub(super) unsupported: Cell<bool>,
    /// Where the response goes, once its headers are sent before it is complete.
    pub(super) outlet: OnceCell<Box<Outlet>>,
    /// The body of the request, if the handler reads it by itself.
    pub(super) upload: Option<Rc<Upload>>,
}

/// Whether a response is complete.
#[derive(Default)]
pub(super) enum Finish {
    #[default]
    Open,
    /// The connection waits for it.
    Awaited(co::Promise<()>),
    /// The headers are sent, and a part of the body.
    Begun,
    /// The handler has no more to say.
    Finished,
    /// That is logged, and the handler's faults as well.
    Settled,
}

impl Exchange {
    /// Made where it stays: it is large, and would be copied there.
    #[inline(always)]
    pub(super) fn new(
        request: HttpServerRequest,
        site: &Rc<Site>,
        route: Route,
        arrival: Arrival,
        upload: Option<Rc<Upload>>,
    ) -> Rc<Self> {
        let mut place = Rc::new_uninit();
        let room = Rc::get_mut(&mut place).expect("nobody else has it");
        room.write(Self {
            request,
            site: Rc::clone(site),
            goal: route.goal,
            path_arguments: route.arguments,
            reply: RefCell::new(Reply::new()),
            arrival,
            finish: Cell::new(Finish::Open),
            departure: Departure::default(),
            cancels: Cell::new(false),
            callbacks: Cell::default(),
            is_bound: Cell::new(false),
            upgrade: Cell::default(),
            life: RefCell::default(),
            handler_ended: Cell::new(false),
            unsupported: Cell::new(false),
            outlet: OnceCell::new(),
            upload,
        });
        // SAFETY: it was written, just now.
        unsafe { place.assume_init() }
    }
}

/// On the handler's side.
impl Exchange {
    /// The response is complete, whatever the handler does now.
    pub(super) fn finish(&self) {
        match self.finish.take() {
            Finish::Settled => self.finish.set(Finish::Settled),
            before => {
                self.finish.set(Finish::Finished);
                self.tell(before);
            }
        }
    }

    fn tell(&self, before: Finish) {
        match before {
            Finish::Awaited(promise) => promise.set_result(()),
            Finish::Begun => self.complete(),
            Finish::Open | Finish::Finished | Finish::Settled => {}
        }
    }

    pub(super) fn outlet(&self) -> Option<&Outlet> {
        self.outlet.get().map(|outlet| &**outlet)
    }

    /// Whether the headers have left the handler's hands.
    pub(super) fn headers_written(&self) -> bool {
        self.outlet().is_some()
    }

    /// Sends what was written so far.
    pub(super) fn flush(&self) -> co::Future<Result<(), StreamClosedError>> {
        let Some(outlet) = self.outlet().or_else(|| self.begin()) else {
            let (promise, future) = co::promise();
            promise.set_exception(StreamClosedError::new());
            return future;
        };
        self.hand_over(outlet, false);
        outlet.flushed()
    }

    /// Has the headers sent. There is nothing to flush to when nobody waits for the response any more, or it is a mistake.
    fn begin(&self) -> Option<&Outlet> {
        if self.reply.borrow().is_spoilt() {
            self.finish();
        }
        if self.is_finished() || self.departure.has_happened() {
            return None;
        }
        let (length, has_body) = self.seal();
        let outlet = Box::new(Outlet::new(length, has_body));
        let outlet: &Outlet = self.outlet.get_or_init(|| outlet);
        if let Finish::Awaited(promise) = self.finish.replace(Finish::Begun) {
            promise.set_result(());
        }
        Some(outlet)
    }

    fn seal(&self) -> (Option<u64>, bool) {
        let mut reply = self.reply.borrow_mut();
        if self.site.settings.compress_response {
            compression::begin(&self.request, &mut reply);
        }
        reply.seal(self.request.method())
    }

    fn hand_over(&self, outlet: &Outlet, last: bool) {
        let chunk = self.reply.borrow_mut().take_chunk(last);
        self.report_length(outlet.push(chunk));
    }

    /// Sends the rest of a response whose headers are sent.
    pub(super) fn complete(&self) {
        if let Some(outlet) = self.outlet() {
            self.hand_over(outlet, true);
            self.report_length(outlet.complete());
        }
    }

    /// Ends a response whose headers are sent, although a part is missing.
    pub(super) fn cut(&self, why: fmt::Arguments<'_>) {
        if let Some(outlet) = self.outlet() {
            outlet.cut();
        }
        self.finish();
        self.report(why);
    }

    fn report_length(&self, checked: Result<(), WrongLength>) {
        if let Err(error) = checked {
            self.report(format_args!("{error}"));
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.looks(|finish| matches!(finish, Finish::Finished | Finish::Settled))
    }

    fn looks(&self, test: impl FnOnce(&Finish) -> bool) -> bool {
        let finish = self.finish.take();
        let result = test(&finish);
        self.finish.set(finish);
        result
    }
}

/// On the connection's side.
impl Exchange {
    /// Waits for [`finish`](Self::finish), or until the headers are to be sent.
    pub(super) fn finished(&self) -> co::Future<()> {
        let (promise, future) = co::promise();
        match self.finish.take() {
            Finish::Open | Finish::Awaited(_) => self.finish.set(Finish::Awaited(promise)),
            begun => {
                self.finish.set(begun);
                promise.set_result(());
            }
        }
        future
    }

    /// The handler has ended, or has said that it has nothing more to say: logs what went wrong.
    pub(super) fn settle(self: &Rc<Self>, ended: Ended) {
        let fault = self.reply.borrow_mut().take_fault();
        let failure = ended.err().map(RequestFailure::of);
        self.conclude(fault.is_some(), failure.as_ref());
        self.finish.set(Finish::Settled);
        self.departure.forget();
        if let Some(upload) = &self.upload {
            upload.close();
        }
        if let Some(fault) = fault {
            self.report(format_args!("{fault}"));
        }
        if let Some(failure) = failure {
            self.report_failure(&failure);
        }
        self.end_life();
        let status = self.reply.borrow().status();
        self.arrival.answered(status, &self.request);
    }

    /// Makes the response what it is to be, however the handler has ended.
    #[inline]
    fn conclude(self: &Rc<Self>, is_spoilt: bool, failure: Option<&RequestFailure>) {
        let finished = self.is_finished();
        match self.outlet() {
            Some(_) if finished => return,
            Some(outlet) if failure.is_some() => return outlet.cut(),
            Some(_) => return self.complete(),
            None if is_spoilt => self.write_error(&RequestFailure::fault()),
            None => match failure {
                Some(failure) if !finished => self.write_error(failure),
                _ => self.revise(),
            },
        }
        if self.site.settings.compress_response {
            compression::compress(&self.request, &mut self.reply.borrow_mut());
        }
    }

    /// Whether the headers are sent, and the handler has more to say.
    pub(super) fn has_begun(&self) -> bool {
        self.looks(|finish| matches!(finish, Finish::Begun))
    }

    /// The connection takes nothing more of a response whose headers are sent. It may have taken all of it.
    pub(super) fn leave(self: &Rc<Self>, complete: bool) {
        match () {
            () if self.looks(|finish| matches!(finish, Finish::Settled)) => {}
            () if complete || self.is_finished() => self.settle(Ok(())),
            () => self.abandon(),
        }
    }

    /// The connection is gone, and nobody waits for the response any more.
    pub(super) fn abandon(&self) {
        match self.is_finished() {
            true => self.departure.forget(),
            false => {
                self.report_unfinished();
                self.departure.happen();
            }
        }
        // The headers may not even have been taken, so that there is no body that would close it.
        if let Some(outlet) = self.outlet() {
            outlet.close();
        }
        self.abandon_life();
        if let Some(upload) = &self.upload {
            upload.close();
        }
    }

    /// Ends a handler whose client has left, if that is wanted, or waits for its end, to tell what went wrong.
    pub(super) fn see_off(self: Rc<Self>, ending: Box<dyn Suspended>) {
        if self.cancels.get() && self.departure.has_happened() {
            return ending.cancel();
        }
        if !self.is_bound.get() {
            // It goes on by itself.
            drop(see_off(self, ending));
        }
    }

    pub(super) fn report(&self, what: fmt::Arguments<'_>) {
        let (method, path) = (self.request.method(), self.request.path());
        let pattern = self.site.routes.pattern(self.goal);
        let life = self.life.borrow().clone();
        let name = life.map_or("the handler", |life| life.name());
        co::__private::log_error(format_args!(
            "{name} of {pattern} failed at {method} {path}: {what}"
        ));
    }

    /// The response. What the handler still writes into it is lost.
    #[inline(always)]
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

#[co::coroutine(name = "http handler without a client")]
fn see_off(exchange: Rc<Exchange>, ending: Box<dyn Suspended>) {
    if let Err(failure) = yield_!(ending) {
        exchange.report_failure(&RequestFailure::of(failure));
    }
}
