//! Generators in hostile hands: yield points in places where they do not belong, wakers that are kept, destructors that panic.
//!
//! Run under AddressSanitizer and valgrind as well. A user's macro can take a yield point's expansion apart, so all that an expansion names
//! counts as what users can call.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future as StdFuture, pending, poll_fn};
use std::marker::{PhantomData, PhantomPinned};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use co::__private::{Item, Yielder};
use co::GeneratorState::{self, Returned, Yielded};
use co::{AsyncGenerator, BoxedGenerator, Generator, SendError, Started, State, Suspension};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, OnDrop, watchdog, watchdog_with_stack};
use futures_util::future::{join, select};
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};

const SMUGGLED: &str = "polled by somebody else";

/// A test in a thread of its own, which has no loop.
fn alone(body: impl FnOnce() + Send + 'static) {
    watchdog(LIMIT, body);
}

/// The message of a panic.
fn panic_of<T>(body: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(body()))).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[track_caller]
fn assert_panics<T>(message: &str, body: impl FnOnce() -> T) {
    let text = panic_of(body);
    assert!(text.contains(message), "{text}");
}

fn panic_on_drop(events: &Events, name: &'static str) -> OnDrop {
    let events = events.clone();
    OnDrop::new(move || {
        events.note(name);
        panic!("{name} panics");
    })
}

/// A generator whose body is handed its yielder.
fn raw<Y, R, F: StdFuture>(body: impl FnOnce(Yielder<Y, R>) -> F) -> Generator<Y, R, F> {
    co::__private::generator(
        co::__private::sites! { "raw" at 1 : 1; 0 = 1 : 1 "raw"; },
        body,
    )
}

fn raw_async<Y, F: StdFuture>(body: impl FnOnce(Yielder<Y, ()>) -> F) -> AsyncGenerator<Y, F> {
    co::__private::async_generator(
        co::__private::sites! { "raw" at 1 : 1; 0 = 1 : 1 "raw"; },
        body,
    )
}

/// A yield point.
fn point<Y, R>(yielder: Yielder<Y, R>, value: Y) -> impl StdFuture<Output = R> + Unpin {
    yielder.at::<0>(Item { value })
}

/// Takes a yielder out of the expansion of a yield point.
macro_rules! yielder_of {
    (($yielder:ident) . wait $point:tt . await) => {
        $yielder
    };
}

/// A wait that the attribute does not see.
macro_rules! hidden_wait {
    ($future:expr) => {
        $future.await
    };
}

/// An async block around what may be a yield point.
macro_rules! in_async_block {
    ($($tokens:tt)*) => {
        async { $($tokens)* }
    };
}

/// A closure around what may be a yield point.
macro_rules! in_async_closure {
    ($($tokens:tt)*) => {
        async || { $($tokens)* }
    };
}

/// A generator around what may be a yield point.
macro_rules! in_a_generator {
    ($yielded:expr, $point:expr) => {
        co::block::generator! { async {
            yield $yielded;
            $point
        } }
    };
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll_with<F: StdFuture + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn poll_by_hand<F: StdFuture>(future: F) -> Poll<F::Output> {
    poll_with(pin!(future), Waker::noop())
}

fn next_with<S: Stream>(stream: Pin<&mut S>, waker: &Waker) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(waker))
}

// Yield points in other generators.

#[test]
fn a_yield_point_in_another_generator_of_the_same_types_panics() {
    alone(|| {
        let outer = pin!(raw(|outer: Yielder<u32, u32>| async move {
            let inner = pin!(raw(|_: Yielder<u32, u32>| point(outer, 1)));
            assert_panics(SMUGGLED, || inner.start().1);
            outer.at::<0>(Item { value: 2 }).await
        }));
        let (mut outer, first) = outer.start();
        assert_eq!(first, Yielded(2), "it is not harmed");
        assert_eq!(outer.send(3), Ok(Returned(3)));
    });
}

#[test]
fn a_yield_point_in_another_generator_of_other_types_panics_and_its_value_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let noting = events.clone();
        let outer = raw(|outer: Yielder<OnDrop, [u64; 9]>| async move {
            let value = noting.note_on_drop("value");
            let inner = pin!(raw(|_: Yielder<u8, String>| point(outer, value)));
            assert_panics(SMUGGLED, || inner.start().1);
        });
        assert_eq!(pin!(outer).start().1.returned(), Some(()));
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn a_yield_point_in_a_generator_of_another_lifetime_panics() {
    #[co::generator(yield = &'a str, resume = &'a str)]
    fn inner<'a>(_own: &'a str, outer: Yielder<&'static str, &'static str>) -> &'static str {
        if false {
            yield_!("");
        }
        hidden_wait!(outer.at::<0>(Item { value: "for ever" }))
    }

    alone(|| {
        let outer = raw(|outer: Yielder<&'static str, &'static str>| async move {
            let short = "short".to_owned();
            let inner = inner(&short, outer).boxed();
            assert_panics(SMUGGLED, || inner.start().1);
        });
        assert_eq!(pin!(outer).start().1, Returned(()));
    });
}

#[test]
fn a_yield_point_of_the_same_function_one_level_up_panics() {
    #[co::generator(yield = u32, resume = u32)]
    fn recursive(outer: Option<Yielder<u32, u32>>) {
        let own = yielder_of!(yield_!(0));
        match outer {
            None => {
                assert_panics(SMUGGLED, || recursive(Some(own)).boxed().start().1);
                yield_!(1);
            }
            Some(outer) => {
                hidden_wait!(outer.at::<0>(Item { value: 2 }));
            }
        }
    }

    alone(|| {
        let (mut generator, first) = recursive(None).boxed().start();
        assert_eq!(first, Yielded(1));
        assert_eq!(generator.send(5), Ok(Returned(())));
    });
}

