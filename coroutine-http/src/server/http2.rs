//! HTTP/2: over TLS where both sides agree on it (ALPN), and in the clear with clients that know that it is spoken here.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future as StdFuture, poll_fn};
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use coroutine_core as co;
use futures_io::AsyncRead;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;

use super::activity::{Activity, Idle, Phase};
use super::connections::Place;
use super::frame_scan::{DATA, FrameScan, HEADERS};
use super::peer::Peer;
use super::reply::Message;
use super::respond::Respond;
use super::service::{Service, Site};
use super::settings::Settings;
use super::stream::Stream;
use crate::rt::{Io, Watch};

/// What every client begins with that speaks HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocols for ALPN.
#[cfg(feature = "tls")]
pub(super) fn protocols() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

/// Serves a connection on which HTTP/2 is spoken to its end. Any other is given back, with what was read from it.
pub(super) async fn take(
    mut stream: Stream,
    peer: &Rc<Peer>,
    site: &Rc<Site>,
    place: &mut Place,
) -> Option<(Stream, Bytes)> {
    let agreed = match &stream {
        Stream::Encrypted(encrypted) => encrypted.speaks_http2(),
        Stream::Plain(_) => false,
    };
    let early = match agreed {
        true => Bytes::new(),
        false => {
            let early = read_preface(&mut stream, site, place).await?;
            if early != PREFACE {
                return Some((stream, early));
            }
            early
        }
    };
    Box::pin(serve(stream, early, peer, site, place)).await;
    None
}

/// Reads until it is clear whether the preface comes, or the connection is to end. None where nothing comes for long.
async fn read_preface(stream: &mut Stream, site: &Site, place: &mut Place) -> Option<Bytes> {
    let mut early = BytesMut::new();
    let (idle, head) = (site.settings.idle_timeout, site.settings.header_timeout());
    let first = read_some(stream, place, &mut early);
    let mut open = co::with_timeout(idle, first).await.ok()?;
    let rest = async {
        while open && early.len() < PREFACE.len() && PREFACE.starts_with(&early) {
            open = read_some(stream, place, &mut early).await;
        }
    };
    co::with_timeout(head, rest).await.ok()?;
    Some(early.freeze())
}

/// Reads no further than the preface goes. Says whether there may be more.
async fn read_some(stream: &mut Stream, place: &mut Place, early: &mut BytesMut) -> bool {
    let mut room = [0; PREFACE.len()];
    let left = PREFACE.len() - early.len();
    let read = poll_fn(|cx| match place.poll_last_call(cx) {
        Poll::Ready(()) => Poll::Ready(Ok(0)),
        Poll::Pending => Pin::new(&mut *stream).poll_read(cx, &mut room[..left]),
    });
    let count = read.await.unwrap_or(0);
    early.extend_from_slice(&room[..count]);
    count > 0
}

/// How many requests of a connection have a handler at work.
#[derive(Default)]
pub(super) struct Streams {
    working: Cell<usize>,
}

impl Streams {
    /// A request's handler begins to work, or to wait for its client, or has ended; or nothing of this has happened.
    pub(super) fn go(&self, was_at_work: bool, is_at_work: bool) {
        let others = self.working.get() - usize::from(was_at_work);
        self.working.set(others + usize::from(is_at_work));
    }

    /// What the connection waits for.
    fn phase(&self) -> Phase {
        match self.working.get() {
            0 => Phase::Peer,
            1.. => Phase::Handler,
        }
    }
}

/// Tells which of the bytes count: those of responses that leave, and those of bodies that arrive. A request counts when its head is there, and what is about the
/// connection alone never does, so that a client cannot stay that sends nothing else.
struct Frames {
    activity: Rc<Activity>,
    inward: Cell<FrameScan>,
    outward: Cell<FrameScan>,
}

impl Frames {
    fn new(activity: Rc<Activity>) -> Self {
        Self {
            activity,
            inward: Cell::new(FrameScan::behind(PREFACE.len())),
            outward: Cell::new(FrameScan::new()),
        }
    }
}

impl Watch for Frames {
    fn on_read(&self, bytes: &[u8]) {
        let mut scan = self.inward.get();
        self.activity.receive(scan.feed(bytes, &[DATA]));
        self.inward.set(scan);
    }

    fn on_write(&self, parts: &[IoSlice<'_>], mut count: usize) {
        let mut scan = self.outward.get();
        for part in parts {
            let written = count.min(part.len());
            if scan.feed(&part[..written], &[HEADERS, DATA]) > 0 {
                self.activity.note();
            }
            count -= written;
        }
        self.outward.set(scan);
    }

    fn on_stuck(&self) {
        self.activity.on_stuck();
    }

    fn on_flush(&self) {
        self.activity.on_flush();
    }
}

/// What hyper calls with each request of a connection, several at a time.
struct Requests {
    site: Rc<Site>,
    peer: Rc<Peer>,
    /// The connection's.
    activity: Rc<Activity>,
    streams: Rc<Streams>,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Message;
    type Error = Infallible;
    type Future = Respond;

    fn call(&self, request: Request<Incoming>) -> Respond {
        self.activity.note();
        let service = Service {
            site: Rc::clone(&self.site),
            activity: Rc::new(Activity::within(Rc::clone(&self.streams))),
            peer: Rc::clone(&self.peer),
        };
        service.call(request)
    }
}

/// Each request has a coroutine of its own.
#[derive(Clone)]
struct OnLoop;

impl<F: StdFuture<Output = ()> + 'static> hyper::rt::Executor<F> for OnLoop {
    fn execute(&self, future: F) {
        // It goes on by itself.
        drop(answer(future));
    }
}

#[co::coroutine(name = "http request")]
fn answer<F: StdFuture<Output = ()> + 'static>(future: F) {
    yield_!(future);
}

async fn serve(stream: Stream, early: Bytes, peer: &Rc<Peer>, site: &Rc<Site>, place: &mut Place) {
    let (activity, streams) = (Rc::new(Activity::of_many()), Rc::new(Streams::default()));
    let mut idle = Idle::new(Rc::clone(&activity), &site.settings);
    let requests = Requests {
        site: Rc::clone(site),
        peer: Rc::clone(peer),
        activity: Rc::clone(&activity),
        streams: Rc::clone(&streams),
    };
    let io = Io::after(early, stream, Frames::new(Rc::clone(&activity)));
    let mut connection = pin!(builder(&site.settings).serve_connection(io, requests));
    let mut is_last = false;
    poll_fn(|cx| {
        if !is_last && place.poll_last_call(cx).is_ready() {
            is_last = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(result) = connection.as_mut().poll(cx) {
            report(result, peer);
            return Poll::Ready(());
        }
        activity.turn_to(streams.phase());
        ready!(idle.poll(cx));
        tracing::debug!(
            "closed the connection from {}, which stood still",
            peer.name()
        );
        Poll::Ready(())
    })
    .await;
}

/// How much of a streamed response is kept for a client that does not take it.
const BUFFER: usize = 64 * 1024;

fn builder(settings: &Settings) -> http2::Builder<OnLoop> {
    let header_size = u32::try_from(settings.max_header_size).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(OnLoop);
    builder
        .max_header_list_size(header_size)
        .max_concurrent_streams(settings.max_concurrent_streams)
        .max_send_buf_size(BUFFER);
    builder
}

/// A client that leaves is no event.
fn report(result: hyper::Result<()>, peer: &Peer) {
    if let Err(error) = result {
        tracing::debug!("lost the connection from {}: {error}", peer.name());
    }
}
