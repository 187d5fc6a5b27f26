//! The loop: its callbacks, its turns, starting, stopping and closing it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use co::{IoLoop, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, assert_one_message, logged, loop_with, thread_time, turns, watchdog, with_loop,
};

const SECOND: Duration = Duration::from_secs(1);

#[co::coroutine]
fn forever() {
    loop {
        yield_!(co::sleep(SECOND * 1000));
    }
}

#[co::coroutine]
fn number_later(number: u32) -> u32 {
    yield_!(co::moment());
    number
}

#[test]
fn callbacks_are_called_in_the_order_of_adding() {
    with_loop(|io_loop| {
        let events = Events::new();
        for number in 0..5 {
            io_loop.add_callback(events.noting(number));
        }
        assert_eq!(events.take(), [""; 0]);
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["0", "1", "2", "3", "4"]);
    });
}

#[test]
fn a_callback_that_is_added_during_a_turn_waits_for_the_next_one() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            noted.note("first");
            IoLoop::current().add_callback(noted.noting("added"));
        });
        io_loop.add_callback(events.noting("second"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["first", "second"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["added"]);
    });
}

#[test]
fn callbacks_run_before_due_timers() {
    with_loop(|io_loop| {
        let events = Events::new();
        io_loop.call_later(Duration::ZERO, events.noting("timer"));
        io_loop.add_callback(events.noting("callback"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback", "timer"]);
    });
}

#[test]
fn a_callback_that_a_timer_adds_waits_for_the_next_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.call_later(Duration::ZERO, move || {
            noted.note("timer");
            IoLoop::current().add_callback(noted.noting("callback"));
        });
        io_loop.call_later(Duration::ZERO, events.noting("second timer"));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["timer", "second timer"]);
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["callback"]);
    });
}

#[test]
fn a_panic_in_a_callback_is_logged_with_the_place_it_was_added_and_the_loop_goes_on() {
    with_loop(|io_loop| {
        let events = Events::new();
        let line = line!() + 1;
        io_loop.add_callback(|| panic!("this one fails"));
        io_loop.add_callback(events.noting("next"));
        let messages = logged(|| io_loop.start().expect("nothing is suspended"));
        assert_eq!(events.take(), ["next"]);
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "this one fails", &place]);
    });
}

#[test]
fn a_panic_in_a_timer_is_logged_with_the_place_it_was_added_and_the_loop_goes_on() {
    with_loop(|io_loop| {
        let events = Events::new();
        let line = line!() + 1;
        io_loop.call_later(Duration::ZERO, || panic!("this one fails"));
        io_loop.call_later(Duration::ZERO, events.noting("next"));
        let messages = logged(|| io_loop.start().expect("nothing is suspended"));
        assert_eq!(events.take(), ["next"]);
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "this one fails", &place]);
    });
}

#[test]
fn a_panic_in_a_callback_from_another_thread_is_logged_with_the_place_it_was_added() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let line = line!() + 2;
        let adding = thread::spawn(move || {
            handle.add_callback(|| panic!("this one fails"));
            handle.stop();
        });
        adding.join().expect("it does not panic there");
        let messages = logged(|| turns(&io_loop, 1));
        let place = format!("{}:{line}", file!());
        assert_one_message(&messages, &["ERROR", "this one fails", &place]);
    });
}

#[test]
fn an_error_of_a_coroutine_that_spawn_callback_started_is_logged() {
    #[co::coroutine]
    fn fails() -> Result<(), String> {
        yield_!(co::moment());
        Err("no paper".to_owned())
    }

    with_loop(|io_loop| {
        io_loop.spawn_callback(fails);
        let messages = logged(|| io_loop.start().expect("nothing is suspended"));
        assert_one_message(&messages, &["ERROR", "fails", "no paper"]);
    });
}