#[test]
fn a_yield_point_that_a_macro_puts_into_another_generator_panics() {
    #[co::generator(yield = u32)]
    fn outer() {
        let mut inner = pin!(in_a_generator!(7_u32, yield_!(1)));
        assert_eq!(
            next_with(inner.as_mut(), Waker::noop()),
            Poll::Ready(Some(7))
        );
        assert_panics(SMUGGLED, || next_with(inner.as_mut(), Waker::noop()));
        assert_eq!(next_with(inner, Waker::noop()), Poll::Ready(None));
        yield_!(2);
    }

    alone(|| assert_eq!(outer().boxed().collect::<Vec<_>>(), [2]));
}

#[test]
fn a_yield_point_of_an_async_generator_in_one_that_it_polls_panics() {
    alone(|| {
        let outer = raw_async(|outer: Yielder<u32, ()>| async move {
            let mut inner = pin!(raw_async(|_: Yielder<u32, ()>| point(outer, 1)));
            let polled = poll_fn(|cx| {
                let poll = AssertUnwindSafe(|| inner.as_mut().poll_next(cx));
                Poll::Ready(catch_unwind(poll).is_err())
            });
            assert!(polled.await);
            point(outer, 2).await;
        });
        let mut outer = pin!(outer);
        assert_eq!(
            next_with(outer.as_mut(), Waker::noop()),
            Poll::Ready(Some(2))
        );
        assert_eq!(next_with(outer, Waker::noop()), Poll::Ready(None));
    });
}

#[test]
fn a_yield_point_that_outlives_its_generator_panics_in_every_later_one() {
    alone(|| {
        let kept = Cell::new(None);
        let made = raw(|yielder: Yielder<u32, u32>| {
            kept.set(Some(yielder));
            point(yielder, 1)
        });
        let made = made.boxed();
        drop(made);
        let old = kept.get().expect("it was kept");
        for _ in 0..1000 {
            // The same types, mostly the same place.
            let later = raw(|_: Yielder<u32, u32>| point(old, 2)).boxed();
            assert_panics(SMUGGLED, || later.start().1);
        }
        assert_panics(SMUGGLED, || poll_by_hand(point(old, 2)));
    });
}

/// A yield point that several can reach.
type Reached<F> = Rc<RefCell<Option<Pin<Box<F>>>>>;

fn poll_reached<F: StdFuture>(reached: &Reached<F>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let mut reached = reached.borrow_mut();
    reached
        .as_mut()
        .expect("it was put there")
        .as_mut()
        .poll(cx)
}

#[test]
fn a_yield_that_has_given_takes_nothing_in_another_generator() {
    alone(|| {
        let (events, half) = (Events::new(), Reached::default());
        let one = pin!(raw(|yielder: Yielder<u32, OnDrop>| {
            *half.borrow_mut() = Some(Box::pin(point(yielder, 1)));
            poll_fn(|cx| poll_reached(&half, cx))
        }));
        let (mut one, first) = one.start();
        assert_eq!(first.yielded(), Some(1));
        let other = pin!(raw(|yielder: Yielder<u32, OnDrop>| {
            let mut own = point(yielder, 2);
            let (half, mut gave) = (&half, false);
            poll_fn(move |cx| {
                if !mem::replace(&mut gave, true) {
                    return Pin::new(&mut own).poll(cx);
                }
                poll_reached(half, cx)
            })
        }));
        let (mut other, _) = other.start();
        assert_panics(SMUGGLED, || other.send(events.note_on_drop("lost")));
        assert_eq!(events.take(), ["lost"]);
        let end = one.send(events.note_on_drop("taken"));
        assert!(events.take().is_empty());
        drop(end);
        assert_eq!(events.take(), ["taken"]);
    });
}

// Yield points elsewhere.

#[test]
fn a_yield_point_in_an_async_block_that_is_polled_by_hand_panics() {
    #[co::generator(yield = OnDrop)]
    fn outer(events: Events) {
        let value = events.note_on_drop("value");
        let block = in_async_block!(yield_!(value));
        assert_panics(SMUGGLED, || poll_by_hand(block));
        yield_!(events.note_on_drop("own"));
    }

    alone(|| {
        let events = Events::new();
        assert_eq!(outer(events.clone()).boxed().count(), 1);
        assert_eq!(events.take(), ["value", "own"]);
    });
}

#[test]
fn a_yield_point_in_a_block_that_the_body_waits_for_is_the_bodys() {
    #[co::generator(yield = u32, resume = u32)]
    fn outer() -> u32 {
        let block = in_async_block!(yield_!(1) + yield_!(2));
        let closure = in_async_closure!(yield_!(3));
        hidden_wait!(block) * hidden_wait!(closure())
    }

    alone(|| {
        let (mut outer, first) = outer().boxed().start();
        assert_eq!(first, Yielded(1));
        assert_eq!(outer.send(10), Ok(Yielded(2)));
        assert_eq!(outer.send(20), Ok(Yielded(3)));
        assert_eq!(outer.send(2), Ok(Returned(60)));
    });
}

