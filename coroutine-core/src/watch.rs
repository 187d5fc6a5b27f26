//! Who holds the loop: how long each callback takes, and a thread that notices one which takes too long.
//!
//! Nothing is measured until it is asked for. Then whatever the loop runs is written down before, in a place that the thread may look at, and its time is taken.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::Dispatch;

use crate::io_loop::IoLoop;
use crate::log;
use crate::node::AnyNode;
use crate::site::{self, Suspension};

/// What a loop measures.
pub(crate) struct Watch {
    /// Whether the time of each callback is taken.
    measures: Cell<bool>,
    /// The longest time that a callback took.
    longest: Cell<Duration>,
    watchdog: RefCell<Option<Watchdog>>,
}

/// What the loop runs.
#[derive(Clone)]
pub(crate) enum Held {
    /// A coroutine, as it was suspended before.
    Coroutine(Suspension),
    /// A callback, which was added there.
    Callback(&'static Location<'static>),
    /// The first part of what `run_sync` runs.
    Start,
    /// What is none of these.
    Unknown,
}

/// The loop's side of a watchdog.
struct Watchdog {
    board: Arc<Board>,
    threshold: Duration,
}

/// What the loop and the watchdog's thread share.
struct Board {
    state: Mutex<State>,
    /// Notified when the loop runs something again while the thread waits for that, and when the thread is to end.
    changed: Condvar,
}

struct State {
    /// What runs, and since when.
    held: Option<(Held, Instant)>,
    /// How many there were, so that the thread tells one from the next.
    count: u64,
    /// The number of the one that was reported last.
    reported: u64,
    /// The thread waits until something runs.
    is_idle: bool,
    /// The thread is to end.
    is_closed: bool,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            measures: Cell::new(false),
            longest: Cell::new(Duration::ZERO),
            watchdog: RefCell::new(None),
        }
    }

    /// Whether anything is measured. While it is not, a turn of the loop does nothing about it but ask.
    #[inline]
    pub(crate) fn measures(&self) -> bool {
        self.measures.get()
    }

    pub(crate) fn longest(&self) -> Option<Duration> {
        self.measures.get().then(|| self.longest.get())
    }

    pub(crate) fn forget_longest(&self) {
        self.longest.set(Duration::ZERO);
    }

    pub(crate) fn measure(&self) {
        self.measures.set(true);
    }

    /// Runs a node, and takes its time.
    pub(crate) fn run(&self, node: &AnyNode) {
        self.time(|| Held::of(node), || node.run());
    }

    /// Calls `run`, and takes its time if anything is measured. It must not unwind.
    pub(crate) fn time<R>(&self, held: impl FnOnce() -> Held, run: impl FnOnce() -> R) -> R {
        if !self.measures() {
            return run();
        }
        let start = Instant::now();
        self.post(held, start);
        let result = run();
        self.done(start);
        result
    }

    fn post(&self, held: impl FnOnce() -> Held, now: Instant) {
        if let Some(watchdog) = &*self.watchdog.borrow() {
            watchdog.board.post(held(), now);
        }
    }

    fn done(&self, start: Instant) {
        let took = start.elapsed();
        self.longest.set(self.longest.get().max(took));
        let finished = match &*self.watchdog.borrow() {
            Some(watchdog) => watchdog
                .board
                .finish()
                .filter(|_| took >= watchdog.threshold),
            None => None,
        };
        if let Some(held) = finished {
            log::warn(format_args!("the loop was held for {took:.1?} by {held}"));
        }
    }

    fn set_watchdog(&self, watchdog: Option<Watchdog>) {
        let before = self.watchdog.replace(watchdog);
        drop(before);
    }

    /// Ends the watchdog's thread, if there is one.
    pub(crate) fn close(&self) {
        self.set_watchdog(None);
    }
}

impl Held {
    pub(crate) fn of(node: &AnyNode) -> Self {
        match (node.suspension(), node.added_at()) {
            (Some(suspension), _) => Self::Coroutine(suspension),
            (None, Some(place)) => Self::Callback(place),
            (None, None) => Self::Unknown,
        }
    }
}

impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coroutine(at) if at.state() == site::State::Unresumed => {
                write!(f, "coroutine {at}")
            }
            Self::Coroutine(at) => write!(f, "coroutine {at}, since it went on from there"),
            Self::Callback(place) => write!(f, "the callback added at {place}"),
            Self::Start => write!(f, "what `run_sync` has called"),
            Self::Unknown => write!(f, "a waker"),
        }
    }
}

impl Watchdog {
    fn start(threshold: Duration) -> io::Result<Self> {
        let board = Arc::new(Board {
            state: Mutex::new(State {
                held: None,
                count: 0,
                reported: 0,
                is_idle: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
        });
        let for_thread = Arc::clone(&board);
        // It logs to where this thread does.
        let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
        thread::Builder::new()
            .name("loop watchdog".to_owned())
            .spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || for_thread.watch(threshold));
            })?;
        Ok(Self { board, threshold })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.board.lock().is_closed = true;
        self.board.changed.notify_one();
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, held: Held, now: Instant) {
        let mut state = self.lock();
        let before = state.held.replace((held, now));
        state.count += 1;
        let was_idle = std::mem::take(&mut state.is_idle);
        drop(state);
        drop(before);
        if was_idle {
            self.changed.notify_one();
        }
    }

    fn finish(&self) -> Option<Held> {
        self.lock().held.take().map(|(held, _)| held)
    }

    /// What the thread does.
    fn watch(&self, threshold: Duration) {
        let interval = (threshold / 4).max(Duration::from_millis(1));
        let mut state = self.lock();
        let mut seen = 0;
        while !state.is_closed {
            let late = state.held_longer_than(threshold);
            if let Some((held, time)) = late {
                state.reported = state.count;
                drop(state);
                log::warn(format_args!(
                    "the loop has been held for {time:.1?}, and is held still, by {held}"
                ));
                state = self.lock();
                continue;
            }
            // An idle loop is not looked at again and again.
            state.is_idle = state.held.is_none() && state.count == seen;
            seen = state.count;
            state = match state.is_idle {
                true => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                false => {
                    let waited = self.changed.wait_timeout(state, interval);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl State {
    /// What has run for so long, unless that was reported.
    fn held_longer_than(&self, threshold: Duration) -> Option<(Held, Duration)> {
        let (held, since) = self.held.as_ref()?;
        let time = since.elapsed();
        (time >= threshold && self.reported != self.count).then(|| (held.clone(), time))
    }
}

/// Noticing what holds the loop.
impl IoLoop {
    /// Has a thread warn when a coroutine or a callback holds the loop for longer than `threshold`, while it still does, and again with the whole time when it is done.
    /// Tornado's `set_blocking_log_threshold`. None ends it.
    ///
    /// The warning names the coroutine and the yield point from which it went on, or the place where the callback was added. It is real time that counts, also where the
    /// loop's clock is another, and while a debugger or `SIGSTOP` holds the whole process. From then on the loop takes the time of everything that it runs, which costs it some 100 ns each. The thread uses no processor time while the
    /// loop is idle, and ends with it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use coroutine_core::IoLoop;
    ///
    /// let io_loop = IoLoop::current();
    /// io_loop.set_blocking_log_threshold(Duration::from_millis(100))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no thread.
    pub fn set_blocking_log_threshold(
        &self,
        threshold: impl Into<Option<Duration>>,
    ) -> io::Result<()> {
        let watch = self.core().watch();
        let threshold = threshold.into().filter(|_| !self.core().is_closed());
        watch.set_watchdog(threshold.map(Watchdog::start).transpose()?);
        watch.measure();
        Ok(())
    }
}
