//! Helpers of the tests.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use coroutine_core::{Clock, IoLoop};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// How long a test may take.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Runs `body` on a thread of its own.
///
/// # Panics
///
/// Panics when `body` does, and, with the name of the test, when it takes longer than `limit`.
pub fn watchdog<R: Send + 'static>(
    limit: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    watchdog_with_stack(2 << 20, limit, body)
}

/// As [`watchdog`], on a stack of so many bytes.
///
/// # Panics
///
/// As [`watchdog`].
pub fn watchdog_with_stack<R: Send + 'static>(
    stack: usize,
    limit: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (alive, ended) = channel::<()>();
    let body = move || {
        let _alive = alive;
        body()
    };
    let thread = thread::Builder::new()
        .name(test.clone())
        .stack_size(stack)
        .spawn(body)
        .expect("a thread for the test");
    assert_ne!(
        ended.recv_timeout(limit),
        Err(RecvTimeoutError::Timeout),
        "{test} takes longer than {limit:?}"
    );
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// Runs `body` with a thread's own loop, under a watchdog.
pub fn with_loop(body: impl FnOnce(IoLoop) + Send + 'static) {
    watchdog(LIMIT, || body(IoLoop::instance()));
}

/// Makes a loop whose clock is `clock`.
///
/// # Panics
///
/// Panics when the operating system gives no descriptors for it.
#[must_use]
pub fn loop_with(clock: impl Clock) -> IoLoop {
    IoLoop::with_clock(clock).expect("descriptors for a loop")
}

/// Takes `count` turns of the loop, none of which waits.
///
/// # Panics
///
/// Panics when the loop cannot run.
pub fn turns(io_loop: &IoLoop, count: usize) {
    for _ in 0..count {
        io_loop
            .turn(Some(Duration::ZERO))
            .expect("a loop that can run");
    }
}

/// What has happened, in order.
#[derive(Clone, Default)]
pub struct Events(Rc<RefCell<Vec<String>>>);

impl Events {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event.
    pub fn note(&self, event: impl Display) {
        self.0.borrow_mut().push(event.to_string());
    }

    /// A function that adds an event.
    pub fn noting(&self, event: impl Display + 'static) -> impl FnOnce() + 'static {
        let events = self.clone();
        move || events.note(event)
    }

    /// A value whose destructor adds an event.
    #[must_use]
    pub fn note_on_drop(&self, event: impl Display + 'static) -> OnDrop {
        OnDrop::new(self.noting(event))
    }

    /// What has happened since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Calls a function when it is dropped.
pub struct OnDrop(Option<Box<dyn FnOnce()>>);

impl OnDrop {
    /// Calls `function` when it is dropped.
    #[must_use]
    pub fn new(function: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(function)))
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(function) = self.0.take() {
            function();
        }
    }
}

/// What is logged on this thread while `body` runs, each message after its level.
pub fn logged(body: impl FnOnce()) -> Vec<String> {
    let collector = Collector::default();
    let lines = Arc::clone(&collector.lines);
    tracing::subscriber::with_default(collector, body);
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    lines.clone()
}

/// Fails unless there is one message, and it contains all of `parts`.
///
/// # Panics
///
/// Panics if that is not so.
pub fn assert_one_message(lines: &[String], parts: &[&str]) {
    let [line] = lines else {
        panic!("not one message but {lines:#?}");
    };
    for part in parts {
        assert!(line.contains(part), "`{part}` is missing in `{line}`");
    }
}

#[derive(Default)]
struct Collector {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Message(&mut line));
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Appends an event's message.
struct Message<'a>(&'a mut String);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.push_str(&format!(" {value:?}"));
        }
    }
}

/// The processor time that this thread has taken.
#[must_use]
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Sets the limit so that not one descriptor more can be had, and gives the limit before. For a test that is a process of its own.
///
/// # Panics
///
/// Panics when the limit cannot be set.
#[must_use = "the limit is to be set back"]
pub fn use_up_descriptors() -> Rlimit {
    let before = getrlimit(Resource::Nofile);
    let next = File::open("/dev/null").expect("a file").as_raw_fd();
    let none_more = Rlimit {
        current: u64::try_from(next).ok(),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, none_more).expect("a lower limit");
    before
}

/// Waits on this thread until `condition` holds, for threads that cannot signal.
///
/// # Panics
///
/// Panics when it does not within ten seconds.
pub fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The README's programs, which are tested as this item's documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
