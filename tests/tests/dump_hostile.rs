//! Dumps where somebody does what nobody should.

use std::cell::RefCell;
use std::future::{Future as StdFuture, pending, poll_fn};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use coroutine_core::locks::Lock;
use coroutine_core::{self as co, DumpKind, Future, IoLoop, Status, promise};
use coroutine_tests::{OnDrop, turns, watchdog, with_loop};

const HOUR: Duration = Duration::from_secs(3600);

type Boxed = Pin<Box<dyn StdFuture<Output = ()>>>;

#[co::coroutine(lazy)]
fn lazy(of: Future<()>) {
    yield_!(of);
}

#[co::coroutine]
fn waits(of: Future<()>) {
    yield_!(of);
}

fn names(io_loop: &IoLoop) -> Vec<String> {
    let dump = io_loop.dump();
    // So that all of it is looked at.
    assert!(!dump.to_string().is_empty());
    dump.iter().map(|node| node.name().to_owned()).collect()
}

/// Polls what is in a slot that others may empty.
struct InSlot(Rc<RefCell<Option<Boxed>>>);

impl StdFuture for InSlot {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.borrow_mut().as_mut() {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

#[test]
fn a_part_that_is_leaked_stays_and_one_that_is_dropped_from_outside_goes() {
    with_loop(|io_loop| {
        let [(_a, a), (_b, b)] = [promise(), promise()];
        let (leaked, dropped): (Boxed, Boxed) = (Box::pin(lazy(a)), Box::pin(lazy(b)));
        let slots = [leaked, dropped].map(|future| Rc::new(RefCell::new(Some(future))));
        let _waiting = slots.clone().map(|slot| {
            co::block::coroutine! { yield InSlot(slot) }
        });
        let lazies = |io_loop: &IoLoop| {
            io_loop
                .dump()
                .iter()
                .filter(|node| node.kind() == DumpKind::Lazy)
                .count()
        };
        assert_eq!(lazies(&io_loop), 2);
        let [leaked, dropped] = slots;
        mem::forget(leaked.take());
        assert_eq!(lazies(&io_loop), 2);
        drop(dropped.take());
        assert_eq!(lazies(&io_loop), 1);
        assert_eq!(names(&io_loop).len(), 3);
    });
}

#[test]
fn a_part_stands_in_whoever_has_polled_it_last_and_nowhere_when_that_has_ended() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let slot = Rc::new(RefCell::new(Some(Box::pin(lazy(future)) as Boxed)));
        let poll = |slot: &Rc<RefCell<Option<Boxed>>>| {
            let slot = Rc::clone(slot);
            co::block::coroutine! { yield InSlot(slot) }
        };
        let parent = |io_loop: &IoLoop| {
            let dump = io_loop.dump();
            let of = dump
                .iter()
                .find(|node| node.children().any(|child| child.name() == "lazy"));
            of.map(co::DumpNode::id)
        };
        let first = poll(&slot);
        let before = parent(&io_loop);
        let second = poll(&slot);
        let after = parent(&io_loop);
        assert!(before.is_some() && after.is_some() && before != after);
        second.cancel();
        assert_eq!(parent(&io_loop), None);
        first.cancel();
        assert!(io_loop.dump().is_empty());
    });
}

#[test]
fn coroutines_that_wait_for_each_other_in_a_circle_are_shown_once_each() {
    with_loop(|io_loop| {
        let slot = Rc::new(RefCell::new(None));
        let other = Rc::clone(&slot);
        let (turn, go) = promise::<()>();
        let first = co::block::coroutine! {
            yield go;
            let other: Future<()> = other.take().expect("it is there");
            yield other
        };
        let second = co::block::coroutine! { yield first };
        slot.replace(Some(second));
        turn.set_result(());
        turns(&io_loop, 2);
        let dump = io_loop.dump();
        assert_eq!((dump.len(), dump.roots().len()), (2, 1), "{dump}");
        let root = dump.roots().next().expect("it is there");
        let child = root.children().next().expect("it is there");
        assert_eq!(child.children().len(), 0);
        assert_eq!((root.waits_for().len(), child.waits_for().len()), (1, 1));
        assert_eq!(dump.to_string().matches("-> ").count(), 1, "{dump}");
    });
}

#[test]
fn a_chain_as_long_as_memory_allows_is_shown() {
    with_loop(|io_loop| {
        let (_promise, mut last) = promise();
        for _ in 0..20_000 {
            last = waits(last);
        }
        let dump = io_loop.dump();
        assert_eq!((dump.len(), dump.roots().len()), (20_000, 1));
        assert_eq!(dump.to_string().lines().count(), 20_002);
    });
}

