//! What no sane program does, and what must still not break.

use std::cell::{Cell, RefCell};
use std::future::{Future as StdFuture, poll_fn, ready};
use std::mem::forget;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use co::{Future, IoLoop, Outcome, Promise, SharedFuture, Sleep, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, OnDrop, logged, loop_with, turns, watchdog, watchdog_with_stack, with_loop,
};
use futures_util::StreamExt;
use futures_util::future::{Either, join_all, select, select_all};
use futures_util::stream::FuturesUnordered;

const SECOND: Duration = Duration::from_secs(1);

#[co::coroutine]
fn waits<T: 'static>(future: Future<T>) -> T {
    yield_!(future)
}

#[co::coroutine]
fn holds<L: 'static>(local: L, future: Future<()>) {
    let _local = local;
    yield_!(future);
}

#[co::coroutine]
fn notes(events: Events, event: &'static str) {
    yield_!(co::moment());
    events.note(event);
}

/// A slot that is filled later.
type Slot<T> = Rc<RefCell<Option<T>>>;

fn slot<T>() -> Slot<T> {
    Rc::new(RefCell::new(None))
}

fn panic_on_drop(message: &'static str) -> OnDrop {
    OnDrop::new(move || panic!("{message}"))
}

// Forgotten things.

#[test]
fn a_forgotten_future_leaves_its_coroutine_running() {
    with_loop(|io_loop| {
        let events = Events::new();
        forget(notes(events.clone(), "ran"));
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["ran"]);
    });
}