#[test]
fn a_yield_point_under_a_combinators_waker_panics() {
    alone(|| {
        let events = Events::new();
        let noting = events.clone();
        let generator = raw(|yielder: Yielder<OnDrop, ()>| async move {
            let point = point(yielder, noting.note_on_drop("value"));
            FuturesUnordered::from_iter([point]).next().await
        });
        assert_panics(SMUGGLED, || pin!(generator).start().1);
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn a_context_made_by_hand_serves_with_the_own_waker_and_with_no_clone_of_it() {
    alone(|| {
        let generator = pin!(raw(|yielder: Yielder<u32, u32>| async move {
            let mut own = point(yielder, 1);
            let got = poll_fn(|cx| poll_with(Pin::new(&mut own), cx.waker())).await;
            let mut other = point(yielder, 2);
            poll_fn(|cx| {
                let clone = cx.waker().clone();
                assert_panics(SMUGGLED, || poll_with(Pin::new(&mut other), &clone));
                Poll::Ready(got)
            })
            .await
        }));
        let (mut generator, first) = generator.start();
        assert_eq!(first, Yielded(1));
        assert_eq!(generator.send(3), Ok(Returned(3)));
    });
}

#[test]
fn a_generator_on_another_thread_does_not_take_this_ones_waker_for_its_own() {
    alone(|| {
        // Both threads are new, so that a number of a thread's own would be the same on both.
        let generator = raw(|yielder: Yielder<u64, ()>| async move {
            let strangers = poll_fn(|cx| {
                let waker = cx.waker();
                let stranger = || {
                    let body = |yielder: Yielder<String, Box<u8>>| {
                        let mut point = point(yielder, "text".to_owned());
                        poll_fn(move |_| poll_with(Pin::new(&mut point), waker))
                    };
                    (0..100).for_each(|_| assert_panics(SMUGGLED, || pin!(raw(body)).start().1));
                };
                thread::scope(|scope| {
                    let threads = [(); 3].map(|()| scope.spawn(stranger));
                    Poll::Ready(threads.into_iter().all(|thread| thread.join().is_ok()))
                })
            });
            assert!(strangers.await);
            point(yielder, 8).await;
        });
        assert_eq!(pin!(generator).collect::<Vec<_>>(), [8]);
    });
}

#[test]
fn the_waker_is_used_by_other_threads_while_the_body_yields() {
    alone(|| {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut generator = pin!(raw_async(|yielder: Yielder<Box<u32>, ()>| async move {
            let mut yields = point(yielder, Box::new(1));
            poll_fn(|cx| {
                let waker = cx.waker();
                let user = || {
                    let clones = Vec::from_iter((0..100).map(|_| waker.clone()));
                    clones.into_iter().for_each(Waker::wake);
                    (0..100).for_each(|_| waker.wake_by_ref());
                };
                thread::scope(|scope| {
                    let threads = [(); 2].map(|()| scope.spawn(user));
                    let polled = Pin::new(&mut yields).poll(cx);
                    assert!(threads.into_iter().all(|thread| thread.join().is_ok()));
                    polled
                })
            })
            .await;
        }));
        assert_eq!(
            next_with(generator.as_mut(), &waker),
            Poll::Ready(Some(Box::new(1)))
        );
        assert_eq!(count.get(), 400);
        assert_eq!(next_with(generator.as_mut(), &waker), Poll::Ready(None));
        assert_eq!(count.get(), 800);
    });
}

// Yield points that are polled the wrong number of times.

#[test]
fn a_yield_that_is_polled_twice_panics_and_its_value_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let value = events.note_on_drop("value");
        let generator = raw(|yielder: Yielder<OnDrop, ()>| {
            let mut point = point(yielder, value);
            poll_fn(move |cx| {
                assert!(Pin::new(&mut point).poll(cx).is_pending());
                Pin::new(&mut point).poll(cx)
            })
        });
        assert_panics("polled once more", || pin!(generator).start().1);
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn a_yield_that_is_polled_after_its_end_panics() {
    alone(|| {
        let (mut generator, _) = raw(|yielder: Yielder<u32, Box<u32>>| {
            let mut point = point(yielder, 1);
            poll_fn(move |cx| match Pin::new(&mut point).poll(cx) {
                Poll::Ready(got) => Pin::new(&mut point).poll(cx).map(|_| got),
                Poll::Pending => Poll::Pending,
            })
        })
        .boxed()
        .start();
        assert_panics("polled once more", || generator.send(Box::new(5)));
        assert_eq!(generator.send(Box::new(6)), Err(SendError(Box::new(6))));
    });
}

#[test]
fn two_yields_at_a_time_panic_and_their_values_are_dropped_once() {
    alone(|| {
        let events = Events::new();
        let [one, two] = ["one", "two"].map(|name| events.note_on_drop(name));
        let both = raw(|yielder| join(point(yielder, one), point::<_, ()>(yielder, two)));
        assert_panics("yielded twice at a time", || pin!(both).start().1);
        let mut names = events.take();
        names.sort();
        assert_eq!(names, ["one", "two"]);
        let [one, two] = ["one", "two"].map(|name| events.note_on_drop(name));
        let either = raw(|yielder| select(point(yielder, one), point::<_, ()>(yielder, two)));
        assert_panics("yielded twice at a time", || pin!(either).start().1);
        assert_eq!(events.take().len(), 2);
    });
}

#[test]
fn a_yield_beside_a_wait_takes_its_argument_when_the_generator_is_resumed() {
    alone(|| {
        let gate = Rc::new(Cell::new(false));
        let open = Rc::clone(&gate);
        let mut generator = pin!(raw_async(|yielder: Yielder<u32, ()>| async move {
            let wait = poll_fn(|_| {
                if open.get() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            });
            join(point(yielder, 1), wait).await;
            point(yielder, 2).await;
        }));
        let mut next = || next_with(generator.as_mut(), Waker::noop());
        assert_eq!(next(), Poll::Ready(Some(1)));
        assert_eq!((next(), next()), (Poll::Pending, Poll::Pending));
        gate.set(true);
        assert_eq!(next(), Poll::Ready(Some(2)));
        assert_eq!(next(), Poll::Ready(None));
    });
}

#[test]
fn a_value_that_is_given_by_a_body_that_ends_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let [value, local] = ["value", "local"].map(|name| events.note_on_drop(name));
        let generator = raw(|yielder: Yielder<OnDrop, ()>| async move {
            let _local = local;
            let mut point = point(yielder, value);
            poll_fn(|cx| Poll::Ready(Pin::new(&mut point).poll(cx).is_pending())).await
        });
        let (_generator, end) = generator.boxed().start();
        assert_eq!(end.returned(), Some(true));
        assert_eq!(events.take(), ["local", "value"]);
    });
}

