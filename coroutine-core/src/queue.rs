//! The queue of what runs on a loop's next turn.

use std::cell::{Cell, UnsafeCell};
use std::mem;

use crate::node::AnyNode;

/// First in, first out, in batches: a turn takes what is there and leaves the place to what comes meanwhile.
///
/// Every switch passes through it, so it does without the borrow flag of a `RefCell`.
pub(crate) struct Queue {
    /// No reference to it outlives a method of this type, and no method runs foreign code while it holds one.
    nodes: UnsafeCell<Vec<AnyNode>>,
    /// The buffer of the batch before, for the next one.
    spare: Cell<Vec<AnyNode>>,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: UnsafeCell::new(Vec::new()),
            spare: Cell::new(Vec::new()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        // SAFETY: nobody else holds a reference, see the field.
        unsafe { &*self.nodes.get() }.is_empty()
    }

    #[inline]
    pub(crate) fn push(&self, node: AnyNode) {
        // SAFETY: nobody else holds a reference, see the field.
        unsafe { &mut *self.nodes.get() }.push(node);
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Vec<AnyNode> {
        let empty = self.spare.take();
        // SAFETY: nobody else holds a reference, see the field.
        mem::replace(unsafe { &mut *self.nodes.get() }, empty)
    }

    /// Gives the buffer of a batch back that has run.
    pub(crate) fn give_back(&self, batch: Vec<AnyNode>) {
        debug_assert!(batch.is_empty());
        self.spare.set(batch);
    }
}