#[test]
fn a_forgotten_future_that_waited_wakes_whoever_waited() {
    with_loop(|io_loop| {
        let (promise, mut future) = promise::<u8>();
        let mut polls = 0;
        let waiting = io_loop.spawn(poll_fn(move |cx| {
            polls += 1;
            if polls == 1 {
                assert!(Pin::new(&mut future).poll(cx).is_pending());
                let (_promise, other) = co::promise();
                forget(std::mem::replace(&mut future, other));
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        promise.set_result(1);
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn a_forgotten_sleep_does_not_keep_a_cancelled_coroutine() {
    with_loop(|io_loop| {
        let mut sleep = Some(co::sleep(Duration::ZERO));
        let waiting = io_loop.spawn(poll_fn(move |cx| {
            if let Some(mut sleep) = sleep.take() {
                assert!(Pin::new(&mut sleep).poll(cx).is_pending());
                forget(sleep);
            }
            Poll::<()>::Pending
        }));
        waiting.cancel();
        turns(&io_loop, 2);
    });
}

#[test]
fn a_forgotten_promise_is_harmless() {
    with_loop(|io_loop| {
        let (promise, future) = promise::<Vec<u8>>();
        let waiting = waits(future);
        forget(promise);
        turns(&io_loop, 2);
        assert!(waiting.cancel());
    });
}

// Panics in destructors.

#[test]
fn a_panicking_destructor_of_a_local_does_not_break_the_loop() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let running = holds(panic_on_drop("a bad local"), future);
        drop(notes(events.clone(), "next"));
        promise.set_result(());
        let messages = logged(|| {
            turns(&io_loop, 2);
            drop(running);
        });
        assert_eq!(events.take(), ["next"]);
        assert!(messages.concat().contains("a bad local"), "{messages:?}");
    });
}

#[test]
fn a_panicking_destructor_of_a_cancelled_local_does_not_reach_the_one_that_cancels() {
    with_loop(|_| {
        let events = Events::new();
        let (_promise, future) = promise();
        let locals = (
            events.note_on_drop("first"),
            panic_on_drop("a bad local"),
            events.note_on_drop("last"),
        );
        let running = holds(locals, future);
        let messages = logged(|| assert!(running.cancel()));
        assert!(running.done());
        assert_eq!(events.take(), ["first", "last"]);
        assert!(messages.concat().contains("a bad local"), "{messages:?}");
    });
}

#[test]
fn panicking_destructors_do_not_keep_the_loop_from_closing() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (_promise, future) = promise::<()>();
        drop(holds(panic_on_drop("one"), waits(future)));
        let captured = panic_on_drop("two");
        io_loop.add_callback(move || drop(captured));
        let captured = panic_on_drop("three");
        io_loop.call_later(SECOND, move || drop(captured));
        let (_other, future) = promise::<()>();
        drop(holds(events.note_on_drop("dropped"), waits(future)));
        let messages = logged(|| io_loop.close()).concat();
        for part in ["one", "two", "three"] {
            assert!(messages.contains(part), "{part} is missing: {messages}");
        }
        assert_eq!(events.take(), ["dropped"]);
        assert!(io_loop.start().expect_err("it is closed").is_closed());
    });
}

#[test]
fn a_panicking_destructor_of_a_result_that_nobody_takes_does_not_break_the_loop() {
    #[co::coroutine]
    fn gives_bad_result() -> OnDrop {
        yield_!(co::moment());
        panic_on_drop("a bad result")
    }

    with_loop(|io_loop| {
        let events = Events::new();
        drop(gives_bad_result());
        drop(notes(events.clone(), "next"));
        let messages = logged(|| turns(&io_loop, 2));
        assert_eq!(events.take(), ["next"]);
        assert!(messages.concat().contains("a bad result"), "{messages:?}");
    });
}

#[test]
fn a_panicking_destructor_of_what_a_callback_captured_does_not_break_the_loop() {
    with_loop(|io_loop| {
        let events = Events::new();
        let captured = panic_on_drop("a bad capture");
        io_loop.add_callback(move || {
            let _captured = &captured;
        });
        io_loop.add_callback(events.noting("next"));
        let messages = logged(|| turns(&io_loop, 1));
        assert_eq!(events.take(), ["next"]);
        assert!(messages.concat().contains("a bad capture"), "{messages:?}");
    });
}

#[test]
fn a_panicking_destructor_of_what_a_removed_timer_captured_does_not_reach_the_remover() {
    with_loop(|io_loop| {
        let captured = panic_on_drop("a bad capture");
        let timeout = io_loop.call_later(SECOND, move || drop(captured));
        let messages = logged(|| io_loop.remove_timeout(&timeout));
        assert!(messages.concat().contains("a bad capture"), "{messages:?}");
    });
}

#[test]
fn a_panic_whose_payload_panics_when_it_is_dropped_does_not_break_the_loop() {
    struct Payload;

    impl Drop for Payload {
        fn drop(&mut self) {
            panic!("a bad payload");
        }
    }

    with_loop(|io_loop| {
        let events = Events::new();
        io_loop.add_callback(|| std::panic::panic_any(Payload));
        io_loop.add_callback(events.noting("next"));
        let in_coroutine = io_loop.spawn(async {
            co::moment().await;
            std::panic::panic_any(Payload)
        });
        let in_coroutine: Future<()> = in_coroutine;
        drop(in_coroutine);
        drop(logged(|| turns(&io_loop, 2)));
        assert_eq!(events.take(), ["next"]);
    });
}

#[test]
fn a_result_type_whose_clone_panics_does_not_lose_the_result() {
    struct Bad(Rc<Cell<bool>>);

    impl Clone for Bad {
        fn clone(&self) -> Self {
            assert!(!self.0.get(), "a bad clone");
            Self(Rc::clone(&self.0))
        }
    }

    with_loop(|io_loop| {
        let bad = Rc::new(Cell::new(true));
        let (promise, future) = promise();
        let shared = future.shared();
        promise.set_result(Bad(Rc::clone(&bad)));
        let first = shared.clone();
        let mut failed = io_loop.spawn(async move { drop(first.await) });
        assert!(failed.result().is_err());
        bad.set(false);
        assert!(shared.result().is_some());
    });
}

// Re-entrance.

#[test]
fn a_coroutine_that_cancels_itself_ends_at_its_next_yield_that_is_not_ready() {
    #[co::coroutine]
    fn cancels_itself(own: Slot<Future<()>>, events: Events) {
        let _local = events.note_on_drop("dropped");
        yield_!(co::moment());
        own.borrow().as_ref().expect("it is there").cancel();
        events.note("cancelled");
        yield_!(ready(()));
        events.note("ready yield");
        yield_!(co::moment());
        events.note("never");
    }

    with_loop(|io_loop| {
        let (own, events) = (slot(), Events::new());
        let running = cancels_itself(Rc::clone(&own), events.clone());
        *own.borrow_mut() = Some(running);
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["cancelled", "ready yield", "dropped"]);
        let own = own.take().expect("it is there");
        assert!(own.done());
    });
}

