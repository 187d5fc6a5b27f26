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
//! A coroutine starts when it is called and runs up to its first yield that is not ready. A yield that is ready goes on in place. What the call
//! returns is a [`Future`] of the result:
//!
//! - yield it to wait for the result; a panic of the coroutine goes on in whoever yields it;
//! - yield its [`outcome`](Future::outcome) to get a panic or a cancellation as a value;
//! - drop it, and the coroutine goes on by itself; its error or panic is logged;
//! - [`cancel`](Future::cancel) it, and the coroutine's locals are dropped at its yield point;
//! - make it [`shared`](Future::shared), for many to wait for.
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

mod budget;
mod callback;
mod clock;
mod completion;
mod coroutine;
mod current;
mod error;
mod future;
mod group;
mod handle;
mod handler;
mod io_loop;
mod live;
mod log;
mod loop_core;
mod multi;
mod node;
mod offload;
mod outcome;
mod poller;
mod pool;
mod readiness;
mod shared;
mod site;
mod sleep;
mod task;
mod timers;
mod waker;
mod wheel;
mod yieldable;

pub mod net;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use coroutine_macros::{coroutine, main, test};

pub use clock::{Clock, SystemClock, VirtualClock};
pub use coroutine::{Coroutine, CoroutineState};
pub use error::LoopError;
pub use future::{Future, OutcomeFuture, Promise, ResultError, promise};
pub use handle::Handle;
pub use handler::{Interest, Ready};
pub use io_loop::{CallbackResult, Deadline, IoLoop, Timeout};
pub use multi::Multi;
pub use outcome::{Broken, Outcome, Panicked};
pub use shared::{SharedFuture, SharedOutcome};
pub use site::{Site, Sites, State, Suspension};
pub use sleep::{Moment, Sleep, moment, sleep, sleep_until};
pub use yieldable::{ConvertYielded, Yieldable, kind};

pub mod block {
    //! Coroutines that are no functions: blocks and closures.

    /// Makes a coroutine of a block, which starts at once, or of a closure, which starts one at each call.
    #[macro_export]
    #[doc(hidden)]
    macro_rules! __coroutine_block {
        ($($tokens:tt)*) => {
            $crate::__private::coroutine_block! { ($crate) $($tokens)* }
        };
    }
    #[doc(inline)]
    pub use crate::__coroutine_block as coroutine;
}

/// Stands for a yield point inside a coroutine; anywhere else it is an error.
#[macro_export]
macro_rules! yield_ {
    ($($operand:tt)*) => {
        ::core::compile_error!("`yield_!` outside of a coroutine: put `#[co::coroutine]` on the function around it, or use `.await` in an async block")
    };
}
