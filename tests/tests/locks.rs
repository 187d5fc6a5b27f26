//! Locks: who waits, who is served, and what is left behind.

use std::cell::Cell;
use std::future::{Future as _, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use co::locks::{BoundedSemaphore, Condition, Event, Lock, LockGuard, Semaphore};
use co::{Future, IoLoop, Outcome, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, loop_with, turns, watchdog, with_loop};

const SECOND: Duration = Duration::from_secs(1);

/// Calls `begin` on a loop whose time passes when nothing else is left to do, runs that to its end, and calls `end` with what `begin` gave.
fn in_virtual_time<R: 'static>(
    begin: impl FnOnce(&IoLoop) -> R + Send + 'static,
    end: impl FnOnce(R) + Send + 'static,
) {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let current = io_loop.clone();
        let begun = io_loop
            .run_sync(move || ready(begin(&current)))
            .expect("it is ready");
        io_loop.start().expect("all end");
        end(begun);
    });
}

/// Runs a coroutine on a loop whose time is virtual.
fn run(coroutine: impl FnOnce() -> Future<()> + Send + 'static) {
    in_virtual_time(
        |_| coroutine(),
        |mut coroutine| coroutine.result().expect("it ends"),
    );
}

#[co::coroutine]
fn note_notice(condition: Condition, events: Events, name: u32) {
    yield_!(condition.wait());
    events.note(name);
}

#[co::coroutine]
fn note_timed_notice(condition: Condition, events: Events, name: u32, timeout: Duration) {
    match yield_!(condition.wait_timeout(timeout)) {
        Ok(()) => events.note(format!("{name} notified")),
        Err(error) if error.is_timeout() => events.note(format!("{name} timed out")),
        Err(error) => panic!("{error}"),
    }
}

mod condition {
    use super::*;

