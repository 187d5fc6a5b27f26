//! What is said of a loop that is held, and of one that is not.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use coroutine_core::signal::{self, SignalKind};
use coroutine_core::{self as co, IoLoop, promise};
use coroutine_tests::{assert_one_message, logged, thread_time, wait_until, watchdog, with_loop};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const THRESHOLD: Duration = Duration::from_millis(20);

/// Messages of all threads that log to it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn get(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[co::coroutine]
fn holds(lines: Lines) {
    yield_!(co::moment());
    wait_until(|| !lines.get().is_empty());
}

#[test]
fn a_coroutine_that_holds_the_loop_is_named_while_it_does() {
    watchdog(Duration::from_secs(20), || {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            let io_loop = IoLoop::instance();
            io_loop
                .set_blocking_log_threshold(THRESHOLD)
                .expect("it is there");
            let holding = lines.clone();
            // It goes on only when the message is there, so that comes while it holds the loop.
            io_loop.run_sync(|| holds(holding)).expect("it is there");
        });
        let lines = lines.get();
        let [first, last] = &*lines else {
            panic!("{lines:#?}");
        };
        for part in [
            "held still",
            "coroutine `holds` at tests/tests/watchdog.rs:",
            "yielding `co::moment()`",
        ] {
            assert!(first.contains(part), "{first}");
        }
        assert!(
            last.starts_with("the loop was held for") && last.contains("`holds`"),
            "{last}"
        );
    });
}

#[test]
fn a_callback_that_holds_the_loop_is_named_by_where_it_was_added() {
    watchdog(Duration::from_secs(20), || {
        let lines = Lines::default();
        let line = tracing::subscriber::with_default(lines.clone(), || {
            let io_loop = IoLoop::instance();
            io_loop
                .set_blocking_log_threshold(THRESHOLD)
                .expect("it is there");
            let waited_for = lines.clone();
            io_loop.add_callback(move || wait_until(|| !waited_for.get().is_empty()));
            let line = line!() - 1;
            io_loop.start().expect("it is there");
            line
        });
        let place = format!("the callback added at {}:{line}:", file!());
        let lines = lines.get();
        assert!(
            lines.len() == 2 && lines.iter().all(|line| line.contains(&place)),
            "{lines:#?}"
        );
    });
}

#[test]
fn a_loop_that_nobody_holds_is_left_in_peace() {
    watchdog(Duration::from_secs(20), || {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            let io_loop = IoLoop::instance();
            io_loop
                .set_blocking_log_threshold(Duration::from_secs(5))
                .expect("it is there");
            io_loop
                .run_sync(|| co::sleep(Duration::from_millis(30)))
                .expect("it is there");
            io_loop
                .set_blocking_log_threshold(None)
                .expect("it is there");
            io_loop.add_callback(|| thread::sleep(Duration::from_millis(1)));
            io_loop.start().expect("it is there");
        });
        assert!(lines.get().is_empty(), "{:?}", lines.get());
    });
}

#[test]
fn the_watchdog_ends_with_its_loop() {
    watchdog(Duration::from_secs(20), || {
        let lines = Lines::default();
        let io_loop = IoLoop::new().expect("it is there");
        tracing::subscriber::with_default(lines.clone(), || {
            io_loop
                .set_blocking_log_threshold(Duration::from_secs(3600))
                .expect("it is there");
        });
        // The thread keeps where it logs to.
        assert!(Arc::strong_count(&lines.0) > 1);
        io_loop.close();
        wait_until(|| Arc::strong_count(&lines.0) == 1);
    });
}

#[test]
fn a_signal_has_the_dump_logged_and_does_not_keep_the_loop() {
    with_loop(|io_loop| {
        let lines = logged(|| {
            let handler = io_loop
                .dump_on_signal(SignalKind::USER_1)
                .expect("it is there");
            let (_promise, future) = promise::<()>();
            let _stuck = co::block::coroutine! { yield future };
            signal::raise(SignalKind::USER_1).expect("it is there");
            // The system delivers it when it likes.
            io_loop
                .run_sync(|| co::sleep(Duration::from_millis(100)))
                .expect("it is there");
            assert!(io_loop.start().expect_err("it fails").is_deadlock());
            handler.remove();
        });
        assert_one_message(
            &lines,
            &["WARN SIGUSR1: 1 coroutine is alive", "-> a promise made at"],
        );
    });
}

#[test]
fn an_idle_loop_with_a_watchdog_and_a_signal_uses_no_time() {
    with_loop(|io_loop| {
        io_loop
            .set_blocking_log_threshold(Duration::from_millis(4))
            .expect("it is there");
        io_loop
            .dump_on_signal(SignalKind::USER_2)
            .expect("it is there")
            .forget();
        let before = thread_time();
        io_loop
            .run_sync(|| co::sleep(Duration::from_millis(200)))
            .expect("it is there");
        assert!(thread_time() - before < Duration::from_millis(50));
    });
}
