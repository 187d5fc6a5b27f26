//! Whether somebody waits still for what it waited for.

use crate::node::AnyNode;
use crate::task::{ASKED, ENDED, TaskPart, part};

/// Who has asked to be woken, as one can check later whether it waits still.
pub(crate) struct Asker {
    node: AnyNode,
    /// At which of its runs a task has asked.
    run: u32,
    /// Whether it is known to wait, unless it has run since.
    confirmed: bool,
    /// Whether the loop does not go on for its sake, so that it is never asked.
    background: bool,
}

impl Asker {
    pub(crate) fn new(node: AnyNode) -> Self {
        // Nobody can be asked who is no task.
        let confirmed = part(&node).is_none() || node.flags().get() & ASKED != 0;
        Self {
            run: run_of(&node),
            node,
            confirmed,
            background: false,
        }
    }

    /// One for whose sake the loop does not go on.
    pub(crate) fn in_background(node: AnyNode) -> Self {
        Self {
            run: 0,
            node,
            confirmed: false,
            background: true,
        }
    }

    pub(crate) fn is_in_background(&self) -> bool {
        self.background
    }

    pub(crate) fn node(&self) -> &AnyNode {
        &self.node
    }

    pub(crate) fn into_node(self) -> AnyNode {
        self.node
    }

    /// Whether it is known to wait still.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed && stands_at(&self.node, self.run)
    }

    /// Whether it is a task that has ended.
    pub(crate) fn has_ended(&self) -> bool {
        part(&self.node).is_some() && self.node.flags().get() & ENDED != 0
    }
}

/// At which of its runs a task is.
pub(crate) fn run_of(node: &AnyNode) -> u32 {
    part(node).map_or(0, TaskPart::runs)
}

/// Whether the task waits where it did at the end of this run, and is waited for itself.
pub(crate) fn stands_at(node: &AnyNode, run: u32) -> bool {
    run_of(node) == run && node.is_waited_for()
}

/// Has a task run, so that it shows whether it waits still for what it waited for: it asks again, or it does not.
pub(crate) fn ask(node: &AnyNode) {
    if part(node).is_some() {
        node.flags().set(node.flags().get() | ASKED);
    }
    node.schedule();
}