    #[test]
    fn notify_wakes_as_many_as_it_says_in_the_order_of_their_coming() {
        with_loop(|io_loop| {
            let (condition, events) = (Condition::new(), Events::new());
            let waiting: Vec<_> = (0..5)
                .map(|name| note_notice(condition.clone(), events.clone(), name))
                .collect();
            condition.notify(2);
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["0", "1"]);
            condition.notify(1);
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["2"]);
            condition.notify_all();
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["3", "4"]);
            drop(waiting);
        });
    }

    #[test]
    fn a_notification_that_nobody_waits_for_is_gone() {
        with_loop(|io_loop| {
            let (condition, events) = (Condition::new(), Events::new());
            condition.notify(1);
            condition.notify_all();
            let waiting = note_notice(condition.clone(), events.clone(), 0);
            turns(&io_loop, 2);
            assert!(events.take().is_empty());
            drop(waiting);
        });
    }

    #[test]
    fn the_wait_begins_with_the_call_and_not_with_the_yield() {
        run(|| {
            co::block::coroutine! {
                let condition = Condition::new();
                let waiting = condition.wait();
                condition.notify(1);
                yield waiting;
            }
        });
    }

    #[test]
    fn one_that_timed_out_takes_no_notification() {
        in_virtual_time(
            |io_loop| {
                let (condition, events) = (Condition::new(), Events::new());
                for (name, timeout) in [(0, 1), (1, 10), (2, 1), (3, 10)] {
                    let (condition, events) = (condition.clone(), events.clone());
                    drop(note_timed_notice(condition, events, name, SECOND * timeout));
                }
                io_loop.call_later(SECOND * 2, move || condition.notify(2));
                events
            },
            |events| {
                let expected = ["0 timed out", "2 timed out", "1 notified", "3 notified"];
                assert_eq!(events.take(), expected);
            },
        );
    }

    #[test]
    fn those_that_timed_out_leave_nothing_behind() {
        in_virtual_time(
            |_| {
                let (condition, events) = (Condition::new(), Events::new());
                for name in 0..1000 {
                    let (condition, events) = (condition.clone(), events.clone());
                    drop(note_timed_notice(condition, events, name, SECOND));
                }
                let debug = format!("{condition:?}");
                assert_eq!(debug, "Condition { waiting: 1000, .. }");
                (condition, events)
            },
            |(condition, events)| {
                assert_eq!(events.take().len(), 1000);
                assert_eq!(format!("{condition:?}"), "Condition { waiting: 0, .. }");
            },
        );
    }

    #[test]
    fn a_notification_that_comes_at_the_time_of_the_timeout_is_taken() {
        in_virtual_time(
            |io_loop| {
                let (condition, events) = (Condition::new(), Events::new());
                let notifier = condition.clone();
                io_loop.call_later(SECOND, move || notifier.notify(1));
                drop(note_timed_notice(condition, events.clone(), 0, SECOND));
                events
            },
            |events| assert_eq!(events.take(), ["0 notified"]),
        );
    }

    #[co::coroutine]
    fn wait_and_notify(condition: Condition, events: Events, name: u32) {
        yield_!(condition.wait());
        events.note(name);
        condition.notify(1);
        yield_!(condition.wait());
        events.note(format!("{name} again"));
        condition.notify(1);
    }

    #[test]
    fn notify_from_within_a_woken_waiter_loses_nobody() {
        with_loop(|io_loop| {
            let (condition, events) = (Condition::new(), Events::new());
            let waiting: Vec<_> = (0..3)
                .map(|name| wait_and_notify(condition.clone(), events.clone(), name))
                .collect();
            condition.notify(1);
            io_loop.start().expect("all end");
            let expected = ["0", "1", "2", "0 again", "1 again", "2 again"];
            assert_eq!(events.take(), expected);
            assert!(waiting.iter().all(Future::done));
        });
    }

    #[test]
    fn the_notification_of_one_that_is_cancelled_before_it_runs_goes_to_the_next() {
        with_loop(|io_loop| {
            let (condition, events) = (Condition::new(), Events::new());
            let first = note_notice(condition.clone(), events.clone(), 0);
            let second = note_notice(condition.clone(), events.clone(), 1);
            condition.notify(1);
            assert!(first.cancel());
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["1"]);
            drop(second);
        });
    }

    #[test]
    fn the_notification_of_one_that_is_cancelled_does_not_go_to_one_that_came_later() {
        with_loop(|io_loop| {
            let (condition, events) = (Condition::new(), Events::new());
            let first = note_notice(condition.clone(), events.clone(), 0);
            condition.notify(5);
            let late = note_notice(condition.clone(), events.clone(), 1);
            first.cancel();
            turns(&io_loop, 2);
            assert!(events.take().is_empty());
            drop(late);
        });
    }
}

mod event {
    use super::*;

    #[co::coroutine]
    fn note_set(event: Event, events: Events, name: u32) {
        yield_!(event.wait());
        events.note(name);
    }

    #[test]
    fn setting_releases_all_who_wait_in_the_order_of_their_coming() {
        with_loop(|io_loop| {
            let (event, events) = (Event::new(), Events::new());
            for name in 0..3 {
                drop(note_set(event.clone(), events.clone(), name));
            }
            assert!(!event.is_set());
            event.set();
            assert!(event.is_set());
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["0", "1", "2"]);
        });
    }

    #[test]
    fn setting_releases_every_present_waiter_even_if_it_is_cleared_at_once() {
        with_loop(|io_loop| {
            let (event, events) = (Event::new(), Events::new());
            for name in 0..3 {
                drop(note_set(event.clone(), events.clone(), name));
            }
            event.set();
            event.clear();
            let late = note_set(event.clone(), events.clone(), 3);
            turns(&io_loop, 2);
            assert_eq!(events.take(), ["0", "1", "2"]);
            assert!(!late.done());
        });
    }

    #[test]
    fn a_set_event_is_not_waited_for() {
        with_loop(|_| {
            let (event, events) = (Event::new(), Events::new());
            event.set();
            drop(note_set(event, events.clone(), 0));
            assert_eq!(events.take(), ["0"]);
        });
    }

    #[test]
    fn an_event_that_is_not_set_in_time_is_an_error() {
        run(|| {
            co::block::coroutine! {
                let event = Event::new();
                let error = (yield event.wait_timeout(SECOND)).expect_err("nobody sets it");
                assert!(error.is_timeout());
                assert_eq!(error.to_string(), "timed out after 1s");
                assert_eq!(format!("{event:?}"), "Event { is_set: false, waiting: 0 }");
                event.set();
                (yield event.wait_timeout(Duration::ZERO)).expect("it is set");
            }
        });
    }
}

