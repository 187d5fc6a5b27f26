//! Tornado's model of coroutines for Rust: functions with yield points, and a loop of one thread that runs them.
//!
//! ```
//! use coroutine_core::{self as co, IoLoop, promise};
//!
//! #[co::coroutine]
//! fn asyn_sum(a: i32, b: i32) -> i32 {
//!     let (promise, future) = promise();
//!     IoLoop::current().add_callback(move || promise.set_result(a + b));
//!     yield_!(future)
//! }
//!
//! assert_eq!(IoLoop::current().run_sync(|| asyn_sum(2, 3))?, 5);
//! # Ok::<(), co::LoopError>(())
//! ```
//!
//! # Coroutines
//!
//! [`#[co::coroutine]`](macro@coroutine) turns a function into a coroutine. The attribute is always written with a path, since the compiler has an
//! unstable one of the same name. Inside, `yield_!(e)` and `e.await` are yield points: they wait for `e` without blocking the loop, and evaluate to its result.
//! What can stand there is [`Yieldable`]; anything else is a `BadYieldError` at compile time. Blocks and closures become coroutines in
//! [`block::coroutine!`].
//!
//! A coroutine starts when it is called and runs up to its first yield that is not ready. A yield that is ready goes on in place, so one that never has to
//! wait lets nobody else run; yield a [`moment`] where that matters. A trait may declare coroutines, `#[co::coroutine] fn f(self: Rc<Self>) -> T;`, and be used as
//! `dyn Trait`. What the call returns is a [`Future`] of the result:
//!
//! - yield it to wait for the result; a panic of the coroutine goes on in whoever yields it;
//! - yield its [`outcome`](Future::outcome) to get a panic or a cancellation as a value;
//! - drop it, and the coroutine goes on by itself; its panic is logged, and its error where the function declares a `Result` whose error is `Display` or `Debug`;
//! - [`cancel`](Future::cancel) it, and the coroutine's locals are dropped at its yield point;
//! - make it [`shared`](Future::shared), for many to wait for.
//!
//! Several are waited for at once by yielding a `Vec`, array, tuple or map of them, see [`Yieldable`]; [`multi`] makes one `Result` of many, [`WaitIterator`] gives each as it
//! finishes, and [`with_timeout`] limits the time. Any [`std::future::Future`] can be yielded, or [spawned](IoLoop::spawn) to go on by itself; [`next`] waits for the next item of a stream.
//!
//! # The loop
//!
//! An [`IoLoop`] calls callbacks, resumes coroutines, and waits for timers and sockets. Each thread has one of its own, [`IoLoop::current`]. All of it stays on its thread, so
//! coroutines share data through `Rc` and `RefCell`; other threads reach a loop through its [`Handle`], and wakers work from anywhere.
//!
//! When nothing is left that could wake it, [`IoLoop::start`] returns, and if coroutines are suspended then, it returns an error that tells where each one is.
//!
//! # Logging
//!
//! What nobody waits for is logged through [`tracing`](https://docs.rs/tracing): panics of callbacks, errors and panics of coroutines whose future was dropped. Where no
//! subscriber is installed, warnings and errors go to stderr.
#![warn(clippy::doc_markdown)]

#[cfg(target_os = "linux")]
mod alarm;
#[cfg(not(target_os = "linux"))]
#[path = "no_alarm.rs"]
mod alarm;
mod ancestors;
mod asker;
mod belongings;
mod budget;
mod callback;
mod clock;
mod collection;
mod completion;
mod context_var;
mod coroutine;
mod crew;
mod current;
mod dump;
mod error;
mod executor;
mod failure;
mod future;
mod generator;
mod group;
mod handle;
mod handler;
mod here;
mod io_loop;
mod io_stream;
mod job;
mod limit;
mod list;
mod live;
mod log;
mod loop_core;
mod maybe_future;
mod metrics;
mod multi;
mod next;
mod node;
mod note;
mod origin;
mod outcome;
mod periodic;
mod poller;
mod pool;
mod portrait;
mod queue;
mod quiet;
mod readiness;
mod runner;
mod running;
mod scope;
mod shared;
mod shutdown;
mod site;
mod sleep;
mod slot;
mod stamp;
mod task;
mod timeout;
mod timers;
#[cfg_attr(coroutine_without_trail, path = "no_trail.rs")]
mod trail;
mod tuple;
mod wait_iterator;
mod waker;
mod watch;
mod wheel;
mod with_timeout;
mod yieldable;

pub mod channel;
pub mod guide;
pub mod locks;
pub mod net;
pub mod process;
pub mod queues;
pub mod signal;
#[cfg(feature = "tls")]
pub mod tls;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