#[test]
fn a_coroutine_that_cancels_itself_and_ends_keeps_its_result() {
    #[co::coroutine]
    fn cancels_itself(own: Slot<Future<u8>>) -> u8 {
        yield_!(co::moment());
        own.borrow().as_ref().expect("it is there").cancel();
        5
    }

    with_loop(|io_loop| {
        let own = slot();
        *own.borrow_mut() = Some(cancels_itself(Rc::clone(&own)));
        turns(&io_loop, 1);
        let mut own = own.take().expect("it is there");
        assert_eq!(own.result().expect("it ended"), 5);
    });
}

#[test]
fn a_coroutine_may_drop_its_own_future() {
    #[co::coroutine]
    fn drops_itself(own: Slot<Future<()>>, events: Events) {
        yield_!(co::moment());
        drop(own.take());
        yield_!(co::moment());
        events.note("ended");
    }

    with_loop(|io_loop| {
        let (own, events) = (slot(), Events::new());
        *own.borrow_mut() = Some(drops_itself(Rc::clone(&own), events.clone()));
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["ended"]);
    });
}

#[test]
fn a_destructor_may_cancel_another_coroutine() {
    with_loop(|_| {
        let events = Events::new();
        let ((_one, a), (_other, b)) = (promise(), promise());
        let inner = holds(events.note_on_drop("inner"), a);
        let outer_events = events.clone();
        let local = OnDrop::new(move || {
            outer_events.note("outer");
            assert!(inner.cancel());
        });
        let outer = holds(local, b);
        assert!(outer.cancel());
        assert_eq!(events.take(), ["outer", "inner"]);
    });
}

#[test]
fn a_destructor_may_cancel_its_own_coroutine() {
    with_loop(|_| {
        let own: Slot<Future<()>> = slot();
        let in_destructor = Rc::clone(&own);
        let local = OnDrop::new(move || {
            if let Some(own) = &*in_destructor.borrow() {
                own.cancel();
            }
        });
        let (_promise, future) = promise();
        *own.borrow_mut() = Some(holds(local, future));
        assert!(own.borrow().as_ref().expect("it is there").cancel());
        drop(own.take());
    });
}

#[test]
fn a_destructor_may_set_the_result_that_another_coroutine_waits_for() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let waiting = waits(future);
        let (_other, future) = co::promise();
        let running = holds(OnDrop::new(move || promise.set_result(3)), future);
        running.cancel();
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn a_destructor_during_close_may_use_the_loop() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (own_loop, noted) = (io_loop.clone(), events.clone());
        let local = OnDrop::new(move || {
            own_loop.add_callback(noted.noting("never"));
            own_loop.call_later(Duration::ZERO, noted.noting("never"));
            drop(own_loop.spawn(co::sleep(SECOND)));
            drop(notes(noted.clone(), "never"));
            own_loop.close();
            own_loop.stop();
            noted.note(own_loop.start().is_err());
        });
        let (_promise, future) = promise();
        let running = holds(local, future);
        io_loop.close();
        assert!(running.done());
        assert_eq!(events.take(), ["true"]);
    });
}

#[test]
fn a_coroutine_that_is_started_in_a_destructor_during_close_is_dropped_as_well() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        let local = OnDrop::new(move || {
            let (promise, future) = promise();
            drop(holds(noted.note_on_drop("started in a destructor"), future));
            forget(promise);
        });
        let (_promise, future) = promise();
        drop(holds(local, future));
        io_loop.close();
        assert_eq!(events.take(), ["started in a destructor"]);
    });
}

#[test]
fn a_coroutine_may_close_its_loop() {
    #[co::coroutine]
    fn closes(events: Events) {
        let _local = events.note_on_drop("dropped");
        yield_!(co::moment());
        IoLoop::current().close();
        events.note("closed");
        yield_!(co::moment());
        events.note("never");
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let running = closes(events.clone());
        io_loop.start().expect("it was stopped");
        assert!(running.done());
        assert_eq!(events.take(), ["closed", "dropped"]);
    });
}

