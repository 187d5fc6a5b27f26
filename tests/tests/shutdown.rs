//! The graceful end of a loop.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use co::net::{TcpListener, TcpStream};
use co::{Future, IoLoop, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, assert_one_message, logged, loop_with, turns, watchdog, with_loop,
};
use futures_util::future::{Either, select};

const SECOND: Duration = Duration::from_secs(1);

fn with_virtual_clock(body: impl FnOnce(IoLoop) + Send + 'static) {
    watchdog(LIMIT, || body(loop_with(VirtualClock::new())));
}

/// Starts `future` on `io_loop`, to note `event` when it is done, or to be dropped with it.
fn noting<F: std::future::Future + 'static>(
    io_loop: &IoLoop,
    events: &Events,
    event: &'static str,
    future: impl FnOnce() -> F + 'static,
) -> Future<()> {
    let events = events.clone();
    io_loop.spawn(async move {
        // On a turn of the loop, where it is the current one.
        co::moment().await;
        let dropped = events.note_on_drop(format!("{event} dropped"));
        future().await;
        std::mem::forget(dropped);
        events.note(event);
    })
}

#[test]
fn a_request_resumes_those_who_wait_for_it_on_a_later_turn_in_their_order() {
    with_loop(|io_loop| {
        let events = Events::new();
        let waiting: Vec<_> = ["first", "second"]
            .map(|name| {
                let (events, requested) = (events.clone(), co::shutdown_requested());
                io_loop.spawn(async move {
                    requested.await;
                    events.note(name);
                })
            })
            .into();
        assert!(!io_loop.is_shutting_down());
        io_loop.request_shutdown();
        events.note("requested");
        assert!(io_loop.is_shutting_down());
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["requested", "first", "second"]);
        assert!(waiting.iter().all(Future::done));
    });
}

#[test]
fn after_a_request_nobody_waits_for_one() {
    with_loop(|io_loop| {
        io_loop.request_shutdown();
        assert!(io_loop.spawn(co::shutdown_requested()).done());
    });
}

#[test]
fn a_request_ends_start() {
    with_loop(|io_loop| {
        let server = io_loop.spawn(pending::<()>());
        io_loop.call_later(Duration::from_millis(5), || {
            IoLoop::current().request_shutdown();
        });
        io_loop.start().expect("it was asked to end");
        assert!(!server.done());
        io_loop.start().expect("it does not start again");
    });
}

#[test]
fn a_request_from_another_thread_wakes_the_loop() {
    with_loop(|io_loop| {
        let (handle, kept) = (io_loop.handle(), io_loop.handle());
        let waiting = io_loop.spawn(co::shutdown_requested());
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.request_shutdown();
        });
        io_loop.start().expect("it was asked to end");
        let report = io_loop.close_within(SECOND).expect("it can run");
        assert!(report.is_clean() && waiting.done());
        thread.join().expect("it does not panic");
        kept.request_shutdown();
    });
}

#[test]
fn run_sync_goes_on_after_a_request_until_its_coroutine_ends() {
    with_loop(|io_loop| {
        let served = io_loop.run_sync(async || {
            IoLoop::current().add_callback(|| IoLoop::current().request_shutdown());
            co::shutdown_requested().await;
            co::sleep(Duration::from_millis(1)).await;
            "served"
        });
        assert_eq!(served.expect("it was not stopped"), "served");
    });
}

#[test]
fn waiting_for_a_request_that_nobody_can_make_is_reported() {
    with_loop(|io_loop| {
        let error = io_loop.run_sync(co::shutdown_requested).expect_err("no");
        assert!(error.is_deadlock());
    });
}

