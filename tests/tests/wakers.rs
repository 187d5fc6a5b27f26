//! Wakers, on the loop's thread and on others.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use co::{IoLoop, promise};
use coroutine_core as co;
use coroutine_tests::{Events, turns, with_loop};

/// Is ready once its waker, which it sends away, was used.
struct Lent {
    to: Option<Sender<Waker>>,
}

impl Future for Lent {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.to.take() {
            None => Poll::Ready(()),
            Some(to) => {
                to.send(cx.waker().clone()).expect("somebody takes it");
                Poll::Pending
            }
        }
    }
}

fn lend(to: &Sender<Waker>) -> Lent {
    Lent {
        to: Some(to.clone()),
    }
}

/// Gives a clone of the waker of whoever yields it.
fn own_waker() -> impl Future<Output = Waker> {
    poll_fn(|cx| Poll::Ready(cx.waker().clone()))
}

/// Never ready; counts how often it is polled.
fn count_polls(polls: Rc<Cell<usize>>) -> impl Future<Output = ()> {
    poll_fn(move |_| {
        polls.set(polls.get() + 1);
        Poll::Pending
    })
}

#[test]
fn a_waker_wakes_its_coroutine_from_another_thread() {
    with_loop(|io_loop| {
        let (to, wakers) = channel::<Waker>();
        let thread = thread::spawn(move || {
            for _ in 0..100 {
                wakers.recv().expect("a waker comes").wake();
            }
        });
        #[co::coroutine]
        fn waits(to: Sender<Waker>) {
            for _ in 0..100 {
                yield_!(lend(&to));
            }
        }
        io_loop
            .run_sync(|| waits(to))
            .expect("it is woken each time");
        thread.join().expect("it does not panic");
    });
}

#[test]
fn a_waker_wakes_a_loop_that_waits_within_a_tenth_of_a_second() {
    with_loop(|io_loop| {
        let (to, wakers) = channel::<Waker>();
        let thread = thread::spawn(move || {
            let waker = wakers.recv().expect("a waker comes");
            thread::sleep(Duration::from_millis(30));
            let start = Instant::now();
            waker.wake_by_ref();
            start
        });
        io_loop.run_sync(move || lend(&to)).expect("it is woken");
        let woken = thread.join().expect("it does not panic");
        assert!(woken.elapsed() < Duration::from_millis(100));
    });
}

