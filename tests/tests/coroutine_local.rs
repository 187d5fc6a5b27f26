//! Values that go with a coroutine.

use std::cell::RefCell;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use co::{ContextVar, Interest, IoLoop, promise};
use coroutine_core as co;
use coroutine_tests::{Events, OnDrop, turns, with_loop};
use futures_util::future::{Either, select};

static USER: ContextVar<&str> = ContextVar::new(|| "nobody");
static DEPTH: ContextVar<u32> = ContextVar::new(|| 0);

/// Sets the user, waits, and gives who it is then.
#[co::coroutine]
fn sets_and_waits(user: &'static str, turns: u32) -> &'static str {
    USER.set(user);
    for _ in 0..turns {
        yield_!(co::moment());
    }
    USER.get()
}

#[co::coroutine]
fn asks_later() -> &'static str {
    yield_!(co::moment());
    USER.get()
}

#[test]
fn without_a_value_there_is_the_default() {
    with_loop(|io_loop| {
        assert_eq!(USER.get(), "nobody");
        assert_eq!(io_loop.run_sync(asks_later).expect("it ends"), "nobody");
    });
}

#[test]
fn a_value_survives_yields() {
    with_loop(|io_loop| {
        let user = io_loop.run_sync(|| sets_and_waits("Ada", 3));
        assert_eq!(user.expect("it ends"), "Ada");
    });
}

#[test]
fn a_value_survives_a_timer_and_a_promise() {
    #[co::coroutine]
    fn waits() -> &'static str {
        USER.set("Ada");
        yield_!(co::sleep(Duration::from_millis(1)));
        let (promise, future) = promise();
        IoLoop::current().add_callback(move || promise.set_result(()));
        yield_!(future);
        USER.get()
    }

    with_loop(|io_loop| {
        assert_eq!(io_loop.run_sync(waits).expect("it ends"), "Ada");
    });
}

#[test]
fn coroutines_that_take_turns_do_not_see_each_other() {
    with_loop(|io_loop| {
        let users = io_loop.run_sync(|| {
            vec![
                sets_and_waits("Ada", 3),
                sets_and_waits("Grace", 2),
                asks_later(),
            ]
        });
        assert_eq!(users.expect("they end"), ["Ada", "Grace", "nobody"]);
    });
}

#[test]
fn a_coroutine_begins_with_the_values_of_whoever_starts_it() {
    #[co::coroutine]
    fn parent() -> (&'static str, &'static str) {
        USER.set("Ada");
        let child = asks_later();
        USER.set("Grace");
        (yield_!(child), USER.get())
    }

    with_loop(|io_loop| {
        let users = io_loop.run_sync(parent).expect("it ends");
        assert_eq!(users, ("Ada", "Grace"));
    });
}

#[test]
fn what_a_child_sets_stays_with_it() {
    #[co::coroutine]
    fn parent() -> Vec<&'static str> {
        let mut users = Vec::new();
        USER.set("parent");
        let child = sets_and_waits("child", 1);
        users.push(USER.get());
        users.push(yield_!(child));
        users.push(USER.get());
        users.push(yield_!(sets_and_waits("one that is done at once", 0)));
        users.push(USER.get());
        users
    }

    with_loop(|io_loop| {
        let users = io_loop.run_sync(parent).expect("it ends");
        let at_once = "one that is done at once";
        assert_eq!(users, ["parent", "child", "parent", at_once, "parent"]);
        assert_eq!(USER.get(), "nobody");
    });
}

#[test]
fn a_child_of_a_parent_without_values_leaves_none_behind() {
    with_loop(|io_loop| {
        let child = sets_and_waits("child", 1);
        assert_eq!(USER.get(), "nobody");
        assert_eq!(io_loop.run_sync(|| child).expect("it ends"), "child");
        assert_eq!(USER.get(), "nobody");
    });
}

#[test]
fn a_panic_leaves_the_values_of_whoever_started_the_coroutine() {
    #[co::coroutine]
    fn panics() {
        USER.set("child");
        panic!("no way");
    }

    with_loop(|_| {
        USER.set("parent");
        let mut child = panics();
        assert!(child.result().is_err());
        assert_eq!(USER.get(), "parent");
    });
}

#[test]
fn a_lazy_coroutine_is_a_part_of_the_one_that_yields_it() {
    #[co::coroutine(lazy)]
    fn signs_in(user: &'static str) {
        yield_!(co::moment());
        USER.set(user);
    }

    #[co::coroutine]
    fn request() -> &'static str {
        yield_!(signs_in("Ada"));
        USER.get()
    }

    with_loop(|io_loop| {
        assert_eq!(io_loop.run_sync(request).expect("it ends"), "Ada");
    });
}