#[test]
fn destructors_may_dump_while_their_coroutine_is_cancelled_and_while_the_loop_closes() {
    with_loop(|io_loop| {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let dumping = |seen: &Rc<RefCell<Vec<usize>>>| {
            let seen = Rc::clone(seen);
            OnDrop::new(move || seen.borrow_mut().push(IoLoop::current().dump().len()))
        };
        let sleeps = |on_drop: OnDrop| {
            co::block::coroutine! {
                let _on_drop = on_drop;
                yield (co::sleep(HOUR), async { co::sleep(HOUR).await })
            }
        };
        let cancelled = sleeps(dumping(&seen));
        let _closed = [sleeps(dumping(&seen)), sleeps(dumping(&seen))];
        cancelled.cancel();
        // The one that ends is no more.
        assert_eq!(seen.take(), [2]);
        io_loop.close();
        assert_eq!(seen.take(), [1, 0]);
        assert!(io_loop.dump().is_empty());
    });
}

struct Dumping(IoLoop);

/// A waker whose every function takes a dump. It stays on its thread.
impl Wake for OfThread<Dumping> {
    fn wake(self: Arc<Self>) {
        let _ = self.0.0.dump();
    }
}

struct OfThread<T>(T);

// SAFETY: the tests below use it on one thread.
unsafe impl<T> Send for OfThread<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for OfThread<T> {}

#[test]
fn a_waker_may_dump_when_it_is_woken_and_when_it_is_dropped() {
    with_loop(|io_loop| {
        let waker = Waker::from(Arc::new(OfThread(Dumping(io_loop.clone()))));
        let mut cx = Context::from_waker(&waker);
        let (promise, mut future) = promise::<()>();
        assert!(Pin::new(&mut future).poll(&mut cx).is_pending());
        let mut sleep = Box::pin(co::sleep(Duration::ZERO));
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        let lock = Lock::new(());
        let held = lock.try_acquire();
        let mut waiting = Box::pin(lock.acquire());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let mut part = Box::pin(lazy(future));
        assert!(part.as_mut().poll(&mut cx).is_pending());
        promise.set_result(());
        drop(held);
        turns(&io_loop, 2);
        assert!(part.as_mut().poll(&mut cx).is_ready());
        assert!(sleep.as_mut().poll(&mut cx).is_ready());
    });
}

#[test]
fn what_is_polled_outside_of_coroutines_is_in_no_dump() {
    with_loop(|io_loop| {
        let mut cx = Context::from_waker(Waker::noop());
        let (_promise, future) = promise();
        let mut part = Box::pin(lazy(future));
        assert!(part.as_mut().poll(&mut cx).is_pending());
        assert!(io_loop.dump().is_empty());
    });
}

#[co::coroutine(lazy)]
fn lazily_for_ever() {
    yield_!(pending::<()>());
}

#[test]
fn a_part_may_go_to_another_thread() {
    with_loop(|io_loop| {
        let part: Pin<Box<dyn StdFuture<Output = ()> + Send>> = Box::pin(lazily_for_ever());
        let slot = Rc::new(RefCell::new(Some(part)));
        let polls = Rc::clone(&slot);
        let _polls = co::block::coroutine! {
            yield poll_fn(move |cx| polls.borrow_mut().as_mut().expect("it is there").as_mut().poll(cx))
        };
        assert_eq!(names(&io_loop).len(), 2);
        let mut part = slot.take().expect("it is there");
        let there = thread::spawn(move || {
            with_loop(|io_loop| {
                let (_promise, future) = promise();
                let own = Rc::new(RefCell::new(Some(Box::pin(lazy(future)) as Boxed)));
                let _polls = co::block::coroutine! { yield InSlot(own) };
                let mut cx = Context::from_waker(Waker::noop());
                assert!(part.as_mut().poll(&mut cx).is_pending());
                drop(part);
                assert_eq!(names(&io_loop).len(), 2);
            });
        });
        there.join().expect("it does not panic");
        assert_eq!(io_loop.dump().len(), 1);
    });
}

/// Polls something, drops it, and is not ready.
struct Forgetful<F>(fn() -> F);

impl<F: StdFuture> StdFuture for Forgetful<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert!(Box::pin(self.0()).as_mut().poll(cx).is_pending());
        Poll::Pending
    }
}

#[test]
fn what_was_waited_for_and_dropped_is_not_taken_for_what_another_waits_for_in_its_place() {
    with_loop(|io_loop| {
        let forgetful = Forgetful(|| co::sleep(HOUR));
        let _waits = co::block::coroutine! { yield forgetful };
        let _sleeps = co::block::coroutine! { yield co::sleep(HOUR) };
        let dump = io_loop.dump();
        let waits: Vec<_> = dump.iter().map(|node| node.waits_for().len()).collect();
        assert_eq!(waits, [0, 1], "{dump}");
    });
}

