//! A generator in a `for` loop.

use std::fmt;
use std::future::Future as StdFuture;
use std::iter::FusedIterator;
use std::pin::Pin;

use super::inline::Generator;

/// What `for` makes of a [`Generator`]: an iterator that has moved it to the heap.
pub struct IntoIter<Y, F: StdFuture> {
    generator: Pin<Box<Generator<Y, (), F>>>,
}

/// `for n in count(3)` allocates once. `for n in pin!(count(3))` does not.
///
/// ```
/// use coroutine_core as co;
///
/// #[co::generator(yield = u32)]
/// fn count(to: u32) {
///     for n in 1..=to {
///         yield_!(n);
///     }
/// }
///
/// let mut sum = 0;
/// for n in count(3) {
///     sum += n;
/// }
/// assert_eq!(sum, 6);
/// ```
impl<Y, F: StdFuture> IntoIterator for Generator<Y, (), F> {
    type Item = Y;
    type IntoIter = IntoIter<Y, F>;

    fn into_iter(self) -> IntoIter<Y, F> {
        IntoIter {
            generator: Box::pin(self),
        }
    }
}

impl<Y, F: StdFuture> Iterator for IntoIter<Y, F> {
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        self.generator.as_mut().next()
    }
}

impl<Y, F: StdFuture> FusedIterator for IntoIter<Y, F> {}

impl<Y, F: StdFuture> fmt::Debug for IntoIter<Y, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.generator.suspension().debug("IntoIter", f)
    }
}
