//! How a coroutine starts, goes on, and ends.

use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use co::{Future, IoLoop, Outcome, SharedFuture, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, assert_one_message, logged, loop_with, turns, watchdog, watchdog_with_stack,
    with_loop,
};

const SECOND: Duration = Duration::from_secs(1);

#[co::coroutine]
fn two_steps(events: Events, future: Future<()>) {
    events.note("begin");
    yield_!(ready(()));
    events.note("after a ready yield");
    yield_!(future);
    events.note("end");
}

#[test]
fn the_body_runs_inside_the_call_up_to_the_first_yield_that_is_not_ready() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let running = two_steps(events.clone(), future);
        events.note("called");
        promise.set_result(());
        events.note("set");
        turns(&io_loop, 1);
        assert!(running.done());
        assert_eq!(
            events.take(),
            ["begin", "after a ready yield", "called", "set", "end"]
        );
    });
}

#[test]
fn a_coroutine_that_never_suspends_is_done_when_its_call_returns() {
    #[co::coroutine]
    fn answer() -> u32 {
        yield_!(ready(6)) * yield_!(ready(7))
    }

    with_loop(|_| assert_eq!(answer().result().expect("it is done"), 42));
}

#[test]
fn a_panic_before_the_first_yield_lands_in_the_future_and_not_in_the_caller() {
    #[co::coroutine]
    fn panics() {
        panic!("too early")
    }

    with_loop(|_| {
        let mut future = panics();
        let error = future.result().expect_err("it panicked");
        let Some(Outcome::Panicked(panicked)) = error.outcome() else {
            panic!("not panicked but {error:?}");
        };
        assert_eq!(panicked.message(), "too early");
        assert_eq!(panicked.place().name(), "panics");
    });
}

#[co::coroutine]
fn yields_ready(count: u32) -> u32 {
    let mut sum = 0;
    for _ in 0..count {
        sum += yield_!(ready(1));
    }
    sum
}

#[test]
fn ready_yields_go_on_in_place_and_use_neither_a_turn_nor_stack() {
    let sum = watchdog_with_stack(64 << 10, LIMIT, || {
        yields_ready(200_000).result().expect("no turn is needed")
    });
    assert_eq!(sum, 200_000);
}

#[test]
fn yields_of_coroutines_that_are_done_go_on_in_place() {
    #[co::coroutine]
    fn one() -> u32 {
        1
    }

    #[co::coroutine]
    fn sums(count: u32) -> u32 {
        let mut sum = 0;
        for _ in 0..count {
            sum += yield_!(one());
        }
        sum
    }

    let sum = watchdog_with_stack(128 << 10, LIMIT, || {
        sums(200_000).result().expect("no turn is needed")
    });
    assert_eq!(sum, 200_000);
}

#[test]
fn many_moments_use_no_stack() {
    #[co::coroutine]
    fn moments(count: u32) -> u32 {
        for _ in 0..count {
            yield_!(co::moment());
        }
        count
    }

    watchdog_with_stack(64 << 10, LIMIT, || {
        let counted = IoLoop::current().run_sync(|| moments(200_000));
        assert_eq!(counted.expect("it ends"), 200_000);
    });
}

#[co::coroutine]
fn five_ready(events: Events, name: char) {
    for _ in 0..5 {
        events.note(name);
        yield_!(ready(()));
    }
}

#[co::coroutine]
fn five_moments(events: Events, name: char) {
    for _ in 0..5 {
        events.note(name);
        yield_!(co::moment());
    }
}

#[test]
fn ready_yields_do_not_let_others_run() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop
            .run_sync(move || vec![five_ready(events.clone(), 'a'), five_ready(events, 'b')])
            .expect("it ends");
        assert_eq!(noted.take().concat(), "aaaaabbbbb");
    });
}

#[test]
fn moments_let_others_run_in_between() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop
            .run_sync(move || vec![five_moments(events.clone(), 'a'), five_moments(events, 'b')])
            .expect("it ends");
        assert_eq!(noted.take().concat(), "ababababab");
    });
}

