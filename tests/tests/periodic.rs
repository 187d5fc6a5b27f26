//! Callbacks that are called again and again.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::rc::Rc;
use std::time::{Duration, Instant};

use co::{Clock, Future, IoLoop, PeriodicCallback, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{LIMIT, OnDrop, assert_one_message, logged, loop_with, watchdog, with_loop};

const SECOND: Duration = Duration::from_secs(1);

/// When things happened, in seconds since the test began.
#[derive(Clone)]
struct Times {
    clock: VirtualClock,
    start: Instant,
    seen: Rc<RefCell<Vec<f64>>>,
}

impl Times {
    fn note(&self) {
        let time = self.clock.now() - self.start;
        self.seen.borrow_mut().push(time.as_secs_f64());
    }

    /// Takes so long, without letting anybody else run.
    fn block(&self, seconds: f64) {
        self.clock.advance(Duration::from_secs_f64(seconds));
    }
}

/// Starts what `make` makes on a loop whose time passes when nothing else is left to do, runs it for half a second more than `seconds`, and gives what was noted.
fn run_for(seconds: u32, make: impl FnOnce(Times) -> PeriodicCallback + 'static) -> Vec<f64> {
    let clock = VirtualClock::new();
    let times = Times {
        start: clock.now(),
        clock: clock.clone(),
        seen: Rc::default(),
    };
    let (io_loop, noted) = (loop_with(clock), times.clone());
    let begin = move || {
        let io_loop = IoLoop::current();
        make(noted).start();
        let last = SECOND * seconds + SECOND / 2;
        io_loop.call_later(last, || IoLoop::current().stop());
        ready(())
    };
    io_loop.run_sync(begin).expect("it is ready");
    io_loop.start().expect("it is stopped");
    times.seen.take()
}

/// Asserts that what `make` makes notes `expected` within so many seconds.
#[track_caller]
fn assert_times(
    seconds: u32,
    expected: &[f64],
    make: impl FnOnce(Times) -> PeriodicCallback + Send + 'static,
) {
    let times = watchdog(LIMIT, move || run_for(seconds, make));
    assert_eq!(times, expected);
}

/// Notes the time, and then takes so many seconds of its own.
#[co::coroutine]
fn note_and_sleep(times: Times, seconds: u32) {
    times.note();
    yield_!(co::sleep(SECOND * seconds));
}

#[test]
fn it_is_called_once_a_period_first_after_one() {
    assert_times(4, &[1.0, 2.0, 3.0, 4.0], |times| {
        PeriodicCallback::new(SECOND, move |_| times.note())
    });
}

#[test]
fn it_is_not_called_before_it_is_started() {
    with_loop(|io_loop| {
        let ticker = PeriodicCallback::new(SECOND, |_| -> () { panic!("not started") });
        io_loop.start().expect("there is nothing to do");
        assert!(!ticker.is_running());
    });
}

#[test]
fn periods_are_from_start_to_start() {
    assert_times(4, &[1.0, 2.0, 3.0, 4.0], |times| {
        PeriodicCallback::new(SECOND, move |_| {
            times.note();
            times.block(0.75);
        })
    });
}

#[test]
fn missed_slots_are_skipped_and_it_stays_on_its_grid() {
    assert_times(11, &[2.0, 8.0, 10.0], |times| {
        let first = Cell::new(true);
        PeriodicCallback::new(SECOND * 2, move |_| {
            times.note();
            // From 2 to 7.25, so that the calls at 4 and 6 are left out.
            times.block(if first.take() { 5.25 } else { 0.0 });
        })
    });
}

#[test]
fn a_call_that_ends_just_when_the_next_is_due_skips_that() {
    assert_times(5, &[1.0, 3.0, 5.0], |times| {
        PeriodicCallback::new(SECOND, move |_| {
            times.note();
            times.block(1.0);
        })
    });
}

#[test]
fn a_coroutine_never_overlaps_with_itself_and_stays_on_the_grid() {
    assert_times(11, &[2.0, 6.0, 10.0], |times| {
        PeriodicCallback::new(SECOND * 2, move |_| note_and_sleep(times.clone(), 3))
    });
}

#[test]
fn a_short_coroutine_is_started_in_each_period() {
    assert_times(6, &[2.0, 4.0, 6.0], |times| {
        PeriodicCallback::new(SECOND * 2, move |_| note_and_sleep(times.clone(), 1))
    });
}

#[test]
fn a_coroutine_that_was_started_before_a_restart_does_not_overlap_either() {
    // It runs from 2 to 5; the restart at 2.5 makes a grid of 4.5, 6.5 and so on.
    assert_times(7, &[2.0, 6.5], |times| {
        let ticker = PeriodicCallback::new(SECOND * 2, move |_| note_and_sleep(times.clone(), 3));
        let again = ticker.clone();
        IoLoop::current().call_later(SECOND * 5 / 2, move || {
            again.stop();
            again.start();
        });
        ticker
    });
}

#[test]
fn errors_are_logged_with_the_place_and_it_goes_on() {
    watchdog(LIMIT, || {
        let line = line!() + 3;
        let messages = logged(|| {
            let times = run_for(2, |times| {
                PeriodicCallback::new(SECOND, move |_| {
                    times.note();
                    match times.seen.borrow().len() {
                        1 => Err("out of paper"),
                        _ => Ok(()),
                    }
                })
            });
            assert_eq!(times, [1.0, 2.0]);
        });
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "out of paper", &place]);
    });
}

