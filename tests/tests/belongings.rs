//! What belongs to a loop, and connections for whose sake a loop does not go on.

use std::cell::Cell;
use std::rc::Rc;

use coroutine_core::net::UnixStream;
use coroutine_core::{self as co, IoLoop};
use coroutine_tests::{Events, OnDrop, logged, turns, with_loop};

struct Noted(
    Cell<u32>,
    #[expect(dead_code, reason = "its destructor is what counts")] OnDrop,
);

#[test]
fn a_loop_has_one_value_of_a_type_and_drops_it_when_it_is_closed() {
    with_loop(|_| {
        let (one, other) = (
            IoLoop::new().expect("a loop"),
            IoLoop::new().expect("a loop"),
        );
        let events = Events::new();
        let make = |name| Noted(Cell::new(0), events.note_on_drop(name));
        one.belonging(|| make("one")).0.set(1);
        other.belonging(|| make("other")).0.set(2);
        assert_eq!(one.belonging(|| make("never")).0.get(), 1);
        one.close();
        assert_eq!(events.take(), ["one"]);
        drop(one.belonging(|| make("late")));
        assert_eq!(events.take(), ["late"]);
        drop(other);
        assert_eq!(events.take(), ["other"]);
    });
}

#[test]
fn a_destructor_of_what_belongs_to_a_loop_may_panic_and_use_the_loop() {
    with_loop(|io_loop| {
        let events = Events::new();
        let uses = events.clone();
        io_loop.belonging(|| Cell::new(Some(OnDrop::new(|| panic!("no more")))));
        io_loop.belonging(|| {
            OnDrop::new(move || {
                IoLoop::current().belonging(|| Rc::new(uses.note_on_drop("late")));
                uses.note("gone");
            })
        });
        let lines = logged(|| io_loop.close());
        assert!(lines[0].contains("no more"), "{lines:?}");
        assert_eq!(events.take(), ["late", "gone"]);
    });
}

#[co::test(timeout = 5)]
fn a_callback_tells_once_that_a_connection_was_touched() {
    let (one, other) = UnixStream::pair().expect("descriptors");
    // What is there already was told before.
    yield_!(co::moment());
    let events = Events::new();
    one.when_touched(events.noting("touched"));
    assert!(!one.is_touched());
    for _ in 0..3 {
        yield_!(co::moment());
    }
    assert_eq!(events.take(), [""; 0]);
    for _ in 0..2 {
        yield_!(other.write_all(b"x")).expect("a peer");
        for _ in 0..3 {
            yield_!(co::moment());
        }
    }
    assert_eq!(events.take(), ["touched"]);
    assert!(one.is_touched());
}

#[co::test(timeout = 5)]
fn a_callback_is_forgotten_when_asked_or_when_its_connection_is_dropped() {
    let events = Events::new();
    let (one, other) = UnixStream::pair().expect("descriptors");
    one.when_touched(events.noting("touched"));
    one.forget_when_touched();
    drop(other);
    for _ in 0..3 {
        yield_!(co::moment());
    }
    let (one, _other) = UnixStream::pair().expect("descriptors");
    let guard = events.note_on_drop("dropped");
    one.when_touched(move || drop(guard));
    drop(one);
    assert_eq!(events.take(), ["dropped"]);
}

#[test]
fn a_loop_does_not_go_on_for_such_a_callback_and_drops_it_when_it_is_closed() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (one, other) = UnixStream::pair().expect("descriptors");
        let guard = events.note_on_drop("dropped");
        one.when_touched(move || drop(guard));
        io_loop.start().expect("nothing is left to wait for");
        turns(&io_loop, 2);
        assert_eq!(events.take(), [""; 0]);
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
        one.when_touched(events.noting("never"));
        drop(other);
    });
}

#[test]
fn asking_for_the_loop_that_is_there_makes_none() {
    std::thread::spawn(|| {
        assert!(IoLoop::try_current().is_none());
        let io_loop = IoLoop::current();
        assert!(!IoLoop::try_current().expect("it is there now").is_running());
        let running = io_loop.run_sync(|| async { IoLoop::current().is_running() });
        assert!(running.expect("an end"));
    })
    .join()
    .expect("no panic");
}
