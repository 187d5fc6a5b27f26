//! A server that is listening.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use coroutine_core as co;

use super::connection;
use super::connections::Connections;
use super::listener::{self, Listener};
use super::peer::Peer;
use super::running;
use super::service::Site;
use crate::autoreload;
use crate::socket::Plain;

/// A server that is listening, on the loop that was current when it was made. Tornado's `HTTPServer`.
///
/// Dropping it leaves the server as it is: it serves until its loop is closed. When the loop is asked to
/// [shut down](coroutine_core::IoLoop::request_shutdown), it does what [`shutdown`](Self::shutdown) does, for as long as the loop
/// [gives it](coroutine_core::IoLoop::close_within).
///
/// # What happens to requests at the end
///
/// The connections that wait to be accepted at that moment are accepted. A request of which the server has seen the end is answered. Where a client has sent one and
/// the server has not seen all of it when it closes a connection that stands still, the client finds the connection closed in good order, without a byte of a
/// response, and may send the request elsewhere. No response is cut off, unless it takes longer than the server has patience.
pub struct HttpServer {
    accepting: Rc<Accepting>,
    connections: Rc<Connections>,
    /// None at a Unix socket.
    local_addr: Option<SocketAddr>,
}

/// The coroutines that accept.
struct Accepting {
    /// Until it was kept, which asks them to end.
    stop: RefCell<Option<co::Promise<()>>>,
    /// One for each socket.
    coroutines: RefCell<Vec<co::SharedFuture<()>>>,
}

impl Accepting {
    fn stop(&self) {
        let stop = self.stop.take();
        if let Some(stop) = stop {
            stop.set_result(());
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.borrow().is_none()
    }

    /// Waits until they have taken in what there was.
    async fn ended(&self) {
        let coroutines = self.coroutines.borrow().clone();
        for coroutine in coroutines {
            let _ = coroutine.outcome().await;
        }
    }
}

impl HttpServer {
    /// Serves `site` at all of the sockets.
    pub(super) fn start(site: Site, listeners: Vec<Listener>) -> io::Result<Self> {
        let local_addr = match listeners.first() {
            Some(listener) => listener.local_addr()?,
            None => {
                let text = "there is no socket to listen at";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
        };
        if site.settings.autoreload {
            autoreload::start()?;
        }
        let connections = Rc::new(Connections::new(site.settings.max_connections));
        running::add(&connections);
        let accepting = accept_all(&Rc::new(site), listeners, &connections);
        drop(end_with_loop(
            Rc::clone(&accepting),
            Rc::clone(&connections),
        ));
        Ok(Self {
            accepting,
            connections,
            local_addr,
        })
    }

    /// Where it listens, or did; the first address, where there are several. The port is the one that the system chose, if zero was asked for.
    ///
    /// # Panics
    ///
    /// Panics when it listens at a Unix socket, which has no such address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
            .expect("a server at a Unix socket has no address that is one of the network")
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Stops listening, after the connections that wait already were accepted. Connections that are open stay so.
    pub fn stop(&self) {
        self.accepting.stop();
    }

    /// Stops listening, lets the requests that are being answered come to their end, closes connections that stand still, and closes every connection that is
    /// still open after `patience`. Yields the number of those. The handlers of these go on, and what they say is dropped.
    pub fn shutdown(&self, patience: Duration) -> co::Future<usize> {
        self.stop();
        shutdown(
            Rc::clone(&self.accepting),
            Rc::clone(&self.connections),
            patience,
        )
    }
}

fn accept_all(
    site: &Rc<Site>,
    listeners: Vec<Listener>,
    connections: &Rc<Connections>,
) -> Rc<Accepting> {
    let (promise, stop) = co::promise();
    let stop = stop.shared();
    let accept = |listener| {
        let (site, serving) = (Rc::clone(site), Rc::clone(connections));
        let serve = move |socket, addr| serve(&site, &serving, socket, addr);
        listener::accept(listener, stop.clone(), Rc::clone(connections), serve).shared()
    };
    let coroutines = listeners.into_iter().map(accept).collect();
    Rc::new(Accepting {
        stop: RefCell::new(Some(promise)),
        coroutines: RefCell::new(coroutines),
    })
}

fn serve(site: &Rc<Site>, connections: &Rc<Connections>, socket: Plain, addr: Option<SocketAddr>) {
    let peer = Rc::new(Peer {
        addr,
        is_secure: site.settings.tls.is_some(),
        xheaders: site.settings.xheaders.clone(),
    });
    let site = Rc::clone(site);
    connections.add(|place| connection::serve(socket, peer, site, place));
}

#[co::coroutine(name = "http shutdown")]
fn shutdown(accepting: Rc<Accepting>, connections: Rc<Connections>, patience: Duration) -> usize {
    let ended = drain(&accepting, &connections);
    match yield_!(co::with_timeout(patience, ended)) {
        Ok(()) => 0,
        Err(_) => connections.cut(),
    }
}

/// Ends with the loop, which drops whatever takes longer than it waits; or by itself, when the server has ended before.
#[co::coroutine(name = "http server")]
fn end_with_loop(accepting: Rc<Accepting>, connections: Rc<Connections>) {
    if yield_!(gone_before_shutdown(&accepting, &connections)) {
        return;
    }
    yield_!(drain(&accepting, &connections));
}

async fn gone_before_shutdown(accepting: &Accepting, connections: &Connections) -> bool {
    let mut shutdown = co::shutdown_requested();
    let mut gone = pin!(gone(accepting, connections));
    poll_fn(|cx| match Pin::new(&mut shutdown).poll(cx) {
        Poll::Ready(()) => Poll::Ready(false),
        Poll::Pending => gone.as_mut().poll(cx).map(|()| true),
    })
    .await
}

/// Accepts what waits to be accepted, and nothing more, and waits until all connections are gone.
async fn drain(accepting: &Accepting, connections: &Connections) {
    accepting.stop();
    connections.end();
    gone(accepting, connections).await;
}

async fn gone(accepting: &Accepting, connections: &Connections) {
    accepting.ended().await;
    connections.gone().await;
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer")
            .field("local_addr", &self.local_addr)
            .field("connections", &self.connections())
            .field("stopped", &self.accepting.is_stopped())
            .finish()
    }
}
