//! The place where a result is put by one side and taken by the other.

use std::cell::{Cell, UnsafeCell};

use crate::node::AnyNode;
use crate::note::Note;
use crate::outcome::Outcome;

/// A result that is not there yet, is there, or has been taken; and who waits for it.
pub(crate) struct Completion<T> {
    /// Woken when the result is there.
    waiter: Cell<Option<AnyNode>>,
    /// No mutable reference to it outlives a method of this module, and no method runs foreign code while it holds one.
    value: UnsafeCell<Value<T>>,
}

enum Value<T> {
    /// What the one waits for who is to provide it has room here, until it is there.
    Pending(Note),
    Ready(T),
    Failed(Outcome),
    Taken,
}

/// What a look at a [`Completion`] finds.
pub(crate) enum Taken<T> {
    /// The result is not there yet.
    NotReady,
    /// The result was taken before.
    Before,
    /// The result, which is now the caller's.
    Now(Result<T, Outcome>),
}

impl<T> Completion<T> {
    pub(crate) const fn new() -> Self {
        Self {
            waiter: Cell::new(None),
            value: UnsafeCell::new(Value::Pending(Note::NONE)),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        // SAFETY: nobody else holds a reference to the value, see the field.
        !matches!(unsafe { &*self.value.get() }, Value::Pending(_))
    }

    /// Whether the result was there and has been taken, so that nobody waits for it or looks at it any more.
    #[inline]
    pub(crate) fn is_taken(&self) -> bool {
        // SAFETY: as for `is_done`.
        matches!(unsafe { &*self.value.get() }, Value::Taken)
    }

    /// Puts the result there and wakes whoever waits. A second result is dropped.
    #[inline]
    pub(crate) fn complete(&self, result: Result<T, Outcome>) {
        if self.is_done() {
            return;
        }
        let value = match result {
            Ok(value) => Value::Ready(value),
            Err(outcome) => Value::Failed(outcome),
        };
        // SAFETY: nobody else holds a reference to the value. What is overwritten is `Pending`, and a note has no destructor.
        unsafe { self.value.get().write(value) };
        self.wake();
    }

    /// Wakes whoever waits.
    pub(crate) fn wake(&self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.schedule();
        }
    }

    /// Takes the result out, if it is there.
    #[inline]
    pub(crate) fn take(&self) -> Taken<T> {
        // SAFETY: nobody else holds a reference to the value, and moving one out runs no foreign code.
        let value = unsafe { &mut *self.value.get() };
        match value {
            Value::Pending(_) => Taken::NotReady,
            Value::Taken => Taken::Before,
            Value::Ready(_) | Value::Failed(_) => match std::mem::replace(value, Value::Taken) {
                Value::Ready(value) => Taken::Now(Ok(value)),
                Value::Failed(outcome) => Taken::Now(Err(outcome)),
                Value::Pending(_) | Value::Taken => Taken::Before,
            },
        }
    }

    /// Looks at the result, if it is there and was not taken.
    ///
    /// # Safety
    ///
    /// Nobody takes the result while the reference is in use.
    pub(crate) unsafe fn peek(&self) -> Option<Result<&T, &Outcome>> {
        // SAFETY: a result that is there stays as it is until it is taken, which the caller rules out.
        match unsafe { &*self.value.get() } {
            Value::Ready(value) => Some(Ok(value)),
            Value::Failed(outcome) => Some(Err(outcome)),
            Value::Pending(_) | Value::Taken => None,
        }
    }

    /// Takes down what the one who is to provide the result waits for. Forgotten once that is there.
    #[inline]
    pub(crate) fn set_note(&self, note: Note) {
        // SAFETY: nobody else holds a reference to the value.
        if let Value::Pending(kept) = unsafe { &mut *self.value.get() } {
            *kept = note;
        }
    }

    /// What the one waits for who is to provide the result.
    pub(crate) fn note(&self) -> Note {
        // SAFETY: as for `is_done`.
        match unsafe { &*self.value.get() } {
            Value::Pending(note) => *note,
            _ => Note::NONE,
        }
    }

    /// Who is woken by the result.
    pub(crate) fn waiter(&self) -> &Cell<Option<AnyNode>> {
        &self.waiter
    }
}