#[test]
fn starting_a_loop_makes_it_the_current_one_and_restores_the_previous() {
    with_loop(|outer| {
        let inner = loop_with(VirtualClock::new());
        let seen = Rc::new(Cell::new(None));
        let in_callback = Rc::clone(&seen);
        let inner_time = inner.time();
        inner.add_callback(move || in_callback.set(Some(IoLoop::current().time())));
        outer.add_callback(move || inner.start().expect("nothing is suspended"));
        let events = Events::new();
        let noted = events.clone();
        outer.add_callback(move || IoLoop::current().add_callback(noted.noting("on the outer")));
        outer.start().expect("nothing is suspended");
        assert_eq!(seen.get(), Some(inner_time));
        assert_eq!(events.take(), ["on the outer"]);
    });
}

#[test]
fn the_current_loop_outside_of_any_is_the_threads_instance() {
    with_loop(|instance| {
        let events = Events::new();
        IoLoop::current().add_callback(events.noting("called"));
        turns(&instance, 1);
        assert_eq!(events.take(), ["called"]);
    });
}

#[test]
fn every_thread_has_an_instance_of_its_own() {
    with_loop(|io_loop| {
        let events = Events::new();
        io_loop.add_callback(events.noting("called"));
        thread::spawn(|| IoLoop::instance().start().expect("there is nothing to do"))
            .join()
            .expect("it does not panic");
        assert_eq!(events.take(), [""; 0]);
    });
}

#[test]
fn a_nested_start_is_an_error() {
    with_loop(|io_loop| {
        let seen = Rc::new(Cell::new(0));
        let in_callback = Rc::clone(&seen);
        io_loop.add_callback(move || {
            let io_loop = IoLoop::current();
            let errors = [
                io_loop.start().expect_err("it runs"),
                io_loop.run_sync(forever).expect_err("it runs"),
                io_loop.turn(None).expect_err("it runs"),
            ];
            let running = errors.iter().filter(|error| error.is_running());
            in_callback.set(running.count());
        });
        io_loop.start().expect("nothing is suspended");
        assert_eq!(seen.get(), 3);
    });
}

#[test]
fn a_failed_nested_run_does_not_start_its_coroutine() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            let ran = noted.clone();
            let result = IoLoop::current().run_sync(move || {
                ran.note("ran");
                co::moment()
            });
            noted.note(result.is_err());
        });
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["true"]);
    });
}

#[test]
fn stop_finishes_the_batch_and_keeps_what_was_queued_for_the_next_start() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            let io_loop = IoLoop::current();
            io_loop.stop();
            io_loop.add_callback(noted.noting("next start"));
        });
        io_loop.add_callback(events.noting("same batch"));
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), ["same batch"]);
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["next start"]);
    });
}

#[test]
fn stop_before_start_makes_the_next_start_return_at_once() {
    with_loop(|io_loop| {
        let events = Events::new();
        io_loop.add_callback(events.noting("called"));
        io_loop.stop();
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), [""; 0]);
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["called"]);
    });
}

#[test]
fn stop_from_another_thread_wakes_the_loop() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let _running = forever();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            let start = Instant::now();
            handle.stop();
            start
        });
        io_loop.start().expect("it was stopped");
        let asked = thread.join().expect("it does not panic");
        assert!(asked.elapsed() < Duration::from_millis(100));
    });
}

#[test]
fn stop_from_another_thread_before_start_makes_start_return_at_once() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let _running = forever();
        thread::spawn(move || handle.stop())
            .join()
            .expect("it does not panic");
        io_loop.start().expect("it was stopped");
    });
}

#[test]
fn a_loop_with_a_suspended_coroutine_can_be_stopped_and_started_again() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_future(future, move |result| noted.note(result.expect("it is set")));
        io_loop.add_callback(|| IoLoop::current().stop());
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), [""; 0]);
        promise.set_result(9);
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["9"]);
    });
}

#[test]
fn run_sync_gives_the_coroutines_value() {
    with_loop(|io_loop| {
        assert_eq!(io_loop.run_sync(|| number_later(4)).expect("it ends"), 4);
    });
}

#[test]
fn run_sync_can_be_called_again_and_again() {
    with_loop(|io_loop| {
        for number in 0..100 {
            let result = io_loop.run_sync(move || number_later(number));
            assert_eq!(result.expect("it ends"), number);
        }
    });
}