#[test]
fn a_wake_on_the_loops_thread_resumes_on_the_next_turn() {
    with_loop(|io_loop| {
        let (to, wakers) = channel();
        let waiting = io_loop.spawn(lend(&to));
        let waker = wakers.recv().expect("it was sent");
        waker.wake();
        assert!(!waiting.done());
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn many_wakes_in_one_turn_are_one_resumption() {
    with_loop(|io_loop| {
        let polls = Rc::new(Cell::new(0));
        let (to, wakers) = channel();
        let counted = Rc::clone(&polls);
        let _waiting = io_loop.spawn(async move {
            to.send(own_waker().await).expect("it is taken");
            count_polls(counted).await;
        });
        let waker = wakers.recv().expect("it was sent");
        for _ in 0..10 {
            waker.wake_by_ref();
        }
        turns(&io_loop, 3);
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn a_wake_while_the_coroutine_runs_resumes_it_once_more() {
    with_loop(|io_loop| {
        let polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&polls);
        let _waiting = io_loop.spawn(poll_fn(move |cx| {
            counted.set(counted.get() + 1);
            if counted.get() < 5 {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        }));
        turns(&io_loop, 10);
        assert_eq!(polls.get(), 5);
    });
}

#[test]
fn a_waker_is_harmless_after_its_coroutine_has_ended() {
    with_loop(|io_loop| {
        let waker = io_loop.run_sync(own_waker).expect("it ends");
        waker.wake_by_ref();
        let clone = waker.clone();
        thread::spawn(move || {
            clone.wake_by_ref();
            drop(clone.clone());
            clone.wake();
        })
        .join()
        .expect("it does not panic");
        waker.wake();
        turns(&io_loop, 2);
    });
}

#[test]
fn a_waker_is_harmless_after_its_coroutine_was_cancelled() {
    with_loop(|io_loop| {
        let (to, wakers) = channel();
        let waiting = io_loop.spawn(lend(&to));
        let waker = wakers.recv().expect("it was sent");
        let remote = waker.clone();
        waker.wake_by_ref();
        waiting.cancel();
        waker.wake();
        thread::spawn(move || remote.wake())
            .join()
            .expect("it does not panic");
        turns(&io_loop, 2);
        assert!(waiting.done());
    });
}

#[test]
fn a_waker_is_harmless_after_its_loop_was_closed_and_is_gone() {
    with_loop(|_| {
        let (to, wakers) = channel();
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        drop(io_loop.spawn(lend(&to)));
        let waker = wakers.recv().expect("it was sent");
        drop(io_loop);
        let remote = waker.clone();
        waker.wake();
        thread::spawn(move || remote.wake())
            .join()
            .expect("it does not panic");
    });
}

#[test]
fn a_waker_outlives_the_thread_of_its_loop() {
    let (to, wakers) = channel();
    thread::spawn(move || drop(IoLoop::current().spawn(lend(&to))))
        .join()
        .expect("it does not panic");
    let waker = wakers.recv().expect("it was sent");
    waker.wake_by_ref();
    drop(waker.clone());
    waker.wake();
}

#[test]
fn a_wake_that_was_on_its_way_when_the_coroutine_ended_is_dropped() {
    with_loop(|io_loop| {
        let (to, wakers) = channel();
        let waiting = io_loop.spawn(lend(&to));
        let waker = wakers.recv().expect("it was sent");
        thread::spawn(move || waker.wake())
            .join()
            .expect("it does not panic");
        waiting.cancel();
        turns(&io_loop, 2);
    });
}

#[test]
fn a_borrowed_waker_may_be_used_on_another_thread_during_the_poll() {
    with_loop(|io_loop| {
        let mut first = true;
        let woken = io_loop.spawn(poll_fn(move |cx| {
            if !std::mem::take(&mut first) {
                return Poll::Ready(());
            }
            let waker = cx.waker();
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let clone = waker.clone();
                        waker.wake_by_ref();
                        drop(clone.clone());
                        clone.wake();
                    });
                }
            });
            Poll::Pending
        }));
        io_loop.start().expect("it is woken");
        assert!(woken.done());
    });
}

#[test]
fn a_waker_that_was_cloned_on_another_thread_during_the_poll_outlives_it() {
    with_loop(|io_loop| {
        let kept = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&kept);
        let mut first = true;
        let waiting = io_loop.spawn(poll_fn(move |cx| {
            if !std::mem::take(&mut first) {
                return Poll::Ready(());
            }
            let (waker, slot) = (cx.waker(), &slot);
            thread::scope(|scope| {
                scope.spawn(move || {
                    *slot.lock().expect("nobody panics") = Some(waker.clone());
                });
            });
            Poll::Pending
        }));
        turns(&io_loop, 1);
        assert!(!waiting.done());
        let waker = kept.lock().expect("nobody panics").take();
        waker.expect("it was cloned").wake();
        turns(&io_loop, 1);
        assert!(waiting.done());
    });
}

#[test]
fn wakes_from_many_threads_lose_nobody() {
    const ROUNDS: usize = 300;

    #[co::coroutine]
    fn waits(to: Sender<Waker>) {
        for _ in 0..ROUNDS {
            yield_!(lend(&to));
        }
    }

    with_loop(|io_loop| {
        let mut threads = Vec::new();
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let (to, wakers) = channel::<Waker>();
            threads.push(thread::spawn(move || {
                for waker in wakers {
                    let clone = waker.clone();
                    waker.wake();
                    drop(clone);
                }
            }));
            waiting.push(waits(to));
        }
        io_loop.run_sync(|| waiting).expect("all are woken");
        for thread in threads {
            thread.join().expect("it does not panic");
        }
    });
}

