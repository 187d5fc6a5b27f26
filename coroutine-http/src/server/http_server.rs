//! A server that is listening.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::{AcceptHandler, TcpListener, add_accept_handler};

use super::connection;
use super::connections::Connections;
use super::service::Site;

/// A server that is listening, on the loop that was current when it was made. Tornado's `HTTPServer`.
///
/// Dropping it leaves the server as it is: it serves until its loop is closed.
pub struct HttpServer {
    /// One for each socket.
    accepting: Vec<AcceptHandler>,
    connections: Rc<Connections>,
    local_addr: SocketAddr,
}

impl HttpServer {
    /// Serves `site` at all of the sockets.
    pub(super) fn start(site: Site, listeners: Vec<TcpListener>) -> io::Result<Self> {
        let local_addr = match listeners.first() {
            Some(listener) => listener.local_addr()?,
            None => {
                let text = "there is no socket to listen at";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
        };
        let (site, connections) = (Rc::new(site), Rc::new(Connections::new()));
        let accept = |listener| accept(listener, Rc::clone(&site), Rc::clone(&connections));
        Ok(Self {
            accepting: listeners.into_iter().map(accept).collect(),
            connections,
            local_addr,
        })
    }

    /// Where it listens, or did; the first address, where there are several. The port is the one that the system chose, if zero was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Stops listening. Connections that are open stay so.
    pub fn stop(&self) {
        self.accepting.iter().for_each(AcceptHandler::remove);
    }

    fn is_stopped(&self) -> bool {
        self.accepting.iter().all(AcceptHandler::is_removed)
    }

    /// Stops listening, lets the requests that are being answered come to their end, and closes every connection that is still open after `patience`.
    /// Yields the number of those. The handlers of these go on, and what they say is dropped.
    pub fn shutdown(&self, patience: Duration) -> co::Future<usize> {
        self.stop();
        drain(Rc::clone(&self.connections), patience)
    }
}

fn accept(listener: TcpListener, site: Rc<Site>, connections: Rc<Connections>) -> AcceptHandler {
    add_accept_handler(listener, move |stream, peer| {
        // Where it fails, the connection is gone, which its coroutine finds out.
        let _ = stream.set_nodelay(true);
        let site = Rc::clone(&site);
        connections.add(|place| connection::serve(stream, peer, site, place));
    })
}

#[co::coroutine(name = "http shutdown")]
fn drain(connections: Rc<Connections>, patience: Duration) -> usize {
    let drained = connections.drain();
    match yield_!(co::with_timeout(patience, drained)) {
        Ok(()) => 0,
        Err(_) => connections.cut(),
    }
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer")
            .field("local_addr", &self.local_addr)
            .field("connections", &self.connections())
            .field("stopped", &self.is_stopped())
            .finish()
    }
}