#[test]
fn run_sync_leaves_the_other_coroutines_as_they_are() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_future(future, move |result| noted.note(result.expect("it is set")));
        io_loop.run_sync(|| number_later(1)).expect("it ends");
        assert_eq!(events.take(), [""; 0]);
        promise.set_result(2);
        io_loop.run_sync(|| number_later(1)).expect("it ends");
        assert_eq!(events.take(), ["2"]);
    });
}

#[test]
fn run_sync_returns_as_soon_as_its_coroutine_ends_whatever_else_is_waited_for() {
    with_loop(|io_loop| {
        io_loop.call_later(SECOND * 2, || ());
        let handle = io_loop.handle();
        let start = Instant::now();
        assert_eq!(io_loop.run_sync(|| number_later(4)).expect("it ends"), 4);
        assert!(start.elapsed() < SECOND);
        drop(handle);
    });
}

#[test]
fn run_sync_with_a_timeout_returns_as_soon_as_its_coroutine_ends() {
    with_loop(|io_loop| {
        let start = Instant::now();
        let result = io_loop.run_sync_timeout(SECOND * 2, || number_later(4));
        assert_eq!(result.expect("it ends"), 4);
        assert!(start.elapsed() < SECOND);
    });
}

#[test]
fn a_timeout_of_run_sync_is_told_from_a_stop() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let error = io_loop
            .run_sync_timeout(SECOND, forever)
            .expect_err("it takes longer");
        assert!(error.is_timeout());
        assert!(!error.is_stopped());
        assert!(error.to_string().contains("1s"), "{error}");
    });
}

#[test]
fn a_stop_during_run_sync_is_told_from_a_timeout() {
    with_loop(|io_loop| {
        io_loop.add_callback(|| IoLoop::current().stop());
        let error = io_loop
            .run_sync_timeout(SECOND * 100, forever)
            .expect_err("it is stopped");
        assert!(error.is_stopped());
        assert!(!error.is_timeout());
    });
}

#[test]
fn a_coroutine_that_ends_in_time_does_not_time_out() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let result = io_loop.run_sync_timeout(SECOND, || co::sleep(SECOND / 2));
        result.expect("it ends in time");
        assert_eq!(io_loop.next_deadline(), None);
    });
}

#[test]
fn a_coroutine_that_timed_out_goes_on_when_the_loop_runs_again() {
    #[co::coroutine]
    fn slow(events: Events) {
        yield_!(co::sleep(SECOND * 2));
        events.note("done");
    }

    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let events = Events::new();
        let noted = events.clone();
        let result = io_loop.run_sync_timeout(SECOND, || slow(events));
        assert!(result.expect_err("it takes longer").is_timeout());
        io_loop.start().expect("nothing is suspended in the end");
        assert_eq!(noted.take(), ["done"]);
    });
}

#[test]
fn a_panic_in_the_coroutine_of_run_sync_goes_on_in_the_caller() {
    #[co::coroutine]
    fn panics() {
        yield_!(co::moment());
        panic!("all is lost")
    }

    with_loop(|io_loop| {
        let run = std::panic::AssertUnwindSafe(|| io_loop.run_sync(panics));
        let payload = std::panic::catch_unwind(run).expect_err("it panics");
        assert_eq!(
            payload.downcast_ref::<&str>().copied(),
            Some("all is lost"),
            "the very panic goes on"
        );
        assert_eq!(io_loop.run_sync(|| number_later(1)).expect("it ends"), 1);
    });
}

#[test]
fn a_callback_from_another_thread_wakes_the_loop() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let (called, times) = channel();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            let asked = Instant::now();
            handle.add_callback(move || called.send(asked.elapsed()).expect("it listens"));
        });
        io_loop.start().expect("the handle goes in the end");
        thread.join().expect("it does not panic");
        let took = times.recv().expect("it was called");
        assert!(took < Duration::from_millis(100), "{took:?}");
    });
}

