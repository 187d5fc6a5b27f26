//! Getting a connection.

use std::io;
use std::time::Duration;

use coroutine_core::net::{TcpStream, lookup_host};

use super::authority::Authority;
use super::error::{HttpError, Kind};
use crate::limit::within;

/// Connects to a host: to each of its addresses in turn, until one answers.
pub(super) async fn connect(to: &Authority, time: Duration) -> Result<TcpStream, HttpError> {
    match within(time, try_all(to, time)).await {
        Some(result) => result,
        None => Err(HttpError::new(Kind::ConnectTimeout(to.to_string(), time))),
    }
}

async fn try_all(to: &Authority, time: Duration) -> Result<TcpStream, HttpError> {
    let addresses = lookup_host(&to.host, to.port)
        .await
        .map_err(|error| HttpError::caused(Kind::LookUp(to.host.clone()), error))?;
    // None may use up the time of those behind it.
    let share = u32::try_from(addresses.len()).map_or(time, |count| time / count.max(1));
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for address in addresses {
        match within(share, TcpStream::connect(address)).await {
            Some(Ok(stream)) => {
                // Where it fails, the connection is gone, which the request finds out.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Some(Err(error)) => last = error,
            None => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(match last.kind() {
        io::ErrorKind::TimedOut => HttpError::new(Kind::ConnectTimeout(to.to_string(), time)),
        _ => HttpError::caused(Kind::Connect(to.to_string()), last),
    })
}
