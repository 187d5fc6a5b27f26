//! Timers and clocks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use co::{Clock, IoLoop, Timeout, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, loop_with, turns, watchdog, with_loop};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `body` with a loop whose time passes when nothing else is left to do.
fn with_virtual_loop(body: impl FnOnce(IoLoop) + Send + 'static) {
    watchdog(LIMIT, || body(loop_with(VirtualClock::new())));
}

/// A clock that its test sets.
#[derive(Clone)]
struct HandClock(Rc<Cell<Instant>>);

impl HandClock {
    fn new() -> Self {
        Self(Rc::new(Cell::new(Instant::now())))
    }

    fn pass(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        self.0.get()
    }
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        for seconds in [3, 1, 4, 2] {
            io_loop.call_later(SECOND * seconds, events.noting(seconds));
        }
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["1", "2", "3", "4"]);
    });
}

#[test]
fn timers_with_one_deadline_fire_in_the_order_of_adding() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        for number in 0..100 {
            io_loop.call_later(SECOND, events.noting(number));
        }
        io_loop.start().expect("nothing is suspended");
        let expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(events.take(), expected);
    });
}

#[test]
fn ties_keep_their_order_when_others_are_removed_between_them() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        let timeouts: Vec<_> = (0..200)
            .map(|number| io_loop.call_later(SECOND, events.noting(number)))
            .collect();
        for timeout in timeouts.iter().filter_map({
            let mut at = 0;
            move |timeout| {
                at += 1;
                (at % 10 != 1).then_some(timeout)
            }
        }) {
            io_loop.remove_timeout(timeout);
        }
        io_loop.call_later(SECOND, events.noting("last"));
        io_loop.start().expect("nothing is suspended");
        let mut expected: Vec<_> = (0..20).map(|ten| (ten * 10).to_string()).collect();
        expected.push("last".to_owned());
        assert_eq!(events.take(), expected);
    });
}

#[test]
fn a_timer_that_a_timer_adds_does_not_run_in_the_same_pass() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.call_later(Duration::ZERO, move || {
            noted.note("first");
            IoLoop::current().call_later(Duration::ZERO, noted.noting("added"));
        });
        io_loop.call_later(Duration::ZERO, events.noting("second"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["first", "second"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["added"]);
    });
}

#[test]
fn a_timer_that_a_callback_adds_does_not_run_in_the_same_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            let _ = IoLoop::current().call_later(Duration::ZERO, noted.noting("timer"));
        });
        turns(&io_loop, 1);
        assert_eq!(events.take(), [""; 0]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["timer"]);
    });
}

#[test]
fn a_timer_added_with_a_deadline_in_the_past_does_not_overtake_due_timers() {
    watchdog(LIMIT, || {
        let clock = HandClock::new();
        let io_loop = loop_with(clock.clone());
        let start = io_loop.time();
        let events = Events::new();
        let noted = events.clone();
        io_loop.call_later(SECOND, move || {
            noted.note("first");
            IoLoop::current().call_at(start, noted.noting("past"));
        });
        io_loop.call_later(SECOND * 2, events.noting("second"));
        clock.pass(SECOND * 3);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["first", "second"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["past"]);
    });
}

#[test]
fn a_timer_that_adds_itself_again_does_not_starve_callbacks() {
    fn again(events: Events) {
        events.note("timer");
        IoLoop::current().call_later(Duration::ZERO, move || again(events));
    }

    with_loop(|io_loop| {
        let events = Events::new();
        again(events.clone());
        io_loop.add_callback(|| IoLoop::current().stop());
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), ["timer", "timer"]);
    });
}

#[test]
fn a_due_timer_may_cancel_another_due_timer() {
    with_loop(|io_loop| {
        let events = Events::new();
        let victim: Rc<RefCell<Option<Timeout>>> = Rc::default();
        let in_callback = Rc::clone(&victim);
        let noted = events.clone();
        io_loop.call_later(Duration::ZERO, move || {
            noted.note("first");
            let victim = in_callback.borrow();
            let victim = victim.as_ref().expect("it was added");
            IoLoop::current().remove_timeout(victim);
        });
        let timeout = io_loop.call_later(Duration::ZERO, events.noting("second"));
        *victim.borrow_mut() = Some(timeout);
        io_loop.call_later(Duration::ZERO, events.noting("third"));
        turns(&io_loop, 2);
        assert_eq!(events.take(), ["first", "third"]);
    });
}

