//! Futures and promises.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use co::{Future, IoLoop, Outcome, SharedFuture, promise};
use coroutine_core as co;
use coroutine_tests::{Events, assert_one_message, logged, turns, with_loop};

#[co::coroutine]
fn note_result(events: Events, name: &'static str, number: SharedFuture<u32>) {
    let number = yield_!(number);
    events.note(format!("{name} {number}"));
}

#[co::coroutine]
fn wait_for(future: Future<u32>) -> u32 {
    yield_!(future)
}

#[co::coroutine]
fn wait_for_outcome(future: Future<u32>) -> Result<u32, Outcome> {
    yield_!(future.outcome())
}

#[co::coroutine]
fn fails_with_error() -> Result<u32, String> {
    Err("out of paper".to_owned())
}

#[co::coroutine]
fn fails_later() -> Result<u32, String> {
    yield_!(co::moment());
    Err("out of paper".to_owned())
}

#[co::coroutine]
fn panics() -> u32 {
    panic!("out of ink")
}

#[co::coroutine]
fn panics_later() -> u32 {
    yield_!(co::moment());
    panic!("out of ink")
}

#[test]
fn asking_for_a_result_that_is_not_there_is_an_error_and_does_not_block() {
    with_loop(|_| {
        let (promise, mut future) = promise::<u32>();
        let error = future.result().expect_err("there is none");
        assert!(error.is_not_ready());
        assert!(!error.is_taken());
        assert!(error.outcome().is_none());
        assert!(!future.done());
        promise.set_result(1);
    });
}

#[test]
fn a_result_can_be_taken_once() {
    with_loop(|_| {
        let (promise, mut future) = promise();
        promise.set_result(1);
        assert_eq!(future.result().expect("it is there"), 1);
        assert!(future.done());
        assert!(future.result().expect_err("it was taken").is_taken());
    });
}

#[test]
fn a_future_that_is_yielded_after_its_result_was_taken_panics() {
    with_loop(|io_loop| {
        let (promise, mut future) = promise();
        promise.set_result(1);
        assert_eq!(future.result().expect("it is there"), 1);
        let outcome = io_loop
            .run_sync(|| wait_for(future).outcome())
            .expect("it ends");
        assert!(outcome.expect_err("no result").is_panicked());
    });
}

#[test]
fn a_dropped_promise_breaks_its_future_and_tells_where_it_was_made() {
    with_loop(|_| {
        let line = line!() + 1;
        let (promise, mut future) = promise::<u32>();
        drop(promise);
        let error = future.result().expect_err("it is broken");
        let Some(Outcome::Broken(broken)) = error.outcome() else {
            panic!("not broken but {error:?}");
        };
        assert_eq!(broken.made_at().line(), line);
        assert_eq!(broken.made_at().file(), file!());
    });
}

#[test]
fn a_dropped_promise_resumes_whoever_waits() {
    with_loop(|io_loop| {
        let (promise, future) = promise::<u32>();
        io_loop.add_callback(move || drop(promise));
        let outcome = io_loop
            .run_sync(|| wait_for_outcome(future))
            .expect("it ends");
        assert!(outcome.expect_err("no result").is_broken());
    });
}

#[test]
fn an_exception_is_an_error_result() {
    with_loop(|_| {
        let (promise, mut future) = promise::<Result<u32, &str>>();
        promise.set_exception("no");
        assert_eq!(future.result().expect("it is there"), Err("no"));
    });
}

#[test]
fn callbacks_run_on_a_later_turn_and_not_inside_set_result() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        future.add_done_callback(events.noting("callback"));
        let in_turn = events.clone();
        io_loop.add_callback(move || {
            promise.set_result(1);
            in_turn.note("set");
            let after = in_turn.noting("next turn");
            IoLoop::current().add_callback(after);
        });
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["set"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback", "next turn"]);
    });
}

#[test]
fn callbacks_of_a_future_that_is_done_run_on_a_later_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        promise.set_result(1);
        future.add_done_callback(events.noting("callback"));
        events.note("added");
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["added", "callback"]);
    });
}

#[test]
fn callbacks_of_one_future_run_in_the_order_of_adding() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        for number in 0..5 {
            future.add_done_callback(events.noting(number));
        }
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["0", "1", "2", "3", "4"]);
    });
}

