//! `wss:` where there is no TLS.

use coroutine_core::net::TcpStream;

use super::error::{Kind, WebSocketError};
use super::pipe::Duplex;
use crate::client::TlsOptions;

/// There is nothing to be said.
#[derive(Default)]
pub(super) struct Trust;

pub(super) fn trust(_: &TlsOptions) -> Result<Trust, WebSocketError> {
    Ok(Trust)
}

pub(super) async fn start(
    _: TcpStream,
    _: &str,
    _: Trust,
) -> Result<Box<dyn Duplex>, WebSocketError> {
    let text = "`wss:` needs the feature `tls` of `coroutine-http`";
    Err(WebSocketError::new(Kind::Request(text.to_owned())))
}