#[test]
fn the_last_handle_on_a_loop_may_be_dropped_inside_a_callback() {
    with_loop(|_| {
        let events = Events::new();
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let (in_callback, noted) = (io_loop.clone(), events.clone());
        io_loop.add_callback(move || {
            drop(in_callback);
            noted.note("dropped");
        });
        let (_promise, future) = promise();
        io_loop.add_callback({
            let local = events.note_on_drop("local");
            move || drop(holds(local, future))
        });
        assert!(io_loop.start().is_err());
        drop(io_loop);
        assert_eq!(events.take(), ["dropped", "local"]);
    });
}

#[test]
fn a_callback_that_holds_its_loop_does_not_keep_it_from_closing() {
    with_loop(|_| {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let kept = Rc::new(());
        let captured = (io_loop.clone(), Rc::clone(&kept));
        io_loop.call_later(SECOND, move || drop(captured));
        io_loop.close();
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

// Nested loops.

#[test]
fn a_promise_may_cross_from_an_inner_loop_to_the_outer() {
    with_loop(|outer| {
        let (promise, future) = promise();
        let events = Events::new();
        outer.add_callback(move || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            let set = move || {
                promise.set_result(4);
                co::moment()
            };
            inner.run_sync(set).expect("it ends");
        });
        let noted = events.clone();
        outer.add_future(future, move |result| {
            noted.note(result.expect("it is set"));
        });
        outer.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["4"]);
    });
}

#[test]
fn a_promise_may_cross_from_the_outer_loop_to_an_inner() {
    with_loop(|outer| {
        let (promise, future) = promise();
        let events = Events::new();
        let noted = events.clone();
        outer.add_callback(move || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            let waiting = inner.spawn(future);
            promise.set_result(4);
            let result = inner.run_sync(move || waiting);
            noted.note(result.expect("it is set"));
        });
        outer.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["4"]);
    });
}

#[test]
fn a_coroutine_is_not_resumed_on_another_loop_than_its_own() {
    with_loop(|outer| {
        let inner = loop_with(VirtualClock::new());
        let made: Slot<Sleep> = slot();
        let in_callback = Rc::clone(&made);
        inner.add_callback(move || *in_callback.borrow_mut() = Some(co::sleep(SECOND)));
        inner.turn(Some(Duration::ZERO)).expect("it can run");
        let sleep = made.take().expect("it was made");
        let events = Events::new();
        let noted = events.clone();
        let waiting = outer.spawn(async move {
            sleep.await;
            noted.note("resumed");
        });
        let noted = events.clone();
        outer.add_callback(move || {
            inner.start().expect("nothing is suspended there");
            noted.note("inner loop ended");
        });
        turns(&outer, 2);
        assert!(waiting.done());
        assert_eq!(events.take(), ["inner loop ended", "resumed"]);
    });
}

#[test]
fn a_coroutine_that_runs_an_inner_loop_may_be_woken_there() {
    #[co::coroutine]
    fn nests(future: Future<()>, promise: Promise<()>, events: Events) {
        let inner = IoLoop::new().expect("descriptors for a loop");
        inner.add_callback(move || promise.set_result(()));
        events.note(inner.start().is_ok());
        yield_!(future);
        events.note("resumed");
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let running = nests(future, promise, events.clone());
        turns(&io_loop, 2);
        assert!(running.done());
        assert_eq!(events.take(), ["true", "resumed"]);
    });
}

#[test]
fn a_coroutine_of_an_inner_loop_may_wake_the_outer_one_that_runs_it() {
    with_loop(|outer| {
        let inner = IoLoop::new().expect("descriptors for a loop");
        let mut polls = 0;
        let running = outer.spawn(poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            inner.add_callback(move || waker.wake());
            inner.start().expect("nothing is suspended");
            Poll::Pending
        }));
        turns(&outer, 1);
        assert!(running.done());
    });
}

#[test]
fn the_outer_loop_may_not_be_driven_from_an_inner_one() {
    with_loop(|outer| {
        let events = Events::new();
        let (noted, own) = (events.clone(), outer.clone());
        outer.add_callback(move || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            inner.add_callback(move || noted.note(own.start().is_err_and(|e| e.is_running())));
            inner.start().expect("nothing is suspended");
        });
        turns(&outer, 1);
        assert_eq!(events.take(), ["true"]);
    });
}