#[test]
fn callbacks_and_the_coroutine_that_waits_go_on_in_the_order_of_coming() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise::<u32>();
        let noted = events.clone();
        future.add_done_callback(events.noting("first callback"));
        let shared = future.shared();
        let waiter = note_result(events.clone(), "coroutine", shared.clone());
        shared.add_done_callback(events.noting("second callback"));
        promise.set_result(7);
        turns(&io_loop, 2);
        assert!(waiter.done());
        assert_eq!(
            noted.take(),
            ["first callback", "coroutine 7", "second callback"]
        );
    });
}

#[test]
fn callbacks_are_called_also_when_the_future_is_dropped_before_its_result() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        future.add_done_callback(events.noting("callback"));
        drop(future);
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback"]);
    });
}

#[test]
fn callbacks_are_called_also_when_the_future_of_a_coroutine_is_dropped_before_its_result() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let coroutine = note_result(events.clone(), "result", future.shared());
        coroutine.add_done_callback(events.noting("callback"));
        drop(coroutine);
        promise.set_result(7);
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["result 7", "callback"]);
    });
}

#[test]
fn callbacks_are_called_when_the_promise_is_broken() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise::<u32>();
        future.add_done_callback(events.noting("callback"));
        drop(promise);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback"]);
    });
}

#[test]
fn a_panicking_done_callback_is_logged_with_its_place_and_the_others_run() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        future.add_done_callback(events.noting("first"));
        let line = line!() + 1;
        future.add_done_callback(|| panic!("second has failed"));
        future.add_done_callback(events.noting("third"));
        promise.set_result(1);
        let messages = logged(|| turns(&io_loop, 1));
        assert_eq!(events.take(), ["first", "third"]);
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "second has failed", &place]);
    });
}

#[test]
fn add_future_gives_the_result_on_a_later_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        promise.set_result(3);
        let noted = events.clone();
        io_loop.add_future(future, move |result| {
            noted.note(result.expect("it is there"));
        });
        events.note("added");
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["added", "3"]);
    });
}

#[test]
fn add_future_gives_the_reason_when_there_is_no_result() {
    with_loop(|io_loop| {
        let (promise, future) = promise::<u32>();
        let seen = Rc::new(Cell::new(false));
        let in_callback = Rc::clone(&seen);
        io_loop.add_future(future, move |result| {
            in_callback.set(result.is_err_and(|outcome| outcome.is_broken()));
        });
        drop(promise);
        turns(&io_loop, 1);
        assert!(seen.get());
    });
}

#[test]
fn waiters_of_a_shared_future_are_resumed_in_the_order_in_which_they_began_to_wait() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let number = future.shared();
        let last_clone = number.clone();
        let first_clone = number.clone();
        let _a = note_result(events.clone(), "a", number);
        let _b = note_result(events.clone(), "b", first_clone);
        let _c = note_result(events.clone(), "c", last_clone);
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["a 1", "b 1", "c 1"]);
    });
}

#[test]
fn a_cancelled_waiter_of_a_shared_future_does_not_disturb_the_others() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let number = future.shared();
        let waiters: Vec<_> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|name| note_result(events.clone(), name, number.clone()))
            .collect();
        assert!(waiters[1].cancel());
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["a 1", "c 1", "d 1"]);
    });
}

#[test]
fn a_shared_future_that_is_done_gives_its_result_to_late_comers() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let number = future.shared();
        promise.set_result(1);
        let both = io_loop.run_sync(move || vec![number.clone(), number]);
        assert_eq!(both.expect("it ends"), [1, 1]);
    });
}

#[test]
fn the_same_shared_future_may_stand_twice_in_one_list() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let number = future.shared();
        io_loop.add_callback(move || promise.set_result(8));
        let both = io_loop.run_sync(move || vec![number.clone(), number]);
        assert_eq!(both.expect("it ends"), [8, 8]);
    });
}

#[co::coroutine]
fn holds_locals(events: Events, future: Future<u32>, _argument: impl Sized + 'static) {
    let _local = events.note_on_drop("local");
    yield_!(future);
    events.note("end");
}

#[test]
fn locals_are_freed_as_soon_as_the_coroutine_ends() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        let argument = events.note_on_drop("argument");
        let running = holds_locals(events.clone(), future, argument);
        promise.set_result(1);
        turns(&io_loop, 1);
        assert!(running.done());
        assert_eq!(events.take(), ["end", "local", "argument"]);
    });
}

#[test]
fn locals_of_a_detached_coroutine_are_freed_as_soon_as_it_ends() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        drop(holds_locals(events.clone(), future, ()));
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["end", "local"]);
    });
}