#[test]
fn a_value_that_is_given_by_a_body_that_panics_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let value = events.note_on_drop("value");
        let generator = raw(|yielder: Yielder<OnDrop, ()>| {
            let mut point = point(yielder, value);
            poll_fn(move |cx| -> Poll<()> {
                assert!(Pin::new(&mut point).poll(cx).is_ready(), "given, and then");
                Poll::Pending
            })
        });
        assert_panics("given, and then", || pin!(generator).start().1);
        assert_eq!(events.take(), ["value"]);
    });
}

#[test]
fn an_argument_that_no_yield_takes_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let generator = pin!(raw(|yielder: Yielder<u32, OnDrop>| {
            // A new yield point at each poll, none of which is polled again.
            let mut count = 0;
            poll_fn(move |cx| {
                count += 1;
                point(yielder, count).poll_unpin_once(cx)
            })
        }));
        let (mut generator, first) = generator.start();
        assert_eq!(first.yielded(), Some(1));
        let second = generator.send(events.note_on_drop("argument"));
        assert_eq!(events.take(), ["argument"]);
        assert_eq!(second.ok().and_then(GeneratorState::yielded), Some(2));
    });
}

trait PollOnce: StdFuture + Unpin + Sized {
    fn poll_unpin_once(mut self, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self).poll(cx)
    }
}

impl<F: StdFuture + Unpin> PollOnce for F {}

#[test]
fn a_wait_that_the_attribute_does_not_see_ends_the_generator() {
    #[co::generator(yield = u32, resume = OnDrop)]
    fn waits(_argument: OnDrop) {
        drop(yield_!(1));
        hidden_wait!(pending::<()>());
    }

    alone(|| {
        let events = Events::new();
        let (mut generator, _) = waits(events.note_on_drop("argument")).boxed().start();
        assert_panics("waits for something", || {
            generator.send(events.note_on_drop("sent"))
        });
        assert_eq!(events.take(), ["sent"]);
        assert!(generator.send(OnDrop::new(|| ())).is_err());
        generator.close();
        assert_eq!(events.take(), ["argument"]);
    });
}

// Wakers.

#[test]
fn a_waker_out_of_a_body_outlives_the_generator_on_any_thread() {
    alone(|| {
        let (sent, kept) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let generator = raw(|yielder: Yielder<u32, ()>| async move {
            for n in 0..3 {
                poll_fn(|cx| {
                    sent.borrow_mut().push(cx.waker().clone());
                    kept.borrow_mut().push(cx.waker().clone());
                    Poll::Ready(())
                })
                .await;
                point(yielder, n).await;
            }
            (sent.take(), kept.take())
        });
        let (mut generator, _) = generator.boxed().start();
        let last = generator.by_ref().last();
        assert_eq!(last, Some(2));
        drop(generator);
    });
}