#[test]
fn a_moment_takes_exactly_one_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        drop(five_moments(events.clone(), 'a'));
        for _ in 0..5 {
            assert_eq!(events.take(), ["a"]);
            turns(&io_loop, 1);
        }
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn a_sleep_of_zero_takes_exactly_one_turn() {
    #[co::coroutine]
    fn naps(events: Events) {
        events.note("before");
        yield_!(co::sleep(Duration::ZERO));
        events.note("after");
    }

    with_loop(|io_loop| {
        let events = Events::new();
        drop(naps(events.clone()));
        assert_eq!(events.take(), ["before"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["after"]);
    });
}

#[test]
fn a_deadline_that_has_passed_takes_exactly_one_turn() {
    #[co::coroutine]
    fn naps(events: Events) {
        let now = IoLoop::current().time();
        let past = now.checked_sub(Duration::from_millis(1)).unwrap_or(now);
        yield_!(co::sleep_until(past));
        events.note("after");
    }

    with_loop(|io_loop| {
        let events = Events::new();
        drop(naps(events.clone()));
        assert_eq!(events.take(), [""; 0]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["after"]);
    });
}

#[test]
fn a_coroutine_never_resumes_inside_set_result() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let _running = two_steps(events.clone(), future);
        let noted = events.clone();
        io_loop.add_callback(move || {
            noted.note("calc-begin");
            promise.set_result(());
            noted.note("calc-end");
        });
        turns(&io_loop, 2);
        assert_eq!(
            events.take(),
            [
                "begin",
                "after a ready yield",
                "calc-begin",
                "calc-end",
                "end"
            ]
        );
    });
}

#[test]
fn a_sum_is_calculated_in_the_order_of_the_first_program() {
    #[co::coroutine]
    fn asyn_sum(a: i32, b: i32, events: Events) {
        events.note(format!("begin calculate:sum {a}+{b}"));
        let (promise, future) = promise();
        let in_callback = events.clone();
        IoLoop::current().add_callback(move || {
            in_callback.note(format!("calculating the sum of {a}+{b}:"));
            promise.set_result(a + b);
        });
        let result = yield_!(future);
        events.note("after yielded");
        events.note(format!("the {a}+{b}={result}"));
    }

    with_loop(|io_loop| {
        let events = Events::new();
        asyn_sum(2, 3, events.clone());
        events.note("haha");
        io_loop.start().expect("nothing is suspended in the end");
        assert_eq!(
            events.take(),
            [
                "begin calculate:sum 2+3",
                "haha",
                "calculating the sum of 2+3:",
                "after yielded",
                "the 2+3=5",
            ]
        );
    });
}

#[co::test(virtual_clock, timeout = 10)]
fn a_sleep_counts_from_its_call_and_not_from_its_yield() {
    let start = IoLoop::current().time();
    let first = co::sleep(SECOND);
    let second = co::sleep(SECOND * 2);
    yield_!(second);
    yield_!(first);
    assert_eq!(IoLoop::current().time() - start, SECOND * 2);
}

#[co::test(virtual_clock, timeout = 10)]
fn sleeps_in_a_list_pass_side_by_side() {
    let start = IoLoop::current().time();
    yield_!((1..=5).map(|n| co::sleep(SECOND * n)).collect::<Vec<_>>());
    assert_eq!(IoLoop::current().time() - start, SECOND * 5);
}

#[co::test(virtual_clock, timeout = 10)]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    #[co::coroutine]
    fn sleeper(events: Events, seconds: u32) {
        yield_!(co::sleep(SECOND * seconds));
        events.note(seconds);
    }

    let events = Events::new();
    yield_!(
        [3, 1, 2]
            .map(|seconds| sleeper(events.clone(), seconds))
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(events.take(), ["1", "2", "3"]);
}

#[co::coroutine]
fn holds(events: Events, future: SharedFuture<()>) {
    let _first = events.note_on_drop("first local");
    let _second = events.note_on_drop("second local");
    yield_!(future);
    events.note("end");
}

#[test]
fn cancelling_runs_the_destructors_at_the_yield_point_at_once() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let running = holds(events.clone(), future.shared());
        assert!(running.cancel());
        assert!(running.done());
        assert_eq!(events.take(), ["second local", "first local"]);
        assert!(!running.cancel());
        promise.set_result(());
        turns(&io_loop, 2);
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn whoever_waits_on_a_cancelled_coroutine_learns_it() {
    #[co::coroutine]
    fn asks(events: Events, running: SharedFuture<()>) {
        let outcome = yield_!(running.outcome());
        events.note(outcome.is_err_and(|outcome| outcome.is_cancelled()));
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let (_promise, future) = promise();
        let running = holds(Events::new(), future.shared()).shared();
        let _waiting = asks(events.clone(), running.clone());
        running.cancel();
        assert_eq!(events.take(), [""; 0]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["true"]);
    });
}

#[test]
fn yielding_a_cancelled_coroutine_panics_in_the_one_that_yields() {
    #[co::coroutine]
    fn waits(running: Future<()>) {
        yield_!(running);
    }

    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let running = holds(Events::new(), future.shared());
        running.cancel();
        let outcome = io_loop.run_sync(|| waits(running).outcome());
        let outcome = outcome.expect("it ends").expect_err("no result");
        assert!(outcome.to_string().contains("cancelled"), "{outcome}");
    });
}

#[test]
fn cancelling_a_coroutine_that_was_woken_already_ends_it() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let running = holds(events.clone(), future.shared());
        promise.set_result(());
        assert!(running.cancel());
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["second local", "first local"]);
    });
}

