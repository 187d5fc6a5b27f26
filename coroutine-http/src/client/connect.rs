//! Getting a connection.

use std::io;
use std::time::Duration;

use coroutine_core::net::{TcpStream, lookup_host};
use coroutine_core::with_timeout;

use super::authority::Authority;
use super::error::{HttpError, Kind};

/// Connects to a host: to whichever of its addresses answers first.
pub(super) async fn connect(to: &Authority, time: Duration) -> Result<TcpStream, HttpError> {
    match with_timeout(time, find_and_connect(to, time)).await {
        Ok(result) => result,
        Err(_) => Err(HttpError::new(Kind::ConnectTimeout(to.to_string(), time))),
    }
}

async fn find_and_connect(to: &Authority, time: Duration) -> Result<TcpStream, HttpError> {
    let addresses = lookup_host(&to.host, to.port)
        .await
        .map_err(|error| HttpError::caused(Kind::LookUp(to.host.clone()), error))?;
    let connected = TcpStream::connect_any(addresses).await;
    let stream = connected.map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => HttpError::new(Kind::ConnectTimeout(to.to_string(), time)),
        _ => HttpError::caused(Kind::Connect(to.to_string()), error),
    })?;
    // Where it fails, the connection is gone, which the request finds out.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
