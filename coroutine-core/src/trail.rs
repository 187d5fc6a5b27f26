//! What is said on the way out of a suspension, and taken up by whoever suspends.
//!
//! A yield point that is not ready writes its number, and whatever it waits for writes what it is. The coroutine around reads both as soon as its body has returned.
//! Nested ones do so from the inside out, so each reads its own.

use crate::here::HERE;
use crate::note::Note;
use crate::site::StateCode;
use crate::stamp::Stamp;

#[inline]
pub(crate) fn set_reached(code: StateCode) -> StateCode {
    HERE.with(|here| here.reached.replace(code))
}

#[inline]
pub(crate) fn now() -> Stamp {
    HERE.with(|here| here.now.get())
}

pub(crate) fn set_now(now: Stamp) -> Stamp {
    HERE.with(|here| here.now.replace(now))
}

#[inline]
pub(crate) fn set_note(note: Note) -> Note {
    HERE.with(|here| here.note.replace(note))
}
