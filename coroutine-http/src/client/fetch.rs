//! A fetch: it waits for its turn, sends the request, and follows redirects.

use std::rc::Rc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use coroutine_core::locks::Permit;
use coroutine_core::{self as co, IoLoop};
use http::header::HeaderName;
use http::{Method, response};

use super::async_http_client::Inner;
use super::authority::Authority;
use super::error::{HttpError, Kind, Unfinished};
use super::exchange::{Answer, exchange};
use super::receive::{Gathered, Reading, Sink, skip, tell_head};
use super::redirect;
use super::request::{HttpRequest, Parts};
use super::response::HttpResponse;
use super::timing::{Phase, Progress};
use crate::decompression::Decoder;

#[co::coroutine]
pub(super) fn fetch(client: Rc<Inner>, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let mut parts = request.parts?;
    client.add_defaults(&mut parts);
    let to = Authority::of(&parts.url)?;
    let time = parts.options.request_timeout();
    let mut fetch = Fetch {
        client: &client,
        request: parts,
        start_time: SystemTime::now(),
        progress: Progress::new(IoLoop::current().time()),
        followed: 0,
    };
    let ended = yield_!(co::with_timeout(time, fetch.run()));
    ended.unwrap_or_else(|_| Err(fetch.late(&to)))
}

struct Fetch<'a> {
    client: &'a Inner,
    request: Box<Parts>,
    start_time: SystemTime,
    progress: Progress,
    /// How many redirects were followed.
    followed: u32,
}

