//! Children that nobody waits for any more. The system keeps each that has ended until it was asked for its status.

use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

static ORPHANS: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn orphans() -> MutexGuard<'static, Vec<Child>> {
    // Nothing panics while it is locked.
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes over a child.
pub(super) fn adopt(child: Child) {
    orphans().push(child);
    bury();
}

/// Lets go of those that have ended.
pub(super) fn bury() {
    orphans().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}
