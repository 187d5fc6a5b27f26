//! `WaitIterator`, `with_timeout`, `maybe_future`, quiet futures, and streams.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::time::Duration;

use co::{Future, IoLoop, MaybeFuture, WaitIterator, maybe_future, promise, with_timeout};
use coroutine_core as co;
use coroutine_tests::{Events, assert_one_message, logged, turns, with_loop};
use futures_util::future::FutureExt;
use futures_util::{Stream, StreamExt, stream};

const SECOND: Duration = Duration::from_secs(1);

/// Gives `value` after so many seconds.
#[co::coroutine]
fn late<T: 'static>(seconds: u32, value: T) -> T {
    yield_!(co::sleep(seconds * SECOND));
    value
}

#[co::coroutine]
fn fails(turns: usize, why: &'static str) -> Result<u8, String> {
    for _ in 0..turns {
        yield_!(co::moment());
    }
    Err(why.to_owned())
}

#[co::coroutine]
fn panics() -> u8 {
    yield_!(co::moment());
    panic!("no")
}

#[co::test(virtual_clock)]
fn a_wait_iterator_gives_results_in_the_order_of_finishing_with_their_indices() {
    let mut waiter = WaitIterator::new([late(3, 'a'), late(1, 'b'), late(2, 'c')]);
    let mut given = Vec::new();
    while !waiter.done() {
        given.extend(yield_!(waiter.next()));
    }
    assert_eq!(given, [(1, 'b'), (2, 'c'), (0, 'a')]);
    assert_eq!(yield_!(waiter.next()), None);
}