#[co::coroutine]
fn hold(lock: Lock, events: Events, name: &'static str, time: Duration) {
    let _guard = yield_!(lock.acquire());
    events.note(format!("{name} in"));
    yield_!(co::sleep(time));
    events.note(format!("{name} out"));
}

mod lock {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time_first_come_first_served() {
        in_virtual_time(
            |_| {
                let (lock, events) = (Lock::new(()), Events::new());
                for name in ["a", "b", "c"] {
                    drop(hold(lock.clone(), events.clone(), name, SECOND));
                }
                (lock, events)
            },
            |(lock, events)| {
                let expected = ["a in", "a out", "b in", "b out", "c in", "c out"];
                assert_eq!(events.take(), expected);
                assert!(!lock.is_locked());
            },
        );
    }

    #[test]
    fn a_newcomer_cannot_snatch_it_from_the_first_in_line() {
        with_loop(|io_loop| {
            let (lock, events) = (Lock::new(()), Events::new());
            let guard = lock.try_acquire().expect("nobody holds it");
            let waiting = hold(lock.clone(), events.clone(), "first", Duration::ZERO);
            drop(guard);
            assert!(lock.is_locked());
            assert!(lock.try_acquire().is_none());
            let newcomer = hold(lock.clone(), events.clone(), "newcomer", Duration::ZERO);
            io_loop.start().expect("all end");
            assert_eq!(
                events.take(),
                ["first in", "first out", "newcomer in", "newcomer out"]
            );
            drop((waiting, newcomer));
        });
    }

    #[test]
    fn it_guards_its_data_across_yields() {
        #[co::coroutine]
        fn add(sum: Lock<Vec<u32>>, number: u32) {
            let mut guard = yield_!(sum.acquire());
            guard.push(number);
            yield_!(co::moment());
            guard.push(number);
        }

        with_loop(|io_loop| {
            let sum = Lock::new(Vec::new());
            let all: Vec<_> = (0..3).map(|number| add(sum.clone(), number)).collect();
            io_loop.run_sync(|| all).expect("all end");
            assert_eq!(*sum.try_acquire().expect("it is free"), [0, 0, 1, 1, 2, 2]);
        });
    }

    #[test]
    fn a_holder_that_is_cancelled_releases_it() {
        in_virtual_time(
            |_| {
                let (lock, events) = (Lock::new(()), Events::new());
                let holder = hold(lock.clone(), events.clone(), "a", SECOND);
                drop(hold(lock.clone(), events.clone(), "b", SECOND));
                assert!(holder.cancel());
                (lock, events)
            },
            |(lock, events)| {
                assert_eq!(events.take(), ["a in", "b in", "b out"]);
                assert!(!lock.is_locked());
            },
        );
    }

    #[test]
    fn a_holder_that_panics_releases_it() {
        #[co::coroutine]
        fn hold_and_panic(lock: Lock) {
            let _guard = yield_!(lock.acquire());
            yield_!(co::moment());
            panic!("with the lock held");
        }

        in_virtual_time(
            |_| {
                let (lock, events) = (Lock::new(()), Events::new());
                let panics = hold_and_panic(lock.clone());
                drop(hold(lock, events.clone(), "b", SECOND));
                (panics, events)
            },
            |(mut panics, events)| {
                assert_eq!(events.take(), ["b in", "b out"]);
                let error = panics.result().expect_err("it panics");
                assert!(error.outcome().is_some_and(Outcome::is_panicked));
            },
        );
    }

    #[test]
    fn one_that_is_cancelled_after_it_was_handed_the_lock_passes_it_on() {
        in_virtual_time(
            |_| {
                let (lock, events) = (Lock::new(()), Events::new());
                let guard = lock.try_acquire().expect("nobody holds it");
                let first = hold(lock.clone(), events.clone(), "first", SECOND);
                drop(hold(lock.clone(), events.clone(), "second", SECOND));
                drop(guard);
                assert!(first.cancel());
                (lock, events)
            },
            |(lock, events)| {
                assert_eq!(events.take(), ["second in", "second out"]);
                assert!(!lock.is_locked());
            },
        );
    }

