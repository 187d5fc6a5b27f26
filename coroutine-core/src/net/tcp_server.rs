//! A server whose handler is a coroutine.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::accept::{AcceptHandler, add_accept_handler};
use super::handling::{ConnectionResult, Handlers, Handling};
use super::listen_address::ListenAddress;
use super::tcp_listener::TcpListener;
use crate::future::Future;
use crate::io_stream::IoStream;
use crate::with_timeout::with_timeout;

/// Calls a handler for each connection. Tornado's `TCPServer`.
///
/// The handler takes the connection's stream and the peer's address. It is a coroutine, as a rule, one for each connection; its error or panic is
/// logged, and the server goes on. The connection is closed when the stream is dropped, which the end of the handler does.
///
/// Dropping the server leaves it as it is: it serves until its loop is asked to [shut down](crate::IoLoop::request_shutdown), when it stops listening.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, IoStream};
/// use coroutine_core::net::{TcpClient, TcpServer};
/// use std::net::SocketAddr;
///
/// #[co::coroutine]
/// fn greet(stream: IoStream, _peer: SocketAddr) -> Result<(), co::StreamError> {
///     let name = yield_!(stream.read_until(b"\n", 100))?;
///     yield_!(stream.write([b"hello ", &*name].concat()))
/// }
///
/// #[co::coroutine]
/// fn visit() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     let server = TcpServer::new(greet);
///     server.listen("127.0.0.1:0")?;
///     let stream = yield_!(TcpClient::new().connect("127.0.0.1", server.local_addrs()[0].port()))?;
///     yield_!(stream.write(b"world\n"))?;
///     let answer = yield_!(stream.read_until(b"\n", 100))?;
///     server.stop();
///     Ok(answer)
/// }
///
/// assert_eq!(IoLoop::current().run_sync(visit)??, b"hello world\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TcpServer {
    serving: Rc<Serving>,
    /// One for each socket.
    accepting: RefCell<Vec<(SocketAddr, AcceptHandler)>>,
}

/// A handler, whatever it gives.
type Handler = Box<dyn Fn(IoStream, SocketAddr) -> Option<Box<dyn Handling>>>;

/// What the loops that accept share with the server.
struct Serving {
    handler: Handler,
    handlers: Rc<Handlers>,
}

impl TcpServer {
    /// A server that listens nowhere yet.
    #[must_use]
    pub fn new<R: ConnectionResult>(handler: impl Fn(IoStream, SocketAddr) -> R + 'static) -> Self {
        let handler = move |stream, peer| handler(stream, peer).into_handling();
        Self {
            serving: Rc::new(Serving {
                handler: Box::new(handler),
                handlers: Rc::default(),
            }),
            accepting: RefCell::default(),
        }
    }

    /// Where it listens, in the order of adding. The ports are those that the system chose where zero was asked for.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        let accepting = self.accepting.borrow();
        accepting.iter().map(|(address, _)| *address).collect()
    }

    /// How many handlers are at work.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.serving.handlers.len()
    }
}

/// Listening.
impl TcpServer {
    /// Listens on the current loop: `listen(8889)` on all interfaces, `listen("127.0.0.1:8889")` on one. Port zero asks for one that is free.
    ///
    /// # Errors
    ///
    /// Fails when the address is none, is taken, or needs a privilege; the error names it.
    pub fn listen(&self, address: impl ListenAddress) -> io::Result<()> {
        self.add_sockets(address.listen()?)
    }

    /// Takes connections from sockets that listen already, such as those of [`bind_sockets`](super::bind_sockets), on the current loop.
    ///
    /// # Errors
    ///
    /// As [`add_socket`](Self::add_socket); the sockets before the one that fails stay added.
    pub fn add_sockets(
        &self,
        sockets: impl IntoIterator<Item = net::TcpListener>,
    ) -> io::Result<()> {
        sockets
            .into_iter()
            .try_for_each(|socket| self.add_socket(socket))
    }

    /// Takes connections from a socket that listens already, on the current loop.
    ///
    /// # Errors
    ///
    /// Fails when the socket cannot be made non-blocking or watched.
    pub fn add_socket(&self, socket: net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(socket)?;
        let address = listener.local_addr()?;
        let serving = Rc::clone(&self.serving);
        let accepting = add_accept_handler(listener, move |stream, peer| {
            let stream = IoStream::new(stream);
            let hold = stream.hold();
            if let Some(handling) = (serving.handler)(stream, peer) {
                serving.handlers.add(handling, hold);
            }
        });
        self.accepting.borrow_mut().push((address, accepting));
        Ok(())
    }
}

/// Ending.
impl TcpServer {
    /// Accepts nothing more, and closes its sockets; within a handler that has not been suspended yet, as soon as that is. Handlers that are at work go on.
    ///
    /// The server may listen again afterwards.
    pub fn stop(&self) {
        for (_, accepting) in self.accepting.take() {
            accepting.remove();
        }
    }

    /// [Stops](Self::stop), and waits until the handlers have ended; those that are still at work after `patience` are cancelled, and their connections closed. Yields
    /// the number of these.
    pub fn shutdown(&self, patience: Duration) -> Future<usize> {
        self.stop();
        drain(Rc::clone(&self.serving.handlers), patience)
    }

    /// Cancels all handlers that are at work and closes their connections, also where a handler has given the stream to another coroutine, and says how many there were.
    /// The server goes on listening unless it was [stopped](Self::stop).
    pub fn close_all_connections(&self) -> usize {
        self.serving.handlers.cut()
    }
}

#[crate::coroutine(crate = crate, name = "server shutdown")]
fn drain(handlers: Rc<Handlers>, patience: Duration) -> usize {
    let drained = handlers.drain();
    match yield_!(with_timeout(patience, drained)) {
        Ok(()) => 0,
        Err(_) => handlers.cut(),
    }
}

impl fmt::Debug for TcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpServer")
            .field("local_addrs", &self.local_addrs())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