#[test]
fn a_result_that_is_not_taken_is_dropped_with_its_future() {
    with_loop(|_| {
        let events = Events::new();
        let (promise, future) = promise();
        promise.set_result(events.note_on_drop("result"));
        events.note("set");
        drop(future);
        assert_eq!(events.take(), ["set", "result"]);
    });
}

#[test]
fn an_error_that_nobody_retrieved_is_logged_with_the_coroutines_name_and_place() {
    with_loop(|_| {
        let future = fails_with_error();
        assert!(future.done());
        let messages = logged(|| drop(future));
        assert_one_message(
            &messages,
            &["ERROR", "fails_with_error", file!(), "out of paper"],
        );
    });
}

#[test]
fn a_panic_that_nobody_retrieved_is_logged_with_the_coroutines_name_and_place() {
    with_loop(|_| {
        let future = panics();
        let messages = logged(|| drop(future));
        assert_one_message(&messages, &["ERROR", "panics", file!(), "out of ink"]);
    });
}

#[test]
fn an_error_of_a_detached_coroutine_is_logged_when_it_ends() {
    with_loop(|io_loop| {
        let quiet = logged(|| drop(fails_later()));
        assert_eq!(quiet, [""; 0]);
        let messages = logged(|| turns(&io_loop, 1));
        assert_one_message(&messages, &["ERROR", "fails_later", "out of paper"]);
    });
}

#[test]
fn a_panic_of_a_detached_coroutine_is_logged_when_it_ends() {
    with_loop(|io_loop| {
        drop(panics_later());
        let messages = logged(|| turns(&io_loop, 1));
        assert_one_message(&messages, &["ERROR", "panics_later", "out of ink"]);
    });
}

#[test]
fn an_error_that_was_taken_is_not_logged() {
    with_loop(|_| {
        let messages = logged(|| {
            let mut future = fails_with_error();
            assert!(future.result().expect("it is there").is_err());
        });
        assert_eq!(messages, [""; 0]);
    });
}

#[test]
fn an_error_that_was_yielded_is_not_logged() {
    with_loop(|io_loop| {
        let messages = logged(move || {
            let result = io_loop.run_sync(fails_later).expect("it ends");
            assert!(result.is_err());
        });
        assert_eq!(messages, [""; 0]);
    });
}

#[test]
fn a_panic_that_was_looked_at_as_an_outcome_is_not_logged() {
    with_loop(|io_loop| {
        let messages = logged(move || {
            let result = io_loop.run_sync(|| panics_later().outcome());
            assert!(result.expect("it ends").is_err());
        });
        assert_eq!(messages, [""; 0]);
    });
}

#[test]
fn an_error_of_a_shared_future_that_nobody_retrieved_is_logged_once() {
    with_loop(|_| {
        let future = fails_with_error().shared();
        let clone = future.clone();
        let messages = logged(|| {
            drop(future);
            drop(clone);
        });
        assert_one_message(&messages, &["fails_with_error", "out of paper"]);
    });
}

#[test]
fn an_error_of_a_shared_future_that_one_waiter_retrieved_is_not_logged() {
    with_loop(|io_loop| {
        let messages = logged(move || {
            let future = fails_later().shared();
            let clone = future.clone();
            let result = io_loop.run_sync(move || clone).expect("it ends");
            assert!(result.is_err());
            drop(future);
        });
        assert_eq!(messages, [""; 0]);
    });
}

#[test]
fn an_error_that_only_done_callbacks_heard_of_is_logged() {
    with_loop(|io_loop| {
        let messages = logged(move || {
            let future = fails_later();
            future.add_done_callback(|| ());
            turns(&io_loop, 2);
            drop(future);
        });
        assert_one_message(&messages, &["fails_later", "out of paper"]);
    });
}

#[test]
fn a_cancelled_coroutine_is_not_logged() {
    with_loop(|_| {
        let messages = logged(|| {
            let (_promise, future) = promise();
            let waiting = wait_for(future);
            waiting.cancel();
        });
        assert_eq!(messages, [""; 0]);
    });
}

#[test]
fn an_error_that_only_has_a_debug_form_is_logged() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "it is shown by its debug form")]
    struct Jam(u8);

    #[co::coroutine]
    fn jams() -> Result<(), Jam> {
        Err(Jam(3))
    }

    with_loop(|_| {
        let messages = logged(|| drop(jams()));
        assert_one_message(&messages, &["ERROR", "jams"]);
    });
}