#[test]
fn a_callback_may_cancel_a_timer_that_is_due_in_the_same_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        let timeout = io_loop.call_later(Duration::ZERO, events.noting("timer"));
        io_loop.add_callback(move || IoLoop::current().remove_timeout(&timeout));
        turns(&io_loop, 2);
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn a_timer_may_remove_itself() {
    with_loop(|io_loop| {
        let own: Rc<RefCell<Option<Timeout>>> = Rc::default();
        let in_callback = Rc::clone(&own);
        let timeout = io_loop.call_later(Duration::ZERO, move || {
            let own = in_callback.borrow();
            IoLoop::current().remove_timeout(own.as_ref().expect("it was added"));
        });
        *own.borrow_mut() = Some(timeout);
        turns(&io_loop, 2);
    });
}

#[test]
fn removing_a_timer_that_has_fired_does_nothing() {
    with_loop(|io_loop| {
        let events = Events::new();
        let fired = io_loop.call_later(Duration::ZERO, events.noting("fired"));
        turns(&io_loop, 1);
        io_loop.call_later(Duration::ZERO, events.noting("in its place"));
        io_loop.remove_timeout(&fired);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["fired", "in its place"]);
    });
}

#[test]
fn removing_a_timer_twice_does_nothing() {
    with_loop(|io_loop| {
        let events = Events::new();
        let removed = io_loop.call_later(Duration::ZERO, events.noting("removed"));
        io_loop.remove_timeout(&removed);
        io_loop.call_later(Duration::ZERO, events.noting("in its place"));
        io_loop.remove_timeout(&removed);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["in its place"]);
    });
}

#[test]
fn a_removed_timer_drops_its_callback_at_once() {
    with_loop(|io_loop| {
        let events = Events::new();
        let captured = events.note_on_drop("dropped");
        let timeout = io_loop.call_later(SECOND, move || drop(captured));
        io_loop.remove_timeout(&timeout);
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn a_timer_of_another_loop_is_not_removed() {
    with_loop(|io_loop| {
        let other = loop_with(VirtualClock::new());
        let events = Events::new();
        let timeout = io_loop.call_later(Duration::ZERO, events.noting("fired"));
        other.call_later(Duration::ZERO, || ());
        other.remove_timeout(&timeout);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["fired"]);
    });
}

#[test]
fn a_dropped_timeout_leaves_its_timer() {
    with_loop(|io_loop| {
        let events = Events::new();
        drop(io_loop.call_later(Duration::ZERO, events.noting("fired")));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["fired"]);
    });
}

#[test]
fn add_timeout_takes_a_time_or_a_duration() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        io_loop.add_timeout(SECOND * 2, events.noting("in two"));
        io_loop.add_timeout(io_loop.time() + SECOND, events.noting("at one"));
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["at one", "in two"]);
    });
}

#[test]
fn a_timer_does_not_fire_before_its_time() {
    watchdog(LIMIT, || {
        let clock = HandClock::new();
        let io_loop = loop_with(clock.clone());
        let events = Events::new();
        io_loop.call_later(SECOND, events.noting("fired"));
        clock.pass(SECOND - Duration::from_nanos(1));
        turns(&io_loop, 3);
        assert_eq!(events.take(), [""; 0]);
        clock.pass(Duration::from_nanos(1));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["fired"]);
    });
}

#[test]
fn the_longest_delay_never_fires_and_does_not_overflow() {
    with_virtual_loop(|io_loop| {
        let events = Events::new();
        let timeout = io_loop.call_later(Duration::MAX, events.noting("fired"));
        io_loop.call_later(SECOND, events.noting("a second"));
        for _ in 0..2 {
            io_loop.turn(None).expect("it can run");
        }
        assert_eq!(events.take(), ["a second"]);
        io_loop.remove_timeout(&timeout);
    });
}

#[test]
fn a_sleep_of_the_longest_duration_can_be_cancelled() {
    with_loop(|io_loop| {
        let sleeping = io_loop.spawn(co::sleep(Duration::MAX));
        turns(&io_loop, 2);
        assert!(sleeping.cancel());
        assert_eq!(io_loop.next_deadline(), None);
    });
}

