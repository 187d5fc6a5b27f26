//! What hyper calls with each request of a connection.

use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use coroutine_core as co;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode, Version};
use hyper::body::{Body, Incoming};

use super::access_log::Arrival;
use super::activity::{Activity, Phase};
use super::endpoint::{Failure, Step};
use super::exchange::Exchange;
use super::peer::Peer;
use super::reply::{self, Message};
use super::request::HttpServerRequest;
use super::request_handler::RequestHandler;
use super::respond::Respond;
use super::routes::{Route, Routes};
use super::settings::Settings;
use super::upload::Upload;
use crate::body::{self, BodyError};
use crate::decompression::Decoder;

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
    pub(super) peer: Rc<Peer>,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Message;
    type Error = Infallible;
    type Future = Respond;

    #[inline]
    fn call(&self, request: Request<Incoming>) -> Respond {
        let arrival = Arrival::now(self.site.settings.log_function.as_ref());
        let (mut head, body) = request.into_parts();
        let bare = body.is_end_stream();
        self.activity.begin();
        self.activity.set_hasty(!bare);
        if !names_its_host(&head) || self.activity.is_ambiguous() {
            let message = Box::new(reply::error(StatusCode::BAD_REQUEST));
            return self.refuse(message, &head, &arrival);
        }
        let route = match self.site.routes.find(&head) {
            Ok(route) => route,
            Err(message) => return self.refuse(message, &head, &arrival),
        };
        if bare {
            return self.start(head, Bytes::new(), None, route, arrival);
        }
        let decoder = match self.site.settings.decompress_request {
            true => Decoder::take(&mut head.headers),
            false => None,
        };
        if self.site.routes.streams_request_body(route.goal) {
            let upload = Some(Rc::new(self.upload(body, decoder)));
            return self.start(head, Bytes::new(), upload, route, arrival);
        }
        let service = self.clone();
        Respond::Reading(Box::pin(service.read(
            head,
            (body, decoder),
            route,
            arrival,
        )))
    }
}

impl Service {
    /// Answers without asking a handler.
    fn refuse(&self, message: Box<Message>, head: &Parts, arrival: &Arrival) -> Respond {
        arrival.refused(message.status(), head, &self.peer);
        self.activity.enter(Phase::Head);
        Respond::refused(message)
    }

    /// A body that its handler reads.
    fn upload(&self, body: Incoming, decoder: Option<Decoder>) -> Upload {
        let limit = self.site.settings.max_body_size;
        let timeout = self.site.settings.body_timeout;
        Upload::new(body, decoder, limit, timeout, Rc::clone(&self.activity))
    }

    /// Calls the handler. Inlined, since the request's head is large, and would be moved about.
    #[inline(always)]
    fn start(
        &self,
        head: Parts,
        body: Bytes,
        upload: Option<Rc<Upload>>,
        route: Route,
        arrival: Arrival,
    ) -> Respond {
        let goal = route.goal;
        let request = HttpServerRequest::new(head, body, Rc::clone(&self.peer));
        let exchange = Exchange::new(request, &self.site, route, arrival, upload);
        self.activity.enter(Phase::Handler);
        let handler = RequestHandler::new(Rc::clone(&exchange));
        let step = match exchange.check_xsrf() {
            Ok(()) => self.site.routes.start(goal, handler),
            Err(error) => Step::Ended(Err(Failure::Error(error.into()))),
        };
        Respond::new(step, exchange, &self.activity)
    }

    /// Reads the body, then calls the handler.
    async fn read(
        self,
        head: Parts,
        body: (Incoming, Option<Decoder>),
        route: Route,
        arrival: Arrival,
    ) -> Message {
        self.activity.enter(Phase::Body);
        let body = match self.read_within_limits(body).await {
            Ok(body) => body,
            Err(status) => return self.refuse_body(status, &head, &arrival),
        };
        self.activity.set_hasty(false);
        match self.start(head, body, None, route, arrival).await {
            Ok(message) => message,
            Err(never) => match never {},
        }
    }

    async fn read_within_limits(
        &self,
        (body, decoder): (Incoming, Option<Decoder>),
    ) -> Result<Bytes, StatusCode> {
        let reading = body::read(body, self.site.settings.max_body_size, decoder);
        let read = match self.site.settings.body_timeout {
            Some(timeout) => match co::with_timeout(timeout, reading).await {
                Ok(read) => read,
                Err(_) => return Err(StatusCode::REQUEST_TIMEOUT),
            },
            None => reading.await,
        };
        read.map_err(|error| match error {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Broken => StatusCode::BAD_REQUEST,
        })
    }

    fn refuse_body(&self, status: StatusCode, head: &Parts, arrival: &Arrival) -> Message {
        // What is left of the body is not worth reading.
        let close = HeaderValue::from_static("close");
        let message = reply::error_with(status, CONNECTION, close);
        arrival.refused(status, head, &self.peer);
        self.activity.enter(Phase::Head);
        message
    }
}

/// Whether a request names the one host that it is for, as it must since HTTP/1.1 (RFC 9112, 3.2); since HTTP/2 in its target (RFC 9113, 8.3.1).
fn names_its_host(head: &Parts) -> bool {
    let headers = &head.headers;
    let hosts = match headers.len() == headers.keys_len() {
        // No header is repeated. Clients name the host first, so that it is found sooner by looking than by its hash.
        true => usize::from(headers.keys().any(|name| *name == HOST)),
        false => headers.get_all(HOST).iter().count(),
    };
    match hosts {
        0 => head.version < Version::HTTP_11 || head.version == Version::HTTP_2,
        hosts => hosts == 1,
    }
}