/// Turns a function with yield points into a coroutine, which starts when it is called.
///
/// ```
/// use std::rc::Rc;
/// use std::time::Duration;
///
/// use coroutine_core::{self as co, IoLoop};
///
/// struct Server {
///     name: String,
/// }
///
/// impl Server {
///     // It starts when it is called, and owns what it works on.
///     #[co::coroutine]
///     fn greet(self: Rc<Self>, guest: String) -> String {
///         yield_!(co::sleep(Duration::from_millis(1)));
///         format!("{} greets {}", self.name, yield_!(shout(&guest)))
///     }
/// }
///
/// // It starts when it is yielded, and may borrow.
/// #[co::coroutine(lazy)]
/// fn shout(text: &str) -> String {
///     yield_!(co::moment());
///     text.to_uppercase()
/// }
///
/// let server = Rc::new(Server { name: "the server".to_owned() });
/// let greeting = IoLoop::current().run_sync(|| server.greet("you".to_owned()))?;
/// assert_eq!(greeting, "the server greets YOU");
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// A `yield_!` that comes out of a macro of the user's own is not seen; an `.await` there works, but reports do not know its place. A coroutine that returns
/// a future for somebody else to yield meets clippy's `async_yields_async`; allow it on the function.
pub use coroutine_macros::coroutine;

/// Turns a function with yield points into a generator, which runs when it is asked for a value.
///
/// ```
/// use std::pin::pin;
///
/// use coroutine_core::{self as co, GeneratorState};
///
/// #[co::generator(yield = &'static str, resume = u32)]
/// fn consumer() {
///     let mut answer = "I am ready";
///     loop {
///         let task = yield_!(answer);
///         println!("consuming task {task}");
///         answer = "200 Done";
///     }
/// }
///
/// let consumer = pin!(consumer());
/// let (mut consumer, ready) = consumer.start();
/// assert_eq!(ready, GeneratorState::Yielded("I am ready"));
/// assert_eq!(consumer.send(1), Ok(GeneratorState::Yielded("200 Done")));
/// consumer.close();
/// ```
///
/// `yield_!(e)` hands `e` out, and evaluates to what is sent when the generator is resumed. The function returns a [`Generator`], and may borrow its arguments. An `async fn` returns
/// an [`AsyncGenerator`], which is a stream, and in which `e.await` waits as it does in a coroutine.
///
/// A trait may declare generators. Since each implementation has a type of its own, such a trait is no `dyn Trait`; a plain method that returns a
/// [`BoxedGenerator`] is.
///
/// For those who come from Python:
///
/// | Python | here |
/// | --- | --- |
/// | `g = f()` | `let g = pin!(f())`, or `f().boxed()` to keep it |
/// | `next(g)`, `g.send(None)` at first | `let (mut g, first) = g.start()`, or `g.next()` where nothing is sent |
/// | `g.send(x)` | `g.send(x)?`, on what `start` has returned |
/// | `g.throw(e)` | `g.throw(e)?`, where `resume` is a `Result`; the yield evaluates to `Err(e)` |
/// | `g.close()`, `finally` | `g.close()` or a drop; destructors run, and cannot yield |
/// | `for x in f()` | the same (one allocation), or `for x in pin!(f())` (none) |
/// | `StopIteration.value` | [`GeneratorState::Returned`]; a `for` loop drops it, as Python's does |
/// | `(e for x in xs)` | `co::block::generator! { for x in xs { yield e; } }` |
/// | `yield from f()` | `for x in f().boxed() { yield_!(x); }` |
/// | `async def` with `yield`, `async for` | `async fn`; `while let Some(x) = yield_!(co::next(&mut g))` |
pub use coroutine_macros::generator;

/// Makes a coroutine of `main`, and runs the loop until it is done.
///
/// ```
/// use coroutine_core as co;
///
/// #[co::main]
/// fn main() {
///     yield_!(co::moment());
/// }
/// ```
///
/// When the loop can never wake, the program prints where each coroutine is suspended, and ends with status 1.
///
/// When `main` returns, what else is suspended is dropped, and what [`on_shutdown`](IoLoop::on_shutdown) was given is not called. A program that is to end gracefully has a plain
/// `main`, which starts the loop and then closes it [within a time](IoLoop::close_within).
///
/// ```
/// use std::time::Duration;
///
/// use coroutine_core::signal::{self, SignalKind};
/// use coroutine_core::{self as co, IoLoop, LoopError};
///
/// #[co::coroutine]
/// fn end_at(kind: SignalKind) -> std::io::Result<()> {
///     let mut signals = signal::signal(kind)?;
///     yield_!(signals.recv());
///     IoLoop::current().request_shutdown();
///     Ok(())
/// }
///
/// fn main() -> Result<(), LoopError> {
///     let io_loop = IoLoop::current();
///     end_at(SignalKind::TERMINATE);
///     io_loop.on_shutdown(|| println!("goodbye"));
/// #   io_loop.add_callback(|| signal::raise(SignalKind::TERMINATE).unwrap());
///     io_loop.start()?;
///     let report = io_loop.close_within(Duration::from_secs(5))?;
///     assert!(report.is_clean());
///     Ok(())
/// }
/// ```
pub use coroutine_macros::main;