#[test]
fn callbacks_of_one_thread_arrive_in_order() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let (send, received) = channel();
        let thread = thread::spawn(move || {
            for number in 0..1000 {
                let send = send.clone();
                handle.add_callback(move || send.send(number).expect("it listens"));
            }
        });
        io_loop.start().expect("the handle goes in the end");
        thread.join().expect("it does not panic");
        assert!(received.iter().eq(0..1000));
    });
}

#[test]
fn no_callback_of_many_threads_is_lost() {
    with_loop(|io_loop| {
        let count = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (handle, count) = (io_loop.handle(), Arc::clone(&count));
                thread::spawn(move || {
                    for _ in 0..2000 {
                        let count = Arc::clone(&count);
                        handle.add_callback(move || {
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                    }
                })
            })
            .collect();
        io_loop.start().expect("the handles go in the end");
        for thread in threads {
            thread.join().expect("it does not panic");
        }
        assert_eq!(count.load(Ordering::Relaxed), 8000);
    });
}

#[test]
fn a_callback_from_another_thread_after_close_is_dropped_in_silence() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        io_loop.close();
        let kept = Arc::new(());
        let in_callback = Arc::clone(&kept);
        let messages = logged(|| handle.add_callback(move || drop(in_callback)));
        assert_eq!(messages, [""; 0]);
        assert_eq!(Arc::strong_count(&kept), 1);
        handle.stop();
    });
}

#[test]
fn callbacks_that_race_with_close_are_called_or_dropped() {
    watchdog(LIMIT, || {
        for _ in 0..50 {
            let io_loop = loop_with(VirtualClock::new());
            let kept = Arc::new(());
            let start = Arc::new(Barrier::new(2));
            let thread = {
                let (handle, kept, start) =
                    (io_loop.handle(), Arc::clone(&kept), Arc::clone(&start));
                thread::spawn(move || {
                    start.wait();
                    for _ in 0..100 {
                        let kept = Arc::clone(&kept);
                        handle.add_callback(move || drop(kept));
                    }
                })
            };
            start.wait();
            turns(&io_loop, 2);
            io_loop.close();
            thread.join().expect("it does not panic");
            assert_eq!(Arc::strong_count(&kept), 1);
        }
    });
}

#[test]
fn a_closed_loop_cannot_be_started() {
    with_loop(|io_loop| {
        io_loop.close();
        assert!(io_loop.start().expect_err("it is closed").is_closed());
        let result = io_loop.run_sync(|| number_later(1));
        assert!(result.expect_err("it is closed").is_closed());
    });
}

#[test]
fn closing_twice_does_nothing_more() {
    with_loop(|io_loop| {
        io_loop.close();
        io_loop.close();
    });
}

#[test]
fn closing_a_running_loop_stops_it_first() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || {
            IoLoop::current().close();
            IoLoop::current().add_callback(noted.noting("never"));
            noted.note("closed");
        });
        io_loop.add_callback(events.noting("same batch"));
        io_loop.start().expect("it was stopped");
        assert_eq!(events.take(), ["closed", "same batch"]);
        assert!(io_loop.start().expect_err("it is closed").is_closed());
    });
}

#[test]
fn closing_the_loop_inside_run_sync_is_told_from_a_stop() {
    #[co::coroutine]
    fn closes() {
        IoLoop::current().close();
        yield_!(co::moment());
    }

    with_loop(|io_loop| {
        let error = io_loop.run_sync(closes).expect_err("it is closed");
        assert!(error.is_closed(), "{error}");
    });
}

#[test]
fn what_is_added_to_a_closed_loop_is_dropped() {
    with_loop(|io_loop| {
        io_loop.close();
        let kept = Rc::new(());
        let (in_callback, in_timer) = (Rc::clone(&kept), Rc::clone(&kept));
        io_loop.add_callback(move || drop(in_callback));
        io_loop.call_later(SECOND, move || drop(in_timer));
        assert_eq!(Rc::strong_count(&kept), 1);
    });
}