#[test]
fn an_inner_loop_may_close_the_outer() {
    with_loop(|outer| {
        let events = Events::new();
        let (_promise, future) = promise();
        drop(holds(events.note_on_drop("dropped"), future));
        let (noted, own) = (events.clone(), outer.clone());
        outer.add_callback(move || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            inner.add_callback(move || own.close());
            inner.start().expect("nothing is suspended");
            noted.note("inner loop ended");
        });
        outer.start().expect("it was stopped");
        assert_eq!(events.take(), ["inner loop ended", "dropped"]);
    });
}

// Foreign contexts and moved futures.

#[test]
fn a_coroutines_future_may_be_polled_with_another_ones_context() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let inner = waits::<u8>(future);
        let outer = io_loop.spawn(inner);
        promise.set_result(6);
        turns(&io_loop, 2);
        assert!(outer.done());
    });
}

#[test]
fn a_lazy_coroutine_that_is_polled_by_hand_reports_to_the_one_that_polls() {
    #[co::coroutine(lazy)]
    fn lazy(future: Future<u8>) -> u8 {
        yield_!(future) + 1
    }

    with_loop(|io_loop| {
        let (promise, future) = promise();
        let mut lazy = Box::pin(lazy(future));
        let mut running = io_loop.spawn(poll_fn(move |cx| lazy.as_mut().poll(cx)));
        promise.set_result(6);
        turns(&io_loop, 1);
        assert_eq!(running.result().expect("it ended"), 7);
    });
}

#[test]
fn a_future_that_moves_to_another_coroutine_in_the_middle_wakes_only_that_one() {
    fn counting(
        polls: &Rc<Cell<u32>>,
        future: &Slot<Future<u8>>,
    ) -> impl StdFuture<Output = ()> + use<> {
        let (polls, future) = (Rc::clone(polls), Rc::clone(future));
        poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            let mut future = future.borrow_mut();
            let Some(future) = &mut *future else {
                return Poll::Pending;
            };
            Pin::new(future).poll(cx).map(drop)
        })
    }

    with_loop(|io_loop| {
        let (promise, future) = promise();
        let shared: Slot<Future<u8>> = Rc::new(RefCell::new(Some(future)));
        let (first, second) = (Rc::default(), Rc::default());
        let a = io_loop.spawn(counting(&first, &shared));
        let b = io_loop.spawn(counting(&second, &shared));
        promise.set_result(1);
        turns(&io_loop, 2);
        assert_eq!((first.get(), second.get()), (1, 2));
        assert!(b.done() && !a.done());
    });
}

#[test]
fn a_future_that_moves_out_of_a_cancelled_coroutine_can_be_yielded_elsewhere() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let shared: Slot<Future<u8>> = Rc::new(RefCell::new(Some(future)));
        let in_first = Rc::clone(&shared);
        let first = io_loop.spawn(poll_fn(move |cx| {
            let mut future = in_first.borrow_mut();
            Pin::new(future.as_mut().expect("it is there")).poll(cx)
        }));
        first.cancel();
        let future = shared.take().expect("it is there");
        let mut second = waits(future);
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(second.result().expect("it ended"), 1);
    });
}

