//! Taking connections in.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;

use super::tcp_listener::TcpListener;
use super::tcp_stream::TcpStream;
use crate::callback;
use crate::future::Future;
use crate::log;
use crate::sleep::{moment, sleep};

/// How many connections are taken in before others have a turn.
const BURST: u32 = 128;

/// How long to wait when the system has no more descriptors or memory for a connection.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Calls `handler` with each connection that comes, until it is [removed](AcceptHandler::remove) or the loop is closed. Tornado's `add_accept_handler`.
///
/// Where the system has no descriptor or memory left for a connection, that is logged, once until it is over, and tried again each second. The
/// connections wait meanwhile. A handler that panics is logged, and called for the next connection.
///
/// This is what servers are made of; [`TcpServer`](super::TcpServer) also looks after what it has accepted.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::{TcpListener, TcpStream, add_accept_handler}};
///
/// #[co::coroutine]
/// fn visit(listener: TcpListener) -> std::io::Result<()> {
///     let address = listener.local_addr()?;
///     let (promise, visited) = co::promise();
///     let mut promise = Some(promise);
///     let accepting = add_accept_handler(listener, move |_stream, peer| {
///         promise.take().unwrap().set_result(peer);
///     });
///     let visitor = yield_!(TcpStream::connect(address))?;
///     assert_eq!(yield_!(visited), visitor.local_addr()?);
///     accepting.remove();
///     Ok(())
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// IoLoop::current().run_sync(|| visit(listener))??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn add_accept_handler(
    listener: TcpListener,
    handler: impl FnMut(TcpStream, SocketAddr) + 'static,
) -> AcceptHandler {
    let removed = Rc::new(Cell::new(false));
    let door = Door {
        handler: Box::new(handler),
        removed: Rc::clone(&removed),
        added_at: Location::caller(),
    };
    AcceptHandler {
        removed,
        accepting: accept(listener, door),
    }
}

/// A handler that was added. Dropping it leaves the handler as it is.
#[must_use = "a handler that nobody can remove accepts until its loop is closed"]
pub struct AcceptHandler {
    removed: Rc<Cell<bool>>,
    /// The coroutine that accepts, which has the listener.
    accepting: Future<()>,
}

impl AcceptHandler {
    /// Accepts nothing more, and closes the listener; within the handler, as soon as that returns. Connections that were waiting to be accepted are refused.
    pub fn remove(&self) {
        self.removed.set(true);
        self.accepting.cancel();
    }

    /// Whether it was removed.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.removed.get()
    }
}

impl fmt::Debug for AcceptHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptHandler")
            .field("removed", &self.is_removed())
            .finish_non_exhaustive()
    }
}

/// Where the connections go.
struct Door {
    handler: Box<dyn FnMut(TcpStream, SocketAddr)>,
    /// Nobody comes in any more.
    removed: Rc<Cell<bool>>,
    added_at: &'static Location<'static>,
}

#[crate::coroutine(crate = crate, name = "accept")]
fn accept(listener: TcpListener, mut door: Door) {
    let mut burst = 0;
    let mut is_short = false;
    // So that the handler is never called before whoever adds it can remove it.
    yield_!(moment());
    while !door.removed.get() {
        match yield_!(listener.accept()) {
            Ok((stream, peer)) => {
                is_short = false;
                callback::call(door.added_at, || (door.handler)(stream, peer));
            }
            Err(error) if is_of_the_system(&error) => {
                if !is_short {
                    log::error(format_args!(
                        "cannot accept a connection, and tries again each {BACK_OFF:?}: {error}"
                    ));
                }
                is_short = true;
                yield_!(sleep(BACK_OFF));
            }
            Err(error) => {
                tracing::debug!("a connection went before it was accepted: {error}");
            }
        }
        burst = (burst + 1) % BURST;
        // The budget for I/O alone would not do, since the coroutines that the handler starts use it up and refill it.
        if burst == 0 {
            yield_!(moment());
        }
    }
}

/// Whether the system has no more descriptors or memory, which only time may change. Any other error is of one connection.
fn is_of_the_system(error: &io::Error) -> bool {
    let shortages = [Errno::NOMEM, Errno::NFILE, Errno::MFILE, Errno::NOBUFS];
    let code = error.raw_os_error();
    shortages
        .iter()
        .any(|errno| code == Some(errno.raw_os_error()))
}
