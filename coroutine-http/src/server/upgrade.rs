//! Connections that turn to another protocol after a response with status 101.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::connections::Place;
use super::stream::Stream;

/// What speaks the other protocol.
pub(crate) trait Protocol {
    /// Ready when the connection is over. Dropping it cuts the connection.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The server shuts down.
    fn go_away(&mut self);
}

/// Takes over a connection, from which some bytes have been read already.
pub(crate) type Upgrade = Box<dyn FnOnce(Stream, Bytes) -> Box<dyn Protocol>>;

/// Speaks the other protocol, in the place that the connection has among the server's.
pub(super) async fn speak(mut protocol: Box<dyn Protocol>, mut place: Place) {
    let mut told = false;
    poll_fn(|cx| {
        if !told && place.poll_last_call(cx).is_ready() {
            told = true;
            protocol.go_away();
        }
        protocol.poll(cx)
    })
    .await;
}
