//! Blocking work on other threads.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use co::{BoxedJob, Executor, IoLoop, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{
    Events, LIMIT, OnDrop, assert_one_message, logged, loop_with, turns, wait_until, watchdog,
    with_loop,
};

/// Keeps the jobs until the test runs them.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<BoxedJob>>>);

impl Kept {
    fn run(&self) {
        for job in self.0.take() {
            job();
        }
    }
}

impl Executor for Kept {
    fn execute(&self, job: BoxedJob) {
        self.0.borrow_mut().push(job);
    }
}

/// Tells on which thread it is dropped.
struct TellsWhereDropped(Sender<ThreadId>);

impl Drop for TellsWhereDropped {
    fn drop(&mut self) {
        // Nobody listens any more where the test has failed.
        let _ = self.0.send(thread::current().id());
    }
}

#[test]
fn two_blocking_jobs_are_truly_parallel() {
    with_loop(|io_loop| {
        let barrier = Arc::new(Barrier::new(2));
        let jobs: Vec<_> = (0..2)
            .map(|number| {
                let barrier = Arc::clone(&barrier);
                IoLoop::current().run_in_executor(move || {
                    barrier.wait();
                    number
                })
            })
            .collect();
        let results = io_loop.run_sync(|| jobs).expect("neither waits in vain");
        assert_eq!(results, [0, 1]);
    });
}

#[test]
fn the_result_arrives_on_the_loop_and_the_work_runs_elsewhere() {
    with_loop(|io_loop| {
        let home = thread::current().id();
        let (there, here) = io_loop
            .run_sync(async move || {
                let work = IoLoop::current().run_in_executor(|| thread::current().id());
                (work.await, thread::current().id())
            })
            .expect("it ends");
        assert_ne!(there, home);
        assert_eq!(here, home);
    });
}

#[test]
fn the_loop_goes_on_while_a_job_runs() {
    with_loop(|io_loop| {
        let (release, released) = channel();
        let events = Events::new();
        let job = io_loop.run_in_executor(move || released.recv().expect("it is released"));
        let noted = events.clone();
        io_loop.add_future(job, move |result| {
            result.expect("a result");
            noted.note("job");
        });
        let noted = events.clone();
        io_loop.add_callback(move || {
            noted.note("callback");
            release.send(()).expect("the job listens");
        });
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["callback", "job"]);
    });
}

#[test]
fn a_panic_in_the_job_arrives_as_an_outcome() {
    with_loop(|io_loop| {
        let job = io_loop.run_in_executor(|| -> u8 { panic!("no way") });
        let line = line!() - 1;
        let outcome = io_loop
            .run_sync(|| job.outcome())
            .expect("it hangs nobody")
            .expect_err("a panic");
        let co::Outcome::Panicked(panicked) = outcome else {
            panic!("not a panic but {outcome:?}");
        };
        assert_eq!(panicked.message(), "no way");
        assert_eq!(panicked.place().name(), "job");
        assert_eq!(
            (panicked.place().file(), panicked.place().line()),
            (file!(), line)
        );
    });
}

#[test]
#[should_panic(expected = "no way")]
fn a_panic_in_the_job_goes_on_in_whoever_yields_it() {
    with_loop(|io_loop| {
        let job = io_loop.run_in_executor(|| -> u8 { panic!("no way") });
        drop(io_loop.run_sync(|| job));
    });
}

#[test]
fn a_panic_in_a_detached_job_is_logged() {
    with_loop(|io_loop| {
        let lines = logged(|| {
            drop(io_loop.run_in_executor(|| panic!("no way")));
            io_loop.start().expect("nothing is suspended in the end");
        });
        assert_one_message(&lines, &["panic of coroutine `job`", file!(), "no way"]);
    });
}

