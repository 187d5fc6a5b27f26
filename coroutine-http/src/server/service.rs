//! What hyper calls with each request of a connection.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode, Version};
use hyper::body::{Body, Incoming};

use super::access_log::Arrival;
use super::activity::{Activity, Phase};
use super::departure::Departure;
use super::exchange::{Exchange, Finish};
use super::reply::{self, Message, Reply};
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
#[derive(Clone)]
pub(super) struct Service {
    pub(super) site: Rc<Site>,
    pub(super) activity: Rc<Activity>,
    pub(super) remote_addr: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Message;
    type Error = Infallible;
    type Future = Respond;

    #[inline]
    fn call(&self, request: Request<Incoming>) -> Respond {
        let arrival = Arrival::now();
        let (head, body) = request.into_parts();
        let bare = body.is_end_stream();
        self.activity.set_hasty(!bare);
        if !names_its_host(&head) {
            let message = Box::new(reply::error(StatusCode::BAD_REQUEST));
            return self.refuse(message, &head, arrival);
        }
        let route = match self.site.routes.find(&head.method, head.uri.path()) {
            Ok(route) => route,
            Err(message) => return self.refuse(message, &head, arrival),
        };
        if bare {
            return self.start(head, Bytes::new(), route, arrival);
        }
        let service = self.clone();
        Respond::Reading(Box::pin(service.read(head, body, route, arrival)))
    }
}

impl Service {
    /// Answers without asking a handler.
    fn refuse(&self, message: Box<Message>, head: &Parts, arrival: Arrival) -> Respond {
        arrival.refused(message.status(), head, self.remote_addr);
        self.activity.enter(Phase::Head);
        Respond::refused(message)
    }

    /// Calls the handler. Inlined, since the request's head is large, and would be moved about.
    #[inline(always)]
    fn start(&self, head: Parts, body: Bytes, route: Route, arrival: Arrival) -> Respond {
        let (pattern, endpoint) = self.site.routes.get(&route);
        let exchange = Rc::new(Exchange {
            request: HttpServerRequest::new(head, body, self.remote_addr),
            pattern: Rc::clone(pattern),
            path_arguments: route.arguments,
            reply: RefCell::new(Reply::new()),
            arrival,
            finish: Cell::new(Finish::Open),
            departure: Departure::default(),
        });
        self.activity.enter(Phase::Handler);
        let handler = RequestHandler::new(Rc::clone(&exchange));
        Respond::new(endpoint.start(handler), exchange, &self.activity)
    }

    /// Reads the body, then calls the handler.
    async fn read(self, head: Parts, body: Incoming, route: Route, arrival: Arrival) -> Message {
        self.activity.enter(Phase::Body);
        let limit = self.site.settings.max_body_size;
        let body = match body::read(body, limit).await {
            Ok(body) => body,
            Err(error) => return self.refuse_body(&error, &head, arrival),
        };
        self.activity.set_hasty(false);
        match self.start(head, body, route, arrival).await {
            Ok(message) => message,
            Err(never) => match never {},
        }
    }

    fn refuse_body(&self, error: &BodyError, head: &Parts, arrival: Arrival) -> Message {
        let status = match error {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Broken(_) => StatusCode::BAD_REQUEST,
        };
        // What is left of the body is not worth reading.
        let close = HeaderValue::from_static("close");
        let message = reply::error_with(status, CONNECTION, close);
        arrival.refused(status, head, self.remote_addr);
        self.activity.enter(Phase::Head);
        message
    }
}

/// Whether a request names the one host that it is for, as it must since HTTP/1.1 (RFC 9112, 3.2).
fn names_its_host(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    match hosts.next() {
        Some(_) => hosts.next().is_none(),
        None => head.version < Version::HTTP_11,
    }
}