#[test]
fn a_waker_out_of_an_async_body_wakes_whoever_polled() {
    alone(|| {
        let (kept, count) = (RefCell::new(Vec::new()), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let mut generator = Box::pin(raw_async(|yielder: Yielder<u32, ()>| {
            let mut yields = point(yielder, 1);
            let kept = &kept;
            poll_fn(move |cx| {
                kept.borrow_mut()
                    .extend([cx.waker().clone(), cx.waker().clone()]);
                Pin::new(&mut yields).poll(cx)
            })
        }));
        assert_eq!(next_with(generator.as_mut(), &waker), Poll::Ready(Some(1)));
        drop(generator);
        drop(waker);
        let mut wakers = kept.take();
        assert!(wakers[0].will_wake(&wakers[1]));
        wakers.extend(wakers[0..2].to_vec());
        let elsewhere = wakers.split_off(1);
        let thread = thread::spawn(|| elsewhere.into_iter().for_each(Waker::wake));
        thread.join().expect("it has not panicked");
        wakers.into_iter().for_each(|waker| waker.wake_by_ref());
        assert_eq!(count.get(), 4);
        assert_eq!(Arc::strong_count(&count), 1);
    });
}

#[test]
fn a_waker_through_many_generators_is_the_outermost_ones() {
    #[co::generator(yield = u32)]
    async fn nested(depth: u32, kept: Rc<RefCell<Option<Waker>>>) {
        if depth > 0 {
            let mut inner = Box::pin(nested(depth - 1, kept)) as Pin<Box<dyn Stream<Item = u32>>>;
            while let Some(n) = inner.next().await {
                yield_!(n + 1);
            }
        } else {
            hidden_wait!(poll_fn(|cx| {
                kept.replace(Some(cx.waker().clone()));
                Poll::Ready(())
            }));
            yield_!(0);
        }
    }

    alone(|| {
        let (kept, count) = (Rc::default(), Arc::new(Count::default()));
        let mut generator = Box::pin(nested(50, Rc::clone(&kept)));
        let waker = Waker::from(Arc::clone(&count));
        assert_eq!(next_with(generator.as_mut(), &waker), Poll::Ready(Some(50)));
        drop(generator);
        let kept = kept.take().expect("it was polled");
        assert!(kept.will_wake(&waker));
        kept.wake();
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_waker_that_panics_ends_the_generator_that_wakes_it() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker panics");
        }
    }

    alone(|| {
        let mut generator = pin!(raw_async(|yielder: Yielder<u32, ()>| async move {
            point(yielder, 1).await;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Ready(())
            })
            .await;
        }));
        let waker = Waker::from(Arc::new(Panics));
        assert_eq!(next_with(generator.as_mut(), &waker), Poll::Ready(Some(1)));
        assert_panics("a waker panics", || next_with(generator.as_mut(), &waker));
        assert_eq!(next_with(generator, &waker), Poll::Ready(None));
    });
}

// Forgotten generators.

