//! Something taken out of its place while foreign code works with it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// What was in a cell; it goes back when this is dropped, also in a panic.
pub(super) struct Lent<'a, T: Default> {
    cell: &'a Cell<T>,
    value: T,
}

impl<'a, T: Default> Lent<'a, T> {
    pub(super) fn new(cell: &'a Cell<T>) -> Self {
        Self {
            cell,
            value: cell.take(),
        }
    }
}

impl<T: Default> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Default> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.cell.set(std::mem::take(&mut self.value));
    }
}
