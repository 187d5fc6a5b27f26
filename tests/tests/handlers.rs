//! Handlers of descriptors, and embedding the loop in another one.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use co::{Interest, IoLoop, Ready};
use coroutine_core as co;
use coroutine_tests::{Events, assert_one_message, logged, turns, with_loop};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Two sockets that are connected.
fn pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("two descriptors");
    a.set_nonblocking(true).expect("a socket can be");
    b.set_nonblocking(true).expect("a socket can be");
    (a, b)
}

fn send(mut socket: &UnixStream, bytes: &[u8]) {
    socket.write_all(bytes).expect("there is room");
}

/// Adds a handler that reads one byte and notes it.
fn read_one_byte_each(io_loop: &IoLoop, socket: &UnixStream, events: &Events) {
    let (fd, events) = (socket.as_raw_fd(), events.clone());
    let socket = socket.try_clone().expect("one more descriptor");
    let handler = move |at: RawFd, ready: Ready| {
        assert_eq!(at, fd);
        assert!(ready.is_readable());
        let mut byte = [0];
        let count = (&socket).read(&mut byte).expect("there is something");
        events.note(if count == 0 { '$' } else { byte[0] as char });
    };
    io_loop
        .add_handler(fd, Interest::READABLE, handler)
        .expect("it has none");
}

/// Adds a handler that notes `name`, and reads nothing.
fn note_calls(io_loop: &IoLoop, socket: &UnixStream, events: &Events, name: &'static str) {
    let events = events.clone();
    io_loop
        .add_handler(socket.as_raw_fd(), Interest::READABLE, move |_, _| {
            events.note(name);
        })
        .expect("it has none");
}

#[test]
fn a_handler_is_called_when_its_descriptor_becomes_readable() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        read_one_byte_each(&io_loop, &socket, &events);
        turns(&io_loop, 2);
        assert_eq!(events.take(), [""; 0]);
        send(&peer, b"a");
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["a"]);
        turns(&io_loop, 2);
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn a_handler_that_leaves_bytes_is_called_again() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        send(&peer, b"abcd");
        read_one_byte_each(&io_loop, &socket, &events);
        turns(&io_loop, 10);
        assert_eq!(events.take(), ["a", "b", "c", "d"]);
    });
}

#[test]
fn a_handler_of_a_closed_peer_is_called_again_and_again() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        send(&peer, b"a");
        drop(peer);
        read_one_byte_each(&io_loop, &socket, &events);
        turns(&io_loop, 4);
        assert_eq!(events.take(), ["a", "$", "$"]);
    });
}

#[test]
fn a_handler_is_called_on_the_turn_after_its_event_as_a_queued_callback() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        send(&peer, b"a");
        read_one_byte_each(&io_loop, &socket, &events);
        io_loop.add_callback(events.noting("callback"));
        io_loop.call_later(Duration::ZERO, events.noting("timer"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback", "timer"]);
        io_loop.add_callback(events.noting("queued later"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["a", "queued later"]);
    });
}

#[test]
fn a_handler_may_wait_for_writing() {
    with_loop(|io_loop| {
        let (socket, _peer) = pair();
        let seen = Rc::new(Cell::new(Ready::default()));
        let in_handler = Rc::clone(&seen);
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::WRITABLE, move |_, ready| {
                in_handler.set(ready);
            })
            .expect("it has none");
        turns(&io_loop, 2);
        assert!(seen.get().is_writable());
        assert!(!seen.get().is_readable());
    });
}

#[test]
fn a_handler_may_wait_for_both_directions() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        send(&peer, b"a");
        let seen = Rc::new(Cell::new(Ready::default()));
        let in_handler = Rc::clone(&seen);
        let both = Interest::READABLE | Interest::WRITABLE;
        io_loop
            .add_handler(socket.as_raw_fd(), both, move |_, ready| {
                in_handler.set(ready);
            })
            .expect("it has none");
        turns(&io_loop, 2);
        assert!(seen.get().is_writable() && seen.get().is_readable());
    });
}

#[test]
fn a_handler_that_removes_another_of_the_same_batch_silences_it() {
    with_loop(|io_loop| {
        let sockets = [pair(), pair()];
        let events = Events::new();
        let fds = sockets.each_ref().map(|(socket, _)| socket.as_raw_fd());
        for (socket, peer) in &sockets {
            let (fd, events) = (socket.as_raw_fd(), events.clone());
            send(peer, b"a");
            io_loop
                .add_handler(fd, Interest::READABLE, move |_, _| {
                    events.note("called");
                    for other in fds.into_iter().filter(|&other| other != fd) {
                        IoLoop::current().remove_handler(other);
                    }
                    IoLoop::current().remove_handler(fd);
                })
                .expect("it has none");
        }
        turns(&io_loop, 4);
        assert_eq!(events.take(), ["called"]);
    });
}

