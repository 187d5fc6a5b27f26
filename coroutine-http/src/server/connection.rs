//! A connection, from its first byte to its last.

use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use coroutine_core as co;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::server::conn::http1;

use super::activity::{Activity, Idle};
use super::connections::Place;
use super::http2;
use super::outbox::Outbox;
use super::peer::Peer;
use super::service::{Service, Site};
use super::settings::Settings;
use super::stream::Stream;
use super::upgrade;
use crate::rt::Io;
use crate::socket::Plain;

/// How long a client may go on sending what nobody reads any more. If the connection were closed at once, that would reset it, and the client might
/// never see the response.
const LINGER: Duration = Duration::from_secs(2);

/// The same, for one whose connection stood still when the server stopped.
const FAREWELL: Duration = Duration::from_millis(500);

/// How a connection's requests came to their end.
enum End {
    Closed(hyper::Result<()>),
    Idle,
    /// The client is gone, and waits for no response.
    Left(io::Error),
    /// The server stops, and there is nothing to be done for the client.
    AtRest,
}

impl End {
    /// Reports it, and says for how long what the client still sends is read. `has_unread` says whether there may be something that is meant for nobody.
    fn lingers(self, has_unread: bool, peer: &Peer) -> Option<Duration> {
        match self {
            Self::Closed(result) => {
                let refused = result.as_ref().is_err_and(hyper::Error::is_parse);
                if let Err(error) = result {
                    report(&error, peer);
                }
                // With TLS there is a goodbye to be said.
                (refused || has_unread || peer.is_secure).then_some(LINGER)
            }
            Self::AtRest => Some(FAREWELL),
            Self::Left(error) => {
                tracing::debug!("lost the connection from {}: {error}", peer.name());
                None
            }
            Self::Idle => {
                let name = peer.name();
                tracing::debug!("closed the connection from {name}, which stood still");
                None
            }
        }
    }
}

/// Answers the requests of a connection.
#[co::coroutine(name = "http connection")]
pub(super) fn serve(socket: Plain, peer: Rc<Peer>, site: Rc<Site>, mut place: Place) {
    let stream = match yield_!(secure(socket, &site.settings, &mut place)) {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!("no TLS with {}: {error}", peer.name()),
    };
    let Some((stream, early)) = yield_!(http2::take(stream, &peer, &site, &mut place)) else {
        return;
    };
    let activity = Rc::new(Activity::new());
    let mut idle = Idle::new(Rc::clone(&activity), &site.settings);
    let outbox = match &stream {
        Stream::Plain(socket) => Some(Outbox::new(Rc::clone(socket), Rc::clone(&activity))),
        // There what says that the client leaves may stand before the end, and nobody could tell it from a request.
        Stream::Encrypted(_) => None,
    };
    let builder = http1(&site.settings, outbox.is_some());
    let patience = site.settings.idle_timeout;
    let io = Io::after(early, stream, Rc::clone(&activity)).with_outbox(outbox.clone());
    let service = Service {
        site,
        activity: Rc::clone(&activity),
        peer: Rc::clone(&peer),
    };
    let mut connection = builder.serve_connection(io, service);
    let mut parting = Parting::default();
    let end = yield_!(poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.poll_without_shutdown(cx) {
                return Poll::Ready(End::Closed(result));
            }
            if let Some(outbox) = &outbox
                && let Poll::Ready(error) = outbox.poll_gone(cx)
            {
                return Poll::Ready(End::Left(error));
            }
            match parting.poll(&mut place, cx) {
                Poll::Pending => return idle.poll(cx).map(|()| End::Idle),
                // hyper would wait for the rest of a head, which may never come.
                Poll::Ready(()) if activity.is_at_rest() => return Poll::Ready(End::AtRest),
                Poll::Ready(()) if parting.tell() => {
                    Pin::new(&mut connection).graceful_shutdown();
                }
                Poll::Ready(()) => return idle.poll(cx).map(|()| End::Idle),
            }
        }
    }));
    let taken = match (&end, &outbox) {
        (End::Left(_) | End::Idle, _) => false,
        (_, None) => true,
        (_, Some(outbox)) => {
            let sent = yield_!(co::with_timeout(patience, outbox.sent()));
            matches!(sent, Ok(Ok(())))
        }
    };
    // Whoever has the stream from here on closes it by dropping it.
    drop(outbox);
    let lingers = match end {
        End::Closed(Ok(())) if taken && let Some(upgrade) = activity.take_upgrade() => {
            let parts = connection.into_parts();
            let protocol = upgrade(parts.io.into_stream(), parts.read_buf);
            return yield_!(upgrade::speak(protocol, place));
        }
        end => {
            let has_unread = activity.is_hasty() || parting.is_asked();
            end.lingers(has_unread, &peer)
        }
    };
    if let Some(time) = lingers {
        let stream = connection.into_parts().io.into_stream();
        // Whichever comes first.
        let _ = yield_!(co::with_timeout(time, linger(stream)));
    }
}

