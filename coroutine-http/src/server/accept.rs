//! Taking connections in.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpListener;

use super::connection;
use super::connections::Connections;
use super::service::Site;

/// How long to wait when the system has no more descriptors or memory for a connection.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What the loop that accepts shares with the server's handle.
pub(super) struct Door {
    pub(super) site: Rc<Site>,
    pub(super) connections: Rc<Connections>,
    /// Nobody comes in any more.
    pub(super) closed: Cell<bool>,
}

/// Accepts connections until the door is closed.
#[co::coroutine(name = "http accept")]
pub(super) fn accept(listener: TcpListener, door: Rc<Door>) {
    while !door.closed.get() {
        match yield_!(listener.accept()) {
            Ok((stream, peer)) => {
                // Where it fails, the connection is gone, which its coroutine finds out.
                let _ = stream.set_nodelay(true);
                let site = Rc::clone(&door.site);
                door.connections
                    .add(|place| connection::serve(stream, peer, site, place));
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                co::__private::log_error(format_args!(
                    "cannot accept a connection, and tries again in {BACK_OFF:?}: {error}"
                ));
                yield_!(co::sleep(BACK_OFF));
            }
        }
    }
}

/// Whether a connection went before it was accepted, which is no fault of the listener's.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
