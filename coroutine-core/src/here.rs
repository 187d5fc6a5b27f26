//! What a switch from one coroutine to another has to find: all that goes on at this moment on this thread.
//!
//! It is one thread-local without a destructor, since to find one costs as much as to read it, and each switch looks at most of it.

use std::cell::Cell;
use std::ptr;

use crate::budget;
use crate::node::Header;
use crate::note::Note;
use crate::scope::Innermost;
use crate::site::StateCode;
use crate::stamp::Stamp;

#[cfg_attr(coroutine_without_trail, expect(dead_code))]
pub(crate) struct Here {
    /// The task whose body is on the stack, topmost. Whoever set it holds a pointer to the task until it is restored.
    pub(crate) running: Cell<*const Header>,
    /// The part whose body is.
    pub(crate) innermost: Cell<Innermost>,
    /// What has reported "not ready" last.
    pub(crate) note: Cell<Note>,
    /// The time, as far as it is known without a look at the clock.
    pub(crate) now: Cell<Stamp>,
    /// How many operations on sockets are left to the running task.
    pub(crate) operations: Cell<u32>,
    /// The yield point that has reported "not ready" last.
    pub(crate) reached: Cell<StateCode>,
    /// Whether a variable was ever set on this thread.
    pub(crate) has_variables: Cell<bool>,
    /// What is done when the turn has run its callbacks and timers.
    ending: Cell<Option<fn()>>,
}

thread_local! {
    pub(crate) static HERE: Here = const {
        Here {
            running: Cell::new(ptr::null()),
            innermost: Cell::new(Innermost::NONE),
            note: Cell::new(Note::NONE),
            now: Cell::new(0),
            operations: Cell::new(budget::OPERATIONS),
            reached: Cell::new(StateCode::ELSEWHERE),
            has_variables: Cell::new(false),
            ending: Cell::new(None),
        }
    };
}

/// Has `ending` called before the loop that runs waits for I/O. It is the thread's and not the loop's: a loop that runs in a callback of another one may wait for
/// what the other's callbacks have left for the end of their turn. There is room for one; another one has it called now.
pub fn at_end_of_turn(ending: fn()) {
    let before = HERE.with(|here| here.ending.replace(Some(ending)));
    if let Some(before) = before
        && !ptr::fn_addr_eq(before, ending)
    {
        before();
    }
}

/// The turn has run its callbacks and timers.
#[inline]
pub(crate) fn run_ending() {
    if let Some(ending) = HERE.with(|here| here.ending.take()) {
        ending();
    }
}
