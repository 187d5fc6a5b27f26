//! What a task tells of itself.

use crate::live::Key;
use crate::note::Note;
use crate::site::Suspension;
use crate::stamp::Stamp;

/// What a dump is made of, as one task tells it.
pub(crate) struct Portrait {
    pub(crate) suspension: Suspension,
    pub(crate) status: Status,
    pub(crate) since: Stamp,
    pub(crate) note: Note,
    /// How large its state machine is.
    pub(crate) bytes: usize,
    /// Where it stands in its loop's table.
    pub(crate) slot: Key,
}

/// Whether a coroutine runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Status {
    /// Its body is on the stack.
    Running,
    /// It was woken, and goes on when its loop comes to it.
    Ready,
    /// It waits.
    Suspended,
}