#[test]
fn callbacks_begin_with_the_values_of_whoever_adds_them() {
    with_loop(|io_loop| {
        let events = Events::new();
        let note = |what: &'static str| {
            let events = events.clone();
            move || {
                events.note(format!("{what} {}", USER.get()));
                USER.set("a callback");
            }
        };
        let (promise, future) = promise::<()>();
        let (other, added) = co::promise::<()>();
        USER.sync_scope("Ada", || {
            io_loop.add_callback(note("add_callback"));
            io_loop.spawn_callback(note("spawn_callback"));
            future.add_done_callback(note("add_done_callback"));
            let noting = note("add_future");
            io_loop.add_future(added, move |_| noting());
            io_loop.call_later(Duration::ZERO, note("call_later"));
        });
        io_loop.add_callback(note("without"));
        USER.sync_scope("Grace", || promise.set_result(()));
        other.set_result(());
        io_loop.start().expect("nothing is suspended");
        let expected = [
            "add_callback Ada",
            "spawn_callback Ada",
            "without nobody",
            "add_done_callback Ada",
            "add_future Ada",
            "call_later Ada",
        ];
        let mut noted = events.take();
        let mut expected = expected.map(str::to_owned);
        noted.sort();
        expected.sort();
        assert_eq!(noted, expected);
        assert_eq!(USER.get(), "nobody");
    });
}

#[test]
fn a_handler_keeps_the_values_of_whoever_added_it_and_what_it_sets() {
    with_loop(|io_loop| {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair");
        ours.write_all(b"x").expect("it is written");
        let events = Events::new();
        let noted = events.clone();
        theirs.set_nonblocking(true).expect("it can be");
        DEPTH
            .sync_scope(7, || {
                let handler = move |fd, _| {
                    noted.note(DEPTH.get());
                    DEPTH.set(DEPTH.get() + 1);
                    if DEPTH.get() == 9 {
                        IoLoop::current().remove_handler(fd);
                    }
                };
                io_loop.add_handler(theirs.as_raw_fd(), Interest::READABLE, handler)
            })
            .expect("it can be watched");
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["7", "8"]);
        assert_eq!(DEPTH.get(), 0);
    });
}

#[test]
fn a_callback_from_another_thread_begins_without_values() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let (to, users) = channel();
        let thread = thread::spawn(move || {
            USER.set("the thread's");
            handle.add_callback(move || to.send(USER.get()).expect("it listens"));
        });
        USER.set("the loop's");
        io_loop.start().expect("nothing is suspended");
        assert_eq!(users.recv(), Ok("nobody"));
        thread.join().expect("it does not panic");
    });
}

#[test]
fn what_the_thread_has_set_goes_into_run_sync_and_not_into_other_coroutines() {
    with_loop(|io_loop| {
        let other = asks_later();
        USER.set("the thread's");
        let users = io_loop
            .run_sync(async || (asks_later().await, other.await))
            .expect("it ends");
        assert_eq!(users, ("the thread's", "nobody"));
        assert_eq!(USER.get(), "the thread's");
    });
}

#[test]
fn an_inner_loop_does_not_see_the_values_of_the_coroutine_that_runs_it() {
    with_loop(|io_loop| {
        let users = io_loop.run_sync(async || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            let of_inner = inner.spawn(async {
                co::moment().await;
                USER.get()
            });
            USER.set("the outer one's");
            let of_inner = inner.run_sync(|| of_inner).expect("it ends");
            (of_inner, USER.get())
        });
        assert_eq!(users.expect("it ends"), ("nobody", "the outer one's"));
    });
}

#[test]
fn a_scope_ends_with_its_future() {
    with_loop(|io_loop| {
        let users = io_loop.run_sync(async || {
            USER.set("outside");
            let inside = USER.scope("inside", async {
                co::moment().await;
                let (first, child) = (USER.get(), asks_later());
                USER.set("set inside");
                DEPTH.set(5);
                (first, child.await, USER.get())
            });
            (inside.await, USER.get(), DEPTH.get())
        });
        let inside = ("inside", "inside", "set inside");
        assert_eq!(users.expect("it ends"), (inside, "outside", 5));
    });
}