    #[test]
    fn one_that_is_cancelled_in_the_middle_of_the_line_leaves_it() {
        in_virtual_time(
            |_| {
                let (lock, events) = (Lock::new(()), Events::new());
                let hold = |name| hold(lock.clone(), events.clone(), name, SECOND);
                let all = ["a", "b", "c"].map(hold);
                assert!(all[1].cancel());
                let debug = format!("{lock:?}");
                assert_eq!(debug, "Lock { is_locked: true, waiting: 1, .. }");
                events
            },
            |events| assert_eq!(events.take(), ["a in", "a out", "c in", "c out"]),
        );
    }

    #[test]
    fn what_is_acquired_and_never_yielded_is_released() {
        with_loop(|_| {
            let lock = Lock::new(());
            let unused = lock.acquire();
            assert!(lock.is_locked());
            drop(unused);
            assert!(!lock.is_locked());
        });
    }

    #[test]
    fn one_that_waits_too_long_gets_an_error_and_leaves_the_line() {
        #[co::coroutine]
        fn wait_too_long(lock: Lock<u32>) {
            let guard = yield_!(lock.acquire());
            let waiting = lock.acquire_timeout(SECOND);
            let error = yield_!(waiting).expect_err("it is held");
            assert!(error.is_timeout());
            drop(guard);
            assert!(!lock.is_locked());
            assert_eq!(
                *yield_!(lock.acquire_timeout(SECOND)).expect("it is free"),
                7
            );
        }

        run(|| wait_too_long(Lock::new(7)));
    }

    #[test]
    fn one_that_waited_too_long_is_out_of_the_line_also_while_it_is_kept() {
        #[co::coroutine]
        fn keep_it(lock: Lock) {
            let guard = yield_!(lock.acquire());
            let mut waiting = pin!(lock.acquire_timeout(SECOND));
            assert!(yield_!(waiting.as_mut()).is_err());
            drop(guard);
            assert!(!lock.is_locked());
        }

        run(|| keep_it(Lock::new(())));
    }

    #[test]
    fn a_lock_that_comes_at_the_time_of_the_timeout_is_taken() {
        in_virtual_time(
            |io_loop| {
                let lock = Lock::new(());
                drop(hold(lock.clone(), Events::new(), "a", SECOND));
                let waiting = lock.acquire_timeout(SECOND);
                io_loop.spawn(async move { waiting.await.is_ok() })
            },
            |mut in_time| assert!(in_time.result().expect("it ends")),
        );
    }

    #[test]
    fn the_data_is_dropped_with_the_last_handle_or_guard() {
        with_loop(|_| {
            let events = Events::new();
            let lock = Lock::new(events.note_on_drop("data"));
            let guard = lock.try_acquire().expect("it is free");
            drop(lock);
            assert!(events.take().is_empty());
            drop(guard);
            assert_eq!(events.take(), ["data"]);
        });
    }

    #[test]
    fn a_closed_loop_releases_what_its_coroutines_hold_and_wait_for() {
        with_loop(|io_loop| {
            let lock = Lock::new(Rc::new(()));
            for _ in 0..3 {
                drop(hold_for_ever(lock.clone()));
            }
            io_loop.close();
            assert!(!lock.is_locked());
            let debug = format!("{lock:?}");
            assert_eq!(debug, "Lock { is_locked: false, waiting: 0, .. }");
        });

        #[co::coroutine]
        fn hold_for_ever(lock: Lock<Rc<()>>) {
            let _guard = yield_!(lock.acquire());
            yield_!(co::sleep(SECOND * 1000));
        }
    }

