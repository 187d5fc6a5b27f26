//! One line a response, through `tracing`, for whoever listens to the target `coroutine_http::access`.

use std::net::SocketAddr;
use std::time::Instant;

use http::request::Parts;
use http::{Method, StatusCode, Uri};

use super::request::{HttpServerRequest, target};

const TARGET: &str = "coroutine_http::access";

/// When a request came, if anybody wants to know.
#[derive(Clone, Copy)]
pub(super) struct Arrival(Option<Instant>);

impl Arrival {
    #[inline]
    pub(super) fn now() -> Self {
        Self(tracing::enabled!(target: TARGET, tracing::Level::INFO).then(Instant::now))
    }

    /// Logs a response.
    #[inline]
    pub(super) fn answered(self, status: StatusCode, request: &HttpServerRequest) {
        if let Some(since) = self.0 {
            let (method, uri) = (request.method(), request.uri());
            log(status, method, uri, request.remote_addr(), since);
        }
    }

    /// Logs a response to a request that has no handler.
    pub(super) fn refused(self, status: StatusCode, head: &Parts, remote_addr: SocketAddr) {
        if let Some(since) = self.0 {
            log(status, &head.method, &head.uri, remote_addr, since);
        }
    }
}

#[cold]
fn log(status: StatusCode, method: &Method, uri: &Uri, remote_addr: SocketAddr, since: Instant) {
    let uri = target(uri);
    let (status, milliseconds) = (status.as_u16(), since.elapsed().as_millis());
    tracing::info!(target: TARGET, "{status} {method} {uri} ({remote_addr}) {milliseconds} ms");
}