/// Makes a test of a coroutine, with a loop of its own and a limit of 5 seconds unless `timeout = seconds` states another.
///
/// The limit is real time, also where the test has a virtual clock.
///
/// ```
/// use std::time::Duration;
///
/// use coroutine_core as co;
///
/// #[co::test(virtual_clock)]
/// fn an_hour_passes() {
///     yield_!(co::sleep(Duration::from_secs(3600)));
/// }
/// ```
pub use coroutine_macros::test;

pub use futures_core::stream::Stream;

pub use callback::CallbackResult;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use collection::Collection;
pub use context_var::{ContextVar, Scoped};
pub use coroutine::{Coroutine, CoroutineState};
pub use dump::{Awaited, Dump, DumpId, DumpKind, DumpNode, Place, Status, WaitsFor};
pub use error::LoopError;
pub use executor::{BlockingPool, BoxedJob, Executor};
pub use future::{Future, OutcomeFuture, Promise, ResultError, promise};
pub use generator::{
    AsyncGenerator, BoxedGenerator, Ending, Generator, GeneratorState, Home, IntoIter, SendError,
    Started,
};
pub use handle::Handle;
pub use handler::{Interest, Ready};
pub use io_loop::IoLoop;
pub use io_stream::{IoStream, StreamError, Write};
pub use maybe_future::{MaybeFuture, maybe_future};
pub use metrics::Metrics;
pub use multi::{All, Multi, multi};
pub use next::{Next, next};
pub use outcome::{Broken, Outcome, Panicked};
pub use periodic::PeriodicCallback;
pub use shared::{SharedFuture, SharedOutcome};
pub use shutdown::{ShutdownReport, ShutdownRequested, shutdown_requested};
pub use site::{Site, Sites, State, Suspension};
pub use sleep::{Moment, Sleep, moment, sleep, sleep_until};
pub use timeout::{Deadline, Timeout};
pub use wait_iterator::WaitIterator;
pub use with_timeout::{TimeoutError, WithTimeout, with_timeout};
pub use yieldable::{ConvertYielded, Yieldable, kind};

pub mod block {
    //! Coroutines and generators that are no functions: blocks and closures.

    /// Makes a coroutine of a block, which starts at once, or of a closure, which starts one at each call.
    ///
    /// In it `yield e` is a yield point, and so are `yield_!(e)` and `e.await`. It owns what it captures.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// let started = co::block::coroutine! {
    ///     yield co::moment();
    ///     20
    /// };
    /// let add = co::block::coroutine! { |a: i32, b: i32| -> i32 {
    ///     yield co::moment();
    ///     a + b
    /// } };
    /// let sum = IoLoop::current().run_sync(move || {
    ///     co::block::coroutine! {
    ///         let twenty = yield started;
    ///         yield add(twenty, 1)
    ///     }
    /// })?;
    /// assert_eq!(sum, 21);
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[macro_export]
    #[doc(hidden)]
    macro_rules! __coroutine_block {
        ($($tokens:tt)*) => {
            $crate::__private::coroutine_block! { ($crate) $($tokens)* }
        };
    }
    #[doc(inline)]
    pub use crate::__coroutine_block as coroutine;

    /// Makes a generator of a block, or of a closure, which makes one at each call.
    ///
    /// In it `yield e` hands a value out, and evaluates to what is sent; where no yield's value is used, nothing is. It owns what it captures. A block that is `async { .. }`,
    /// and a closure that is `async`, make an [`AsyncGenerator`](crate::AsyncGenerator).
    ///
    /// ```
    /// use std::pin::pin;
    ///
    /// use coroutine_core as co;
    ///
    /// let count = co::block::generator! { |from: u32, to: u32| {
    ///     for n in from..to {
    ///         yield n;
    ///     }
    /// } };
    /// let chain = co::block::generator! {
    ///     for n in pin!(count(1, 3)) {
    ///         yield n;
    ///     }
    ///     yield 10;
    /// };
    /// assert_eq!(pin!(chain).collect::<Vec<_>>(), [1, 2, 10]);
    /// ```
    #[macro_export]
    #[doc(hidden)]
    macro_rules! __generator_block {
        ($($tokens:tt)*) => {
            $crate::__private::generator_block! { ($crate) $($tokens)* }
        };
    }
    #[doc(inline)]
    pub use crate::__generator_block as generator;
}

/// Stands for a yield point inside a coroutine; anywhere else it is an error.
///
/// ```compile_fail
/// fn main() {
///     coroutine_core::yield_!(coroutine_core::moment());
/// }
/// ```
#[macro_export]
macro_rules! yield_ {
    ($($operand:tt)*) => {
        ::core::compile_error!("`yield_!` outside of a coroutine or generator: put `#[co::coroutine]` or `#[co::generator(yield = Type)]` on the function around it, or use `.await` in an async block")
    };
}