#[test]
fn panics_are_logged_with_the_place_and_it_goes_on() {
    watchdog(LIMIT, || {
        let line = line!() + 3;
        let messages = logged(|| {
            let times = run_for(2, |times| {
                PeriodicCallback::new(SECOND, move |_| {
                    times.note();
                    assert!(times.seen.borrow().len() != 1, "paper jam");
                })
            });
            assert_eq!(times, [1.0, 2.0]);
        });
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "paper jam", &place]);
    });
}

#[co::coroutine]
fn fail_later(times: Times, how: &'static str) -> Result<(), String> {
    times.note();
    let first = times.seen.borrow().len() == 1;
    yield_!(co::moment());
    match how {
        "panic" if first => panic!("no toner"),
        "error" if first => Err("no toner".to_owned()),
        _ => Ok(()),
    }
}

#[test]
fn an_error_or_panic_of_a_coroutine_is_logged_once_and_it_goes_on() {
    watchdog(LIMIT, || {
        for how in ["error", "panic"] {
            let messages = logged(|| {
                let times = run_for(3, move |times| {
                    PeriodicCallback::new(SECOND, move |_| fail_later(times.clone(), how))
                });
                assert_eq!(times, [1.0, 2.0, 3.0]);
            });
            assert_one_message(&messages, &["ERROR", "no toner", "`fail_later` at"]);
        }
    });
}

#[test]
fn it_may_stop_itself_and_the_loop_ends() {
    with_loop(|io_loop| {
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let ticker = PeriodicCallback::new(Duration::from_millis(1), move |this| {
            counted.set(counted.get() + 1);
            if counted.get() == 3 {
                this.stop();
                assert!(!this.is_running());
            }
        });
        ticker.start();
        assert!(ticker.is_running());
        io_loop.start().expect("nothing is suspended");
        assert!(!ticker.is_running());
        assert_eq!(count.get(), 3);
    });
}

#[test]
fn it_may_be_started_anew_by_itself_on_a_new_grid() {
    assert_times(4, &[1.0, 2.25, 3.25, 4.25], |times| {
        let first = Cell::new(true);
        PeriodicCallback::new(SECOND, move |this| {
            times.note();
            if first.take() {
                times.block(0.25);
                this.stop();
                this.start();
            }
        })
    });
}

#[test]
fn stopping_is_at_once_and_starting_again_begins_a_new_grid() {
    assert_times(5, &[1.0, 4.5, 5.5], |times| {
        let ticker = PeriodicCallback::new(SECOND, move |_| times.note());
        let (stopped, started) = (ticker.clone(), ticker.clone());
        let io_loop = IoLoop::current();
        io_loop.call_later(SECOND * 2 - SECOND / 4, move || stopped.stop());
        io_loop.call_later(SECOND * 7 / 2, move || started.start());
        ticker
    });
}

#[test]
fn starting_one_that_runs_changes_nothing() {
    assert_times(2, &[1.0, 2.0], |times| {
        let ticker = PeriodicCallback::new(SECOND, move |_| times.note());
        let again = ticker.clone();
        IoLoop::current().call_later(SECOND / 2, move || again.start());
        ticker
    });
}

#[test]
fn a_coroutine_goes_on_when_it_is_stopped() {
    assert_times(5, &[1.0, 3.0], |times| {
        #[co::coroutine]
        fn note_twice(times: Times) {
            times.note();
            yield_!(co::sleep(SECOND * 2));
            times.note();
        }

        let ticker = PeriodicCallback::new(SECOND, move |_| note_twice(times.clone()));
        let stopped = ticker.clone();
        IoLoop::current().call_later(SECOND * 3 / 2, move || stopped.stop());
        ticker
    });
}

