//! Sockets that take connections, for a server.

use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::__private::Door;
use coroutine_core::net::{TcpListener, UnixListener};

use super::connections::Connections;
use crate::socket::Plain;

/// A socket that takes connections.
pub(super) enum Listener {
    Tcp(Rc<TcpListener>),
    Unix(UnixListener),
}

impl Listener {
    /// Its address, if it has one that is not a path.
    pub(super) fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Some),
            Self::Unix(_) => Ok(None),
        }
    }

    fn door(&self) -> Door {
        match self {
            Self::Tcp(listener) => Door::of(listener),
            Self::Unix(_) => Door::new(),
        }
    }

    async fn accept(&self) -> io::Result<(Plain, Option<SocketAddr>)> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Where it fails, the connection is gone, which its coroutine finds out.
                let _ = stream.set_nodelay(true);
                (Plain::Tcp(stream), Some(peer))
            }
            Self::Unix(listener) => (Plain::Unix(listener.accept().await?.0), None),
        })
    }
}

/// How many connections are taken in before others have a turn.
const BURST: u32 = 128;

/// How long to wait when nothing can be accepted, since the system has no more descriptors or memory, for example.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Takes connections in, as many as there may be, until `stop` is there; then those that wait to be taken in at that moment.
#[co::coroutine(name = "http accept")]
pub(super) fn accept(
    listener: Listener,
    mut stop: co::SharedFuture<()>,
    connections: Rc<Connections>,
    mut serve: impl FnMut(Plain, Option<SocketAddr>) + 'static,
) {
    let mut shortage = Shortage::default();
    let mut burst = 0;
    let mut door = listener.door();
    // So that no connection is taken in before whoever listens can stop that.
    yield_!(co::moment());
    loop {
        let accepting = connections.within_limit(listener.accept());
        match yield_!(unless(&mut stop, door.pass(accepting))) {
            None => break,
            Some(Ok((socket, peer))) => {
                shortage.is_over();
                serve(socket, peer);
            }
            Some(Err(error)) => {
                if shortage.is_there(&error) {
                    yield_!(unless(&mut stop, co::sleep(BACK_OFF)));
                }
            }
        }
        burst = (burst + 1) % BURST;
        if burst == 0 {
            yield_!(co::moment());
        }
    }
    // The loop has heard by then of those that came before it was asked to stop.
    yield_!(co::moment());
    yield_!(accept_waiting(&listener, &mut serve));
}

/// Takes in the connections that are there.
async fn accept_waiting(listener: &Listener, serve: &mut impl FnMut(Plain, Option<SocketAddr>)) {
    poll_fn(|cx| {
        loop {
            match pin!(listener.accept()).poll(cx) {
                Poll::Ready(Ok((socket, peer))) => serve(socket, peer),
                Poll::Ready(Err(error)) if co::__private::is_of_a_connection(&error) => {}
                Poll::Ready(Err(_)) | Poll::Pending => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// What `future` gives, or none once `stop` is there.
async fn unless<F: StdFuture>(stop: &mut co::SharedFuture<()>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match Pin::new(&mut *stop).poll(cx) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(cx).map(Some),
    })
    .await
}

/// Whether nothing can be accepted. It is logged when it begins.
#[derive(Default)]
struct Shortage {
    is_there: bool,
}

impl Shortage {
    fn is_over(&mut self) {
        self.is_there = false;
    }

    /// Whether the error would only come again.
    fn is_there(&mut self, error: &io::Error) -> bool {
        if co::__private::is_of_a_connection(error) {
            tracing::debug!("a connection went before it was accepted: {error}");
            return false;
        }
        if !std::mem::replace(&mut self.is_there, true) {
            co::__private::log_error(format_args!(
                "cannot accept a connection, and tries again each {BACK_OFF:?}: {error}"
            ));
        }
        true
    }
}
