//! Without the feature `http2` only HTTP/1 is spoken.

use std::rc::Rc;

use bytes::Bytes;

use super::connections::Place;
use super::peer::Peer;
use super::service::Site;
use super::stream::Stream;

/// The protocols for ALPN.
#[cfg(feature = "tls")]
pub(super) fn protocols() -> Vec<Vec<u8>> {
    vec![b"http/1.1".to_vec()]
}

/// Gives the stream back, and what was read from it: HTTP/1 is spoken on it.
pub(super) async fn take(
    stream: Stream,
    _peer: &Rc<Peer>,
    _site: &Rc<Site>,
    _place: &mut Place,
) -> Option<(Stream, Bytes)> {
    Some((stream, Bytes::new()))
}

/// There are no connections with several requests at a time.
pub(super) enum Streams {}

impl Streams {
    pub(super) fn go(&self, _was_at_work: bool, _is_at_work: bool) {
        match *self {}
    }
}
