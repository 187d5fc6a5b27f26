//! Taking connections in.

use std::cell::Cell;
use std::fmt;
use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use rustix::io::Errno;

use super::doors;
use super::tcp_listener::TcpListener;
use super::tcp_stream::TcpStream;
use crate::callback;
use crate::future::Future;
use crate::log;
use crate::shutdown::{ShutdownRequested, shutdown_requested};
use crate::sleep::{moment, sleep};

/// How many connections are taken in before others have a turn.
const BURST: u32 = 128;

/// How long to wait when nothing can be accepted, since the system has no more descriptors or memory, for example.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Calls `handler` with each connection that comes, until it is [removed](AcceptHandler::remove), or the loop is asked to [shut down](crate::IoLoop::request_shutdown) or closed. Tornado's
/// `add_accept_handler`.
///
/// Where nothing can be accepted, since the system has no descriptor or memory left, for example, that is logged, once until it is over, and tried again each
/// second. The connections wait meanwhile. A handler that panics is logged, and called for the next connection.
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
    let mut shutdown = shutdown_requested();
    let listener = Rc::new(listener);
    let mut passage = doors::Door::of(&listener);
    // So that the handler is never called before whoever adds it can remove it.
    yield_!(moment());
    while !door.removed.get() {
        let accepting = passage.pass(listener.accept());
        let Some(accepted) = yield_!(unless(&mut shutdown, accepting)) else {
            return;
        };
        match accepted {
            Ok((stream, peer)) => {
                is_short = false;
                callback::call(door.added_at, || (door.handler)(stream, peer));
            }
            Err(error) if is_of_a_connection(&error) => {
                tracing::debug!("a connection went before it was accepted: {error}");
            }
            Err(error) => {
                if !is_short {
                    log::error(format_args!(
                        "cannot accept a connection, and tries again each {BACK_OFF:?}: {error}"
                    ));
                }
                is_short = true;
                yield_!(sleep(BACK_OFF));
            }
        }
        burst = (burst + 1) % BURST;
        // The budget for I/O alone would not do, since the coroutines that the handler starts use it up and refill it.
        if burst == 0 {
            yield_!(moment());
        }
    }
}

/// What `future` gives, or none once `end` is there.
async fn unless<F: StdFuture>(end: &mut ShutdownRequested, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match Pin::new(&mut *end).poll(cx) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(cx).map(Some),
    })
    .await
}

/// What accepting tells of a connection that has gone meanwhile, or that a firewall forbids; Linux reports the network's errors there as well, see `accept(2)`.
const OF_A_CONNECTION: [Errno; 9] = [
    Errno::CONNABORTED,
    Errno::CONNRESET,
    Errno::PERM,
    Errno::PROTO,
    Errno::TIMEDOUT,
    Errno::NETDOWN,
    Errno::NETUNREACH,
    Errno::HOSTDOWN,
    Errno::HOSTUNREACH,
];

/// Whether the error is of one connection, so that the next one may be accepted. Any other error, of which a lack of descriptors is the commonest, would only
/// come again.
pub fn is_of_a_connection(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    OF_A_CONNECTION
        .iter()
        .any(|errno| code == Some(errno.raw_os_error()))
}
