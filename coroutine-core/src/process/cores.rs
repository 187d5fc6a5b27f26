//! A loop on a thread for each core.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use crate::error::LoopError;
use crate::io_loop::IoLoop;
use crate::log;
use crate::outcome::panic_message;
use crate::yieldable::Yieldable;

/// How many cores this process may use, as far as one can tell.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs a coroutine on a loop of its own on each of `count` threads, and waits until all have ended. Zero stands for as many as there are cores.
///
/// `start` is called on each thread with the thread's number. It makes what that thread is to run until it is done: a coroutine, as a rule, that begins to
/// listen at a port with [`reuse_port`](crate::net::BindOptions::reuse_port), so that the system spreads the connections over the loops. The loops share nothing.
///
/// # Errors
///
/// Each thread gives a result of its own, in order. One that ends with an error is also logged at once, since the others may go on for ever.
///
/// ```
/// use coroutine_core::{self as co, process::run_on_each_core};
///
/// #[co::coroutine]
/// fn serve(number: usize) -> usize {
///     yield_!(co::moment());
///     number * 10
/// }
///
/// let results = run_on_each_core(2, serve);
/// let results: Result<Vec<_>, _> = results.into_iter().collect();
/// assert_eq!(results?, [0, 10]);
/// # Ok::<(), co::process::CoreError>(())
/// ```
pub fn run_on_each_core<Y, K>(
    count: usize,
    start: impl Fn(usize) -> Y + Clone + Send + 'static,
) -> Vec<Result<Y::Output, CoreError>>
where
    Y: Yieldable<K>,
    Y::Output: Send + 'static,
    Y::Future: 'static,
{
    let count = if count == 0 { cores() } else { count };
    thread::scope(|scope| {
        let run = |number| {
            let start = start.clone();
            let thread = thread::Builder::new().name(format!("loop {number}"));
            let work = move || logged(number, run(move || start(number)));
            let spawned = thread.spawn_scoped(scope, work);
            spawned.or_else(|error| logged(number, Err(CoreError(Kind::Start(error)))))
        };
        let threads: Vec<_> = (0..count).map(run).collect();
        threads.into_iter().map(join).collect()
    })
}

fn run<Y, K>(start: impl FnOnce() -> Y + 'static) -> Result<Y::Output, CoreError>
where
    Y: Yieldable<K>,
    Y::Output: 'static,
    Y::Future: 'static,
{
    let io_loop = IoLoop::new().map_err(|error| CoreError(Kind::Start(error)))?;
    io_loop
        .run_sync(start)
        .map_err(|error| CoreError(Kind::Loop(error)))
}

fn logged<T>(number: usize, result: Result<T, CoreError>) -> Result<T, CoreError> {
    if let Err(error) = &result {
        log::error(format_args!("loop {number} has ended: {error:?}"));
    }
    result
}

fn join<T>(
    thread: Result<ScopedJoinHandle<'_, Result<T, CoreError>>, CoreError>,
) -> Result<T, CoreError> {
    match thread?.join() {
        Ok(result) => result,
        Err(payload) => {
            let message = panic_message(&*payload).to_owned();
            Err(CoreError(Kind::Panicked(message, Mutex::new(payload))))
        }
    }
}

/// Why one of the loops of [`run_on_each_core`] gave nothing.
pub struct CoreError(Kind);

enum Kind {
    /// There was no thread, or no descriptors for its loop.
    Start(io::Error),
    Loop(LoopError),
    /// The text, and what the panic carried; behind a lock, so that the error can be shared.
    Panicked(String, Mutex<Box<dyn Any + Send>>),
}

impl CoreError {
    /// Whether it panicked.
    #[must_use]
    pub fn is_panicked(&self) -> bool {
        matches!(self.0, Kind::Panicked(..))
    }

    /// What the panic carried, if it was one.
    #[must_use]
    pub fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        match self.0 {
            Kind::Panicked(_, payload) => {
                Some(payload.into_inner().unwrap_or_else(PoisonError::into_inner))
            }
            Kind::Start(_) | Kind::Loop(_) => None,
        }
    }
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Start(_) => write!(f, "it cannot be started"),
            Kind::Loop(_) => write!(f, "its loop did not come to its end"),
            Kind::Panicked(message, _) => write!(f, "it panicked: {message}"),
        }
    }
}

impl fmt::Debug for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self.source() {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for CoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Start(error) => Some(error),
            Kind::Loop(error) => Some(error),
            Kind::Panicked(..) => None,
        }
    }
}