#[test]
fn a_forgotten_generator_is_not_touched_again() {
    #[co::generator(yield = &'a str, resume = &'a str)]
    fn borrows<'a>(text: &'a str, _argument: OnDrop) {
        let mut text = text;
        loop {
            text = yield_!(text);
        }
    }

    alone(|| {
        let events = Events::new();
        let text = "text".to_owned();
        let (on_heap, _) = borrows(&text, events.note_on_drop("never")).boxed().start();
        mem::forget(on_heap);
        // Its own place is in a box that is forgotten too: `pin!` would drop it.
        let mut place = Box::pin(borrows(&text, events.note_on_drop("never")));
        let _ = Box::leak(Box::new(place.as_mut().start().0));
        assert_eq!(place.suspension().state(), State::Suspended(0));
        mem::forget(place);
        drop(text);
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_forgotten_handle_on_the_stack_does_not_keep_the_generator_from_being_dropped() {
    alone(|| {
        let (events, text) = (Events::new(), "text".to_owned());
        {
            let local = events.note_on_drop("local");
            let text = &text;
            let generator = pin!(raw(|yielder: Yielder<&str, ()>| async move {
                let _local = local;
                point(yielder, text).await;
            }));
            let _ = Box::leak(Box::new(generator.start().0));
        }
        assert_eq!(events.take(), ["local"]);
    });
}

#[test]
fn a_forgotten_state_loses_its_value_alone() {
    alone(|| {
        let events = Events::new();
        let (mut generator, first) = raw(|yielder: Yielder<OnDrop, OnDrop>| {
            let (first, second) = (events.note_on_drop("first"), events.note_on_drop("second"));
            async move {
                let got = point(yielder, first).await;
                point(yielder, second).await;
                drop(got);
            }
        })
        .boxed()
        .start();
        mem::forget(first);
        mem::forget(generator.send(events.note_on_drop("sent")));
        drop(generator);
        assert_eq!(events.take(), ["sent"]);
    });
}

// Destructors that panic.

#[test]
fn a_destructor_that_panics_at_close_keeps_no_other_from_running() {
    #[co::generator(yield = u32, resume = u32)]
    fn three(_argument: OnDrop, _panics: OnDrop) {
        let _local = yield_!(1);
    }

    alone(|| {
        let events = Events::new();
        let make = || {
            let (first, second) = (
                events.note_on_drop("fine"),
                panic_on_drop(&events, "broken"),
            );
            three(first, second).boxed().start().0
        };
        let mut closed = make();
        assert_panics("broken panics", || closed.close());
        assert_eq!(events.take(), ["broken", "fine"]);
        assert_eq!(closed.suspension().state(), State::Closed);
        closed.close();
        assert_eq!(closed.send(1), Err(SendError(1)));
        drop(closed);
        let dropped = make();
        assert_panics("broken panics", || drop(dropped));
        assert_eq!(events.take(), ["broken", "fine"]);
    });
}

#[test]
fn a_destructor_that_panics_when_a_generator_on_the_stack_goes_runs_once() {
    alone(|| {
        let events = Events::new();
        let argument = panic_on_drop(&events, "argument");
        assert_panics("argument panics", || {
            let generator = pin!(raw(|yielder: Yielder<u32, ()>| async move {
                let _argument = argument;
                point(yielder, 1).await;
            }));
            assert_eq!(generator.start().1, Yielded(1));
        });
        assert_eq!(events.take(), ["argument"]);
    });
}

#[test]
fn an_argument_that_nobody_takes_and_that_panics_leaves_the_generator_usable() {
    alone(|| {
        let events = Events::new();
        let (mut generator, _) = raw(|yielder: Yielder<OnDrop, Option<OnDrop>>| {
            let events = events.clone();
            let mut count = 0;
            poll_fn(move |cx| {
                count += 1;
                if count == 4 {
                    return Poll::Ready(count);
                }
                point(yielder, events.note_on_drop(count))
                    .poll_unpin_once(cx)
                    .map(|_| 0)
            })
        })
        .boxed()
        .start();
        let _ = events.take();
        let broken = panic_on_drop(&events, "argument");
        assert_panics("argument panics", || generator.send(Some(broken)));
        assert_eq!(events.take().first().map(String::as_str), Some("argument"));
        assert!(
            generator
                .send(None)
                .is_ok_and(|state| state.yielded().is_some())
        );
        assert_eq!(events.take(), ["3"]);
        let end = generator.send(None).ok().and_then(GeneratorState::returned);
        assert_eq!(end, Some(4));
    });
}

#[test]
fn a_value_that_panics_as_it_is_left_behind_ends_the_generator_as_returned() {
    alone(|| {
        let events = Events::new();
        let value = panic_on_drop(&events, "value");
        let mut generator = Box::pin(raw(|yielder: Yielder<OnDrop, ()>| {
            let mut point = point(yielder, value);
            poll_fn(move |cx| Poll::Ready(Pin::new(&mut point).poll(cx).is_pending()))
        }));
        assert_panics("value panics", || generator.as_mut().start().1);
        assert_eq!(events.take(), ["value"]);
        assert_eq!(generator.suspension().state(), State::Returned);
        assert!(generator.as_mut().next().is_none());
    });
}

#[test]
fn a_local_that_resumes_another_generator_while_the_body_unwinds_finds_it_whole() {
    alone(|| {
        let events = Events::new();
        let other = Rc::new(RefCell::new(
            co::block::generator! { yield 1; yield 2; }.boxed(),
        ));
        assert_eq!(other.borrow_mut().next(), Some(1));
        let (resumed, noting) = (Rc::clone(&other), events.clone());
        let local = OnDrop::new(move || {
            noting.note(format!("{:?}", resumed.borrow_mut().next()));
        });
        let (mut breaks, _) = raw(|yielder: Yielder<u32, ()>| async move {
            let _local = local;
            point(yielder, 1).await;
            panic!("it breaks");
        })
        .boxed::<'static>()
        .start();
        assert_panics("it breaks", || {
            let state: Result<GeneratorState<u32, ()>, _> = breaks.send(());
            state
        });
        assert_eq!(events.take(), ["Some(2)"]);
        assert_eq!(other.borrow_mut().next(), None);
    });
}

#[test]
fn a_body_that_panics_while_its_generator_is_dropped_by_a_panic_is_dropped_once() {
    alone(|| {
        let events = Events::new();
        let argument = events.note_on_drop("argument");
        assert_panics("outer panics", || {
            let (mut generator, _) = raw(|yielder: Yielder<u32, ()>| async move {
                let _argument = argument;
                point(yielder, 1).await;
                point(yielder, 2).await;
            })
            .boxed()
            .start();
            assert_eq!(generator.next(), Some(2));
            panic!("outer panics");
        });
        assert_eq!(events.take(), ["argument"]);
    });
}

// Generators among generators.

#[test]
fn a_running_generator_closes_and_drops_others() {
    type Other = Started<BoxedGenerator<'static, u32>>;

    #[co::generator(yield = u32)]
    fn suspended(_argument: OnDrop) {
        yield_!(1);
    }

    #[co::generator(yield = usize)]
    fn reaper(others: Rc<RefCell<Vec<Other>>>) {
        let mut closing = others.borrow_mut().pop();
        if let Some(other) = &mut closing {
            other.close();
        }
        yield_!(others.borrow().len());
        let dropped = others.take();
        yield_!(dropped.len());
        drop((closing, dropped));
        yield_!(0);
    }

    alone(|| {
        let events = Events::new();
        let others =
            ["a", "b", "c"].map(|name| suspended(events.note_on_drop(name)).boxed().start().0);
        let mut reaper = pin!(reaper(Rc::new(RefCell::new(others.into()))));
        assert_eq!(reaper.next(), Some(2));
        assert_eq!(events.take(), ["c"]);
        assert_eq!(reaper.next(), Some(2));
        assert!(events.take().is_empty());
        assert_eq!(reaper.next(), Some(0));
        assert_eq!(events.take(), ["a", "b"]);
    });
}

#[test]
fn a_destructor_closes_the_next_generator_in_a_long_chain() {
    alone(|| {
        let events = Events::new();
        let mut last = OnDrop::new(events.noting("last"));
        for _ in 0..100 {
            let (mut inner, _) = raw(|yielder: Yielder<u32, ()>| async move {
                let _last = last;
                point(yielder, 1).await;
            })
            .boxed::<'static>()
            .start();
            last = OnDrop::new(move || inner.close());
        }
        drop(last);
        assert_eq!(events.take(), ["last"]);
    });
}

#[test]
fn a_generator_owns_others_and_resumes_them_in_the_operands_of_its_yields() {
    #[co::generator(yield = (u32, &'static str), resume = u32)]
    fn zipped() -> u32 {
        let numbers = pin!(raw(|yielder: Yielder<u32, u32>| async move {
            let mut n = 0;
            loop {
                n = point(yielder, n * 2).await;
            }
        }));
        let (mut numbers, _): (_, GeneratorState<u32, ()>) = numbers.start();
        let mut words = co::block::generator! { yield "one"; yield "two"; }.boxed();
        let mut got = 1;
        for word in words.by_ref() {
            let doubled = |state: GeneratorState<_, _>| state.yielded().expect("it never ends");
            got = yield_!((numbers.send(got).map(doubled).expect("it never ends"), word));
        }
        got
    }

    alone(|| {
        let (mut zipped, first) = zipped().boxed().start();
        assert_eq!(first, Yielded((2, "one")));
        assert_eq!(zipped.send(21), Ok(Yielded((42, "two"))));
        assert_eq!(zipped.send(7), Ok(Returned(7)));
    });
}

#[test]
fn a_value_whose_destructor_resumes_the_generator_that_drops_it_is_refused() {
    type Own = Rc<RefCell<Option<Started<BoxedGenerator<'static, u32, OnDrop>>>>>;

    alone(|| {
        let (own, events) = (Own::default(), Events::new());
        let generator = raw(|yielder: Yielder<u32, OnDrop>| {
            // Leaves its arguments to be dropped by the runtime.
            poll_fn(move |cx| point(yielder, 1).poll_unpin_once(cx).map(drop))
        });
        *own.borrow_mut() = Some(generator.boxed().start().0);
        let (reenter, noting) = (Rc::clone(&own), events.clone());
        let argument = OnDrop::new(move || {
            noting.note(format!("refused: {}", reenter.try_borrow_mut().is_err()));
        });
        let sent = own
            .borrow_mut()
            .as_mut()
            .expect("it was put there")
            .send(argument);
        assert_eq!(sent.ok(), Some(Yielded(1)));
        assert_eq!(events.take(), ["refused: true"]);
        drop(own.take());
    });
}

#[test]
fn a_body_that_takes_itself_out_of_its_place_finds_nothing() {
    type Own = Rc<Cell<Option<Started<BoxedGenerator<'static, bool>>>>>;

    alone(|| {
        let own = Own::default();
        let place = Rc::clone(&own);
        let (started, _) = raw(|yielder: Yielder<bool, ()>| async move {
            loop {
                let taken = place.take();
                point(yielder, taken.is_some()).await;
                place.set(taken);
            }
        })
        .boxed()
        .start();
        own.set(Some(started));
        for _ in 0..3 {
            let mut running = own.take().expect("the body has put nothing else there");
            assert_eq!(running.next(), Some(false));
            own.set(Some(running));
        }
        drop(own.take());
        assert_eq!(Rc::strong_count(&own), 1);
    });
}

#[test]
fn fresh_generators_that_are_swapped_keep_their_own_yield_points() {
    fn tagged(tag: u32) -> Generator<u32, u32, impl StdFuture<Output = u32>> {
        raw(move |yielder: Yielder<u32, u32>| async move { tag + point(yielder, tag).await })
    }

    alone(|| {
        let (mut one, mut two) = (tagged(1), tagged(2));
        mem::swap(&mut one, &mut two);
        let (mut one, first) = one.boxed().start();
        let (mut two, second) = two.boxed().start();
        assert_eq!((first, second), (Yielded(2), Yielded(1)));
        assert_eq!(two.send(10), Ok(Returned(11)));
        assert_eq!(one.send(10), Ok(Returned(12)));
    });
}

// Types of all kinds.

/// Gives out what it is sent, once.
#[co::generator(yield = Option<T>, resume = T)]
fn echo<T>() -> T {
    let got = yield_!(None);
    yield_!(Some(got))
}

#[track_caller]
fn assert_echoes<T: PartialEq + std::fmt::Debug>(make: impl Fn() -> T) {
    let on_stack = pin!(echo::<T>());
    let (mut on_stack, first) = on_stack.start();
    let (mut on_heap, _) = echo::<T>().boxed().start();
    assert_eq!(first, Yielded(None));
    assert_eq!(on_stack.send(make()), Ok(Yielded(Some(make()))));
    assert_eq!(on_heap.send(make()), Ok(Yielded(Some(make()))));
    assert_eq!(on_heap.send(make()), Ok(Returned(make())));
    assert_eq!(on_stack.send(make()), Ok(Returned(make())));
    assert_eq!(on_stack.send(make()), Err(SendError(make())));
}

#[test]
fn types_of_every_size_and_alignment_are_handed_over() {
    #[derive(Debug, PartialEq)]
    struct Nothing;

    #[derive(Debug, PartialEq)]
    #[repr(align(256))]
    struct Aligned(u8);

    alone(|| {
        assert_echoes(|| ());
        assert_echoes(|| Nothing);
        assert_echoes(|| [0_u64; 0]);
        assert_echoes(|| Aligned(3));
        assert_echoes(|| true);
        assert_echoes(|| "text".to_owned());
        assert_echoes(|| Box::new([7_u8; 100]));
        assert_echoes(|| [9_u64; 128]);
        assert_echoes(|| (u128::MAX, 'x', [1_u8; 3]));
    });
}

#[test]
fn large_values_are_handed_over_by_a_generator_on_the_heap() {
    #[co::generator(yield = [u8; 100_000], resume = [u8; 100_000])]
    fn large() {
        let mut bytes = [1; 100_000];
        loop {
            bytes = yield_!(bytes);
            bytes[99_999] += 1;
        }
    }

    watchdog_with_stack(64 << 20, LIMIT, || {
        let (mut generator, first) = large().boxed().start();
        let mut bytes = first.yielded().expect("it never ends");
        for _ in 0..3 {
            bytes[0] = 7;
            let sent = generator.send(bytes).expect("it never ends");
            bytes = sent.yielded().expect("it never ends");
        }
        assert_eq!((bytes[0], bytes[1], bytes[99_999]), (7, 1, 4));
    });
}

#[test]
fn sizeless_values_with_destructors_are_dropped_once_each() {
    thread_local!(static DROPPED: Cell<u32> = const { Cell::new(0) });

    struct Sizeless;

    impl Drop for Sizeless {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }

    #[co::generator(yield = Sizeless, resume = Sizeless)]
    fn sizeless() -> Sizeless {
        drop(yield_!(Sizeless));
        yield_!(Sizeless)
    }

    alone(|| {
        let (mut generator, first) = sizeless().boxed().start();
        assert_eq!(DROPPED.get(), 0);
        drop(first);
        assert_eq!(DROPPED.get(), 1);
        drop(generator.send(Sizeless));
        assert_eq!(DROPPED.get(), 3);
        drop(generator.send(Sizeless));
        assert_eq!(DROPPED.get(), 4);
        drop(generator.send(Sizeless));
        assert_eq!(DROPPED.get(), 5);
    });
}

#[test]
fn uninhabited_types_are_never_made() {
    #[co::generator(yield = Infallible)]
    fn yields_nothing(none: Option<Infallible>) -> u32 {
        if let Some(value) = none {
            yield_!(value);
        }
        1
    }

    #[co::generator(yield = u32, resume = Infallible)]
    fn cannot_be_resumed() -> Infallible {
        yield_!(1)
    }

    alone(|| {
        assert_eq!(yields_nothing(None).boxed().start().1, Returned(1));
        assert_eq!(yields_nothing(None).boxed().next(), None);
        let (mut stuck, first) = cannot_be_resumed().boxed().start();
        assert_eq!(first, Yielded(1));
        stuck.close();
        let nobody = raw(|yielder: Yielder<u32, Infallible>| async move {
            join(point(yielder, 1), pending::<()>()).await;
        });
        assert_eq!(pin!(nobody).start().1, Yielded(1));
    });
}

#[test]
fn borrowed_arguments_outlive_the_generator_or_are_forgotten_with_it() {
    #[co::generator(yield = usize)]
    fn pushes(log: &RefCell<Vec<usize>>, step: &usize) {
        struct Notes<'a>(&'a RefCell<Vec<usize>>);

        impl Drop for Notes<'_> {
            fn drop(&mut self) {
                self.0.borrow_mut().push(100);
            }
        }

        let _notes = Notes(log);
        loop {
            log.borrow_mut().push(*step);
            yield_!(log.borrow().len());
        }
    }

    alone(|| {
        let log = RefCell::new(Vec::new());
        {
            let step = 3;
            let mut on_heap = pushes(&log, &step).boxed();
            assert_eq!((on_heap.next(), on_heap.next()), (Some(1), Some(2)));
            let on_stack = pin!(pushes(&log, &step));
            assert_eq!(on_stack.start().1, Yielded(3));
        }
        assert_eq!(log.take(), [3, 3, 3, 100, 100]);
        mem::forget(pushes(&log, &1).boxed().start());
        assert_eq!(log.into_inner(), [1]);
    });
}