#[test]
fn a_dropped_sleep_leaves_no_timer() {
    with_loop(|io_loop| {
        drop(co::sleep(SECOND));
        assert_eq!(io_loop.next_deadline(), None);
    });
}

#[test]
fn the_next_deadline_is_that_of_the_earliest_timer_left() {
    with_virtual_loop(|io_loop| {
        let now = io_loop.time();
        let first = io_loop.call_later(SECOND, || ());
        io_loop.call_later(SECOND * 2, || ());
        assert_eq!(io_loop.next_deadline(), Some(now + SECOND));
        io_loop.remove_timeout(&first);
        assert_eq!(io_loop.next_deadline(), Some(now + SECOND * 2));
    });
}

#[test]
fn a_real_timer_fires_soon_after_its_time() {
    with_loop(|io_loop| {
        let start = Instant::now();
        let wait = Duration::from_millis(20);
        io_loop.run_sync(move || co::sleep(wait)).expect("it ends");
        let took = start.elapsed();
        assert!(took >= wait, "{took:?}");
        assert!(took < wait + SECOND, "{took:?}");
    });
}

#[test]
fn virtual_time_jumps_to_the_next_deadline_only_when_nothing_is_left_to_do() {
    with_virtual_loop(|io_loop| {
        let start = io_loop.time();
        let events = Events::new();
        let noted = events.clone();
        io_loop.call_later(SECOND * 3600, move || {
            noted.note((IoLoop::current().time() - start).as_secs());
        });
        let in_callback = events.clone();
        io_loop.add_callback(move || {
            in_callback.note((IoLoop::current().time() - start).as_secs());
        });
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["0", "3600"]);
    });
}

#[test]
fn a_turn_with_a_limit_lets_virtual_time_pass_for_no_longer() {
    with_virtual_loop(|io_loop| {
        let start = io_loop.time();
        io_loop.call_later(SECOND * 10, || ());
        io_loop.turn(Some(SECOND)).expect("it can run");
        assert_eq!(io_loop.time() - start, SECOND);
    });
}

#[test]
fn many_timers_fire_each_once() {
    with_virtual_loop(|io_loop| {
        let count = Rc::new(Cell::new(0_u32));
        for number in 0..100_000_u64 {
            let count = Rc::clone(&count);
            let delay = Duration::from_micros(number * 7919 % 100_000);
            io_loop.call_later(delay, move || count.set(count.get() + 1));
        }
        io_loop.start().expect("nothing is suspended");
        assert_eq!(count.get(), 100_000);
    });
}

#[co::test(virtual_clock, timeout = 10)]
fn the_time_limit_of_a_test_does_not_count_virtual_time() {
    yield_!(co::sleep(SECOND * 3600));
}

#[test]
fn a_sleep_can_be_handed_from_one_coroutine_to_another_in_the_middle() {
    #[co::coroutine]
    #[allow(clippy::async_yields_async)]
    fn polls_once(mut sleep: co::Sleep) -> co::Sleep {
        let polled = yield_!(std::future::poll_fn(|cx| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut sleep).poll(cx).is_ready())
        }));
        assert!(!polled);
        sleep
    }

    #[co::coroutine]
    fn finishes(sleep: co::Sleep, events: Events) {
        yield_!(sleep);
        events.note("woken");
    }

    use std::future::Future as _;

    with_virtual_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        let sleeping = io_loop.run_sync(|| polls_once(co::sleep(SECOND)));
        let sleep = sleeping.expect("it ends");
        io_loop
            .run_sync(|| finishes(sleep, events))
            .expect("it ends");
        assert_eq!(noted.take(), ["woken"]);
    });
}

#[co::test(virtual_clock)]
fn a_virtual_clock_stands_still_while_a_name_is_looked_up() {
    let io_loop = IoLoop::current();
    let began = io_loop.time();
    let _sleeping = io_loop.spawn(co::sleep(SECOND * 3600));
    let found = yield_!(co::net::lookup_host("localhost", 80));
    assert!(found.is_ok(), "{found:?}");
    assert_eq!(io_loop.time(), began);
}
