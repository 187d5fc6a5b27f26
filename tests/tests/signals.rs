//! Signals. They concern the whole process, so each test has one for itself.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::thread;

use co::IoLoop;
use co::signal::{self, SignalHandler, SignalKind};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, assert_one_message, logged, turns, watchdog, with_loop};

/// Signals that nothing else in this file has.
const URGENT: i32 = 23;
const VIRTUAL_ALARM: i32 = 26;
const PROFILING: i32 = 27;
const INPUT_OUTPUT: i32 = 29;

#[co::test]
fn a_coroutine_waits_for_a_signal_again_and_again() -> io::Result<()> {
    let listening = signal::signal(SignalKind::USER_1)?;
    let events = Events::new();
    let noted = events.clone();
    let waiting = IoLoop::current().spawn(async move {
        for number in 0..3 {
            listening.recv().await?;
            noted.note(number);
        }
        io::Result::Ok(())
    });
    for number in 0..3 {
        assert_eq!(events.take(), [""; 0]);
        signal::raise(SignalKind::USER_1)?;
        while events.take() != [number.to_string()] {
            yield_!(co::moment());
        }
    }
    yield_!(waiting)
}

#[co::test]
fn a_signal_that_comes_before_anybody_waits_is_not_lost() -> io::Result<()> {
    let listening = signal::signal(SignalKind::USER_2)?;
    signal::raise(SignalKind::USER_2)?;
    yield_!(co::moment());
    yield_!(listening.recv())
}

#[co::test]
fn ctrl_c_is_listened_to_from_the_call_on() -> io::Result<()> {
    let pressed = signal::ctrl_c();
    signal::raise(SignalKind::INTERRUPT)?;
    yield_!(pressed)
}

#[test]
fn several_loops_learn_of_one_signal() {
    watchdog(LIMIT, || {
        let ready = Arc::new(Barrier::new(3));
        let wait = |_| {
            let ready = Arc::clone(&ready);
            thread::spawn(move || {
                let listening = signal::signal(SignalKind::HANGUP).expect("a signal");
                ready.wait();
                let waiting = move || async move { listening.recv().await };
                IoLoop::current().run_sync(waiting).expect("an end")
            })
        };
        let threads: Vec<_> = (0..2).map(wait).collect();
        ready.wait();
        signal::raise(SignalKind::HANGUP).expect("a signal");
        for thread in threads {
            thread.join().expect("no panic").expect("a signal");
        }
    });
}

#[test]
fn a_loop_on_which_somebody_waits_for_a_signal_can_be_woken() {
    with_loop(|io_loop| {
        let kind = SignalKind::WINDOW_CHANGE;
        let raising = Rc::new(RefCell::new(None));
        let raised = Rc::clone(&raising);
        let waiting = move || async move {
            let listening = signal::signal(kind)?;
            // Nothing is left that could wake the loop but the signal.
            let raise = move || {
                thread::sleep(std::time::Duration::from_millis(50));
                signal::raise(kind).expect("a signal");
            };
            *raised.borrow_mut() = Some(thread::spawn(raise));
            listening.recv().await
        };
        let received = io_loop.run_sync(waiting).expect("no deadlock");
        received.expect("a signal");
        let thread = raising.take().expect("it was started");
        thread.join().expect("no panic");
    });
}

#[test]
fn a_handler_is_called_until_it_is_removed_and_then_the_loop_ends() {
    with_loop(|io_loop| {
        let kind = SignalKind::TERMINATE;
        let handler: Rc<Cell<Option<SignalHandler>>> = Rc::default();
        let (events, own) = (Events::new(), Rc::clone(&handler));
        let noted = events.clone();
        let added = io_loop.add_signal_handler(kind, move || {
            noted.note("called");
            if let Some(handler) = own.take() {
                handler.remove();
            }
            // It is not called for this one.
            signal::raise(kind).expect("a signal");
        });
        handler.set(Some(added.expect("a signal")));
        signal::raise(kind).expect("a signal");
        io_loop.start().expect("nothing is left");
        assert_eq!(events.take(), ["called"]);
    });
}

#[test]
fn a_handler_that_panics_is_logged_and_called_again() {
    let lines = watchdog(LIMIT, || {
        logged(|| {
            let io_loop = IoLoop::instance();
            let kind = SignalKind::from_raw(PROFILING);
            let calls = Rc::new(Cell::new(0));
            let count = Rc::clone(&calls);
            let handler = io_loop.add_signal_handler(kind, move || {
                count.set(count.get() + 1);
                assert_ne!(count.get(), 1, "not the first one");
            });
            for call in 1..=2 {
                signal::raise(kind).expect("a signal");
                while calls.get() < call {
                    turns(&io_loop, 1);
                }
            }
            handler.expect("a signal").remove();
        })
    });
    assert_one_message(&lines, &["ERROR", "signals.rs", "not the first one"]);
}

#[co::test]
fn a_signal_to_which_nobody_listens_any_more_ends_nothing() -> io::Result<()> {
    let kind = SignalKind::from_raw(VIRTUAL_ALARM);
    drop(signal::signal(kind)?);
    signal::raise(kind)
}

#[co::test]
fn a_listener_that_was_dropped_hears_nothing_and_the_other_one_does() -> io::Result<()> {
    let kind = SignalKind::from_raw(INPUT_OUTPUT);
    let (first, second) = (signal::signal(kind)?, signal::signal(kind)?);
    drop(first);
    signal::raise(kind)?;
    yield_!(second.recv())
}

#[co::test]
fn a_cancelled_wait_loses_no_signal() -> io::Result<()> {
    let kind = SignalKind::from_raw(URGENT);
    let listening = Rc::new(signal::signal(kind)?);
    let own = Rc::clone(&listening);
    let waiting = IoLoop::current().spawn(async move { own.recv().await });
    yield_!(co::moment());
    signal::raise(kind)?;
    waiting.cancel();
    yield_!(listening.recv())
}

#[co::test]
fn nobody_can_listen_to_a_signal_that_ends_the_process_in_any_case() {
    let error = signal::signal(SignalKind::KILL).expect_err("nobody can");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("SIGKILL"), "{error}");
}

#[co::test]
fn a_number_that_is_no_signal_is_an_error() {
    let kind = SignalKind::from_raw(1000);
    signal::signal(kind).expect_err("there is none");
    signal::raise(kind).expect_err("there is none");
}