#[test]
fn a_waker_of_one_coroutine_may_be_used_to_poll_within_another() {
    with_loop(|io_loop| {
        let stolen: Slot<Waker> = slot();
        let to_steal = Rc::clone(&stolen);
        let victim_polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&victim_polls);
        let _victim = io_loop.spawn(poll_fn(move |cx| {
            counted.set(counted.get() + 1);
            *to_steal.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let (promise, mut future) = promise();
        let waker = stolen.take().expect("it was stolen");
        let _thief = io_loop.spawn(poll_fn(move |_| {
            let mut cx = Context::from_waker(&waker);
            let polled: Poll<u8> = Pin::new(&mut future).poll(&mut cx);
            assert!(polled.is_pending());
            Poll::<()>::Pending
        }));
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(victim_polls.get(), 2);
    });
}

// Combinators of other crates.

#[co::coroutine]
fn first_of(a: Future<u8>, b: Future<u8>) -> (u8, Future<u8>) {
    match yield_!(select(a, b)) {
        Either::Left(won) | Either::Right(won) => won,
    }
}

#[test]
fn select_gives_the_first_and_keeps_the_other() {
    with_loop(|io_loop| {
        let ((one, a), (other, b)) = (promise(), promise());
        let mut selecting = first_of(a, b);
        other.set_result(2);
        turns(&io_loop, 1);
        let (won, rest) = selecting.result().expect("it ended");
        assert_eq!(won, 2);
        one.set_result(1);
        assert_eq!(io_loop.run_sync(|| rest).expect("it ends"), 1);
    });
}

#[test]
fn selecting_again_and_again_over_one_future_leaves_nothing_behind() {
    #[co::coroutine]
    fn polls_often(future: Future<u8>) -> u8 {
        let mut future = future;
        loop {
            match yield_!(select(future, co::moment())) {
                Either::Left((value, _)) => return value,
                Either::Right(((), rest)) => future = rest,
            }
        }
    }

    with_loop(|io_loop| {
        let (promise, future) = promise();
        let mut polling = polls_often(future);
        turns(&io_loop, 1000);
        promise.set_result(8);
        turns(&io_loop, 1);
        assert_eq!(polling.result().expect("it ended"), 8);
    });
}

#[test]
fn futures_unordered_gives_results_as_they_come() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let order = io_loop.run_sync(async || {
            let sleepers: FuturesUnordered<_> = [3_u64, 1, 2]
                .into_iter()
                .map(async |seconds| {
                    co::sleep(Duration::from_secs(seconds)).await;
                    seconds
                })
                .collect();
            sleepers.collect::<Vec<_>>().await
        });
        assert_eq!(order.expect("it ends"), [1, 2, 3]);
    });
}

#[test]
fn join_all_over_many_coroutines_gives_all_results() {
    #[co::coroutine]
    fn later(number: u32) -> u32 {
        yield_!(co::moment());
        number
    }

    with_loop(|io_loop| {
        let all = io_loop.run_sync(|| join_all((0..1000).map(later)));
        assert_eq!(all.expect("it ends"), (0..1000).collect::<Vec<_>>());
    });
}

#[test]
fn select_all_over_shared_futures_gives_the_first() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let shared = future.shared();
        io_loop.add_callback(move || promise.set_result(2));
        let clones: Vec<SharedFuture<u8>> = vec![shared; 3];
        let (value, at, rest) = io_loop.run_sync(|| select_all(clones)).expect("it ends");
        assert_eq!((value, at, rest.len()), (2, 0, 2));
    });
}

// The end of a thread.

thread_local! {
    static KEPT: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
}

/// Keeps something until the thread's locals are destroyed.
fn keep(value: impl Sized + 'static) {
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(value)));
}

/// Runs `body` on a thread that ends right after, and fails if that panics in any way.
fn on_a_thread_that_ends(
    body: impl FnOnce(std::sync::mpsc::Sender<&'static str>) + Send + 'static,
) -> Vec<&'static str> {
    let (events, noted) = std::sync::mpsc::channel();
    thread::spawn(move || body(events))
        .join()
        .expect("it does not panic");
    noted.iter().collect()
}

fn uses_the_loop_on_drop(events: std::sync::mpsc::Sender<&'static str>) -> OnDrop {
    OnDrop::new(move || {
        let io_loop = IoLoop::current();
        io_loop.add_callback(|| ());
        drop(co::sleep(SECOND));
        drop(io_loop.spawn(co::sleep(SECOND)));
        let (promise, future) = promise::<u8>();
        future.add_done_callback(|| ());
        let waiting = waits(future);
        promise.set_result(1);
        drop(waiting);
        drop(IoLoop::instance());
        events.send("used the loop").expect("it listens");
    })
}

#[test]
fn a_thread_that_ends_runs_the_destructors_of_its_live_coroutines() {
    let events = on_a_thread_that_ends(|events| {
        let (promise, future) = promise();
        drop(holds(
            OnDrop::new(move || events.send("dropped").expect("it listens")),
            future,
        ));
        forget(promise);
    });
    assert_eq!(events, ["dropped"]);
}

#[test]
fn destructors_may_use_the_loop_while_their_thread_ends() {
    let events = on_a_thread_that_ends(|events| {
        let (promise, future) = promise();
        drop(holds(uses_the_loop_on_drop(events), future));
        forget(promise);
    });
    assert_eq!(events, ["used the loop"]);
}

