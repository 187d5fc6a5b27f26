//! The [trail](crate::trail) left out, to measure what it costs: see `bookkeeping.sh` of the benches. Nothing else works so.

use crate::note::Note;
use crate::site::StateCode;
use crate::stamp::Stamp;

#[inline]
pub(crate) fn set_reached(_: StateCode) -> StateCode {
    StateCode::ELSEWHERE
}

#[inline]
pub(crate) fn now() -> Stamp {
    0
}

pub(crate) fn set_now(_: Stamp) -> Stamp {
    0
}

#[inline]
pub(crate) fn set_note(_: Note) -> Note {
    Note::NONE
}