#[test]
fn an_idle_loop_takes_no_processor_time() {
    with_loop(|io_loop| {
        let listener = co::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let _accepting = io_loop.spawn(async move { listener.accept().await.map(drop) });
        io_loop.call_later(Duration::from_millis(300), || IoLoop::current().stop());
        let before = thread_time();
        io_loop.start().expect("it was stopped");
        let took = thread_time() - before;
        assert!(took < Duration::from_millis(30), "{took:?}");
    });
}

#[test]
fn a_loop_that_only_waits_for_a_handle_takes_no_processor_time() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            drop(handle);
        });
        let before = thread_time();
        io_loop.start().expect("nothing is suspended");
        let took = thread_time() - before;
        thread.join().expect("it does not panic");
        assert!(took < Duration::from_millis(30), "{took:?}");
    });
}

#[co::coroutine]
fn busy(stop: Rc<Cell<bool>>) {
    while !stop.get() {
        yield_!(co::moment());
    }
}

#[test]
fn coroutines_that_wake_themselves_do_not_starve_timers() {
    with_loop(|io_loop| {
        let stop = Rc::new(Cell::new(false));
        let all: Vec<_> = (0..50).map(|_| busy(Rc::clone(&stop))).collect();
        io_loop.call_later(Duration::from_millis(20), move || stop.set(true));
        io_loop.run_sync(move || all).expect("the timer stops them");
    });
}

#[test]
fn coroutines_that_wake_themselves_do_not_starve_input() {
    with_loop(|io_loop| {
        let stop = Rc::new(Cell::new(false));
        let all: Vec<_> = (0..50).map(|_| busy(Rc::clone(&stop))).collect();
        let listener = co::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let _accepting = io_loop.spawn(async move {
            let accepted = listener.accept().await;
            stop.set(true);
            accepted.map(drop)
        });
        let _client = std::net::TcpStream::connect(address).expect("it listens");
        io_loop
            .run_sync(move || all)
            .expect("the client stops them");
    });
}

#[test]
fn callbacks_that_add_themselves_do_not_starve_timers() {
    fn again(stop: Rc<Cell<bool>>) {
        if !stop.get() {
            IoLoop::current().add_callback(move || again(stop));
        }
    }

    with_loop(|io_loop| {
        let stop = Rc::new(Cell::new(false));
        again(Rc::clone(&stop));
        io_loop.call_later(Duration::from_millis(20), move || stop.set(true));
        io_loop.start().expect("nothing is suspended");
    });
}

#[test]
fn a_callback_is_called_on_its_own_loop_and_not_on_the_one_that_runs() {
    with_loop(|outer| {
        let events = Events::new();
        let inner = loop_with(VirtualClock::new());
        inner.add_callback({
            let (outer, events) = (outer.clone(), events.clone());
            move || outer.add_callback(events.noting("outer"))
        });
        inner.start().expect("nothing is suspended");
        assert_eq!(events.take(), [""; 0]);
        turns(&outer, 1);
        assert_eq!(events.take(), ["outer"]);
    });
}

#[test]
fn a_timeout_of_run_sync_tells_where_coroutines_are_suspended() {
    #[co::coroutine]
    fn hangs() {
        yield_!(co::sleep(Duration::from_secs(3600)));
    }

    with_loop(|io_loop| {
        let error = io_loop
            .run_sync_timeout(Duration::from_millis(1), hangs)
            .expect_err("it takes an hour");
        assert!(error.is_timeout());
        let operands: Vec<_> = error
            .suspended()
            .iter()
            .map(co::Suspension::operand)
            .collect();
        assert_eq!(operands, [Some("co::sleep(Duration::from_secs(3600))")]);
        assert!(error.to_string().contains("io_loop::hangs"), "{error}");
    });
}

#[test]
fn an_error_of_the_loop_reads_the_same_where_main_prints_it() {
    with_loop(|io_loop| {
        let (_promise, future) = promise::<()>();
        let error = io_loop.run_sync(|| future).expect_err("nobody sets it");
        assert_eq!(format!("{error:?}"), error.to_string());
    });
}