#[test]
fn wakers_that_are_used_on_other_threads_while_coroutines_end_are_sound() {
    with_loop(|io_loop| {
        let (to, wakers) = channel::<Waker>();
        let thread = thread::spawn(move || {
            for waker in wakers {
                let clones = vec![waker; 3];
                for clone in clones {
                    clone.wake_by_ref();
                    clone.wake();
                }
            }
        });
        for round in 0..2000 {
            let waiting = io_loop.spawn(lend(&to));
            if round % 2 == 0 {
                turns(&io_loop, 1);
            }
            waiting.cancel();
        }
        drop(to);
        thread.join().expect("it does not panic");
    });
}

#[test]
fn a_forgotten_waker_is_harmless() {
    with_loop(|io_loop| {
        let (to, wakers) = channel();
        let waiting = io_loop.spawn(lend(&to));
        std::mem::forget(wakers.recv().expect("it was sent"));
        waiting.cancel();
        io_loop
            .start()
            .expect("the coroutine of the waker has ended");
    });
}

#[test]
fn clones_of_one_coroutines_waker_wake_each_other() {
    with_loop(|io_loop| {
        let will_wake = io_loop.spawn(async {
            let (first, second) = (own_waker().await, own_waker().await);
            first.will_wake(&second) && first.clone().will_wake(&first)
        });
        let mut will_wake = will_wake;
        assert!(will_wake.result().expect("it is done"));
    });
}

#[test]
fn wakers_of_two_coroutines_do_not_wake_each_other() {
    with_loop(|io_loop| {
        let (to, wakers) = channel();
        let _waiting = [io_loop.spawn(lend(&to)), io_loop.spawn(lend(&to))];
        let (first, second) = (wakers.recv(), wakers.recv());
        let (first, second) = (first.expect("sent"), second.expect("sent"));
        assert!(!first.will_wake(&second));
    });
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_future_that_is_polled_with_a_foreign_waker_wakes_it() {
    with_loop(|_| {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let (promise, mut future) = promise();
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        promise.set_result(5);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(Pin::new(&mut future).poll(&mut cx), Poll::Ready(5));
    });
}

#[test]
fn a_sleep_that_is_polled_with_a_foreign_waker_wakes_it() {
    with_loop(|io_loop| {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut sleep = co::sleep(Duration::ZERO);
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut sleep).poll(&mut cx).is_pending());
        turns(&io_loop, 1);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(Pin::new(&mut sleep).poll(&mut cx).is_ready());
    });
}

#[test]
fn the_last_one_that_polls_a_future_is_the_one_that_is_woken() {
    with_loop(|_| {
        let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
        let (promise, mut future) = promise();
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            let mut cx = Context::from_waker(&waker);
            assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        }
        promise.set_result(());
        let woken = counts.map(|count| count.0.load(Ordering::Relaxed));
        assert_eq!(woken, [0, 1]);
    });
}

#[test]
fn a_future_lets_go_of_the_waker_when_it_is_dropped() {
    with_loop(|_| {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let (_promise, mut future) = promise::<()>();
        let mut sleep = co::sleep(Duration::from_secs(1000));
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut sleep).poll(&mut cx).is_pending());
        drop((future, sleep, waker));
        assert_eq!(Arc::strong_count(&count), 1);
    });
}

#[test]
fn a_future_may_be_polled_with_the_waker_of_no_one() {
    with_loop(|io_loop| {
        let (promise, mut future) = promise();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        promise.set_result(1);
        turns(&io_loop, 1);
        assert_eq!(Pin::new(&mut future).poll(&mut cx), Poll::Ready(1));
    });
}

#[test]
fn a_moment_that_is_polled_with_a_foreign_waker_wakes_it() {
    with_loop(|_| {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut moment = co::moment();
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut moment).poll(&mut cx).is_pending());
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(Pin::new(&mut moment).poll(&mut cx).is_ready());
    });
}

#[test]
fn a_panicking_foreign_waker_does_not_keep_the_others_from_being_woken() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a bad waker");
        }
    }

    with_loop(|io_loop| {
        let events = Events::new();
        let (promise, mut future) = promise();
        let waker = Waker::from(Arc::new(Panics));
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        future.add_done_callback(events.noting("called"));
        let messages = coroutine_tests::logged(|| promise.set_result(()));
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["called"]);
        coroutine_tests::assert_one_message(&messages, &["ERROR", "a bad waker"]);
    });
}
