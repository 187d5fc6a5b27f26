//! The table of a loop's live coroutines: those that have been suspended and have not ended.

use std::cell::RefCell;

use crate::node::{AnyNode, Kind};
use crate::site::Suspension;
use crate::task::TaskPart;

/// Where a task stands in the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    /// Not in the table.
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// The table. It keeps its tasks alive.
pub(crate) struct Live {
    /// Each task knows its index.
    tasks: RefCell<Vec<Option<AnyNode>>>,
    /// The indices at which there is none; the last one is used first.
    vacant: RefCell<Vec<u32>>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            tasks: RefCell::new(Vec::new()),
            vacant: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.borrow().len() - self.vacant.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a task that is not in the table.
    pub(crate) fn insert(&self, task: AnyNode) {
        let mut tasks = self.tasks.borrow_mut();
        if let Some(at) = self.vacant.borrow_mut().pop() {
            part(&task).key.set(Key(at));
            tasks[at as usize] = Some(task);
            return;
        }
        let at = u32::try_from(tasks.len())
            .ok()
            .filter(|&at| Key(at) != Key::NONE);
        let at = at.expect("memory ends before four thousand million coroutines are alive");
        part(&task).key.set(Key(at));
        tasks.push(Some(task));
    }

    /// Takes a task out, if it is in the table. The caller drops the pointer when it is done with the task.
    #[inline]
    pub(crate) fn remove(&self, task: &TaskPart) -> Option<AnyNode> {
        match task.key.get() {
            Key::NONE => None,
            key => self.take(key, task),
        }
    }

    fn take(&self, key: Key, task: &TaskPart) -> Option<AnyNode> {
        task.key.set(Key::NONE);
        let removed = self.tasks.borrow_mut()[key.0 as usize].take();
        self.vacant.borrow_mut().push(key.0);
        removed
    }

    /// Shows each coroutine.
    pub(crate) fn show(&self, show: impl FnMut(&AnyNode)) {
        self.tasks.borrow().iter().flatten().for_each(show);
    }

    /// Where each coroutine is suspended.
    pub(crate) fn suspensions(&self) -> Vec<Suspension> {
        let tasks = self.tasks.borrow();
        tasks
            .iter()
            .flatten()
            .filter_map(AnyNode::suspension)
            .collect()
    }

    /// Ends every coroutine. Their destructors may start new ones, which end as well, since the loop is closed by then.
    pub(crate) fn cancel_all(&self) {
        let mut at = 0;
        while at < self.tasks.borrow().len() {
            let task = self.tasks.borrow()[at].clone();
            if let Some(task) = task {
                task.cancel();
                // A task that is running ends at its next suspension; the loop no longer needs to keep it.
                drop(self.remove(part(&task)));
            }
            at += 1;
        }
    }
}

fn part(task: &AnyNode) -> &TaskPart {
    debug_assert!(task.kind() == Kind::Task);
    // SAFETY: only tasks are put in the table, and a task is `repr(C)` and begins with its part.
    unsafe { task.node() }
}