#[test]
fn a_handler_whose_event_has_come_is_silent_after_its_removal() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        send(&peer, b"a");
        note_calls(&io_loop, &socket, &events, "called");
        turns(&io_loop, 1);
        io_loop.remove_handler(socket.as_raw_fd());
        turns(&io_loop, 3);
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn a_handler_that_takes_the_place_of_a_removed_one_does_not_get_its_event() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        send(&peer, b"a");
        note_calls(&io_loop, &socket, &events, "old");
        turns(&io_loop, 1);
        io_loop.remove_handler(socket.as_raw_fd());
        (&socket).read_exact(&mut [0]).expect("it is there");
        note_calls(&io_loop, &socket, &events, "new");
        turns(&io_loop, 3);
        assert_eq!(events.take(), [""; 0]);
        send(&peer, b"b");
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["new"]);
    });
}

#[test]
fn a_handler_may_remove_itself() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        let (in_handler, captured) = (events.clone(), events.note_on_drop("dropped"));
        send(&peer, b"a");
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, move |fd, _| {
                let _captured = &captured;
                IoLoop::current().remove_handler(fd);
                in_handler.note("called");
            })
            .expect("it has none");
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["called", "dropped"]);
        io_loop.start().expect("nothing is left");
    });
}

#[test]
fn a_handler_may_replace_itself() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        let in_handler = events.clone();
        send(&peer, b"ab");
        let own = socket.try_clone().expect("one more descriptor");
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, move |fd, _| {
                in_handler.note("first");
                IoLoop::current().remove_handler(fd);
                let again = in_handler.clone();
                IoLoop::current()
                    .add_handler(fd, Interest::READABLE, move |fd, _| {
                        again.note("second");
                        IoLoop::current().remove_handler(fd);
                    })
                    .expect("it was removed");
                let _own = &own;
            })
            .expect("it has none");
        turns(&io_loop, 4);
        assert_eq!(events.take(), ["first", "second"]);
    });
}

#[test]
fn adding_a_descriptor_twice_is_an_error_and_leaves_the_first_handler() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        note_calls(&io_loop, &socket, &events, "first");
        let fd = socket.as_raw_fd();
        let error = io_loop
            .add_handler(fd, Interest::READABLE, |_, _| ())
            .expect_err("it has one");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().contains(&fd.to_string()), "{error}");
        send(&peer, b"a");
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["first"]);
    });
}

#[test]
fn removing_an_unknown_descriptor_is_no_error() {
    with_loop(|io_loop| {
        io_loop.remove_handler(12345);
        io_loop.remove_handler(-1);
    });
}

#[test]
fn removing_a_handler_after_its_descriptor_was_closed_is_no_error() {
    with_loop(|io_loop| {
        let (socket, _peer) = pair();
        let fd = socket.as_raw_fd();
        note_calls(&io_loop, &socket, &Events::new(), "called");
        drop(socket);
        io_loop.remove_handler(fd);
        io_loop.start().expect("nothing is left");
    });
}

#[test]
fn a_descriptor_that_cannot_be_watched_is_an_error() {
    with_loop(|io_loop| {
        let file = std::fs::File::open("Cargo.toml").expect("the package has one");
        let fd = file.as_raw_fd();
        io_loop
            .add_handler(fd, Interest::READABLE, |_, _| ())
            .expect_err("a file cannot be watched");
        io_loop
            .add_handler(fd, Interest::READABLE, |_, _| ())
            .expect_err("and was not added");
        io_loop.start().expect("nothing is left");
    });
}

#[test]
fn an_updated_handler_waits_for_something_else() {
    with_loop(|io_loop| {
        let (socket, _peer) = pair();
        let fd = socket.as_raw_fd();
        let calls = Rc::new(RefCell::new(Vec::new()));
        let in_handler = Rc::clone(&calls);
        io_loop
            .add_handler(fd, Interest::READABLE, move |fd, ready| {
                in_handler.borrow_mut().push(ready.is_writable());
                IoLoop::current()
                    .update_handler(fd, Interest::READABLE)
                    .expect("it has one");
            })
            .expect("it has none");
        turns(&io_loop, 2);
        assert!(calls.borrow().is_empty());
        io_loop
            .update_handler(fd, Interest::WRITABLE)
            .expect("it has one");
        turns(&io_loop, 5);
        assert_eq!(*calls.borrow(), [true]);
    });
}

#[test]
fn updating_an_unknown_descriptor_is_an_error() {
    with_loop(|io_loop| {
        let error = io_loop
            .update_handler(12345, Interest::READABLE)
            .expect_err("it has none");
        assert!(error.to_string().contains("12345"), "{error}");
    });
}

