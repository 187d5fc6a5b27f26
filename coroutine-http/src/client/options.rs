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

impl Options {
    /// These, and `others` for what they do not say.
    pub(super) fn or(self, others: &Self) -> Self {
        Self {
            connect_timeout: self.connect_timeout.or(others.connect_timeout),
            request_timeout: self.request_timeout.or(others.request_timeout),
            redirects: self.redirects.or(others.redirects),
            raise_error: self.raise_error.or(others.raise_error),
            max_body_size: self.max_body_size.or(others.max_body_size),
            decompress: self.decompress.or(others.decompress),
            nonstandard_methods: self.nonstandard_methods.or(others.nonstandard_methods),
            expect_continue: self.expect_continue.or(others.expect_continue),
            on_chunk: self.on_chunk.or_else(|| others.on_chunk.clone()),
            on_line: self.on_line.or_else(|| others.on_line.clone()),
            interface: self.interface.or(others.interface),
            unix_socket: self.unix_socket.or_else(|| others.unix_socket.clone()),
            tls: self.tls.or(&others.tls),
        }
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
