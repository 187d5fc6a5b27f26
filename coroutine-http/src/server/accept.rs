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
            Err(error) if is_of_the_system(&error) => {
                co::__private::log_error(format_args!(
                    "cannot accept a connection, and tries again in {BACK_OFF:?}: {error}"
                ));
                yield_!(co::sleep(BACK_OFF));
            }
            Err(error) => {
                tracing::debug!("a connection went before it was accepted: {error}");
                // Others have a turn, however long the error lasts.
                yield_!(co::moment());
            }
        }
    }
}

/// `ENOMEM`, `ENFILE`, `EMFILE` and `ENOBUFS`, for which the standard library has no kinds. The last is not the same everywhere.
const SHORTAGES: [i32; 4] = [12, 23, 24, if cfg!(target_os = "linux") { 105 } else { 55 }];

/// Whether the system has no more descriptors or memory, which only time may change. Any other error is of one connection.
fn is_of_the_system(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| SHORTAGES.contains(&code))
}
