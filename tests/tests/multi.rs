//! Members that fail, in lists and tuples that are yielded directly and in `multi`.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use co::{Future, IoLoop, Outcome, VirtualClock, multi, promise};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, OnDrop, assert_one_message, logged, loop_with, turns, watchdog, with_loop,
};

/// Gives `value` after so many milliseconds.
#[co::coroutine]
fn late<T: 'static>(millis: u64, value: T) -> T {
    yield_!(co::sleep(Duration::from_millis(millis)));
    value
}

#[co::coroutine]
fn fails(millis: u64, why: &'static str) -> Result<u8, String> {
    yield_!(late(millis, ()));
    Err(why.to_owned())
}

#[co::coroutine]
fn panics(millis: u64, why: &'static str) -> u8 {
    yield_!(late(millis, ()));
    panic!("{why}")
}

#[co::coroutine]
fn noting(events: Events, name: &'static str, turns: usize) {
    for _ in 0..turns {
        yield_!(co::moment());
    }
    events.note(name);
}

/// Runs `body` with a loop on which no time is lost.
fn with_virtual_loop(body: impl FnOnce(IoLoop) + Send + 'static) {
    watchdog(LIMIT, || body(loop_with(VirtualClock::new())));
}

/// The message of the panic with which `body` ends.
fn panic_of<Y, K>(io_loop: &IoLoop, body: impl FnOnce() -> Y + 'static) -> String
where
    Y: co::Yieldable<K>,
    Y::Output: 'static,
    Y::Future: 'static,
{
    let run = AssertUnwindSafe(|| io_loop.run_sync(body).map(drop));
    let payload = catch_unwind(run).expect_err("a member panics");
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .expect("a text")
}

#[co::test(virtual_clock)]
fn a_list_of_results_gives_them_all() {
    let list = vec![late(1, Ok(1)), fails(2, "first"), fails(1, "second")];
    let results = yield_!(list);
    let failed = |why: &str| Err(why.to_owned());
    assert_eq!(results, [Ok(1), failed("first"), failed("second")]);
}

#[test]
fn a_list_waits_for_all_also_after_a_panic_and_the_first_in_its_order_goes_on() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        let lines = logged(|| {
            let message = panic_of(&io_loop, move || {
                let slow = async move {
                    yield_slowly(noted).await;
                    1
                };
                let slow = IoLoop::current().spawn(slow);
                vec![late(0, 1), panics(3, "early"), slow, panics(1, "quick")]
            });
            assert_eq!(message, "early");
        });
        assert_eq!(events.take(), ["slow"]);
        assert_one_message(&lines, &["ERROR", "member of a list", "quick"]);
    });
}

async fn yield_slowly(events: Events) {
    co::sleep(Duration::from_millis(6)).await;
    events.note("slow");
}

#[test]
fn a_tuple_waits_for_all_also_after_a_panic_and_the_first_in_its_order_goes_on() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        let slow = events.clone();
        let lines = logged(|| {
            let message = panic_of(&io_loop, move || {
                (panics(3, "early"), yield_slowly(slow), panics(1, "quick"))
            });
            assert_eq!(message, "early");
        });
        assert_eq!(events.take(), ["slow"]);
        assert_one_message(&lines, &["ERROR", "member of a list", "quick"]);
    });
}

#[test]
fn a_panic_of_a_foreign_member_is_caught_as_well() {
    with_virtual_loop(|io_loop| {
        let message = panic_of(&io_loop, || {
            let members: [co::OutcomeFuture<u8>; 0] = [];
            (members, async { panic!("foreign") })
        });
        assert_eq!(message, "foreign");
        io_loop.run_sync(|| late(1, ())).expect("the loop goes on");
    });
}

#[test]
fn a_cancelled_or_broken_member_is_a_failure_of_the_list() {
    with_virtual_loop(|io_loop| {
        let message = panic_of(&io_loop, || {
            let cancelled = late(1_000_000, 1);
            cancelled.cancel();
            vec![late(1, 2), cancelled]
        });
        assert!(message.contains("cancelled"), "{message}");
        let message = panic_of(&io_loop, || vec![promise::<u8>().1, late(1, 1)]);
        assert!(message.contains("dropped without a result"), "{message}");
    });
}

#[co::test(virtual_clock)]
fn outcomes_of_members_lose_nothing() {
    let list = vec![late(2, 1).outcome(), panics(1, "no").outcome()];
    let outcomes = yield_!(list);
    assert!(matches!(&outcomes[0], Ok(1)));
    assert!(matches!(&outcomes[1], Err(Outcome::Panicked(panic)) if panic.message() == "no"));
}

