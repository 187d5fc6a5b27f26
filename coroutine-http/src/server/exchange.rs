//! A request and its response, shared by the handler and the connection.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use coroutine_core as co;

use super::reply::Reply;
use super::request::HttpServerRequest;

/// A request that is being answered.
pub(super) struct Exchange {
    pub(super) request: HttpServerRequest,
    /// The path's pattern, for reports.
    pub(super) pattern: Rc<str>,
    /// Names and values of the path's parameters, decoded.
    pub(super) path_arguments: Vec<(Rc<str>, String)>,
    /// Only borrowed for the length of a call; no foreign code runs meanwhile.
    pub(super) reply: RefCell<Reply>,
    finish: Cell<Finish>,
}

/// Whether the handler has said that the response is complete.
enum Finish {
    Open,
    /// The connection waits for it.
    Awaited(co::Promise<()>),
    Finished,
}

impl Exchange {
    pub(super) fn new(
        request: HttpServerRequest,
        pattern: Rc<str>,
        path_arguments: Vec<(Rc<str>, String)>,
    ) -> Self {
        Self {
            request,
            pattern,
            path_arguments,
            reply: RefCell::new(Reply::new()),
            finish: Cell::new(Finish::Open),
        }
    }

    /// The response is complete, whatever the handler does now.
    pub(super) fn finish(&self) {
        if let Finish::Awaited(promise) = self.finish.replace(Finish::Finished) {
            promise.set_result(());
        }
    }

    /// Whether the handler has said that the response is complete.
    pub(super) fn is_finished(&self) -> bool {
        let finish = self.finish.replace(Finish::Finished);
        let finished = matches!(finish, Finish::Finished);
        self.finish.set(finish);
        finished
    }

    /// Waits for [`finish`](Self::finish).
    pub(super) fn finished(&self) -> co::Future<()> {
        let (promise, future) = co::promise();
        match self.finish.replace(Finish::Finished) {
            Finish::Finished => promise.set_result(()),
            Finish::Open | Finish::Awaited(_) => self.finish.set(Finish::Awaited(promise)),
        }
        future
    }

    /// Takes the response out.
    pub(super) fn take_reply(&self) -> Reply {
        self.reply.replace(Reply::new())
    }
}