#[co::test(virtual_clock)]
fn a_wait_iterator_of_a_map_gives_keys() {
    let map = BTreeMap::from([("x", late(2, 1)), ("y", late(1, 2))]);
    let mut waiter = WaitIterator::with_keys(map);
    assert_eq!(yield_!(waiter.next()), Some(("y", 2)));
    assert_eq!(format!("{waiter:?}"), r#"["x"]"#);
    assert_eq!(yield_!(waiter.next()), Some(("x", 1)));
    assert!(waiter.is_empty());
}

#[co::test(virtual_clock)]
fn two_that_finish_in_one_turn_are_both_given() {
    let mut waiter = WaitIterator::new([late(1, 'a'), late(1, 'b')]);
    let (a, b) = (promise(), promise());
    waiter.push(a.1);
    waiter.push(b.1);
    IoLoop::current().add_callback(move || {
        b.0.set_result('d');
        a.0.set_result('c');
    });
    for expected in [(3, 'd'), (2, 'c'), (0, 'a'), (1, 'b')] {
        assert_eq!(yield_!(waiter.next()), Some(expected));
    }
    assert_eq!(yield_!(waiter.next()), None);
}

#[co::test]
fn futures_that_are_done_are_given_in_their_order_and_an_empty_one_ends_at_once() {
    let mut waiter = WaitIterator::new([maybe_future(1), maybe_future(2)]);
    assert_eq!(waiter.next().now_or_never(), Some(Some((0, 1))));
    assert_eq!(waiter.len(), 1);
    assert_eq!(waiter.next().now_or_never(), Some(Some((1, 2))));
    assert_eq!(waiter.next().now_or_never(), Some(None));
    let mut empty = WaitIterator::new(Vec::<Future<u8>>::new());
    assert_eq!(yield_!(empty.next()), None);
}

#[co::test(virtual_clock)]
fn losers_stay_alive_and_others_may_be_added() {
    let mut waiter = WaitIterator::new([late(10, "loser"), late(1, "winner")]);
    assert_eq!(yield_!(waiter.next()), Some((1, "winner")));
    assert_eq!(waiter.push(late(4, "added")), 2);
    assert_eq!(waiter.push(late(20, "last")), 3);
    assert_eq!(yield_!(waiter.next()), Some((2, "added")));
    assert_eq!(yield_!(waiter.next()), Some((0, "loser")));
    assert_eq!(yield_!(waiter.next()), Some((3, "last")));
}

#[co::test(virtual_clock)]
fn nothing_is_lost_when_a_turn_of_a_wait_iterator_is_dropped() {
    let mut waiter = WaitIterator::new([late(2, 'a'), late(2, 'b')]);
    let timed = yield_!(with_timeout(SECOND, waiter.next()));
    assert!(timed.is_err());
    // They finish while nobody waits.
    yield_!(co::sleep(5 * SECOND));
    assert_eq!(yield_!(waiter.next()), Some((0, 'a')));
    assert_eq!(yield_!(waiter.next()), Some((1, 'b')));
}

#[co::test]
fn a_panic_of_a_future_goes_on_in_its_turn_and_the_others_stay() {
    let mut waiter = WaitIterator::new([panics(), maybe_future(5)]);
    assert_eq!(yield_!(waiter.next()), Some((1, 5)));
    let turn = AssertUnwindSafe(waiter.next()).catch_unwind();
    assert!(yield_!(turn).is_err());
    waiter.push(maybe_future(6));
    assert_eq!(yield_!(waiter.next()), Some((2, 6)));
}

#[test]
fn results_that_a_wait_iterator_has_not_given_are_logged_as_their_futures_would() {
    with_loop(|io_loop| {
        let lines = logged(|| {
            let mut waiter =
                WaitIterator::new([fails(0, "given"), fails(0, "kept"), fails(3, "late")]);
            let given = waiter.next().now_or_never();
            assert_eq!(given, Some(Some((0, Err("given".to_owned())))));
            drop(waiter);
            turns(&io_loop, 5);
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].contains("kept") && lines[1].contains("late"));
    });
}

#[co::test(virtual_clock)]
fn a_wait_iterator_is_a_stream() {
    let waiter = WaitIterator::new([late(2, 1), late(1, 2)]);
    assert_eq!(waiter.size_hint(), (2, Some(2)));
    let values: Vec<_> = yield_!(waiter.map(|(_, value)| value).collect());
    assert_eq!(values, [2, 1]);
}

#[co::test(virtual_clock)]
fn a_future_that_is_done_beats_a_deadline_that_has_passed() {
    let long_ago = IoLoop::current().time();
    yield_!(co::sleep(SECOND));
    let result = yield_!(with_timeout(long_ago, maybe_future(1)));
    assert_eq!(result.expect("it is done"), 1);
    let result = yield_!(with_timeout(Duration::ZERO, async { 2 }));
    assert_eq!(result.expect("it is done"), 2);
    // Done by the time that the yielder gets its turn.
    let work = late(1, 3);
    let timed = with_timeout(SECOND, work);
    yield_!(co::sleep(2 * SECOND));
    assert_eq!(yield_!(timed).expect("it is done"), 3);
}

#[co::test(virtual_clock)]
fn time_that_is_over_is_an_error_that_says_so() {
    let (_promise, pending) = promise::<u8>();
    let began = IoLoop::current().time();
    let error = yield_!(with_timeout(2 * SECOND, pending)).expect_err("it is never ready");
    assert!(error.is_timeout());
    assert_eq!(error.to_string(), "timed out after 2s");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    assert_eq!(IoLoop::current().time() - began, 2 * SECOND);
    let error = yield_!(with_timeout(began + 3 * SECOND, late(9, 1))).expect_err("it is late");
    assert_eq!(error.to_string(), "timed out at its deadline");
    assert_eq!(IoLoop::current().time() - began, 3 * SECOND);
}

#[co::test(virtual_clock)]
fn a_timeout_counts_from_the_call() {
    let began = IoLoop::current().time();
    let timed = with_timeout(2 * SECOND, late(9, 1));
    yield_!(co::sleep(SECOND));
    assert!(yield_!(timed).is_err());
    assert_eq!(IoLoop::current().time() - began, 2 * SECOND);
}

#[co::coroutine]
fn notes_its_end(events: Events) {
    let _cancelled = events.note_on_drop("dropped");
    yield_!(co::sleep(5 * SECOND));
    events.note("ended");
}

#[co::test(virtual_clock)]
fn a_coroutine_whose_time_is_over_is_not_cancelled() {
    let events = Events::new();
    assert!(yield_!(with_timeout(SECOND, notes_its_end(events.clone()))).is_err());
    assert!(events.take().is_empty());
    yield_!(co::sleep(5 * SECOND));
    assert_eq!(events.take(), ["ended", "dropped"]);
}

#[co::test(virtual_clock)]
fn a_future_that_is_not_ours_is_dropped_when_its_time_is_over_unless_it_is_lent() {
    let events = Events::new();
    let (local, noted) = (events.note_on_drop("dropped"), events.clone());
    let mut work = Box::pin(async move {
        let _local = local;
        co::sleep(3 * SECOND).await;
        noted.note("ended");
    });
    assert!(yield_!(with_timeout(SECOND, &mut work)).is_err());
    assert!(events.take().is_empty());
    assert!(yield_!(with_timeout(SECOND, work)).is_err());
    assert_eq!(events.take(), ["dropped"]);
}

#[co::test(virtual_clock)]
fn a_list_may_have_a_timeout() {
    let both = yield_!(with_timeout(2 * SECOND, vec![late(1, 1), late(0, 2)]));
    assert_eq!(both.expect("in time"), [1, 2]);
    let late = yield_!(with_timeout(2 * SECOND, (late(1, 1), late(3, 2))));
    assert!(late.is_err());
}

#[test]
fn a_timeout_that_was_not_needed_leaves_no_timer() {
    with_loop(|io_loop| {
        let timed = io_loop.run_sync(|| with_timeout(1000 * SECOND, maybe_future(1)));
        assert_eq!(timed.expect("it ends").expect("in time"), 1);
        assert_eq!(io_loop.next_deadline(), None);
    });
}

#[co::coroutine]
fn gives_up(work: Future<Result<u8, String>>) {
    let timed = yield_!(with_timeout(Duration::ZERO, work));
    assert!(timed.is_err());
}

#[test]
fn a_late_error_is_logged_once_unless_the_future_is_quiet() {
    with_loop(|io_loop| {
        let lines = logged(|| {
            let done = gives_up(fails(9, "late"));
            turns(&io_loop, 20);
            assert!(done.done());
        });
        assert_one_message(&lines, &["ERROR", "fails", "late"]);
        let lines = logged(|| {
            let done = gives_up(fails(9, "late").quiet());
            turns(&io_loop, 20);
            assert!(done.done());
        });
        assert!(lines.is_empty(), "{lines:#?}");
    });
}

#[test]
fn a_quiet_future_that_is_dropped_logs_neither_error_nor_panic() {
    with_loop(|io_loop| {
        let lines = logged(|| {
            drop(fails(0, "done already").quiet());
            drop(fails(2, "later").quiet());
            drop(panics().quiet());
            turns(&io_loop, 5);
        });
        assert!(lines.is_empty(), "{lines:#?}");
    });
}

#[test]
fn a_quiet_future_gives_its_result_and_its_panic_to_whoever_yields_it() {
    with_loop(|io_loop| {
        let result = io_loop.run_sync(|| fails(1, "seen").quiet());
        assert_eq!(result.expect("it ends"), Err("seen".to_owned()));
        let run = AssertUnwindSafe(|| io_loop.run_sync(|| panics().quiet()));
        assert!(catch_unwind(run).is_err());
    });
}

fn described(value: impl Into<MaybeFuture<u8>>) -> (bool, Future<u8>) {
    let future = maybe_future(value);
    (future.done(), future)
}

#[co::test(virtual_clock)]
fn a_value_becomes_a_future_that_is_done_and_a_future_stays_as_it_is() {
    let (done, value) = described(1);
    assert!(done);
    let (done, later) = described(late(1, 2));
    assert!(!done);
    assert_eq!(yield_!((value, later)), (1, 2));
}

#[co::test(virtual_clock)]
fn items_of_any_stream_can_be_waited_for() {
    let delayed = stream::iter([1, 2]).then(|n| late(n, n));
    let mut delayed = pin!(delayed);
    assert_eq!(yield_!(co::next(&mut delayed)), Some(1));
    assert_eq!(yield_!(co::next(&mut delayed)), Some(2));
    assert_eq!(yield_!(co::next(&mut delayed)), None);
    let mut boxed: Pin<Box<dyn Stream<Item = u8>>> = Box::pin(stream::iter([7]));
    assert_eq!(yield_!(co::next(&mut boxed)), Some(7));
}

#[co::test]
fn an_item_is_not_lost_when_waiting_for_it_is_given_up() {
    let (promise, future) = promise();
    let mut items = stream::once(future);
    yield_!(with_timeout(Duration::ZERO, co::next(&mut items))).expect_err("it is not there");
    promise.set_result(8);
    assert_eq!(yield_!(co::next(&mut items)), Some(8));
}