#[test]
fn cancelling_does_not_cancel_what_the_coroutine_waits_for() {
    #[co::coroutine]
    fn waits(inner: Future<()>) {
        yield_!(inner);
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let waiting = waits(holds(events.clone(), future.shared()));
        waiting.cancel();
        promise.set_result(());
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["end", "second local", "first local"]);
    });
}

#[test]
fn closing_the_loop_drops_suspended_coroutines_and_runs_their_destructors() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (_promise, future) = promise();
        let running = holds(events.clone(), future.shared());
        io_loop.close();
        assert_eq!(events.take(), ["second local", "first local"]);
        assert!(running.done());
    });
}

#[test]
fn closing_the_loop_frees_what_its_timers_and_callbacks_hold() {
    with_loop(|io_loop| {
        let kept = Rc::new(());
        let (in_timer, in_callback) = (Rc::clone(&kept), Rc::clone(&kept));
        io_loop.call_later(SECOND, move || drop(in_timer));
        io_loop.add_callback(move || drop(in_callback));
        let (_promise, future) = promise::<()>();
        let in_done_callback = Rc::clone(&kept);
        future.add_done_callback(move || drop(in_done_callback));
        drop(future);
        assert_eq!(Rc::strong_count(&kept), 4);
        io_loop.close();
        assert_eq!(Rc::strong_count(&kept), 2, "the promise keeps its callback");
        drop(_promise);
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

#[test]
fn a_coroutine_that_sleeps_is_dropped_with_its_loop() {
    #[co::coroutine]
    fn sleeps(events: Events) {
        let _local = events.note_on_drop("local");
        yield_!(co::sleep(SECOND * 1000));
    }

    watchdog(LIMIT, || {
        let events = Events::new();
        let io_loop = loop_with(VirtualClock::new());
        let in_callback = events.clone();
        io_loop.add_callback(move || drop(sleeps(in_callback)));
        turns(&io_loop, 1);
        drop(io_loop);
        assert_eq!(events.take(), ["local"]);
    });
}

#[test]
fn an_infinite_coroutine_on_a_closed_loop_is_dropped() {
    #[co::coroutine]
    fn ticks_for_ever(events: Events) {
        let _local = events.note_on_drop("dropped");
        loop {
            yield_!(co::moment());
        }
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let running = ticks_for_ever(events.clone());
        turns(&io_loop, 3);
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
        assert!(running.done());
    });
}

#[test]
fn a_coroutine_that_is_started_on_a_closed_loop_runs_to_its_first_yield_and_is_dropped() {
    with_loop(|io_loop| {
        io_loop.close();
        let events = Events::new();
        let (_promise, future) = promise();
        let mut running = two_steps(events.clone(), future);
        assert_eq!(events.take(), ["begin", "after a ready yield"]);
        let error = running.result().expect_err("it was dropped");
        assert!(error.outcome().is_some_and(Outcome::is_cancelled));
    });
}

#[test]
fn a_coroutine_that_ends_without_a_suspension_gives_its_result_on_a_closed_loop() {
    with_loop(|io_loop| {
        io_loop.close();
        assert_eq!(yields_ready(3).result().expect("it ends"), 3);
    });
}

#[test]
fn a_panic_in_a_coroutine_leaves_the_loop_and_the_others_alone() {
    #[co::coroutine]
    fn panics_later() {
        yield_!(co::moment());
        panic!("it broke")
    }

    with_loop(|io_loop| {
        let events = Events::new();
        drop(panics_later());
        drop(five_moments(events.clone(), 'a'));
        let messages = logged(|| turns(&io_loop, 5));
        assert_eq!(events.take().concat(), "aaaaa");
        assert_one_message(&messages, &["ERROR", "panics_later", "it broke"]);
    });
}

#[test]
fn a_lazy_coroutine_runs_when_it_is_yielded() {
    #[co::coroutine(lazy)]
    fn length(text: &str, events: &Events) -> usize {
        events.note("lazy");
        yield_!(co::moment());
        text.len()
    }

    #[co::coroutine]
    fn asks(events: Events) -> usize {
        let text = String::from("four");
        let lazy = length(&text, &events);
        events.note("made");
        yield_!(lazy)
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        assert_eq!(io_loop.run_sync(|| asks(events)).expect("it ends"), 4);
        assert_eq!(noted.take(), ["made", "lazy"]);
    });
}

#[test]
fn two_thousand_coroutines_in_a_list_all_give_their_results() {
    #[co::coroutine]
    fn later(number: usize) -> usize {
        yield_!(co::sleep(Duration::from_millis(number as u64 % 7)));
        number
    }

    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let all = io_loop.run_sync(|| (0..2000).map(later).collect::<Vec<_>>());
        assert_eq!(all.expect("it ends"), (0..2000).collect::<Vec<_>>());
    });
}