#[test]
fn what_is_set_outside_while_a_scope_waits_stays() {
    with_loop(|io_loop| {
        let user = io_loop.run_sync(async || {
            let (promise, future) = promise::<()>();
            let scope = Box::pin(USER.scope("inside", future));
            let Either::Right(((), scope)) = select(scope, co::moment()).await else {
                panic!("the promise is kept later");
            };
            USER.set("set meanwhile");
            promise.set_result(());
            scope.await;
            USER.get()
        });
        assert_eq!(user.expect("it ends"), "set meanwhile");
    });
}

#[test]
fn a_scope_that_panics_or_is_dropped_restores_the_value() {
    with_loop(|_| {
        USER.set("outside");
        let panics = AssertUnwindSafe(|| USER.sync_scope("inside", || panic!("no way")));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(USER.get(), "outside");

        let events = Events::new();
        let noted = events.clone();
        let on_drop = OnDrop::new(move || noted.note(USER.get()));
        drop(USER.scope("inside", async move { drop(on_drop) }));
        assert_eq!(events.take(), ["inside"]);
        assert_eq!(USER.get(), "outside");
    });
}

#[test]
fn destructors_of_a_cancelled_coroutine_see_its_values() {
    #[co::coroutine]
    fn waits(on_drop: OnDrop) {
        USER.set("its own");
        yield_!(std::future::pending::<()>());
        drop(on_drop);
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        let note_user = move || {
            let noted = noted.clone();
            OnDrop::new(move || noted.note(USER.get()))
        };
        let (cancelled, closed) = (waits(note_user()), waits(note_user()));
        USER.set("the canceller's");
        cancelled.cancel();
        io_loop.close();
        drop(closed);
        assert_eq!(events.take(), ["its own", "its own"]);
        assert_eq!(USER.get(), "the canceller's");
    });
}

static KEPT: ContextVar<Option<Rc<OnDrop>>> = ContextVar::new(|| None);

#[test]
fn values_are_freed_when_the_coroutine_ends_also_where_its_future_is_kept() {
    #[co::coroutine]
    fn sets(value: Rc<OnDrop>, waits: bool) {
        KEPT.set(Some(value));
        if waits {
            yield_!(co::moment());
        }
    }

    with_loop(|io_loop| {
        for waits in [false, true] {
            let value = Rc::new(OnDrop::new(|| ()));
            let weak: Weak<OnDrop> = Rc::downgrade(&value);
            let future = sets(value, waits);
            turns(&io_loop, 2);
            assert!(future.done());
            assert!(weak.upgrade().is_none());
        }
    });
}

#[test]
fn values_set_outside_of_coroutines_are_freed_when_the_thread_ends() {
    let (to, dropped) = channel();
    let thread = thread::spawn(move || {
        let on_drop = OnDrop::new(move || to.send(()).expect("it listens"));
        KEPT.set(Some(Rc::new(on_drop)));
    });
    thread.join().expect("it does not panic");
    assert_eq!(dropped.recv(), Ok(()));
}

#[test]
fn a_destructor_of_a_value_may_panic_when_the_thread_ends() {
    let thread = thread::spawn(move || {
        let panics = OnDrop::new(|| panic!("a destructor's panic"));
        KEPT.set(Some(Rc::new(panics)));
    });
    thread.join().expect("it does not panic");
}

#[test]
fn a_destructor_of_a_value_may_use_the_variable() {
    with_loop(|_| {
        let events = Events::new();
        let noted = events.clone();
        KEPT.set(Some(Rc::new(OnDrop::new(move || {
            noted.note(KEPT.with(Option::is_some));
            KEPT.set(None);
        }))));
        KEPT.set(Some(Rc::new(OnDrop::new(|| ()))));
        assert_eq!(events.take(), ["true"]);
        assert!(KEPT.with(Option::is_none));
    });
}

#[test]
fn a_destructor_of_a_value_may_panic_when_the_coroutine_ends() {
    with_loop(|io_loop| {
        let ends = io_loop.run_sync(async || {
            let panics = OnDrop::new(|| panic!("a destructor's panic"));
            KEPT.set(Some(Rc::new(panics)));
        });
        ends.expect("it ends");
        assert!(KEPT.with(Option::is_none));
    });
}

#[test]
fn a_variable_may_be_set_while_it_is_looked_at() {
    with_loop(|_| {
        static NAMES: ContextVar<RefCell<Vec<&str>>> = ContextVar::new(RefCell::default);
        NAMES.set(RefCell::new(vec!["Ada"]));
        NAMES.with(|names| {
            NAMES.set(RefCell::default());
            names.borrow_mut().push("Grace");
            assert_eq!(*names.borrow(), ["Ada", "Grace"]);
        });
        assert!(NAMES.with(|names| names.borrow().is_empty()));
    });
}