#[test]
fn an_error_of_a_generic_coroutine_is_logged() {
    #[co::coroutine]
    fn refuses<T: 'static>() -> Result<T, String> {
        Err("not today".to_owned())
    }

    with_loop(|_| {
        let messages = logged(|| drop(refuses::<u8>()));
        assert_one_message(&messages, &["ERROR", "refuses", "not today"]);
    });
}

#[test]
fn setting_a_result_after_the_future_was_cancelled_drops_the_value() {
    with_loop(|_| {
        let events = Events::new();
        let (promise, future) = promise();
        assert!(future.cancel());
        assert!(promise.is_cancelled());
        promise.set_result(events.note_on_drop("value"));
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn setting_a_result_after_the_future_was_dropped_drops_the_value() {
    with_loop(|_| {
        let events = Events::new();
        let (promise, future) = promise();
        drop(future);
        assert!(promise.is_cancelled());
        promise.set_result(events.note_on_drop("value"));
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn setting_a_result_after_the_coroutine_that_waits_was_cancelled_is_harmless() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let waiting = wait_for(future);
        assert!(waiting.cancel());
        assert!(promise.is_cancelled());
        promise.set_result(1);
        turns(&io_loop, 2);
        assert!(waiting.done());
    });
}

#[test]
fn a_promise_whose_future_is_waited_for_is_not_cancelled() {
    with_loop(|_| {
        let (promise, future) = promise();
        assert!(!promise.is_cancelled());
        let _waiting = wait_for(future);
        assert!(!promise.is_cancelled());
        promise.set_result(1);
    });
}

#[test]
fn a_cancelled_promise_gives_its_reason_to_whoever_waits() {
    with_loop(|io_loop| {
        let (promise, future) = promise::<u32>();
        let shared = future.shared();
        let canceller = shared.clone();
        io_loop.add_callback(move || assert!(canceller.cancel()));
        let outcome = io_loop.run_sync(move || shared.outcome());
        let outcome = outcome.expect("it ends").expect_err("no result");
        assert!(outcome.is_cancelled());
        drop(promise);
    });
}

#[test]
fn cancelling_what_is_done_says_so() {
    with_loop(|_| {
        let (promise, mut future) = promise();
        promise.set_result(1);
        assert!(!future.cancel());
        assert_eq!(future.result().expect("it is still there"), 1);
    });
}

#[test]
fn a_dropped_future_leaves_its_coroutine_running() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, future) = promise();
        drop(holds_locals(events.clone(), future, ()));
        turns(&io_loop, 3);
        assert_eq!(events.take(), [""; 0]);
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["end", "local"]);
    });
}

#[test]
fn yielding_a_panicked_coroutine_goes_on_with_its_panic() {
    #[co::coroutine]
    fn waits() -> u32 {
        yield_!(panics_later())
    }

    with_loop(|io_loop| {
        let outcome = io_loop.run_sync(|| waits().outcome()).expect("it ends");
        let Err(Outcome::Panicked(panicked)) = outcome else {
            panic!("not panicked but {outcome:?}");
        };
        assert_eq!(panicked.message(), "out of ink");
        assert_eq!(panicked.place().name(), "waits");
    });
}

#[test]
fn every_waiter_of_a_panicked_coroutine_learns_its_message() {
    with_loop(|io_loop| {
        let shared = panics_later().shared();
        let outcomes = io_loop
            .run_sync(move || vec![shared.clone().outcome(), shared.outcome()])
            .expect("it ends");
        for outcome in outcomes {
            let outcome = outcome.expect_err("no result");
            assert!(outcome.to_string().contains("out of ink"), "{outcome}");
        }
    });
}

#[test]
fn a_list_waits_for_all_and_gives_the_results_in_its_order() {
    with_loop(|io_loop| {
        let (first, a) = promise();
        let (second, b) = promise();
        let (third, c) = promise();
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            third.set_result('c');
            first.set_result('a');
            let noted = events.clone();
            IoLoop::current().call_later(Duration::from_millis(1), move || {
                noted.note("second set");
                second.set_result('b');
            });
        });
        let all = io_loop.run_sync(move || vec![a, b, c]).expect("it ends");
        assert_eq!(all, ['a', 'b', 'c']);
        assert_eq!(noted.take(), ["second set"]);
    });
}

#[test]
fn an_empty_list_is_ready_at_once() {
    #[co::coroutine]
    fn empty() -> usize {
        yield_!(Vec::<Future<u8>>::new()).len()
    }

    with_loop(|_| assert_eq!(empty().result().expect("it is ready"), 0));
}