#[test]
fn thread_locals_that_are_older_than_the_loop_may_use_it_while_their_thread_ends() {
    let events = on_a_thread_that_ends(|events| {
        keep(uses_the_loop_on_drop(events));
        let (promise, future) = promise::<()>();
        keep(waits(future));
        keep(promise);
        turns(&IoLoop::current(), 1);
    });
    assert_eq!(events, ["used the loop"]);
}

#[test]
fn thread_locals_that_are_younger_than_the_loop_may_use_it_while_their_thread_ends() {
    let events = on_a_thread_that_ends(|events| {
        let io_loop = IoLoop::current();
        turns(&io_loop, 1);
        keep(uses_the_loop_on_drop(events));
        let (promise, future) = promise::<()>();
        keep((waits(future), promise, co::sleep(SECOND), io_loop));
    });
    assert_eq!(events, ["used the loop"]);
}

#[test]
fn a_loop_in_a_thread_local_is_closed_while_its_thread_ends() {
    let events = on_a_thread_that_ends(|events| {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let local = uses_the_loop_on_drop(events);
        drop(io_loop.spawn(async move {
            let _local = local;
            std::future::pending::<()>().await;
        }));
        keep(io_loop);
    });
    assert_eq!(events, ["used the loop"]);
}

#[test]
fn a_thread_that_panics_with_live_coroutines_drops_them() {
    let (events, noted) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let (promise, future) = promise();
        drop(holds(uses_the_loop_on_drop(events), future));
        forget(promise);
        panic!("the thread fails");
    });
    thread.join().expect_err("it panics");
    assert_eq!(noted.iter().collect::<Vec<_>>(), ["used the loop"]);
}

#[test]
fn a_coroutine_may_be_started_and_cancelled_while_its_caller_unwinds() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            let _guard = OnDrop::new(move || {
                let (_promise, future) = promise();
                let running = holds(noted.note_on_drop("dropped"), future);
                running.cancel();
            });
            panic!("the callback fails");
        });
        drop(logged(|| turns(&io_loop, 1)));
        assert_eq!(events.take(), ["dropped"]);
    });
}

// Large numbers and odd shapes.

#[test]
fn a_million_coroutines_may_be_alive() {
    #[co::coroutine]
    fn waits_for_all(gate: SharedFuture<()>, count: Rc<Cell<u32>>) {
        yield_!(gate);
        count.set(count.get() + 1);
    }

    watchdog(Duration::from_secs(40), || {
        let io_loop = IoLoop::instance();
        let (promise, future) = promise();
        let (gate, count) = (future.shared(), Rc::new(Cell::new(0)));
        for _ in 0..1_000_000 {
            drop(waits_for_all(gate.clone(), Rc::clone(&count)));
        }
        promise.set_result(());
        turns(&io_loop, 1);
        assert_eq!(count.get(), 1_000_000);
    });
}

