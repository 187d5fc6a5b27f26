//! What a request may say of how it is fetched. A client has defaults for what it does not say.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use coroutine_core::Promise;

use super::outgoing::BodyWriter;
use super::response::HttpResponse;
use super::step::Step;
use super::tls::TlsOptions;

/// Called with each chunk of a response's body.
pub(super) type ChunkCallback = Rc<RefCell<dyn FnMut(Bytes) -> Step>>;

/// Called with each line of a response's head.
pub(super) type LineCallback = Rc<RefCell<dyn FnMut(&str)>>;

/// Where a streamed response goes.
pub(super) struct Stream {
    /// Kept when the head is there. None from then on.
    pub(super) head: Option<Promise<HttpResponse>>,
    pub(super) chunks: BodyWriter,
}

/// None stands for what was not said.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) connect_timeout: Option<Duration>,
    pub(super) request_timeout: Option<Duration>,
    /// How many redirects are followed.
    pub(super) redirects: Option<u32>,
    pub(super) raise_error: Option<bool>,
    /// In bytes.
    pub(super) max_body_size: Option<usize>,
    pub(super) decompress: Option<bool>,
    pub(super) nonstandard_methods: Option<bool>,
    pub(super) expect_continue: Option<bool>,
    pub(super) on_chunk: Option<ChunkCallback>,
    pub(super) on_line: Option<LineCallback>,
    /// From which address it connects.
    pub(super) interface: Option<IpAddr>,
    pub(super) unix_socket: Option<Rc<Path>>,
    pub(super) tls: TlsOptions,
}

/// As in Tornado.
const TIMEOUT: Duration = Duration::from_secs(20);
pub(super) const REDIRECTS: u32 = 5;

/// What is not said is what `other` says.
pub(super) fn complete<T: Clone>(said: &mut Option<T>, other: &Option<T>) {
    if said.is_none() {
        said.clone_from(other);
    }
}

impl Options {
    /// Adds what `others` say and these do not.
    pub(super) fn complete(&mut self, others: &Self) {
        complete(&mut self.connect_timeout, &others.connect_timeout);
        complete(&mut self.request_timeout, &others.request_timeout);
        complete(&mut self.redirects, &others.redirects);
        complete(&mut self.raise_error, &others.raise_error);
        complete(&mut self.max_body_size, &others.max_body_size);
        complete(&mut self.decompress, &others.decompress);
        complete(&mut self.nonstandard_methods, &others.nonstandard_methods);
        complete(&mut self.expect_continue, &others.expect_continue);
        complete(&mut self.on_chunk, &others.on_chunk);
        complete(&mut self.on_line, &others.on_line);
        complete(&mut self.interface, &others.interface);
        complete(&mut self.unix_socket, &others.unix_socket);
        self.tls.complete(&others.tls);
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.unwrap_or(TIMEOUT)
    }

    pub(super) fn request_timeout(&self) -> Duration {
        self.request_timeout.unwrap_or(TIMEOUT)
    }

    pub(super) fn redirects(&self) -> u32 {
        self.redirects.unwrap_or(REDIRECTS)
    }

    pub(super) fn raise_error(&self) -> bool {
        self.raise_error.unwrap_or(true)
    }

    pub(super) fn decompress(&self) -> bool {
        self.decompress.unwrap_or(true)
    }

    pub(super) fn nonstandard_methods(&self) -> bool {
        self.nonstandard_methods.unwrap_or(false)
    }

    pub(super) fn expect_continue(&self) -> bool {
        self.expect_continue.unwrap_or(false)
    }
}
