//! A server that is listening.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpListener;

use super::accept::{Door, accept};
use super::connections::Connections;
use super::service::Site;
use crate::limit::within;

/// A server that is listening, on the loop that was current when it was made. Tornado's `HTTPServer`.
///
/// Dropping it leaves the server as it is: it serves until its loop is closed.
pub struct HttpServer {
    door: Rc<Door>,
    /// The coroutine that accepts, which has the listener.
    accepting: co::Future<()>,
    local_addr: SocketAddr,
}

impl HttpServer {
    pub(super) fn start(site: Site, listener: TcpListener) -> io::Result<Self> {
        let local_addr = listener.local_addr()?;
        let door = Rc::new(Door {
            site: Rc::new(site),
            connections: Rc::new(Connections::new()),
            closed: Cell::new(false),
        });
        Ok(Self {
            accepting: accept(listener, Rc::clone(&door)),
            door,
            local_addr,
        })
    }

    /// Where it listens, or did. The port is the one that the system chose, if zero was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.door.connections.len()
    }

    /// Stops listening. Connections that are open stay so.
    pub fn stop(&self) {
        self.door.closed.set(true);
        self.accepting.cancel();
    }

    /// Stops listening, lets the requests that are being answered come to their end, and closes every connection that is still open after `patience`.
    /// Yields the number of those. The handlers of these go on, and what they say is dropped.
    pub fn shutdown(&self, patience: Duration) -> co::Future<usize> {
        self.stop();
        drain(Rc::clone(&self.door.connections), patience)
    }
}

#[co::coroutine(name = "http shutdown")]
fn drain(connections: Rc<Connections>, patience: Duration) -> usize {
    let drained = connections.drain();
    match yield_!(within(patience, drained)) {
        Some(()) => 0,
        None => connections.cut(),
    }
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer")
            .field("local_addr", &self.local_addr)
            .field("connections", &self.connections())
            .field("stopped", &self.door.closed.get())
            .finish()
    }
}
