//! A loop in numbers.

use std::thread;
use std::time::Duration;

use coroutine_core::{self as co, VirtualClock, promise};
use coroutine_tests::{logged, loop_with, turns, with_loop};

#[test]
fn they_tell_what_there_is() {
    with_loop(|io_loop| {
        assert_eq!(
            (io_loop.metrics().turns, io_loop.metrics().callbacks),
            (0, 0)
        );
        let (_promise, future) = promise::<()>();
        let _waits = co::block::coroutine! { yield future };
        let _sleeps = co::block::coroutine! { yield co::sleep(Duration::from_secs(60)) };
        for _ in 0..3 {
            io_loop.add_callback(|| {});
        }
        turns(&io_loop, 2);
        let metrics = io_loop.metrics();
        assert_eq!((metrics.turns, metrics.callbacks), (2, 3));
        assert_eq!((metrics.coroutines, metrics.timers), (2, 1));
        assert_eq!((metrics.descriptors, metrics.jobs), (0, 0));
        assert_eq!(metrics.longest_callback, None);
    });
}

#[test]
fn the_longest_callback_is_measured_when_it_is_asked_for() {
    with_loop(|io_loop| {
        io_loop.measure_callbacks();
        io_loop.add_callback(|| thread::sleep(Duration::from_millis(5)));
        turns(&io_loop, 1);
        assert!(io_loop.metrics().longest_callback >= Some(Duration::from_millis(5)));
        io_loop.reset_metrics();
        assert_eq!(io_loop.metrics().longest_callback, Some(Duration::ZERO));
    });
}

#[test]
fn lag_is_by_how_much_timers_are_late() {
    with_loop(|_| {
        let clock = VirtualClock::new();
        let io_loop = loop_with(clock.clone());
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        for delay in [second, 3 * second] {
            io_loop.call_later(delay, || {});
        }
        co::Clock::advance(&clock, hour);
        turns(&io_loop, 1);
        let metrics = io_loop.metrics();
        assert_eq!(
            (metrics.lag, metrics.longest_lag),
            (hour - second, hour - second)
        );
        io_loop.call_later(second, || {});
        co::Clock::advance(&clock, second);
        turns(&io_loop, 1);
        let metrics = io_loop.metrics();
        assert_eq!(
            (metrics.lag, metrics.longest_lag),
            (Duration::ZERO, hour - second)
        );
        io_loop.reset_metrics();
        assert_eq!(io_loop.metrics().longest_lag, Duration::ZERO);
    });
}

#[test]
fn they_are_logged_every_so_often() {
    with_loop(|_| {
        let io_loop = loop_with(VirtualClock::new());
        let lines = logged(|| {
            let logging = io_loop.log_metrics(Duration::from_secs(10));
            io_loop
                .run_sync(|| co::sleep(Duration::from_secs(25)))
                .expect("it is there");
            logging.stop();
        });
        assert_eq!(lines, ["INFO the loop's metrics"; 2]);
    });
}
