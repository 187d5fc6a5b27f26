//! What the macros' expansions name. Nothing here is for users, and all of it may change.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future as StdFuture;
use std::marker::PhantomData;
use std::task::Context;

pub use coroutine_macros::{coroutine_block, generator_block};

pub use std::format;

pub use crate::coroutine::{Descriptor, Lazy, with_name};
use crate::current;
use crate::generator::{AsyncGenerator, Generator};
pub use crate::generator::{Item, Yielder};
pub use crate::here::at_end_of_turn;
use crate::log;
pub use crate::log::{error as log_error, warn as log_warn};
pub use crate::net::accept::is_of_a_connection;
pub use crate::net::doors::{Door, Pause, pause_accepting};
use crate::node::AnyNode;
pub use crate::process::execute_anew;
pub use crate::running::{run_main, run_test};
pub use crate::site::{Site, Sites};
pub use crate::sites;
pub use crate::task::start;
use crate::waker;
pub use crate::yieldable::At;

/// Whoever is to be woken.
#[derive(Default)]
pub struct Waiter(Cell<Option<AnyNode>>);

impl Waiter {
    /// Has whoever polls with `cx` woken, in the place of the one before.
    #[inline]
    pub fn wait(&self, cx: &Context<'_>) {
        waker::wait_in(&self.0, cx);
    }

    /// Wakes who waits.
    pub fn wake(&self) {
        if let Some(waiter) = self.0.take() {
            waiter.schedule();
        }
    }
}

/// How many callbacks the present turn of the current loop runs, coroutines among them.
#[must_use]
pub fn callbacks_of_turn() -> usize {
    current::core().batch()
}

/// A lazy coroutine: it runs when it is yielded, in whatever yields it.
pub fn lazy<T, D, F>(describe: D, body: F) -> Lazy<D, F>
where
    D: Fn() -> Descriptor<T>,
    F: StdFuture<Output = T>,
{
    Lazy::new(describe, body)
}

/// A generator: `body` makes its state machine, around the yielder that its yield points are made from.
#[inline]
pub fn generator<Y, R, F: StdFuture>(
    describe: fn() -> Descriptor<F::Output>,
    body: impl FnOnce(Yielder<Y, R>) -> F,
) -> Generator<Y, R, F> {
    Generator::new(describe, body)
}

/// An async generator.
#[inline]
pub fn async_generator<Y, F: StdFuture>(
    describe: fn() -> Descriptor<F::Output>,
    body: impl FnOnce(Yielder<Y, ()>) -> F,
) -> AsyncGenerator<Y, F> {
    AsyncGenerator::new(describe, body)
}

/// Finds out whether a coroutine's result can be an error: `(&&&&Probe::<T>::new()).error()` takes the first of the traits below that is there,
/// since each needs one reference less than the one before.
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    /// Asks about `T`.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The result is a `Result` with an error of the standard library's kind, which may have causes.
pub trait ProbeError<T> {
    /// How to get the text of the error and its causes.
    fn error(&self) -> fn(&T) -> Option<String>;
}

impl<T, E: Error> ProbeError<Result<T, E>> for &&&Probe<Result<T, E>> {
    fn error(&self) -> fn(&Result<T, E>) -> Option<String> {
        |result| result.as_ref().err().map(|error| log::with_causes(error))
    }
}

/// The result is a `Result` whose error can be shown.
pub trait ProbeDisplay<T> {
    /// How to get the text of the error.
    fn error(&self) -> fn(&T) -> Option<String>;
}

impl<T, E: Display> ProbeDisplay<Result<T, E>> for &&Probe<Result<T, E>> {
    fn error(&self) -> fn(&Result<T, E>) -> Option<String> {
        |result| result.as_ref().err().map(ToString::to_string)
    }
}

/// The result is a `Result` whose error can be shown to programmers.
pub trait ProbeDebug<T> {
    /// How to get the text of the error.
    fn error(&self) -> fn(&T) -> Option<String>;
}

impl<T, E: Debug> ProbeDebug<Result<T, E>> for &Probe<Result<T, E>> {
    fn error(&self) -> fn(&Result<T, E>) -> Option<String> {
        |result| result.as_ref().err().map(|error| format!("{error:?}"))
    }
}

/// The result is something else.
pub trait ProbeOther<T> {
    /// How to find out that there is no error.
    fn error(&self) -> fn(&T) -> Option<String>;
}

impl<T> ProbeOther<T> for Probe<T> {
    fn error(&self) -> fn(&T) -> Option<String> {
        |_| None
    }
}

/// A function that makes a coroutine's description. It captures nothing, so it takes no room in the coroutine.
///
/// A name after `=` is the user's own, and stands for itself; any other is a function's, in its module.
#[doc(hidden)]
#[macro_export]
macro_rules! sites {
    (= $name:literal $($rest:tt)*) => {
        $crate::__sites! { "", $name $($rest)* }
    };
    ($($rest:tt)*) => {
        $crate::__sites! { ::core::module_path!(), $($rest)* }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __sites {
    (
        $module:expr,
        $name:literal at $line:literal : $column:literal $(-> $returns:ty)? ;
        $($number:literal = $at_line:literal : $at_column:literal $operand:literal ;)*
        $(flow $flow:literal)?
    ) => {
        || {
            static SITES: $crate::Sites = $crate::Sites::new(
                $name,
                ::core::file!(),
                $line,
                $column,
                &[$($crate::Site::new($at_line, $at_column, $operand)),*],
            )
            .in_module($module)
            $(.with_flow($flow))?;
            $crate::__describe!(SITES $(, $returns)?)
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __describe {
    ($sites:ident, $returns:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ProbeDebug as _, ProbeDisplay as _, ProbeError as _, ProbeOther as _,
        };
        $crate::__private::Descriptor::<$returns>::new(
            $sites,
            (&&&&$crate::__private::Probe::<$returns>::new()).error(),
        )
    }};
    ($sites:ident) => {
        $crate::__private::Descriptor::plain(&$sites)
    };
}

#[cfg(test)]
mod tests {
    use super::Descriptor;

    #[test]
    fn a_table_has_a_flow_where_the_macro_writes_one() {
        let with = sites! { "f" at 1 : 1; 0 = 2 : 5 "a"; flow "s 0\n0 e" };
        let with: Descriptor<()> = with();
        assert_eq!(with.sites.flow(), Some("s 0\n0 e"));
        let without = sites! { "f" at 1 : 1; 0 = 2 : 5 "a"; };
        let without: Descriptor<()> = without();
        assert_eq!(without.sites.flow(), None);
    }
}