impl Fetch<'_> {
    async fn run(&mut self) -> Result<HttpResponse, HttpError> {
        // Kept from one redirect to the next: nobody else's turn comes in between, so that one alone is enough.
        let _turn = self.turn().await?;
        loop {
            let answer = exchange(&self.request, self.client, &mut self.progress).await?;
            if let Some(response) = self.take(answer).await? {
                return Ok(response);
            }
        }
    }

    /// Waits for one of the client's requests to end, if there are too many.
    async fn turn(&mut self) -> Result<Permit, HttpError> {
        if self.client.closed.get() {
            return Err(HttpError::new(Kind::Closed));
        }
        let slots = &self.client.slots;
        if let Some(turn) = slots.try_acquire() {
            return Ok(turn);
        }
        let options = &self.request.options;
        let time = options.connect_timeout().min(options.request_timeout());
        let turn = slots.acquire_timeout(time).await;
        let now = IoLoop::current().time();
        self.progress.times.queue = self.progress.since(now);
        turn.map_err(|_| {
            let to = Authority::of(&self.request.url).map(|to| to.to_string());
            HttpError::new(Kind::QueueTimeout(to.unwrap_or_default(), time))
        })
    }

    /// What it means that the time is over.
    fn late(&self, to: &Authority) -> HttpError {
        let time = self.request.options.request_timeout();
        match self.progress.phase {
            Phase::Queue => HttpError::new(Kind::QueueTimeout(to.to_string(), time)),
            phase => {
                let kind = Kind::RequestTimeout(to.to_string(), time);
                HttpError::caused(kind, Unfinished(phase))
            }
        }
    }

    /// Takes in a response. None if it was a redirect, and the request is now the one that it leads to.
    async fn take(&mut self, answer: Box<Answer>) -> Result<Option<HttpResponse>, HttpError> {
        let location = redirect::location(answer.response.headers(), answer.response.status());
        let is_redirect = location.is_some();
        // Where redirects are not followed, nobody cares what it is.
        let target = location
            .filter(|_| self.followed < self.request.options.redirects())
            .map(|location| redirect::target(&self.request.url, location));
        let broken = match target {
            Some(Ok(url)) => {
                // Boxed, since most fetches have no need of the room.
                Box::pin(self.follow(answer, url)).await;
                return Ok(None);
            }
            Some(Err(broken)) => Some(broken),
            None => None,
        };
        let streams = broken.is_none() && self.is_welcome(&answer, is_redirect);
        let response = self.receive(answer, streams).await?;
        if let Some((location, error)) = broken {
            return Err(HttpError::caused(Kind::Location(location, response), error));
        }
        match self.request.options.raise_error() {
            true if is_redirect && 0 < self.followed => {
                Err(HttpError::new(Kind::Redirects(response)))
            }
            true => response.rethrow().map(Some),
            false => Ok(Some(response)),
        }
    }

    /// Whether the response is what is asked for, and not an error.
    fn is_welcome(&self, answer: &Answer, is_redirect: bool) -> bool {
        let good = answer.response.status().is_success() && !is_redirect;
        good || !self.request.options.raise_error()
    }

    async fn follow(&mut self, answer: Box<Answer>, url: url::Url) {
        let Answer {
            response,
            mut connection,
            target,
        } = *answer;
        let status = response.status();
        let is_read = skip(response.into_body(), &mut connection).await;
        let is_reusable = is_read && connection.is_reusable().await;
        let now = IoLoop::current().time();
        if is_reusable {
            self.client.keep(&target, connection, now);
        }
        self.followed += 1;
        redirect::follow(&mut self.request, url, status);
        self.progress.begin_redirect(now);
    }

    /// Takes in the response that is given to whoever fetches. An error is given as a whole also where responses are streamed.
    async fn receive(
        &mut self,
        answer: Box<Answer>,
        streams: bool,
    ) -> Result<HttpResponse, HttpError> {
        let Answer {
            response,
            mut connection,
            target,
        } = *answer;
        let (mut head, body) = response.into_parts();
        let options = &self.request.options;
        // What is said of a body that does not come stays as it is.
        let decoder = match options.decompress() && self.request.method != Method::HEAD {
            true => Decoder::take(&mut head.headers).map(Box::new),
            false => None,
        };
        if let Some(callback) = &options.on_line {
            tell_head(callback, &head)?;
        }
        let mut reading = Reading {
            limit: options.max_body_size.unwrap_or(usize::MAX),
            decoder,
            sink: self.sink(&head, streams),
        };
        reading.read(body, &mut connection, &target).await?;
        let is_reusable = connection.is_reusable().await;
        let now = IoLoop::current().time();
        if is_reusable {
            self.client.keep(&target, connection, now);
        }
        Ok(self.response(head, reading.sink.into_body(), now))
    }

    fn sink(&mut self, head: &response::Parts, streams: bool) -> Sink {
        if streams && let Some(stream) = &mut self.request.stream {
            let (head_of_stream, chunks) = (stream.head.take(), stream.chunks.clone());
            if let Some(promise) = head_of_stream {
                promise.set_result(self.response(
                    copy(head),
                    Bytes::new(),
                    IoLoop::current().time(),
                ));
            }
            return Sink::Stream(chunks);
        }
        match &self.request.options.on_chunk {
            Some(callback) => Sink::Callback(Rc::clone(callback)),
            None => Sink::Whole(Gathered::default()),
        }
    }

    fn response(&mut self, head: response::Parts, body: Bytes, now: Instant) -> HttpResponse {
        let times = self.progress.end(now);
        let url = self.request.url.clone();
        HttpResponse::new(head, body, url, self.start_time, times)
    }
}

/// A head for whoever streams, who has it before the response is complete.
fn copy(head: &response::Parts) -> response::Parts {
    let (mut copy, ()) = response::Response::new(()).into_parts();
    copy.status = head.status;
    copy.headers.clone_from(&head.headers);
    copy.extensions.clone_from(&head.extensions);
    copy
}

impl Inner {
    /// What the client says where the request says nothing.
    fn add_defaults(&self, request: &mut Parts) {
        let options = std::mem::take(&mut request.options);
        request.options = options.or(&self.settings.defaults);
        let defaults = &self.settings.default_headers;
        let missing: Vec<HeaderName> = defaults
            .keys()
            .filter(|name| !request.headers.contains_key(*name))
            .cloned()
            .collect();
        for name in missing {
            for value in defaults.get_all(&name) {
                request.headers.append(name.clone(), value.clone());
            }
        }
        if request.authorization.is_none() {
            request.authorization = self.settings.default_authorization.clone();
        }
    }
}
