//! Connections that turn to another protocol.

use std::rc::Rc;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use super::RequestHandler;
use crate::server::upgrade::Upgrade;

/// Connections that turn to another protocol.
impl RequestHandler {
    /// The same request, for another one who handles it.
    pub(crate) fn twin(&self) -> Self {
        Self::new(Rc::clone(&self.exchange))
    }

    /// Whether the response is complete.
    pub(crate) fn is_finished(&self) -> bool {
        self.exchange.is_finished()
    }

    /// Finishes with status 101 and these headers, and gives the connection to `upgrade`.
    pub(crate) fn switch_protocols(
        self,
        headers: Vec<(HeaderName, HeaderValue)>,
        upgrade: Upgrade,
    ) {
        let mut reply = self.exchange.reply.borrow_mut();
        reply.set_status(StatusCode::SWITCHING_PROTOCOLS);
        headers.into_iter().for_each(|(name, value)| {
            reply.headers().insert(name, value);
        });
        drop(reply);
        self.exchange.upgrade.set(Some(upgrade));
        self.finish();
    }
}
