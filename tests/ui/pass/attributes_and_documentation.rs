#![deny(missing_docs)]
//! What is written on a function stays on it.

use coroutine_core as co;

/// Doubles.
#[co::coroutine]
#[inline]
#[must_use = "it is the double"]
pub fn double(number: u32) -> u32 {
    #![allow(unused_variables)]
    let unused = yield_!(async { 5 });
    number * 2
}

#[co::coroutine]
#[cfg(not(all()))]
fn left_out() {
    this_does_not_exist();
}

#[co::coroutine]
#[deprecated]
fn argument_left_out(#[cfg(not(all()))] gone: Gone, #[cfg(all())] here: u32) -> u32 {
    yield_!(co::moment());
    here
}

#[co::coroutine(name = "other name")]
pub(crate) unsafe fn dangerous(pointer: *const u32) -> u32 {
    yield_!(co::moment());
    unsafe { *pointer }
}

#[co::main]
pub(crate) fn main() {
    assert_eq!(yield_!(double(2)), 4);
    #[allow(deprecated)]
    let here = argument_left_out(3);
    assert_eq!(yield_!(here), 3);
    let number = 5;
    assert_eq!(yield_!(unsafe { dangerous(&number) }), 5);
}