#[test]
fn a_panicking_handler_is_logged_with_its_place_and_stays() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        send(&peer, b"a");
        let calls = Rc::new(Cell::new(0));
        let in_handler = Rc::clone(&calls);
        let line = line!() + 2;
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, move |_, _| {
                in_handler.set(in_handler.get() + 1);
                assert!(in_handler.get() > 1, "the first call fails");
            })
            .expect("it has none");
        let messages = logged(|| turns(&io_loop, 3));
        assert_eq!(calls.get(), 2);
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "the first call fails", &place]);
    });
}

#[test]
fn a_handler_keeps_the_loop_running_until_it_is_removed() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let fd = socket.as_raw_fd();
        let events = Events::new();
        let in_handler = events.clone();
        io_loop
            .add_handler(fd, Interest::READABLE, move |fd, _| {
                in_handler.note("called");
                IoLoop::current().remove_handler(fd);
            })
            .expect("it has none");
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            send(&peer, b"a");
            peer
        });
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["called"]);
        drop(thread.join().expect("it does not panic"));
    });
}

#[test]
fn closing_the_loop_drops_its_handlers() {
    with_loop(|io_loop| {
        let (socket, _peer) = pair();
        let events = Events::new();
        let captured = events.note_on_drop("dropped");
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, move |_, _| {
                let _captured = &captured;
            })
            .expect("it has none");
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn a_handler_may_close_the_loop() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        let (in_handler, captured) = (events.clone(), events.note_on_drop("dropped"));
        send(&peer, b"a");
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, move |_, _| {
                let _captured = &captured;
                IoLoop::current().close();
                in_handler.note("closed");
            })
            .expect("it has none");
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), ["closed", "dropped"]);
    });
}

#[test]
fn a_handler_on_a_closed_loop_is_an_error() {
    with_loop(|io_loop| {
        io_loop.close();
        let (socket, _peer) = pair();
        io_loop
            .add_handler(socket.as_raw_fd(), Interest::READABLE, |_, _| ())
            .expect_err("it is closed");
    });
}

#[test]
fn an_always_ready_handler_does_not_starve_timers() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        send(&peer, b"a");
        note_calls(&io_loop, &socket, &Events::new(), "called");
        io_loop.call_later(Duration::from_millis(20), || IoLoop::current().stop());
        io_loop.start().expect("it was stopped");
    });
}

/// Whether the loop's descriptor is readable within so many milliseconds.
fn is_readable(io_loop: &IoLoop, milliseconds: i64) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(io_loop.as_fd(), PollFlags::IN)];
    let timeout = Timespec {
        tv_sec: milliseconds / 1000,
        tv_nsec: milliseconds % 1000 * 1_000_000,
    };
    poll(&mut fds, Some(&timeout)).expect("it can be polled") == 1
}

#[test]
fn the_loops_descriptor_is_readable_when_a_handler_is_to_be_called() {
    with_loop(|io_loop| {
        let (socket, peer) = pair();
        let events = Events::new();
        read_one_byte_each(&io_loop, &socket, &events);
        turns(&io_loop, 1);
        assert!(!is_readable(&io_loop, 0));
        send(&peer, b"a");
        assert!(is_readable(&io_loop, 5000));
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["a"]);
        assert!(!is_readable(&io_loop, 0));
    });
}

#[test]
fn the_loops_descriptor_is_readable_when_another_thread_adds_a_callback() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        turns(&io_loop, 1);
        assert!(!is_readable(&io_loop, 0));
        let thread = std::thread::spawn(move || handle.add_callback(|| ()));
        assert!(is_readable(&io_loop, 5000));
        thread.join().expect("it does not panic");
        turns(&io_loop, 2);
        assert!(!is_readable(&io_loop, 0));
    });
}

#[test]
fn a_turn_without_timeout_returns_when_nothing_can_wake_the_loop() {
    with_loop(|io_loop| {
        io_loop.turn(None).expect("it can run");
        let (_promise, future) = co::promise::<()>();
        let _waiting = io_loop.spawn(future);
        io_loop.turn(None).expect("and says nothing of a deadlock");
    });
}

#[test]
fn a_loop_can_be_driven_by_turns_alone() {
    #[co::coroutine]
    fn counts(events: Events) {
        for number in 0..3 {
            events.note(number);
            yield_!(co::sleep(Duration::from_millis(2)));
        }
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let running = counts(events.clone());
        while !running.done() {
            if let Some(deadline) = io_loop.next_deadline() {
                let wait = deadline.saturating_duration_since(io_loop.time());
                is_readable(
                    &io_loop,
                    i64::try_from(wait.as_millis()).expect("short") + 1,
                );
            }
            turns(&io_loop, 1);
        }
        assert_eq!(events.take(), ["0", "1", "2"]);
    });
}