    #[test]
    fn two_that_each_hold_what_the_other_wants_are_reported_with_their_places() {
        #[co::coroutine]
        fn take_both(first: Lock, second: Lock) {
            let _first = yield_!(first.acquire());
            yield_!(co::moment());
            let _second = yield_!(second.acquire());
        }
        const LINE: u32 = line!() - 2;

        with_loop(|io_loop| {
            let (a, b) = (Lock::new(()), Lock::new(()));
            let one = take_both(a.clone(), b.clone());
            let other = take_both(b, a);
            let error = io_loop.start().expect_err("neither can go on");
            assert!(error.is_deadlock(), "{error}");
            let places: Vec<_> = error
                .suspended()
                .iter()
                .map(|suspended| (suspended.name(), suspended.line(), suspended.operand()))
                .collect();
            let place = ("take_both", LINE, Some("second.acquire()"));
            assert_eq!(places, [place, place]);
            drop((one, other));
        });
    }

    #[test]
    fn a_guard_that_is_dropped_by_its_waker_while_another_waits_is_handed_over() {
        // What a foreign waker does when it is cloned comes between the look at the lock and the wait for it.
        with_loop(|_| {
            let lock = Lock::new(());
            let held = Rc::new(Cell::new(lock.try_acquire()));
            let mut waiting = pin!(lock.acquire());
            let waker = waker_that_runs_when_cloned(Rc::clone(&held));
            let poll = waiting.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(poll.is_ready());
        });
    }

    /// A waker of one thread's, which drops a guard when it is cloned.
    fn waker_that_runs_when_cloned(held: Rc<Cell<Option<LockGuard>>>) -> Waker {
        use std::task::{RawWaker, RawWakerVTable};
        static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, drop_it, |_| {}, drop_it);
        type Held = Cell<Option<LockGuard>>;
        unsafe fn clone(data: *const ()) -> RawWaker {
            // SAFETY: the data is a counted pointer, and the waker stays on its thread.
            let held = unsafe {
                Rc::increment_strong_count(data.cast::<Held>());
                &*data.cast::<Held>()
            };
            drop(held.take());
            RawWaker::new(data, &VTABLE)
        }
        unsafe fn drop_it(data: *const ()) {
            // SAFETY: the data is a counted pointer, which goes.
            drop(unsafe { Rc::from_raw(data.cast::<Held>()) });
        }
        // SAFETY: the functions keep the count, and this waker never leaves the thread.
        unsafe { Waker::from_raw(RawWaker::new(Rc::into_raw(held).cast(), &VTABLE)) }
    }
}

mod semaphore {
    use super::*;

    #[co::coroutine]
    fn work(semaphore: Semaphore, at_once: Rc<Cell<(u32, u32)>>) {
        let _permit = yield_!(semaphore.acquire());
        let (now, most) = at_once.get();
        at_once.set((now + 1, most.max(now + 1)));
        yield_!(co::sleep(SECOND));
        let (now, most) = at_once.get();
        at_once.set((now - 1, most));
    }

    #[test]
    fn as_many_go_on_as_there_are_permits() {
        in_virtual_time(
            |io_loop| {
                let semaphore = Semaphore::new(3);
                let at_once = Rc::new(Cell::new((0, 0)));
                for _ in 0..9 {
                    drop(work(semaphore.clone(), Rc::clone(&at_once)));
                }
                assert_eq!(semaphore.available(), 0);
                (semaphore, at_once, io_loop.clone(), io_loop.time())
            },
            |(semaphore, at_once, io_loop, start)| {
                assert_eq!(at_once.get(), (0, 3));
                assert_eq!(io_loop.time() - start, SECOND * 3);
                assert_eq!(semaphore.available(), 3);
            },
        );
    }

    #[test]
    fn a_release_goes_to_the_first_in_line_and_not_to_a_newcomer() {
        with_loop(|io_loop| {
            let semaphore = Semaphore::new(0);
            let at_once = Rc::new(Cell::new((0, 0)));
            let first = work(semaphore.clone(), Rc::clone(&at_once));
            semaphore.release();
            assert_eq!(semaphore.available(), 0);
            assert!(semaphore.try_acquire().is_none());
            turns(&io_loop, 1);
            assert_eq!(at_once.get(), (1, 1));
            first.cancel();
        });
    }

