//! A fetch: it waits for its turn, sends the request, and follows redirects.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::locks::Permit;
use http::Method;
use http::header::HeaderName;
use url::{ParseError, Url};

use super::async_http_client::Inner;
use super::authority::{Authority, place};
use super::connect::Target;
use super::connection::Connection;
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
    let mut request = request.parts?;
    client.add_defaults(&mut request);
    place(&request.url)?;
    let time = request.options.request_timeout();
    let mut fetch = Fetch {
        client: &client,
        asked: Arc::clone(&request.url),
        request,
        progress: Progress::new(),
        followed: 0,
    };
    let ended = {
        // Pinned here, so that it is not moved into what waits for it.
        let run = pin!(fetch.run());
        yield_!(co::with_timeout(time, run))
    };
    ended.unwrap_or_else(|_| Err(fetch.late()))
}

struct Fetch<'a> {
    client: &'a Inner,
    /// What was asked for, before any redirect.
    asked: Arc<Url>,
    request: Box<Parts>,
    progress: Progress,
    /// How many redirects were followed.
    followed: u32,
}

/// The text of a redirect that leads nowhere, and what is wrong with it.
type Broken = Box<(String, ParseError)>;

impl Fetch<'_> {
    async fn run(&mut self) -> Result<HttpResponse, HttpError> {
        // Kept from one redirect to the next: nobody else's turn comes in between, so that one alone is enough.
        let _turn = self.turn().await?;
        loop {
            let mut answer = exchange(&self.request, self.client, &mut self.progress).await?;
            let broken = match self.redirect(&answer.response) {
                // Boxed, since most fetches have no need of the room.
                Some(Ok(url)) => {
                    Box::pin(self.follow(answer, url)).await;
                    continue;
                }
                Some(Err(broken)) => Some(broken),
                None => None,
            };
            self.receive(&mut answer, broken.is_none()).await?;
            return self.conclude(answer, broken);
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
        self.progress.times.queue = self.progress.look();
        turn.map_err(|_| self.late_for_turn(time))
    }

    fn late_for_turn(&self, time: Duration) -> HttpError {
        HttpError::new(Kind::QueueTimeout(self.place(), time))
    }

    /// Whom it wants to reach, for messages.
    fn place(&self) -> String {
        let place = Authority::of(&self.asked).map(|to| to.to_string());
        place.unwrap_or_default()
    }

    /// What it means that the time is over.
    fn late(&self) -> HttpError {
        let time = self.request.options.request_timeout();
        match self.progress.phase {
            Phase::Queue => self.late_for_turn(time),
            phase => {
                let kind = Kind::RequestTimeout(self.place(), time);
                HttpError::caused(kind, Unfinished(phase))
            }
        }
    }

    /// Where the response leads, if it is to be followed.
    fn redirect(&self, response: &HttpResponse) -> Option<Result<Url, Broken>> {
        let location = redirect::location(response.headers(), response.status())?;
        // Where redirects are not followed, nobody cares what it is.
        let is_followed = self.followed < self.request.options.redirects();
        let target = is_followed.then(|| redirect::target(&self.request.url, location))?;
        Some(target.map_err(Box::new))
    }

    async fn follow(&mut self, mut answer: Answer, url: Url) {
        if skip(&mut answer.body, &mut answer.connection).await {
            answer.connection.settle().await;
            self.progress.look();
            self.keep(answer.connection, answer.target);
        }
        self.followed += 1;
        redirect::follow(&mut self.request, url, answer.response.status());
        self.progress.begin_redirect();
    }

    /// Takes in the body of a response that is given to whoever fetches. An error is given as a whole also where responses are streamed.
    async fn receive(&mut self, answer: &mut Answer, is_sound: bool) -> Result<(), HttpError> {
        let response = &mut answer.response;
        let streams = is_sound && self.is_welcome(response);
        let options = &self.request.options;
        // What is said of a body that does not come stays as it is.
        let decoder = match options.decompress() && self.request.method != Method::HEAD {
            true => Decoder::take(response.headers_mut()).map(Box::new),
            false => None,
        };
        if let Some(callback) = &options.on_line {
            tell_head(callback, response)?;
        }
        let mut reading = Reading {
            limit: options.max_body_size.unwrap_or(usize::MAX),
            decoder,
            sink: self.sink(response, streams),
        };
        reading.read(answer).await?;
        answer.connection.settle().await;
        answer.response.set_body(reading.sink.into_body());
        Ok(())
    }

    /// Whether the response is what is asked for, and not an error.
    fn is_welcome(&self, response: &HttpResponse) -> bool {
        let is_redirect = redirect::location(response.headers(), response.status()).is_some();
        let good = response.status().is_success() && !is_redirect;
        good || !self.request.options.raise_error()
    }

    /// Gives the response that was taken in.
    fn conclude(
        &mut self,
        answer: Answer,
        broken: Option<Broken>,
    ) -> Result<HttpResponse, HttpError> {
        let mut response = answer.response;
        response.set_times(self.progress.end());
        self.keep(answer.connection, answer.target);
        if let Some(broken) = broken {
            let (location, error) = *broken;
            return Err(HttpError::caused(Kind::Location(location, response), error));
        }
        let is_redirect = redirect::location(response.headers(), response.status()).is_some();
        match self.request.options.raise_error() {
            true if is_redirect && 0 < self.followed => {
                Err(HttpError::new(Kind::Redirects(response)))
            }
            true => response.rethrow(),
            false => Ok(response),
        }
    }

    /// Keeps the connection for the next request, if it can be used again.
    fn keep(&self, connection: Connection, target: Rc<Target>) {
        if connection.is_reusable() {
            self.client.keep(target, connection, self.progress.now);
        }
    }

    fn sink(&mut self, response: &HttpResponse, streams: bool) -> Sink {
        if streams && let Some(stream) = &mut self.request.stream {
            let (head_of_stream, chunks) = (stream.head.take(), stream.chunks.clone());
            if let Some(promise) = head_of_stream {
                // For whoever streams, who has it before the response is complete.
                let mut head = response.clone();
                head.set_times(self.progress.end());
                promise.set_result(head);
            }
            return Sink::Stream(chunks);
        }
        match &self.request.options.on_chunk {
            Some(callback) => Sink::Callback(Rc::clone(callback)),
            None => Sink::Whole(Gathered::default()),
        }
    }
}

impl Inner {
    /// What the client says where the request says nothing.
    fn add_defaults(&self, request: &mut Parts) {
        request.options.complete(&self.settings.defaults);
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
