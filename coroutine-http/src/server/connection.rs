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
use crate::rt::Io;

/// How long a client may go on sending what nobody reads any more. If the connection were closed at once, that would reset it, and the client might
/// never see the response.
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
    let mut last = false;
    let end = yield_!(poll_fn(|cx| {
        if place.poll_last_call(cx) {
            last = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match connection.poll_without_shutdown(cx) {
            Poll::Ready(result) => Poll::Ready(End::Closed(result)),
            // hyper would wait for the rest of a head, which may never come.
            Poll::Pending if last && activity.is_at_rest() => Poll::Ready(End::Closed(Ok(()))),
            Poll::Pending => idle.poll(cx).map(|()| End::Idle),
        }
    }));
    match end {
        End::Closed(result) => {
            let refused = result.as_ref().is_err_and(hyper::Error::is_parse);
            if let Err(error) = result {
                report(&error, remote_addr);
            }
            if refused || activity.is_hasty() {
                let stream = connection.into_parts().io.into_stream();
                // Whichever comes first.
                let _ = yield_!(co::with_timeout(LINGER, linger(stream)));
            }
        }
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

/// A client that leaves is no event. One that does not speak HTTP is; hyper has sent its answer, if it has one, but the client has yet to read it.
fn report(error: &hyper::Error, remote_addr: SocketAddr) {
    if error.is_parse() {
        co::__private::log_warn(format_args!(
            "what {remote_addr} sent is no HTTP request: {error}"
        ));
    } else {
        tracing::debug!("lost the connection from {remote_addr}: {error}");
    }
}