/// The stream as it is, or encrypted. When the server stops meanwhile there is no request yet, but one may be on its way that deserves a goodbye.
async fn secure(socket: Plain, settings: &Settings, place: &mut Place) -> io::Result<Stream> {
    let Some(tls) = &settings.tls else {
        return Ok(Stream::Plain(Rc::new(socket)));
    };
    let mut securing = pin!(tls.secure(socket));
    let secured = poll_fn(|cx| match securing.as_mut().poll(cx) {
        Poll::Ready(secured) => Poll::Ready(Some(secured)),
        Poll::Pending => place.poll_last_call(cx).map(|()| None),
    });
    match secured.await {
        Some(secured) => secured,
        None => match co::with_timeout(FAREWELL, securing).await {
            Ok(secured) => secured,
            Err(_) => Err(io::ErrorKind::Interrupted.into()),
        },
    }
}

/// Where somebody `sees_off` the client, hyper need not: it would read ahead during each response, into memory that it takes for that alone.
fn http1(settings: &Settings, sees_off: bool) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .half_close(sees_off)
        .keep_alive(settings.keep_alive)
        .max_header_size(settings.max_header_size)
        // hyper takes no less. It keeps as much of a body while the client does not take it.
        .max_buf_size(settings.max_header_size.max(BUFFER));
    builder
}

/// How many bytes are read or written ahead, at least.
const BUFFER: usize = 64 * 1024;

/// The end that the server asks for. It comes after another look at the socket, so that no request is passed over that was there before.
#[derive(Default)]
struct Parting {
    /// Whether the connection's coroutine is woken when the server asks. Nothing takes that back, so that until then there is nothing to be done.
    listens: bool,
    asked: bool,
    /// The turns until then.
    looks: Vec<co::Moment>,
    told: bool,
}

impl Parting {
    fn is_asked(&self) -> bool {
        self.asked
    }

    /// Says to tell hyper, once.
    fn tell(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Ready from the turn on at which the connection may end.
    fn poll(&mut self, place: &mut Place, cx: &mut Context<'_>) -> Poll<()> {
        if !self.asked {
            if std::mem::replace(&mut self.listens, true) && !place.is_called() {
                return Poll::Pending;
            }
            ready!(place.poll_last_call(cx));
            self.asked = true;
            self.looks = vec![co::moment(), co::moment()];
        }
        while let Some(look) = self.looks.last_mut() {
            ready!(Pin::new(look).poll(cx));
            self.looks.pop();
        }
        Poll::Ready(())
    }
}

/// Reads and drops what the client still sends.
async fn linger(mut stream: Stream) {
    let mut waste = vec![0; 16 * 1024];
    let closed = poll_fn(|cx| Pin::new(&mut stream).poll_close(cx)).await;
    if closed.is_ok() {
        let mut read = async || poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut waste)).await;
        while matches!(read().await, Ok(1..)) {}
    }
}

/// A client that leaves is no event. One that does not speak HTTP is; hyper has sent its answer, if it has one, but the client has yet to read it.
fn report(error: &hyper::Error, peer: &Peer) {
    let name = peer.name();
    if error.is_parse() {
        co::__private::log_warn(format_args!("what {name} sent is no HTTP request: {error}"));
    } else {
        tracing::debug!("lost the connection from {name}: {error}");
    }
}