    #[test]
    fn a_semaphore_may_be_released_more_often_than_acquired() {
        let semaphore = Semaphore::new(1);
        semaphore.release();
        assert_eq!(semaphore.available(), 2);
        let permits = (semaphore.try_acquire(), semaphore.try_acquire());
        assert!(permits.0.is_some() && permits.1.is_some());
        assert!(semaphore.try_acquire().is_none());
    }

    #[test]
    fn a_permit_handed_to_one_that_is_cancelled_passes_on() {
        in_virtual_time(
            |_| {
                let semaphore = Semaphore::new(0);
                let at_once = Rc::new(Cell::new((0, 0)));
                let first = work(semaphore.clone(), Rc::clone(&at_once));
                drop(work(semaphore.clone(), Rc::clone(&at_once)));
                semaphore.release();
                first.cancel();
                (semaphore, at_once)
            },
            |(semaphore, at_once)| {
                assert_eq!(at_once.get(), (0, 1));
                assert_eq!(semaphore.available(), 1);
            },
        );
    }

    #[test]
    fn those_that_timed_out_get_no_permit() {
        run(|| {
            co::block::coroutine! {
                let semaphore = Semaphore::new(0);
                let waiting = semaphore.acquire_timeout(SECOND);
                assert!((yield waiting).is_err_and(|error| error.is_timeout()));
                semaphore.release();
                assert_eq!(semaphore.available(), 1);
                assert!((yield semaphore.acquire_timeout(SECOND)).is_ok());
            }
        });
    }

    #[test]
    fn a_bounded_semaphore_refuses_one_release_too_many() {
        let semaphore = BoundedSemaphore::new(2);
        assert!(semaphore.release().is_err());
        semaphore.try_acquire().expect("there are two").forget();
        assert_eq!(semaphore.available(), 1);
        semaphore.release().expect("one was forgotten");
        let error = semaphore.release().expect_err("none is out");
        assert!(error.to_string().contains("more often than acquired"));
        assert_eq!(semaphore.available(), 2);
    }

    #[test]
    fn a_bounded_semaphore_is_not_released_for_a_guard_that_releases_by_itself() {
        let semaphore = BoundedSemaphore::new(1);
        let permit = semaphore.try_acquire().expect("there is one");
        assert!(semaphore.release().is_err());
        drop(permit);
        assert_eq!(semaphore.available(), 1);
    }

    #[test]
    fn a_bounded_semaphore_serves_in_line_as_well() {
        run(|| {
            co::block::coroutine! {
                let semaphore = BoundedSemaphore::new(1);
                let permit = yield semaphore.acquire();
                let next = semaphore.acquire_timeout(SECOND);
                drop(permit);
                assert_eq!(semaphore.available(), 0);
                drop((yield next).expect("it was handed over"));
                assert_eq!(semaphore.available(), 1);
            }
        });
    }
}

#[test]
fn many_that_wait_cost_no_quadratic_time() {
    with_loop(|io_loop| {
        let (lock, count) = (Lock::new(0), 50_000);
        let guard = lock.try_acquire();
        let all: Vec<_> = (0..count).map(|_| add_one(lock.clone())).collect();
        // From a middle that moves, which a list would pay for.
        for waiting in all.iter().skip(count / 3).take(count / 3) {
            waiting.cancel();
        }
        drop(guard);
        io_loop.start().expect("the others end");
        let sum = *lock.try_acquire().expect("it is free");
        assert_eq!(sum, count - count / 3);
    });

    #[co::coroutine]
    fn add_one(lock: Lock<usize>) {
        *yield_!(lock.acquire()) += 1;
    }
}

#[test]
fn what_waits_in_line_may_be_polled_under_another_waker() {
    with_loop(|io_loop| {
        let event = Event::new();
        let waiting = io_loop.spawn({
            let event = event.clone();
            async move {
                let mut wait = pin!(event.wait());
                let wake_nobody = &mut Context::from_waker(Waker::noop());
                assert!(wait.as_mut().poll(wake_nobody).is_pending());
                poll_fn(|cx| match wait.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready("woken"),
                    Poll::Pending => Poll::Pending,
                })
                .await
            }
        });
        event.set();
        assert_eq!(io_loop.run_sync(|| waiting).expect("it ends"), "woken");
    });
}