#[test]
fn jitter_makes_periods_longer_and_shorter_as_chance_has_it() {
    // 4 seconds and a quarter of that more or less: 3 for the least number, 5 for the greatest.
    assert_times(15, &[3.0, 8.0, 12.0, 15.0], |times| {
        let mut numbers = [0.0, 1.0, 0.5].into_iter().cycle();
        PeriodicCallback::new(SECOND * 4, move |_| times.note())
            .with_jitter_from(0.5, move || numbers.next().expect("they go on for ever"))
    });
}

#[test]
fn jitter_by_chance_stays_within_its_part_of_the_period() {
    let times = watchdog(LIMIT, || {
        run_for(2000, |times| {
            PeriodicCallback::new(SECOND * 10, move |_| times.note()).with_jitter(0.1)
        })
    });
    let periods: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(periods.iter().all(|period| (9.5..=10.5).contains(period)));
    assert!(periods.iter().any(|period| *period < 9.9));
    assert!(periods.iter().any(|period| *period > 10.1));
}

#[test]
fn a_source_of_chance_that_panics_or_gives_no_number_counts_as_the_middle() {
    watchdog(LIMIT, || {
        let messages = logged(|| {
            let times = run_for(3, |times| {
                let mut first = true;
                PeriodicCallback::new(SECOND, move |_| times.note()).with_jitter_from(
                    1.0,
                    move || {
                        assert!(!std::mem::take(&mut first), "no dice");
                        f64::NAN
                    },
                )
            });
            assert_eq!(times, [1.0, 2.0, 3.0]);
        });
        assert_one_message(&messages, &["no dice"]);
    });
}

#[test]
fn a_source_of_chance_that_starts_it_anew_gives_it_no_second_timer() {
    assert_times(5, &[1.0, 2.0], |times| {
        let this = Rc::new(Cell::new(None::<PeriodicCallback>));
        let asked = Rc::clone(&this);
        let ticker = PeriodicCallback::new(SECOND, move |_| times.note());
        let ticker = ticker.with_jitter_from(0.1, move || {
            if let Some(this) = asked.take() {
                this.stop();
                this.start();
            }
            0.5
        });
        this.set(Some(ticker.clone()));
        let stopped = ticker.clone();
        IoLoop::current().call_later(SECOND * 5 / 2, move || stopped.stop());
        ticker
    });
}

#[test]
#[should_panic(expected = "longer than zero")]
fn a_period_of_zero_is_refused() {
    let _ = PeriodicCallback::new(Duration::ZERO, |_| ());
}

#[test]
#[should_panic(expected = "from zero to one")]
fn a_jitter_beyond_the_period_is_refused() {
    let _ = PeriodicCallback::new(SECOND, |_| ()).with_jitter(1.5);
}

#[test]
fn the_longest_period_there_is_is_never_over() {
    assert_times(100, &[], |times| {
        PeriodicCallback::new(Duration::MAX, move |_| times.note())
    });
}

#[test]
fn dropping_it_changes_nothing_and_closing_the_loop_drops_its_function() {
    with_loop(|io_loop| {
        let (count, dropped) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
        let (counted, noted) = (Rc::clone(&count), Rc::clone(&dropped));
        let on_drop = OnDrop::new(move || noted.set(true));
        let ticker = PeriodicCallback::new(Duration::from_millis(1), move |_| {
            let _ = &on_drop;
            counted.set(counted.get() + 1);
            if counted.get() == 2 {
                IoLoop::current().stop();
            }
        });
        ticker.start();
        drop(ticker);
        io_loop.start().expect("it is stopped");
        assert_eq!((count.get(), dropped.get()), (2, false));
        io_loop.close();
        assert!(dropped.get());
    });
}

#[test]
fn one_whose_loop_is_closed_runs_no_more_and_can_be_started_on_another() {
    watchdog(LIMIT, || {
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let ticker = PeriodicCallback::new(SECOND, move |_| -> Future<()> {
            counted.set(counted.get() + 1);
            sleep_for_ever()
        });
        for _ in 0..2 {
            let io_loop = loop_with(VirtualClock::new());
            let starting = ticker.clone();
            let start = move || {
                starting.start();
                co::sleep(SECOND * 3)
            };
            io_loop.run_sync(start).expect("it takes three seconds");
            assert!(ticker.is_running());
            io_loop.close();
            assert!(!ticker.is_running());
        }
        assert_eq!(count.get(), 2);
    });

    #[co::coroutine]
    fn sleep_for_ever() {
        yield_!(co::sleep(Duration::MAX));
    }
}