#[test]
fn a_detached_job_runs_to_its_end_and_the_loop_waits_for_it() {
    with_loop(|io_loop| {
        let done = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&done);
        drop(io_loop.run_in_executor(move || {
            thread::sleep(Duration::from_millis(20));
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        io_loop.start().expect("it can be woken");
        assert_eq!(done.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn no_result_of_a_thousand_jobs_is_lost() {
    with_loop(|io_loop| {
        let jobs: Vec<_> = (0..1000)
            .map(|number| io_loop.run_in_executor(move || number))
            .collect();
        let results = io_loop.run_sync(|| jobs).expect("they end");
        assert!(results.into_iter().eq(0..1000));
    });
}

#[test]
fn a_queued_job_that_was_cancelled_never_runs_and_is_dropped_at_once() {
    with_loop(|io_loop| {
        let kept = Kept::default();
        let (to, dropped) = channel();
        let captured = TellsWhereDropped(to);
        let job = io_loop.run_in(&kept, move || {
            let _captured = captured;
            panic!("it was cancelled");
        });
        assert!(job.cancel());
        assert_eq!(dropped.try_recv(), Ok(thread::current().id()));
        kept.run();
        io_loop.start().expect("nothing is left");
    });
}

#[test]
fn the_late_result_of_a_cancelled_job_is_dropped_on_its_own_thread() {
    with_loop(|io_loop| {
        let (to, dropped) = channel();
        let ((tell_begun, begun), (release, released)) = (channel(), channel());
        let job = io_loop.run_in_executor(move || {
            let result = TellsWhereDropped(to);
            tell_begun.send(thread::current().id()).expect("it listens");
            released.recv().expect("it is released");
            result
        });
        let its_thread = begun.recv().expect("it begins");
        assert!(job.cancel());
        io_loop.start().expect("nobody waits for the job");
        release.send(()).expect("the job goes on");
        assert_eq!(dropped.recv(), Ok(its_thread));
    });
}

#[test]
fn a_panic_of_a_cancelled_job_or_of_its_late_result_harms_nobody() {
    with_loop(|io_loop| {
        let (jobs, releases): (Vec<_>, Vec<_>) = [true, false]
            .map(|panics| {
                let ((tell_begun, begun), (release, released)) = (channel(), channel::<()>());
                let job = io_loop.run_in_executor(move || {
                    tell_begun.send(()).expect("it listens");
                    assert!(released.recv().is_err(), "it is released by a drop");
                    assert!(!panics, "a late panic");
                    PanicsOnDrop
                });
                begun.recv().expect("it begins");
                (job, release)
            })
            .into_iter()
            .unzip();
        assert!(jobs.iter().all(co::Future::cancel));
        drop(releases);
        let after = io_loop.run_in_executor(|| 1);
        assert_eq!(io_loop.run_sync(|| after).expect("the pool works"), 1);
    });
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("a late destructor's panic");
    }
}

#[test]
fn closing_the_loop_does_not_wait_for_a_job_that_runs() {
    watchdog(LIMIT, || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let (to, dropped) = channel();
        let ((tell_begun, begun), (release, released)) = (channel(), channel());
        let job = io_loop.run_in_executor(move || {
            tell_begun.send(()).expect("it listens");
            released.recv().expect("it is released");
            TellsWhereDropped(to)
        });
        begun.recv().expect("it begins");
        io_loop.close();
        drop(io_loop);
        let mut job = job;
        let error = job.result().map(drop).expect_err("it was cancelled");
        assert!(error.outcome().is_some_and(co::Outcome::is_cancelled));
        release.send(()).expect("the job goes on");
        assert_ne!(dropped.recv(), Ok(thread::current().id()));
    });
}

#[test]
fn closing_the_loop_keeps_queued_work_from_beginning() {
    watchdog(LIMIT, || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let kept = Kept::default();
        let (to, dropped) = channel();
        let captured = TellsWhereDropped(to);
        drop(io_loop.run_in(&kept, move || {
            let _captured = captured;
            panic!("the loop is closed");
        }));
        io_loop.close();
        assert_eq!(dropped.try_recv(), Ok(thread::current().id()));
        kept.run();
    });
}

#[test]
fn each_work_and_result_is_dropped_once_where_loop_and_job_end_in_a_race() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    struct Counted;

    impl Counted {
        fn new() -> Self {
            ALIVE.fetch_add(1, Ordering::Relaxed);
            Self
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }

    watchdog(LIMIT, || {
        for round in 0..300 {
            let io_loop = IoLoop::new().expect("descriptors for a loop");
            let jobs = [0; 3].map(|_| {
                let captured = Counted::new();
                io_loop.run_in_executor(move || (captured, Counted::new()))
            });
            match round % 3 {
                0 => turns(&io_loop, 2),
                1 => drop(jobs[1].cancel()),
                _ => {}
            }
            io_loop.close();
        }
        wait_until(|| ALIVE.load(Ordering::Relaxed) == 0);
    });
}

#[test]
fn a_closed_loop_begins_no_job() {
    watchdog(LIMIT, || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        io_loop.close();
        let kept = Kept::default();
        let mut job = io_loop.run_in(&kept, || panic!("the loop is closed"));
        assert!(kept.0.borrow().is_empty());
        let error = job.result().expect_err("it never begins");
        assert!(error.outcome().is_some_and(co::Outcome::is_cancelled));
    });
}

#[test]
fn an_executor_that_drops_a_job_hangs_nobody() {
    with_loop(|io_loop| {
        let drops = |job: BoxedJob| drop(thread::spawn(|| drop(job)));
        let job = io_loop.run_in(&drops, || 1);
        let outcome = io_loop.run_sync(|| job.outcome()).expect("it ends");
        let text = outcome.expect_err("it never ran").to_string();
        assert!(text.contains("the executor dropped a job"), "{text}");
    });
}

#[test]
fn an_executor_that_panics_leaves_the_loop_whole() {
    with_loop(|io_loop| {
        let looped = io_loop.clone();
        let panics = |_: BoxedJob| panic!("no pool");
        let job = std::panic::AssertUnwindSafe(|| drop(looped.run_in(&panics, || 1)));
        assert!(std::panic::catch_unwind(job).is_err());
        io_loop.start().expect("no job is left");
    });
}

#[test]
fn an_executor_may_run_the_job_at_once() {
    with_loop(|io_loop| {
        let mut job = io_loop.run_in(&|job: BoxedJob| job(), || 5);
        assert_eq!(job.result().expect("it has run"), 5);
        assert!(io_loop.start().is_ok());
    });
}

#[test]
fn the_default_executor_can_be_replaced_and_looks_up_names_too() {
    with_loop(|io_loop| {
        let kept = Kept::default();
        io_loop.set_default_executor(kept.clone());
        let job = io_loop.run_in_executor(|| 1);
        let look_up = io_loop.spawn(co::net::lookup_host("localhost", 80));
        assert_eq!(kept.0.borrow().len(), 2);
        let own_thread = kept.0.take();
        let thread = thread::spawn(|| own_thread.into_iter().for_each(|job| job()));
        let (one, addresses) = io_loop
            .run_sync(async || (job.await, look_up.await))
            .expect("they end");
        assert_eq!(one, 1);
        assert!(addresses.expect("it has addresses")[0].ip().is_loopback());
        thread.join().expect("jobs do not unwind");
    });
}

#[test]
fn a_replaced_executor_is_dropped() {
    with_loop(|io_loop| {
        let events = Events::new();
        let guard = events.note_on_drop("dropped");
        io_loop.set_default_executor(move |job: BoxedJob| {
            let _guard: &OnDrop = &guard;
            job();
        });
        io_loop.set_default_executor(co::BlockingPool);
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn an_executor_that_holds_its_loop_is_dropped_when_that_is_closed() {
    with_loop(|_| {
        let events = Events::new();
        let guard = events.note_on_drop("dropped");
        let io_loop = loop_with(co::SystemClock);
        let held = io_loop.clone();
        io_loop.set_default_executor(move |job: BoxedJob| {
            let (_guard, _loop): (&OnDrop, &IoLoop) = (&guard, &held);
            job();
        });
        io_loop.close();
        assert_eq!(events.take(), ["dropped"]);
    });
}

#[test]
fn a_virtual_clock_stands_still_while_there_is_a_job() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let events = Events::new();
        let job = io_loop.run_in_executor(|| thread::sleep(Duration::from_millis(30)));
        let noted = events.clone();
        io_loop.add_future(job, move |_| noted.note("job"));
        io_loop.call_later(Duration::from_secs(3600), events.noting("an hour later"));
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["job", "an hour later"]);
    });
}

/// The limit of a test under `#[co::test(virtual_clock)]` is real time, which goes on.
#[test]
#[should_panic(expected = "did not end within 50ms")]
fn a_job_that_never_ends_does_not_keep_a_test_with_a_virtual_clock_from_its_end() {
    watchdog(LIMIT, || {
        let kept = Kept::default();
        co::__private::run_test(Duration::from_millis(50), true, move || {
            let job = IoLoop::current().run_in(&kept, || ());
            co::with_timeout(Duration::from_secs(1), async move {
                job.await;
                drop(kept);
            })
        })
    })
    .expect("neither ends");
}

#[test]
fn a_virtual_clock_goes_on_when_the_job_was_cancelled() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let job = io_loop.run_in(&Kept::default(), || ());
        job.cancel();
        let (start, real) = (io_loop.time(), Instant::now());
        let nap = || co::sleep(Duration::from_secs(3600));
        io_loop.run_sync(nap).expect("it ends");
        assert_eq!(io_loop.time() - start, Duration::from_secs(3600));
        assert!(real.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_job_shows_as_suspended_until_its_result_arrives() {
    with_loop(|io_loop| {
        let kept = Kept::default();
        let job = io_loop.run_in(&kept, || 1);
        assert!(format!("{job:?}").contains("`job` at"));
        kept.run();
        assert!(!job.done(), "it arrives on a turn of the loop");
        turns(&io_loop, 1);
        assert!(job.done());
    });
}