#[test]
fn a_million_suspended_coroutines_are_dropped_with_their_loop() {
    watchdog(Duration::from_secs(40), || {
        let io_loop = IoLoop::instance();
        let kept = Rc::new(());
        for _ in 0..1_000_000 {
            let kept = Rc::clone(&kept);
            drop(io_loop.spawn(async move {
                let _kept = kept;
                std::future::pending::<()>().await;
            }));
        }
        io_loop.close();
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

#[test]
fn a_long_chain_of_coroutines_uses_no_stack() {
    watchdog_with_stack(128 << 10, LIMIT, || {
        let io_loop = IoLoop::instance();
        let (promise, future) = promise::<u8>();
        let mut chain = (0..100_000).fold(future, |inner, _| waits(inner));
        promise.set_result(1);
        io_loop.start().expect("nothing is suspended in the end");
        assert_eq!(chain.result().expect("it ended"), 1);
    });
}

#[test]
fn a_long_chain_of_coroutines_is_dropped_with_its_loop_on_a_small_stack() {
    watchdog_with_stack(128 << 10, LIMIT, || {
        let io_loop = IoLoop::instance();
        let (promise, future) = promise::<u8>();
        let chain = (0..100_000).fold(future, |inner, _| waits(inner));
        io_loop.close();
        drop((promise, chain));
    });
}

#[test]
fn a_list_of_many_ready_futures_is_ready_in_place() {
    watchdog_with_stack(128 << 10, LIMIT, || {
        let list: Vec<_> = (0..100_000).map(ready).collect();
        let io_loop = IoLoop::instance();
        let all = io_loop.run_sync(move || list).expect("it ends");
        assert!(all.into_iter().eq(0..100_000));
    });
}

/// Wants an address that is a multiple of 128.
#[repr(align(128))]
#[derive(Clone, Copy)]
struct Aligned(u8);

impl Aligned {
    fn is_aligned(&self) -> bool {
        (&raw const *self).addr().is_multiple_of(128)
    }
}

#[test]
fn over_aligned_locals_and_results_keep_their_alignment() {
    #[co::coroutine]
    fn aligned(argument: Aligned) -> Aligned {
        let local = Aligned(2);
        yield_!(co::moment());
        assert!(argument.is_aligned() && local.is_aligned());
        Aligned(argument.0 + local.0)
    }

    with_loop(|io_loop| {
        let result = io_loop.run_sync(|| aligned(Aligned(1))).expect("it ends");
        assert!(result.is_aligned());
        assert_eq!(result.0, 3);
        let (promise, future) = promise();
        let shared = future.shared();
        promise.set_result(Aligned(9));
        let result = shared.result().expect("it is there").expect("it is set");
        assert_eq!(result.0, 9);
    });
}

#[test]
fn an_over_aligned_coroutine_may_be_woken_from_another_thread() {
    with_loop(|io_loop| {
        let mut aligned = Some(Aligned(5));
        let mut running = io_loop.spawn(poll_fn(move |cx| {
            let Some(value) = aligned.take() else {
                return Poll::Ready(Aligned(6));
            };
            let waker = cx.waker();
            thread::scope(|scope| {
                scope.spawn(|| waker.wake_by_ref());
            });
            assert_eq!(value.0, 5);
            Poll::Pending
        }));
        io_loop.start().expect("it is woken");
        assert_eq!(running.result().expect("it ended").0, 6);
    });
}

#[test]
fn wide_integers_survive_a_suspension() {
    #[co::coroutine]
    fn wide(argument: u128) -> (u128, u8) {
        let local = u128::MAX - argument;
        yield_!(co::moment());
        (local, 1)
    }

    with_loop(|io_loop| {
        let result = io_loop.run_sync(|| wide(5)).expect("it ends");
        assert_eq!(result, (u128::MAX - 5, 1));
    });
}

#[test]
fn results_of_no_size_are_given_once() {
    #[derive(Debug)]
    struct Nothing;

    #[co::coroutine]
    fn nothing() -> Nothing {
        yield_!(co::moment());
        Nothing
    }

    with_loop(|io_loop| {
        let Nothing = io_loop.run_sync(nothing).expect("it ends");
        let mut running = nothing();
        turns(&io_loop, 1);
        assert!(running.result().is_ok());
        assert!(running.result().expect_err("it was taken").is_taken());
    });
}

#[test]
fn a_result_is_dropped_exactly_once_on_every_path() {
    with_loop(|io_loop| {
        let kept = Rc::new(());
        let give = |kept: Rc<()>| {
            io_loop.spawn(async move {
                co::moment().await;
                kept
            })
        };
        drop(give(Rc::clone(&kept)));
        give(Rc::clone(&kept)).cancel();
        let unread = give(Rc::clone(&kept));
        let mut read = give(Rc::clone(&kept));
        let shared = give(Rc::clone(&kept)).shared();
        turns(&io_loop, 2);
        drop(unread);
        drop(read.result());
        drop(shared.result());
        drop(shared);
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

#[test]
fn a_panic_that_crosses_a_yield_point_drops_the_locals_once() {
    with_loop(|io_loop| {
        let events = Events::new();
        let local = events.note_on_drop("local");
        let running: Future<()> = io_loop.spawn(async move {
            let _local = local;
            co::moment().await;
            panic!("it fails");
        });
        let outcome = io_loop.run_sync(|| running.outcome()).expect("it ends");
        assert!(outcome.is_err_and(|outcome| matches!(outcome, Outcome::Panicked(_))));
        assert_eq!(events.take(), ["local"]);
    });
}
