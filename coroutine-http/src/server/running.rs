//! The servers of a thread, so that all of them can end their connections.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::connections::Connections;

thread_local! {
    /// Those that are gone are swept out when one is added.
    static RUNNING: RefCell<Vec<Weak<Connections>>> = RefCell::default();
}

pub(super) fn add(connections: &Rc<Connections>) {
    RUNNING.with_borrow_mut(|running| {
        running.retain(|server| server.strong_count() > 0);
        running.push(Rc::downgrade(connections));
    });
}

/// Asks all connections of the thread's servers to end after the request that they are answering, and waits until they have.
pub(crate) async fn drain() {
    let running: Vec<_> =
        RUNNING.with_borrow(|running| running.iter().filter_map(Weak::upgrade).collect());
    running
        .iter()
        .for_each(|connections| connections.call_last());
    for connections in running {
        connections.gone().await;
    }
}
