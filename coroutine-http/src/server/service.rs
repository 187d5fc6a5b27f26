//! What hyper calls with each request of a connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::{Body, Incoming};

use super::access_log::Arrival;
use super::activity::{Activity, Phase};
use super::exchange::Exchange;
use super::reply::{self, Message};
use super::request::HttpServerRequest;
use super::request_handler::RequestHandler;
use super::respond::Respond;
use super::routes::{Route, Routes};
use super::settings::Settings;
use crate::body::{self, BodyError};

/// An application, as its connections see it.
pub(super) struct Site {
    pub(super) routes: Routes,
    pub(super) settings: Settings,
}

/// The requests of one connection.
pub(super) struct Service {
    pub(super) site: Rc<Site>,
    pub(super) activity: Rc<Activity>,
    pub(super) remote_addr: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Message;
    type Error = Infallible;
    type Future = Respond;

    fn call(&self, request: Request<Incoming>) -> Respond {
        let arrival = Arrival::now();
        let (head, body) = request.into_parts();
        let bare = body.is_end_stream();
        self.activity.set_hasty(!bare);
        let route = match self.site.routes.find(&head.method, head.uri.path()) {
            Ok(route) => route,
            Err(message) => return self.refuse(*message, &head, arrival),
        };
        let call = Call {
            head,
            route,
            arrival,
            remote_addr: self.remote_addr,
            activity: Rc::clone(&self.activity),
        };
        if bare {
            return call.start(Bytes::new());
        }
        let limit = self.site.settings.max_body_size;
        Respond::Reading(Box::pin(call.start_with_body(body, limit)))
    }
}

impl Service {
    /// Answers without asking a handler.
    fn refuse(&self, message: Message, head: &Parts, arrival: Arrival) -> Respond {
        arrival.answered(message.status(), &head.method, &head.uri, self.remote_addr);
        self.activity.enter(Phase::Head);
        Respond::ready(message)
    }
}

/// A request on its way to its handler.
struct Call {
    head: Parts,
    route: Route,
    arrival: Arrival,
    remote_addr: SocketAddr,
    activity: Rc<Activity>,
}

impl Call {
    /// Calls the handler.
    fn start(self, body: Bytes) -> Respond {
        let Route {
            endpoint,
            pattern,
            arguments,
        } = self.route;
        let request = HttpServerRequest::new(self.head, body, self.remote_addr);
        let exchange = Rc::new(Exchange::new(request, pattern, arguments));
        self.activity.enter(Phase::Handler);
        let step = endpoint.start(RequestHandler::new(Rc::clone(&exchange)));
        Respond::new(step, exchange, self.activity, self.arrival)
    }

    /// Reads the body, then calls the handler.
    async fn start_with_body(self, body: Incoming, limit: usize) -> Message {
        self.activity.enter(Phase::Body);
        let body = match body::read(body, limit).await {
            Ok(body) => body,
            Err(error) => return self.refuse_body(&error),
        };
        self.activity.set_hasty(false);
        match self.start(body).await {
            Ok(message) => message,
            Err(never) => match never {},
        }
    }

    fn refuse_body(self, error: &BodyError) -> Message {
        let status = match error {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Broken(_) => StatusCode::BAD_REQUEST,
        };
        // What is left of the body is not worth reading.
        let close = HeaderValue::from_static("close");
        let message = reply::error_with(status, CONNECTION, close);
        let Parts { method, uri, .. } = &self.head;
        self.arrival
            .answered(message.status(), method, uri, self.remote_addr);
        self.activity.enter(Phase::Head);
        message
    }
}