#[test]
fn waits_that_were_given_up_leave_the_others_be() {
    with_loop(|io_loop| {
        let waiting = io_loop.spawn(async {
            for _ in 0..1000 {
                drop(select(co::shutdown_requested(), co::moment()).await);
            }
            co::shutdown_requested().await;
        });
        turns(&io_loop, 1001);
        io_loop.request_shutdown();
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn coroutines_have_the_grace_period_to_end() {
    with_virtual_clock(|io_loop| {
        let events = Events::new();
        let _works = [
            noting(&io_loop, &events, "slow", || co::sleep(3 * SECOND)),
            noting(&io_loop, &events, "quick", || co::sleep(SECOND)),
        ];
        let start = io_loop.time();
        let report = io_loop.close_within(10 * SECOND).expect("it can run");
        assert!(report.is_clean());
        assert_eq!(report.to_string(), "every coroutine had ended");
        assert_eq!(events.take(), ["quick", "slow"]);
        assert_eq!(
            io_loop.time() - start,
            3 * SECOND,
            "it waits for no longer than it must"
        );
    });
}

#[test]
fn what_has_not_ended_by_the_deadline_is_dropped_and_reported() {
    #[co::coroutine]
    fn works_for_long(events: Events) {
        let _dropped = events.note_on_drop("dropped");
        yield_!(co::sleep(60 * SECOND));
        events.note("never");
    }
    const LINE: u32 = line!() - 3;

    with_virtual_clock(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.add_callback(move || drop(works_for_long(noted)));
        let start = io_loop.time();
        let report = io_loop.close_within(5 * SECOND).expect("it can run");
        assert_eq!(io_loop.time() - start, 5 * SECOND);
        assert_eq!(events.take(), ["dropped"]);
        let [dropped] = report.dropped() else {
            panic!("not one but {report}");
        };
        assert_eq!(
            (dropped.name(), dropped.line(), dropped.operand()),
            ("works_for_long", LINE, Some("co::sleep(60 * SECOND)"))
        );
        let text = report.to_string();
        assert!(
            text.starts_with("a coroutine had not ended and was dropped:\n  `works_for_long` at "),
            "{text}"
        );
    });
}

#[test]
fn timers_that_are_due_at_the_deadline_or_later_never_fire() {
    with_virtual_clock(|io_loop| {
        let events = Events::new();
        let _works = io_loop.spawn(pending::<()>());
        let _handle = io_loop.handle();
        io_loop.call_later(4 * SECOND, events.noting("before"));
        io_loop.call_later(5 * SECOND, events.noting("at the deadline"));
        io_loop.call_later(6 * SECOND, events.noting("after"));
        let report = io_loop.close_within(5 * SECOND).expect("it can run");
        assert_eq!(report.dropped().len(), 1);
        assert_eq!(events.take(), ["before"]);
    });
}

#[test]
fn a_timer_for_which_no_coroutine_waits_is_not_waited_for() {
    with_loop(|io_loop| {
        let events = Events::new();
        io_loop.call_later(3600 * SECOND, events.noting("never"));
        let report = io_loop.close_within(3600 * SECOND).expect("it can run");
        assert!(report.is_clean());
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_coroutine_that_can_never_wake_is_not_waited_for() {
    with_loop(|io_loop| {
        let (promise, future) = promise::<()>();
        let waits = io_loop.spawn(future);
        let report = io_loop.close_within(3600 * SECOND).expect("it can run");
        assert_eq!(report.dropped().len(), 1);
        drop((promise, waits));
    });
}

#[test]
fn a_job_is_waited_for() {
    with_loop(|io_loop| {
        let (to, done) = channel();
        drop(io_loop.run_in_executor(move || {
            thread::sleep(Duration::from_millis(20));
            to.send(()).expect("it listens");
        }));
        assert!(io_loop.close_within(LIMIT).expect("it can run").is_clean());
        assert_eq!(done.try_recv(), Ok(()));
    });
}

#[test]
fn a_job_that_does_not_end_is_not_waited_for_beyond_the_deadline() {
    with_loop(|io_loop| {
        let (release, released) = channel::<()>();
        drop(io_loop.run_in_executor(move || released.recv()));
        let report = io_loop.close_within(Duration::from_millis(20));
        assert_eq!(report.expect("it can run").dropped()[0].name(), "job");
        drop(release);
    });
}

#[test]
fn cleanups_that_yield_run_in_the_grace_period_the_latest_first() {
    with_virtual_clock(|io_loop| {
        let events = Events::new();
        for name in ["first", "second"] {
            let events = events.clone();
            io_loop.on_shutdown(move || {
                events.note(format!("{name} begins"));
                let io_loop = IoLoop::current();
                drop(io_loop.spawn(async move {
                    co::sleep(SECOND).await;
                    events.note(format!("{name} ends"));
                }));
            });
        }
        io_loop.request_shutdown();
        turns(&io_loop, 3);
        assert!(
            events.take().is_empty(),
            "a request alone cleans nothing up"
        );
        assert!(io_loop.close_within(LIMIT).expect("it can run").is_clean());
        assert_eq!(
            events.take(),
            ["second begins", "first begins", "second ends", "first ends"]
        );
    });
}

#[test]
fn failures_of_cleanups_are_logged_and_the_others_run() {
    #[co::coroutine]
    fn fails_later() -> Result<(), String> {
        yield_!(co::moment());
        Err("later".to_owned())
    }

    type Register = fn(&IoLoop);
    let cleanups: [(Register, &str); 4] = [
        (
            |l| l.on_shutdown(|| Err::<(), _>("at once")),
            "failed: at once",
        ),
        (|l| l.on_shutdown(fails_later), "`fails_later`"),
        (
            |l| l.on_shutdown(|| -> () { panic!("no way") }),
            "panicked: no way",
        ),
        (|_| (), ""),
    ];
    for (register, message) in cleanups {
        with_loop(move |io_loop| {
            let events = Events::new();
            io_loop.on_shutdown(events.noting("the other one"));
            register(&io_loop);
            let lines = logged(|| {
                assert!(io_loop.close_within(SECOND).expect("it can run").is_clean());
            });
            match message {
                "" => assert!(lines.is_empty(), "{lines:?}"),
                message => assert_one_message(&lines, &[file!(), message]),
            }
            assert_eq!(events.take(), ["the other one"]);
        });
    }
}

#[test]
fn a_cleanup_that_hangs_is_dropped_and_reported() {
    #[co::coroutine]
    fn hangs(events: Events) {
        let _dropped = events.note_on_drop("dropped");
        yield_!(co::sleep(3600 * SECOND));
    }

    with_virtual_clock(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.on_shutdown(move || hangs(noted));
        let report = io_loop.close_within(SECOND).expect("it can run");
        assert_eq!(report.dropped()[0].name(), "hangs");
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn a_cleanup_that_is_registered_while_others_run_is_called() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        io_loop.on_shutdown(move || {
            noted.note("first");
            IoLoop::current().on_shutdown(noted.noting("second"));
        });
        assert!(io_loop.close_within(SECOND).expect("it can run").is_clean());
        assert_eq!(events.take(), ["first", "second"]);
    });
}

#[test]
fn a_plain_close_drops_cleanups() {
    with_loop(|io_loop| {
        let events = Events::new();
        let (dropped, called) = (events.note_on_drop("dropped"), events.noting("called"));
        io_loop.on_shutdown(move || {
            let _dropped = dropped;
            called();
        });
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
        io_loop.on_shutdown(events.noting("called"));
        assert!(events.take().is_empty());
        assert!(io_loop.is_shutting_down());
    });
}

#[test]
fn a_destructor_of_a_cleanup_may_register_another_one() {
    with_loop(|io_loop| {
        let events = Events::new();
        let noted = events.clone();
        let on_drop = coroutine_tests::OnDrop::new(move || {
            let dropped = noted.note_on_drop("dropped");
            IoLoop::current().on_shutdown(move || drop(dropped));
        });
        io_loop.on_shutdown(move || drop(on_drop));
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn stop_ends_the_grace_period() {
    with_virtual_clock(|io_loop| {
        let events = Events::new();
        let _works = noting(&io_loop, &events, "works", || co::sleep(10 * SECOND));
        let stopped = io_loop.clone();
        io_loop.call_later(SECOND, move || stopped.stop());
        let start = io_loop.time();
        let report = io_loop.close_within(60 * SECOND).expect("it can run");
        assert_eq!(io_loop.time() - start, SECOND);
        assert_eq!(report.dropped().len(), 1);
        assert_eq!(events.take(), ["works dropped"]);
    });
}

#[test]
fn closing_the_loop_in_the_grace_period_ends_it() {
    with_virtual_clock(|io_loop| {
        let _works = io_loop.spawn(pending::<()>());
        let closed = io_loop.clone();
        io_loop.call_later(SECOND, move || closed.close());
        let report = io_loop.close_within(60 * SECOND).expect("it can run");
        assert_eq!(report.dropped().len(), 1);
        assert!(io_loop.start().is_err_and(|error| error.is_closed()));
    });
}

#[test]
fn a_loop_that_runs_or_is_closed_cannot_be_closed_within_a_time() {
    with_loop(|io_loop| {
        let error = io_loop
            .run_sync(async || IoLoop::current().close_within(SECOND).map(drop))
            .expect("it ends")
            .expect_err("it runs");
        assert!(error.is_running());
        io_loop.close();
        let error = io_loop.close_within(SECOND).expect_err("it is closed");
        assert!(error.is_closed());
    });
}

#[test]
fn a_loop_that_is_closed_tells_those_of_other_loops_who_wait_for_its_end() {
    with_loop(|io_loop| {
        let other = IoLoop::new().expect("descriptors for a loop");
        let requested: Rc<RefCell<Option<co::ShutdownRequested>>> = Rc::default();
        let to = Rc::clone(&requested);
        other.add_callback(move || {
            to.replace(Some(co::shutdown_requested()));
        });
        turns(&other, 1);
        let waiting = io_loop.spawn(requested.take().expect("it was called"));
        other.close();
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn a_request_to_a_closed_loop_is_harmless() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        io_loop.close();
        handle.request_shutdown();
        io_loop.request_shutdown();
    });
}

#[test]
fn no_grace_is_a_plain_close_that_reports() {
    with_loop(|io_loop| {
        let _works = io_loop.spawn(pending::<()>());
        let start = Instant::now();
        let report = io_loop.close_within(Duration::ZERO).expect("it can run");
        assert_eq!(report.dropped().len(), 1);
        assert!(start.elapsed() < SECOND);
    });
}

#[test]
fn a_server_stops_accepting_and_serves_those_that_are_there() {
    use std::io::Read;

    #[co::coroutine]
    fn serve(listener: TcpListener) {
        let requested = co::shutdown_requested();
        loop {
            let accepting = std::pin::pin!(listener.accept());
            match yield_!(select(accepting, requested.clone())) {
                Either::Left((Ok((stream, _)), _)) => drop(answer_slowly(stream)),
                Either::Left((Err(error), _)) => panic!("{error}"),
                Either::Right(_) => return,
            }
        }
    }

    #[co::coroutine]
    fn answer_slowly(mut stream: TcpStream) -> std::io::Result<()> {
        yield_!(co::sleep(Duration::from_millis(30)));
        yield_!(futures_util::AsyncWriteExt::write_all(&mut stream, b"bye"))
    }

    with_loop(|io_loop| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it has one");
        let serving = serve(listener);
        let handle = io_loop.handle();
        let client = thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).expect("it accepts");
            thread::sleep(Duration::from_millis(10));
            handle.request_shutdown();
            let mut text = String::new();
            stream.read_to_string(&mut text).expect("it answers");
            text
        });
        io_loop.start().expect("it was asked to end");
        assert!(io_loop.close_within(LIMIT).expect("it can run").is_clean());
        assert!(serving.done());
        assert_eq!(client.join().expect("it does not panic"), "bye");
    });
}
