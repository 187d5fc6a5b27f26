//! A connection, from its first byte to its last.

use std::future::poll_fn;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use hyper::server::conn::http1;

use super::activity::{Activity, Idle};
use super::connections::Place;
use super::service::{Service, Site};
use crate::limit::within;
use crate::rt::Io;

/// How long a client may go on sending a body that nobody reads. If the connection were closed at once, it might never see the response.
const LINGER: Duration = Duration::from_secs(2);

/// How a connection's requests came to their end.
enum End {
    Closed(hyper::Result<()>),
    Idle,
}

/// Answers the requests of a connection.
#[co::coroutine(name = "http connection")]
pub(super) fn serve(stream: TcpStream, remote_addr: SocketAddr, site: Rc<Site>, mut place: Place) {
    let activity = Rc::new(Activity::new());
    let mut idle = Idle::new(Rc::clone(&activity), site.settings.idle_timeout);
    let io = Io::new(stream, Rc::clone(&activity));
    let service = Service {
        site,
        activity: Rc::clone(&activity),
        remote_addr,
    };
    let mut connection = http1::Builder::new().serve_connection(io, service);
    let end = yield_!(poll_fn(|cx| {
        if place.poll_last_call(cx) {
            Pin::new(&mut connection).graceful_shutdown();
        }
        match connection.poll_without_shutdown(cx) {
            Poll::Ready(result) => Poll::Ready(End::Closed(result)),
            Poll::Pending => idle.poll(cx).map(|()| End::Idle),
        }
    }));
    match end {
        End::Closed(Ok(())) if activity.is_hasty() => {
            let stream = connection.into_parts().io.into_stream();
            yield_!(within(LINGER, linger(stream)));
        }
        End::Closed(Ok(())) => {}
        End::Closed(Err(error)) => report(&error, remote_addr),
        End::Idle => tracing::debug!("closed the connection from {remote_addr}, which stood still"),
    }
}

/// Reads and drops what the client still sends.
async fn linger(stream: TcpStream) {
    let mut waste = vec![0; 16 * 1024];
    if stream.shutdown(Shutdown::Write).is_ok() {
        while matches!(stream.read(&mut waste).await, Ok(1..)) {}
    }
}

/// A client that leaves is no event. One that does not speak HTTP is; hyper has answered it by now.
fn report(error: &hyper::Error, remote_addr: SocketAddr) {
    if error.is_parse() {
        co::__private::log_warn(format_args!(
            "what {remote_addr} sent is no HTTP request: {error}"
        ));
    } else {
        tracing::debug!("lost the connection from {remote_addr}: {error}");
    }
}
