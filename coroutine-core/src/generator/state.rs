//! What a generator says when it hands control back.

use std::error::Error;
use std::fmt;

/// What resuming a generator gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what a generator yields or returns would be lost"]
pub enum GeneratorState<Y, T> {
    /// It has yielded this, and waits to be resumed.
    Yielded(Y),
    /// It has ended, with this result.
    Returned(T),
}

impl<Y, T> GeneratorState<Y, T> {
    /// What was yielded, if it was.
    ///
    /// ```
    /// use coroutine_core::GeneratorState;
    ///
    /// assert_eq!(GeneratorState::<_, ()>::Yielded(1).yielded(), Some(1));
    /// assert_eq!(GeneratorState::<u32, _>::Returned("end").yielded(), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn yielded(self) -> Option<Y> {
        match self {
            Self::Yielded(value) => Some(value),
            Self::Returned(_) => None,
        }
    }

    /// What was returned, if the generator has ended.
    #[inline]
    #[must_use]
    pub fn returned(self) -> Option<T> {
        match self {
            Self::Yielded(_) => None,
            Self::Returned(value) => Some(value),
        }
    }
}

/// The generator has ended or was closed, so nobody took what was sent: here it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<R>(pub R);

impl<R> fmt::Debug for SendError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<R> fmt::Display for SendError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the generator has ended, so it takes nothing more")
    }
}

impl<R> Error for SendError<R> {}