#[test]
fn a_part_that_was_leaked_in_a_loop_that_is_gone_is_in_no_dump_of_the_next() {
    const COUNT: usize = 64;
    with_loop(|outer| {
        // It waits for nothing that would keep the coroutine which polls it.
        let slot = Rc::new(RefCell::new(Some(Box::pin(lazily_for_ever()) as Boxed)));
        let first = IoLoop::new().expect("it is there");
        let in_first = Rc::clone(&slot);
        first.add_callback(move || drop(co::block::coroutine! { yield InSlot(in_first) }));
        turns(&first, 1);
        assert_eq!(names(&first).len(), 2);
        mem::forget(slot.take());
        let second = IoLoop::new().expect("it is there");
        drop(first);
        // One of them comes to lie where the first has been.
        second.add_callback(|| {
            for _ in 0..COUNT {
                let empty = Rc::new(RefCell::new(None));
                drop(co::block::coroutine! { yield InSlot(empty) });
            }
        });
        turns(&second, 1);
        assert_eq!(names(&second).len(), COUNT);
        assert!(outer.dump().is_empty());
    });
}

/// Polls the part in a slot, and puts itself there for the one after it.
struct InTurn(Rc<RefCell<Option<Boxed>>>);

impl StdFuture for InTurn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.0.borrow_mut().take();
        if let Some(mut before) = before {
            assert!(before.as_mut().poll(cx).is_pending());
            mem::forget(before);
        }
        Poll::Pending
    }
}

#[co::coroutine(lazy)]
fn in_turn(slot: Rc<RefCell<Option<Boxed>>>) {
    yield_!(InTurn(slot));
}

#[test]
fn parts_as_deep_as_memory_allows_are_shown() {
    const COUNT: usize = 100_000;
    with_loop(|io_loop| {
        let slot = Rc::new(RefCell::new(None));
        let polls = Rc::clone(&slot);
        let _polls = co::block::coroutine! {
            yield poll_fn(move |cx| {
                for _ in 0..COUNT {
                    let mut part: Boxed = Box::pin(in_turn(Rc::clone(&polls)));
                    assert!(part.as_mut().poll(cx).is_pending());
                    polls.replace(Some(part));
                }
                Poll::<()>::Pending
            })
        };
        assert_eq!(io_loop.dump().iter().len(), COUNT + 1);
        mem::forget(slot.take());
    });
}

#[test]
fn two_loops_of_a_thread_show_their_own() {
    with_loop(|outer| {
        let [(_a, a), (_b, b)] = [promise(), promise()];
        let _outside = waits(a);
        let inner = IoLoop::new().expect("it is there");
        let seen = inner.run_sync(move || {
            co::block::coroutine! {
                let _inside = waits(b);
                yield co::moment();
                (IoLoop::current().dump().len(), outer.dump().len())
            }
        });
        assert_eq!(seen.expect("it is there"), (2, 1));
    });
}

#[test]
fn a_part_that_panics_is_in_no_dump() {
    with_loop(|io_loop| {
        #[co::coroutine(lazy)]
        fn panics() {
            yield_!(co::moment());
            panic!("on purpose");
        }
        let outcome = io_loop
            .run_sync(|| co::block::coroutine! { yield panics() }.outcome())
            .expect("it is there");
        assert!(outcome.is_err());
        assert!(io_loop.dump().is_empty());
    });
}

#[test]
fn a_panic_tells_who_waited() {
    with_loop(|io_loop| {
        #[co::coroutine]
        fn fails() {
            yield_!(co::moment());
            panic!("on purpose");
        }
        #[co::coroutine]
        fn asks() -> co::Outcome {
            yield_!(fails().outcome()).expect_err("it fails")
        }
        let outcome = io_loop
            .run_sync(|| co::block::coroutine! { yield vec![asks()] })
            .expect("it is there");
        let co::Outcome::Panicked(panicked) = &outcome[0] else {
            panic!("{outcome:?}")
        };
        let waiters: Vec<_> = panicked
            .waiters()
            .iter()
            .map(co::Suspension::name)
            .collect();
        assert_eq!(waiters, ["asks", "coroutine"]);
        assert!(
            outcome[0]
                .to_string()
                .contains("\n  waited for by `asks` at")
        );
    });
}

#[test]
fn a_dump_of_many_is_quick() {
    watchdog(Duration::from_secs(60), || {
        let io_loop = IoLoop::instance();
        let sleeping: Vec<_> = (0..20_000)
            .map(|_| co::block::coroutine! { yield co::sleep(HOUR) })
            .collect();
        let dump = io_loop.dump();
        assert_eq!(dump.len(), 20_000);
        assert!(
            dump.iter()
                .all(|node| node.status() == Status::Suspended && node.waits_for().len() == 1)
        );
        drop(sleeping);
    });
}