#[co::test(virtual_clock)]
fn multi_gives_the_values_in_the_shape_of_the_collection() {
    let ok = |millis, n: u8| late(millis, Ok::<u8, String>(n));
    assert_eq!(yield_!(multi(vec![ok(2, 1), ok(1, 2)])), Ok(vec![1, 2]));
    assert_eq!(yield_!(multi([ok(2, 1), ok(1, 2)])), Ok([1, 2]));
    let text = late(1, Ok::<&str, String>("b"));
    assert_eq!(yield_!(multi((ok(2, 1), text))), Ok((1, "b")));
    let map = HashMap::from([('a', ok(1, 1))]);
    assert_eq!(yield_!(multi(map)), Ok(HashMap::from([('a', 1)])));
    let tree = BTreeMap::from([('a', ok(1, 1))]);
    assert_eq!(yield_!(multi(tree)), Ok(BTreeMap::from([('a', 1)])));
    assert_eq!(yield_!(multi(Some(ok(1, 1)))), Ok(Some(1)));
}

#[test]
fn multi_waits_for_all_and_gives_the_first_error_in_order_and_logs_the_others() {
    with_virtual_loop(|io_loop| {
        let lines = logged(|| {
            let before = io_loop.time();
            let result = io_loop.run_sync(|| {
                let ok = late(5, Ok(1));
                multi(vec![fails(3, "first"), ok, fails(1, "second")])
            });
            assert_eq!(result.expect("it ends"), Err("first".to_owned()));
            assert!(io_loop.time() - before >= Duration::from_millis(5));
        });
        assert_one_message(&lines, &["ERROR", "error of a member", "second"]);
    });
}

#[test]
fn multi_that_is_quiet_logs_nothing() {
    with_virtual_loop(|io_loop| {
        let lines = logged(|| {
            let result = io_loop.run_sync(|| {
                let panics = async {
                    panics(1, "third").await;
                    Ok(1)
                };
                multi((fails(2, "first"), fails(1, "second"), panics)).quiet()
            });
            assert_eq!(result.expect("it ends"), Err("first".to_owned()));
        });
        assert!(lines.is_empty(), "{lines:#?}");
    });
}

#[test]
fn among_panics_and_errors_the_first_in_order_counts() {
    with_virtual_loop(|io_loop| {
        let panicking = async || {
            panics(1, "panic").await;
            Ok(1)
        };
        let lines = logged(|| {
            let message = panic_of(&io_loop, move || multi((panicking(), fails(1, "error"))));
            assert_eq!(message, "panic");
        });
        assert_one_message(&lines, &["ERROR", "error of a member", "error"]);
        let lines = logged(|| {
            let result = io_loop.run_sync(move || multi((fails(1, "error"), panicking())));
            assert_eq!(result.expect("it ends"), Err("error".to_owned()));
        });
        assert_one_message(&lines, &["ERROR", "panic of a member", "panic"]);
    });
}

#[co::coroutine]
fn waits_for_multi(members: Vec<Future<Result<u8, String>>>) -> Result<Vec<u8>, String> {
    yield_!(multi(members))
}

#[test]
fn failures_of_members_that_a_cancelled_yielder_has_not_seen_are_logged() {
    with_loop(|io_loop| {
        let (_promise, pending) = promise();
        let lines = logged(|| {
            let waiting = waits_for_multi(vec![fails(0, "seen by nobody"), pending]);
            turns(&io_loop, 5);
            waiting.cancel();
        });
        assert_one_message(&lines, &["ERROR", "error of a member", "seen by nobody"]);
    });
}

#[co::coroutine]
fn waits_for_list(members: Vec<Future<u8>>) -> Vec<u8> {
    yield_!(members)
}

#[test]
fn panics_of_members_that_a_cancelled_yielder_has_not_seen_are_logged() {
    with_loop(|io_loop| {
        let (_promise, pending) = promise();
        let lines = logged(|| {
            let waiting = waits_for_list(vec![panics(0, "seen by nobody"), pending]);
            turns(&io_loop, 5);
            waiting.cancel();
        });
        assert_one_message(&lines, &["ERROR", "panic of a member", "seen by nobody"]);
    });
}

#[test]
fn members_of_a_cancelled_list_are_dropped_at_once_and_coroutines_go_on() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (_promise, pending) = promise::<()>();
        let local = events.note_on_drop("dropped");
        let goes_on = noting(events.clone(), "goes on", 2);
        let foreign = async move {
            let _local = local;
            pending.await;
        };
        let waiting = co::block::coroutine! { yield (vec![goes_on], foreign) };
        turns(&io_loop, 1);
        waiting.cancel();
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["dropped", "goes on"]);
    });
}

#[test]
fn a_panicking_destructor_of_a_member_is_logged_and_the_list_goes_on() {
    with_virtual_loop(|io_loop| {
        let dropped = Rc::new(Cell::new(false));
        let noted = Rc::clone(&dropped);
        let lines = logged(|| {
            let list = io_loop.run_sync(move || {
                let bomb = OnDrop::new(move || {
                    noted.set(true);
                    panic!("bomb")
                });
                // It is dropped with the future, after the result.
                let first = std::future::poll_fn(move |_| {
                    let _bomb = &bomb;
                    std::task::Poll::Ready(1)
                });
                (vec![first], late(1, 2))
            });
            assert_eq!(list.expect("it ends"), (vec![1], 2));
        });
        assert!(dropped.get());
        assert_one_message(&lines, &["ERROR", "destructor of a member", "bomb"]);
    });
}
