//! What is there to be called beside a handler: when it fails, and when it is a type with methods.

use std::rc::Rc;

use coroutine_core::{self as co, IoLoop};

use super::endpoint::caught;
use super::exchange::Exchange;
use super::reply::Reply;
use super::request_failure::RequestFailure;
use super::request_handler::RequestHandler;
use super::web_handler::Life;

/// Errors.
impl Exchange {
    /// Has the response tell of an error, and nothing else. The headers are not sent yet.
    #[cold]
    pub(super) fn write_error(self: &Rc<Self>, failure: &RequestFailure) {
        self.say_status(failure);
        if failure.status().is_redirection() {
            // Nobody is to see its page.
            return;
        }
        let life = self.life.borrow().clone();
        let mut handler = RequestHandler::new(Rc::clone(self));
        let written = caught(|| match &life {
            Some(life) => life.write_error(&mut handler, failure),
            None => failure.write_page(&mut handler),
        });
        let fault = self.reply.borrow_mut().take_fault();
        let what = match (written, fault) {
            (Ok(()), None) => None,
            (Err(panic), _) => Some(panic.to_string()),
            (Ok(()), Some(fault)) => Some(fault.to_string()),
        };
        if let Some(what) = what {
            self.report(format_args!("{what}, in the page of an error"));
            if !self.headers_written() {
                self.reply.replace(Reply::error(failure.status()));
            }
        }
        // The page may have been flushed, but there is nothing behind it.
        self.complete();
    }

    fn say_status(&self, failure: &RequestFailure) {
        let mut reply = self.reply.borrow_mut();
        reply.clear();
        reply.set_status(failure.status());
        if let Some(reason) = failure.own_reason() {
            reply.set_reason(reason);
        }
        for (name, value) in failure.headers() {
            reply.headers().append(name, value.clone());
        }
    }

    /// An error that says how it is to be answered is no fault, and neither is what the client has done.
    #[cold]
    pub(super) fn report_failure(&self, failure: &RequestFailure) {
        if failure.is_fault() {
            return self.report(format_args!("{}", failure.text()));
        }
        let (status, method) = (failure.status().as_u16(), self.request.method());
        let (path, client) = (self.request.path(), self.request.peer_name());
        match failure.log_message() {
            Some(message) => co::__private::log_warn(format_args!(
                "{status} {method} {path} ({client}): {message}"
            )),
            None => tracing::debug!("{status} {method} {path} ({client}): {}", failure.text()),
        }
    }
}

/// Handlers whose types have methods.
impl Exchange {
    /// Such a handler is there, and has set its default headers.
    pub(super) fn begin_life(&self, life: Rc<dyn Life>) {
        self.reply.borrow_mut().keep_headers();
        self.life.replace(Some(life));
    }

    /// The handler has ended. If nobody waits for the response, nobody else says so.
    pub(super) fn handler_ended(&self) {
        self.handler_ended.set(true);
        if self.departure.has_happened() {
            self.end_life();
        }
    }

    /// There is nothing more to come.
    pub(super) fn end_life(&self) {
        if let Some(life) = self.life.take() {
            IoLoop::current().add_callback(move || life.on_finish());
        }
    }

    /// The connection is gone.
    pub(super) fn abandon_life(&self) {
        let Some(life) = self.life.borrow().clone() else {
            return;
        };
        if self.departure.has_happened() {
            IoLoop::current().add_callback(move || life.on_connection_close());
        }
        if self.is_finished() || self.handler_ended.get() {
            self.end_life();
        }
    }
}
