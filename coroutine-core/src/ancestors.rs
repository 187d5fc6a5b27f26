//! Who waits for a coroutine.

use crate::node::{AnyNode, Kind, Local, Node};
use crate::site::Suspension;
use crate::task;

/// The one that waits for a node, the one that waits for that, and so on, as far as it is short.
pub(crate) fn ancestors<N: Node>(node: &Local<N>) -> Vec<Suspension> {
    let mut found = Vec::new();
    let mut next = None;
    N::show_waiters(node, &mut |waiter| first_task(waiter, &mut next));
    while let Some(waiter) = next.take().filter(|_| found.len() < 8) {
        let hidden = task::is_hidden(&waiter);
        found.extend(waiter.suspension().filter(|_| !hidden));
        waiter.show_waiters(&mut |above| first_task(above, &mut next));
    }
    found
}

/// Puts the task that `node` is, or wakes, into `found`, unless there is one.
fn first_task(node: &AnyNode, found: &mut Option<AnyNode>) {
    match node.kind() {
        _ if found.is_some() => {}
        Kind::Task => *found = Some(node.clone()),
        _ => node.show_waiters(&mut |waiter| first_task(waiter, found)),
    }
}
