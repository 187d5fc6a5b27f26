//! What a coroutine waits for, in one word: whoever is waited for leaves a note of itself on the way out, and whoever suspends keeps it.
//!
//! A note never dangles: it is a pointer to what lives for ever, or a number that is looked up, when somebody asks, among those that are there then. So it can be
//! copied and forgotten, and to take one costs a load and a store.

use std::any::type_name;
use std::panic::Location;
use std::ptr;

use crate::node::{AnyNode, Header};
use crate::origin::OriginKey;
use crate::trail;

/// What somebody waits for, packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note(*const ());

/// A note unpacked.
#[derive(Clone, Copy)]
pub(crate) enum Noted {
    /// Nothing that is known.
    Nothing,
    /// The timer in this slot.
    Timer(usize),
    /// What the poller watches under this number.
    Watched(usize),
    /// The task at this address, which is to be looked for and not to be followed.
    Task(usize),
    /// What a line of those who wait stands for.
    Origin(OriginKey),
    /// A promise made there.
    Promise(&'static Location<'static>),
    /// The same, and others wait as well.
    SharedPromise(&'static Location<'static>),
    /// Work on another thread.
    Job,
    /// A future of which nothing but its type is known.
    Type(TypeName),
}

/// Tells the name of a type.
pub(crate) type TypeName = fn() -> &'static str;

// Pointers to `Location`s and `TypeName`s have their two lowest bits to spare, in which there is one of these. Numbers have a zero there, and their kind above.
const PROMISE: usize = 1;
const SHARED_PROMISE: usize = 2;
const TYPE: usize = 3;
const TAG: usize = 3;

const TIMER: usize = 1 << 2;
const WATCHED: usize = 2 << 2;
const TASK: usize = 3 << 2;
const ORIGIN: usize = 4 << 2;
const JOB: usize = 5 << 2;
const KIND: usize = 7 << 2;
const NUMBER: u32 = 5;

const _: () = assert!(align_of::<Location<'static>>() > TAG && align_of::<TypeName>() > TAG);

impl Note {
    pub(crate) const NONE: Self = Self(ptr::null());

    #[inline]
    fn of_number(kind: usize, number: usize) -> Self {
        Self(ptr::without_provenance(number << NUMBER | kind))
    }

    #[inline]
    fn of_pointer<T>(tag: usize, pointer: &'static T) -> Self {
        let pointer = ptr::from_ref(pointer).cast::<()>();
        Self(pointer.map_addr(|address| address | tag))
    }

    pub(crate) fn timer(slot: u32) -> Self {
        Self::of_number(TIMER, slot as usize)
    }

    pub(crate) fn watched(key: usize) -> Self {
        Self::of_number(WATCHED, key)
    }

    pub(crate) fn task(task: &AnyNode) -> Self {
        Self::of_number(TASK, task_number(task.header_ptr()))
    }

    pub(crate) fn origin(key: OriginKey) -> Self {
        Self::of_number(ORIGIN, key.0)
    }

    pub(crate) fn job() -> Self {
        Self::of_number(JOB, 0)
    }

    pub(crate) fn promise(made_at: &'static Location<'static>) -> Self {
        Self::of_pointer(PROMISE, made_at)
    }

    pub(crate) fn shared_promise(made_at: &'static Location<'static>) -> Self {
        Self::of_pointer(SHARED_PROMISE, made_at)
    }

    pub(crate) fn read(self) -> Noted {
        let address = self.0.addr();
        let pointer = self.0.map_addr(|address| address & !TAG);
        // SAFETY: who made a note with this tag has made it of a `&'static` to such a value, and nothing else makes notes.
        let location = || unsafe { &*pointer.cast::<Location<'static>>() };
        let number = address >> NUMBER;
        match address & TAG {
            PROMISE => Noted::Promise(location()),
            SHARED_PROMISE => Noted::SharedPromise(location()),
            // SAFETY: as for a location.
            TYPE => Noted::Type(*unsafe { &*pointer.cast::<TypeName>() }),
            _ => match address & KIND {
                TIMER => Noted::Timer(number),
                WATCHED => Noted::Watched(number),
                TASK => Noted::Task(number),
                ORIGIN => Noted::Origin(OriginKey(number)),
                JOB => Noted::Job,
                _ => Noted::Nothing,
            },
        }
    }
}

/// The number by which a note knows a task: where it lies, as far as that tells tasks apart.
pub(crate) fn task_number(task: *const Header) -> usize {
    task.addr() << NUMBER >> NUMBER
}

/// Where the function lies that tells a type's name.
struct Named<F>(F);

impl<F> Named<F> {
    const NAME: &'static TypeName = &(type_name::<F> as TypeName);
}

/// Leaves a note, in the place of the one that is there.
#[inline]
pub(crate) fn leave(note: Note) {
    trail::set_note(note);
}

/// Leaves a note of an `F` that is about to be polled, in whose place whatever it waits for leaves a better one.
#[inline]
pub(crate) fn leave_type<F>() {
    leave(Note::of_pointer(TYPE, Named::<F>::NAME));
}

/// Takes the note, for whoever suspends because of it.
#[inline]
pub(crate) fn take() -> Note {
    trail::set_note(Note::NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_as_it_was_written() {
        let here = Location::caller();
        assert!(
            matches!(Note::timer(u32::MAX).read(), Noted::Timer(slot) if slot == u32::MAX as usize)
        );
        assert!(matches!(Note::watched(7).read(), Noted::Watched(7)));
        assert!(matches!(
            Note::origin(OriginKey(9)).read(),
            Noted::Origin(OriginKey(9))
        ));
        assert!(
            matches!(Note::promise(here).read(), Noted::Promise(place) if ptr::eq(place, here))
        );
        assert!(
            matches!(Note::shared_promise(here).read(), Noted::SharedPromise(place) if ptr::eq(place, here))
        );
        leave_type::<Vec<u8>>();
        assert!(matches!(take().read(), Noted::Type(name) if name() == type_name::<Vec<u8>>()));
        assert!(matches!(take().read(), Noted::Nothing));
    }
}