// Auto traits.

/// Tells which auto traits a type has: an inherent method comes before a trait's, where its bound holds.
struct Probe<T>(PhantomData<T>);

fn probe<T>(_: &T) -> Probe<T> {
    Probe(PhantomData)
}

macro_rules! probes {
    ($($method:ident $bound:ident $fallback:ident,)*) => { $(
        impl<T: $bound> Probe<T> {
            fn $method(&self) -> bool {
                true
            }
        }

        trait $fallback {
            fn $method(&self) -> bool {
                false
            }
        }

        impl<T> $fallback for Probe<T> {}
    )* };
}

probes! {
    is_send Send NotSend,
    is_sync Sync NotSync,
    is_unpin Unpin NotUnpin,
}

macro_rules! auto_traits {
    ($value:expr) => {{
        let probe = probe(&$value);
        (probe.is_send(), probe.is_sync(), probe.is_unpin())
    }};
}

#[test]
fn generators_stay_on_their_thread_and_in_their_place() {
    #[co::generator(yield = u32)]
    fn plain() {
        yield_!(1);
    }

    #[co::generator(yield = u32)]
    async fn waits() {
        yield_!(1);
    }

    alone(|| {
        assert_eq!(auto_traits!(plain()), (false, false, false));
        assert_eq!(auto_traits!(waits()), (false, false, false));
        assert_eq!(auto_traits!(plain().boxed()), (false, false, true));
        assert_eq!(
            auto_traits!(plain().boxed().start().0),
            (false, false, true)
        );
        let place = pin!(plain());
        assert_eq!(auto_traits!(place.start().0), (false, false, true));
        // The parts of an expansion: with them a yield point would leave its thread.
        let _ = raw(|yielder: Yielder<u32, ()>| {
            assert_eq!(auto_traits!(yielder), (false, false, true));
            let yields = yielder.at::<0>(Item { value: 1 });
            assert_eq!(auto_traits!(yields), (false, false, true));
            yields
        });
    });
}

#[test]
fn what_comes_out_of_a_generator_may_leave_the_thread() {
    fn shared<T: Send + Sync>(_: PhantomData<T>) {}

    shared(PhantomData::<GeneratorState<u32, String>>);
    shared(PhantomData::<SendError<String>>);
    shared(PhantomData::<Suspension>);
    let here = PhantomData::<GeneratorState<Rc<u32>, ()>>;
    assert!(!probe(&here).is_send());
    assert!(!auto_traits!(PhantomPinned).2, "the probes can tell");
}
