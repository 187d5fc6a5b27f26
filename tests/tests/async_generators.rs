//! Async generators: streams that wait through the loop.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use co::net::{TcpListener, TcpStream};
use co::{AsyncGenerator, Future, IoLoop, LoopError, Promise, State, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, OnDrop, loop_with, turns, watchdog, with_loop};
use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::{
    self, FusedStream, FuturesUnordered, LocalBoxStream, Stream, StreamExt, TryStreamExt,
    select_all,
};

const SECOND: Duration = Duration::from_secs(1);

#[co::generator(yield = u32)]
async fn ticks(count: u32, every: Duration) {
    for tick in 1..=count {
        co::sleep(every).await;
        yield_!(tick);
    }
}

/// Gives out what its promises give.
#[co::generator(yield = T)]
async fn results<T: 'static>(futures: Vec<Future<T>>) {
    for future in futures {
        yield_!(future.await);
    }
}
const LINE_IN_RESULTS: u32 = line!() - 3;

/// Notes when it ends, and how far it has come.
#[co::generator(yield = u32)]
async fn noting(events: Events, future: Future<u32>) {
    let _local = events.note_on_drop("local");
    yield_!(1);
    events.note("waits");
    let got = future.await;
    events.note(format!("got {got}"));
    yield_!(got);
}

fn poll_once<S: Stream>(stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(Waker::noop()))
}

fn run<T: 'static>(io_loop: &IoLoop, body: impl StdFuture<Output = T> + 'static) -> T {
    let body = co::block::coroutine! { yield body };
    io_loop.run_sync(|| body).expect("it ends")
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

// A stream.

#[test]
fn constructing_runs_none_of_the_body() {
    with_loop(|_| {
        let events = Events::new();
        let (_promise, future) = promise();
        let generator = noting(events.clone(), future);
        assert_eq!(generator.suspension().state(), State::Unresumed);
        drop(generator);
        assert!(events.take().is_empty());
    });
}

#[test]
fn it_is_a_stream_of_what_it_yields() {
    with_loop(|io_loop| {
        let all = run(&io_loop, async {
            let generator = co::block::generator! { async {
                yield 1;
                yield 2;
            } };
            generator.chain(stream::iter([3])).collect::<Vec<_>>().await
        });
        assert_eq!(all, [1, 2, 3]);
    });
}

#[test]
fn what_is_ready_needs_no_turn_of_the_loop() {
    with_loop(|_| {
        let (promise, future) = promise();
        promise.set_result(7);
        let mut generator = pin!(results(vec![future]));
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(Some(7)));
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(None));
    });
}

#[test]
fn an_ended_generator_stays_ended() {
    with_loop(|_| {
        let mut generator = pin!(results::<u32>(Vec::new()));
        assert!(!generator.is_terminated());
        for _ in 0..3 {
            assert_eq!(poll_once(generator.as_mut()), Poll::Ready(None));
            assert!(generator.is_terminated());
        }
        assert_eq!(generator.suspension().state(), State::Returned);
    });
}

#[test]
fn polling_one_that_waits_again_changes_nothing() {
    with_loop(|_| {
        let (promise, future) = promise();
        let mut generator = pin!(results(vec![future]));
        for _ in 0..3 {
            assert_eq!(poll_once(generator.as_mut()), Poll::Pending);
            assert!(!generator.is_terminated());
        }
        promise.set_result(5);
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(Some(5)));
    });
}

#[test]
fn the_operand_of_a_yield_may_wait() {
    #[co::generator(yield = u32)]
    async fn waits_and_yields(one: Future<u32>, two: Future<u32>) {
        yield_!(one.await + two.await);
    }

    with_loop(|_| {
        let ((one, a), (two, b)) = (promise(), promise());
        let mut generator = pin!(waits_and_yields(a, b));
        assert_eq!(poll_once(generator.as_mut()), Poll::Pending);
        assert_eq!(generator.suspension().operand(), Some("one"));
        one.set_result(1);
        assert_eq!(poll_once(generator.as_mut()), Poll::Pending);
        assert_eq!(generator.suspension().operand(), Some("two"));
        two.set_result(2);
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(Some(3)));
        assert_eq!(
            generator.suspension().operand(),
            Some("one.await + two.await")
        );
    });
}

#[test]
fn suspension_and_debug_show_yields_and_waits() {
    with_loop(|_| {
        let ((promise, a), (_other, b)) = (promise(), promise::<u32>());
        let mut generator = pin!(results(vec![a, b]));
        let shown = |generator: &AsyncGenerator<_, _>, operand| {
            let at = generator.suspension();
            assert_eq!((at.name(), at.line()), ("results", LINE_IN_RESULTS));
            assert_eq!(at.operand(), Some(operand));
            let State::Suspended(site) = at.state() else {
                panic!("{at}");
            };
            let place = format!("{}:{}:{}", at.file(), at.line(), at.column());
            let text = format!("{generator:?}");
            for part in [
                "AsyncGenerator { ",
                &place,
                &format!("Suspended({site})"),
                operand,
            ] {
                assert!(text.contains(part), "`{part}` is missing in `{text}`");
            }
        };
        assert!(poll_once(generator.as_mut()).is_pending());
        shown(&generator, "future");
        promise.set_result(1);
        assert!(poll_once(generator.as_mut()).is_ready());
        shown(&generator, "future.await");
        assert!(poll_once(generator.as_mut()).is_pending());
        shown(&generator, "future");
    });
}

// Waits.

#[test]
fn a_coroutine_consumes_one_that_sleeps() {
    #[co::coroutine]
    fn total(events: Events) -> u32 {
        let mut ticks = pin!(ticks(3, SECOND));
        let mut total = 0;
        while let Some(tick) = yield_!(ticks.next()) {
            events.note(format!("tick {tick}"));
            total += tick;
        }
        total
    }

    watchdog(LIMIT, || {
        let (io_loop, events) = (loop_with(VirtualClock::new()), Events::new());
        let inner = events.clone();
        let total = io_loop.run_sync(move || {
            for (name, at) in [
                ("half", 500),
                ("one and a half", 1500),
                ("three and a half", 3500),
            ] {
                let noting = inner.noting(name);
                IoLoop::current().call_later(Duration::from_millis(at), noting);
            }
            total(inner)
        });
        assert_eq!(total.ok(), Some(6));
        assert_eq!(
            events.take(),
            ["half", "tick 1", "one and a half", "tick 2", "tick 3"]
        );
    });
}

#[co::test(virtual_clock)]
fn two_that_sleep_interleave_by_their_clock() {
    let slow = ticks(2, 5 * SECOND).map(|tick| ("slow", tick));
    let fast = ticks(4, 2 * SECOND).map(|tick| ("fast", tick));
    let (slow, fast) = (pin!(slow), pin!(fast));
    let all: Vec<_> = yield_!(stream::select(slow, fast).collect());
    let expected = [
        ("fast", 1),
        ("fast", 2),
        ("slow", 1),
        ("fast", 3),
        ("fast", 4),
        ("slow", 2),
    ];
    assert_eq!(all, expected);
}

#[co::test(virtual_clock)]
fn a_generator_consumes_another() {
    #[co::generator(yield = u32)]
    async fn doubled(inner: impl Stream<Item = u32>) {
        let mut inner = pin!(inner);
        while let Some(n) = inner.next().await {
            yield_!(n);
            co::sleep(SECOND).await;
            yield_!(n);
        }
    }

    let all: Vec<u32> = yield_!(doubled(doubled(ticks(2, SECOND))).collect());
    assert_eq!(all, [1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn a_promise_wakes_a_coroutine_through_two_generators() {
    #[co::generator(yield = u32)]
    async fn outer(inner: Vec<Future<u32>>) {
        let mut inner = pin!(results(inner));
        while let Some(n) = inner.next().await {
            yield_!(n);
        }
    }

    with_loop(|io_loop| {
        let (made, futures): (Vec<Promise<u32>>, Vec<_>) = (0..3).map(|_| promise()).unzip();
        let events = Events::new();
        let noting = events.clone();
        let consumer = co::block::coroutine! {
            let mut outer = pin!(outer(futures));
            while let Some(n) = yield outer.next() {
                noting.note(n);
            }
        };
        for (n, promise) in (1..).zip(made) {
            turns(&io_loop, 2);
            assert!(events.take().is_empty());
            promise.set_result(n);
            turns(&io_loop, 2);
            assert_eq!(events.take(), [n.to_string()]);
        }
        assert!(consumer.done());
    });
}

#[co::test(virtual_clock)]
fn one_that_reads_a_socket_gives_out_what_comes() -> io::Result<()> {
    #[co::generator(yield = Vec<u8>)]
    async fn chunks(stream: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 4];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                count => yield_!(buffer[..count].to_vec()),
            }
        }
    }

    #[co::coroutine]
    fn write(stream: TcpStream) -> io::Result<()> {
        for part in [b"abcdef".as_slice(), b"gh"] {
            yield_!(stream.write(part))?;
            yield_!(co::sleep(SECOND));
        }
        Ok(())
    }

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = yield_!(TcpStream::connect(listener.local_addr()?))?;
    let (server, _) = yield_!(listener.accept())?;
    let writing = write(client);
    let bytes: Vec<u8> = yield_!(chunks(server).try_concat())?;
    assert_eq!(bytes, b"abcdefgh");
    yield_!(writing)
}

#[co::test(virtual_clock)]
fn one_that_accepts_is_a_stream_of_connections() -> io::Result<()> {
    #[co::generator(yield = TcpStream)]
    async fn connections(listener: TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            yield_!(stream);
        }
    }

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let clients: Vec<_> = (0..3)
        .map(|_| std::net::TcpStream::connect(address))
        .collect();
    let accepted: Vec<TcpStream> = yield_!(connections(listener).take(3).try_collect())?;
    for (client, server) in clients.into_iter().zip(accepted) {
        assert_eq!(client?.local_addr()?, server.peer_addr()?);
    }
    Ok(())
}

// Endings.

#[co::generator(yield = u32)]
async fn fails_after(count: u32) -> Result<(), String> {
    for n in 0..count {
        co::moment().await;
        yield_!(n);
    }
    Err("it fails".to_owned())?;
    yield_!(100);
    Ok(())
}

#[test]
fn an_error_comes_last() {
    with_loop(|io_loop| {
        let all = run(&io_loop, fails_after(2).collect::<Vec<_>>());
        assert_eq!(all, [Ok(0), Ok(1), Err("it fails".to_owned())]);
        let sum = run(
            &io_loop,
            fails_after(2).try_fold(0, |sum, n| async move { Ok(sum + n) }),
        );
        assert_eq!(sum, Err("it fails".to_owned()));
    });
}

#[test]
fn after_its_error_it_has_ended() {
    with_loop(|_| {
        let mut generator = pin!(fails_after(0));
        assert_eq!(
            poll_once(generator.as_mut()),
            Poll::Ready(Some(Err("it fails".to_owned())))
        );
        assert!(generator.is_terminated());
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(None));
    });
}

#[test]
fn a_result_that_is_fine_is_no_item() {
    #[co::generator(yield = u32)]
    async fn fine() -> Result<(), Infallible> {
        yield_!(1);
        Ok(())
    }

    with_loop(|io_loop| assert_eq!(run(&io_loop, fine().collect::<Vec<_>>()), [Ok(1)]));
}

#[test]
fn a_panic_ends_it_and_drops_its_locals() {
    #[co::generator(yield = u32)]
    async fn breaks(_argument: OnDrop, future: Future<()>) {
        yield_!(1);
        future.await;
        panic!("it breaks");
    }

    with_loop(|_| {
        let ((promise, future), events) = (promise(), Events::new());
        let mut generator = pin!(breaks(events.note_on_drop("argument"), future));
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(Some(1)));
        assert!(poll_once(generator.as_mut()).is_pending());
        promise.set_result(());
        let poll = AssertUnwindSafe(|| poll_once(generator.as_mut()).is_ready());
        assert!(catch_unwind(poll).is_err());
        assert_eq!(events.take(), ["argument"]);
        assert!(generator.is_terminated());
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(None));
    });
}

// Close and drop.

#[test]
fn close_while_it_waits_drops_its_locals_and_what_it_waits_for() {
    with_loop(|_| {
        let ((promise, future), events) = (promise(), Events::new());
        let mut generator = pin!(noting(events.clone(), future));
        assert!(poll_once(generator.as_mut()).is_ready());
        assert!(poll_once(generator.as_mut()).is_pending());
        assert_eq!(events.take(), ["waits"]);
        generator.as_mut().close();
        assert_eq!(events.take(), ["local"]);
        promise.set_result(1);
        generator.as_mut().close();
        assert!(generator.is_terminated());
        assert_eq!(poll_once(generator.as_mut()), Poll::Ready(None));
        assert_eq!(generator.suspension().state(), State::Closed);
        assert!(events.take().is_empty());
    });
}

#[test]
fn drop_while_it_is_suspended_or_waits_drops_its_locals_once() {
    with_loop(|_| {
        for polls in 1..=2 {
            let ((_promise, future), events) = (promise(), Events::new());
            let mut generator = Box::pin(noting(events.clone(), future));
            for _ in 0..polls {
                let _ = poll_once(generator.as_mut());
            }
            let _ = events.take();
            drop(generator);
            assert_eq!(events.take(), ["local"]);
        }
    });
}

#[test]
fn a_cancelled_coroutine_drops_the_generator_it_consumes() {
    with_loop(|io_loop| {
        let ((promise, future), events) = (promise(), Events::new());
        let generator = noting(events.clone(), future);
        let consumer = co::block::coroutine! {
            let mut generator = pin!(generator);
            while (yield generator.next()).is_some() {}
        };
        assert_eq!(events.take(), ["waits"]);
        consumer.cancel();
        assert_eq!(events.take(), ["local"]);
        promise.set_result(1);
        io_loop.start().expect("nothing is suspended");
        assert!(events.take().is_empty());
    });
}

#[test]
fn closing_the_loop_drops_a_generator_that_sleeps() {
    watchdog(LIMIT, || {
        let (io_loop, events) = (loop_with(VirtualClock::new()), Events::new());
        let local = events.note_on_drop("argument");
        let result = io_loop.run_sync(move || {
            let consumer = co::block::coroutine! {
                let generator = co::block::generator! { async move {
                    let _local = local;
                    co::sleep(SECOND).await;
                    yield 1;
                } };
                let _ = yield pin!(generator).next();
            };
            drop(consumer);
            co::moment()
        });
        assert!(result.is_ok());
        assert!(events.take().is_empty());
        io_loop.close();
        assert_eq!(events.take(), ["argument"]);
    });
}

// A loop that can never wake.

fn assert_deadlock(result: Result<(), LoopError>, coroutines: usize) -> LoopError {
    let error = result.expect_err("it can never wake");
    assert!(error.is_deadlock(), "{error}");
    assert_eq!(error.suspended().len(), coroutines, "{error}");
    error
}

#[co::coroutine]
fn consumes(stream: LocalBoxStream<'static, ()>) {
    let mut stream = stream;
    while yield_!(stream.next()).is_some() {}
}
const LINE_IN_CONSUMES: u32 = line!() - 2;

#[test]
fn waiting_for_a_generator_that_waits_for_a_promise_nobody_keeps_is_a_deadlock() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let _waiting = consumes(results(vec![future]).boxed_local());
        std::mem::forget(promise);
        let error = assert_deadlock(io_loop.start(), 1);
        let at = &error.suspended()[0];
        assert_eq!((at.name(), at.line()), ("consumes", LINE_IN_CONSUMES));
        assert_eq!(at.operand(), Some("stream.next()"));
    });
}

#[test]
fn the_deadlock_is_seen_through_generators_in_generators_and_after_many_polls() {
    #[co::generator(yield = ())]
    async fn through(inner: LocalBoxStream<'static, ()>) {
        let mut inner = inner;
        while let Some(()) = inner.next().await {
            yield_!(());
        }
    }

    with_loop(|io_loop| {
        let ((one, a), (other, b)) = (promise(), promise());
        let inner = (0..5).fold(results(vec![a, b]).boxed_local(), |inner, _| {
            through(inner).boxed_local()
        });
        let waiting = consumes(inner);
        assert_deadlock(io_loop.start(), 1);
        one.set_result(());
        assert_deadlock(io_loop.start(), 1);
        other.set_result(());
        io_loop.start().expect("nothing is suspended");
        assert!(waiting.done());
    });
}

#[test]
fn run_sync_reports_the_deadlock_at_once() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let stream = results(vec![future]).boxed_local();
        let result = io_loop.run_sync_timeout(1000 * SECOND, move || consumes(stream));
        assert_deadlock(result, 1);
    });
}

#[test]
fn a_generator_that_is_dropped_while_it_waits_leaves_nothing_that_could_wake() {
    with_loop(|io_loop| {
        let ((one, a), (other, b)) = (promise::<()>(), promise::<()>());
        let _waiting = co::block::coroutine! {
            {
                let generator = pin!(results(vec![a]));
                let mut next = pin!(generator.into_future());
                assert!(poll_fn(|cx| Poll::Ready(next.as_mut().poll_is_pending(cx))).await);
            }
            yield b
        };
        assert_deadlock(io_loop.start(), 1);
        drop((one, other));
    });
}

trait PollIsPending {
    fn poll_is_pending(self, cx: &mut Context<'_>) -> bool;
}

impl<F: StdFuture> PollIsPending for Pin<&mut F> {
    fn poll_is_pending(self, cx: &mut Context<'_>) -> bool {
        self.poll(cx).is_pending()
    }
}

// Wakers.

/// Ready once it is woken from elsewhere, which it asks `with_waker` for.
fn once_woken(with_waker: impl FnOnce(Waker)) -> impl StdFuture<Output = ()> {
    let mut with_waker = Some(with_waker);
    poll_fn(move |cx| match with_waker.take() {
        Some(with_waker) => {
            with_waker(cx.waker().clone());
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
}

#[test]
fn a_waker_of_the_body_wakes_from_another_thread() {
    #[co::generator(yield = u32)]
    async fn woken_by_threads(count: u32) {
        for n in 0..count {
            let (give, take) = channel::<Waker>();
            let thread = thread::spawn(move || take.recv().expect("a waker").wake());
            once_woken(move |waker| give.send(waker).expect("the thread waits")).await;
            thread.join().expect("it has not panicked");
            yield_!(n);
        }
    }

    with_loop(|io_loop| {
        let all = run(&io_loop, woken_by_threads(20).collect::<Vec<_>>());
        assert_eq!(all, Vec::from_iter(0..20));
    });
}

#[test]
fn a_waker_of_the_body_that_is_kept_can_wake_the_loop() {
    with_loop(|io_loop| {
        let (give, take) = channel();
        let generator = co::block::generator! { async move {
            once_woken(move |waker| give.send(waker).expect("it is kept")).await;
            yield 1;
        } };
        let mut waiting = co::block::coroutine! { yield pin!(generator).next() };
        let waker = take.recv().expect("it was polled");
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            waker.wake();
        });
        io_loop
            .start()
            .expect("no deadlock, since there is a waker");
        assert_eq!(waiting.result().ok(), Some(Some(1)));
        thread.join().expect("it has not panicked");
    });
}

#[test]
fn a_waker_that_is_left_after_the_generator_and_its_coroutine_is_harmless() {
    with_loop(|io_loop| {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keep = Rc::clone(&kept);
        let generator = co::block::generator! { async move {
            loop {
                let keep = Rc::clone(&keep);
                once_woken(move |waker| {
                    waker.wake_by_ref();
                    keep.borrow_mut().push(waker);
                })
                .await;
                yield 1;
            }
        } };
        let mut waiting = co::block::coroutine! {
            yield generator.take(3).collect::<Vec<_>>()
        };
        io_loop.start().expect("nothing is suspended");
        assert_eq!(waiting.result().ok(), Some(vec![1, 1, 1]));
        let mut wakers = kept.take();
        assert_eq!(wakers.len(), 3);
        let first = wakers.remove(0);
        thread::spawn(move || wakers.into_iter().for_each(Waker::wake))
            .join()
            .expect("no panic");
        first.wake();
        io_loop.start().expect("nothing is suspended");
    });
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let mut generator = pin!(results(vec![future]));
        let counts = [(); 2].map(|()| Arc::new(Count::default()));
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            assert!(
                generator
                    .as_mut()
                    .poll_next(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        assert_eq!(Arc::strong_count(&counts[0]), 1, "nobody keeps the former");
        promise.set_result(3);
        turns(&io_loop, 2);
        assert_eq!(counts.map(|count| count.0.load(Ordering::SeqCst)), [0, 1]);
        assert_eq!(poll_once(generator), Poll::Ready(Some(3)));
    });
}

#[test]
fn a_waiting_generator_moves_from_one_coroutine_to_another() {
    #[co::coroutine]
    fn first_of(generator: LocalBoxStream<'static, u32>) -> Option<u32> {
        let mut generator = generator;
        yield_!(generator.next())
    }

    with_loop(|io_loop| {
        let (promise, future) = promise();
        let shared = Rc::new(RefCell::new(results(vec![future]).boxed_local()));
        let other = Rc::clone(&shared);
        let one = first_of(poll_stream(shared).boxed_local());
        one.cancel();
        let mut two = first_of(poll_stream(other).boxed_local());
        promise.set_result(9);
        io_loop.start().expect("nothing is suspended");
        assert_eq!(two.result().ok(), Some(Some(9)));
    });
}

fn poll_stream<S: Stream + Unpin>(shared: Rc<RefCell<S>>) -> impl Stream<Item = S::Item> {
    stream::poll_fn(move |cx| shared.borrow_mut().poll_next_unpin(cx))
}

// Combinators.

#[co::test(virtual_clock)]
fn many_are_merged_by_select_all() {
    let streams = (1..=3).map(|n| {
        ticks(n, SECOND * n)
            .map(move |tick| (n, tick))
            .boxed_local()
    });
    let all: Vec<_> = yield_!(select_all(streams).collect());
    assert_eq!(all.len(), 6);
    for n in 1..=3 {
        let of_one: Vec<u32> = all
            .iter()
            .filter(|(of, _)| *of == n)
            .map(|(_, tick)| *tick)
            .collect();
        assert_eq!(of_one, Vec::from_iter(1..=n));
    }
    assert_eq!((all[0], all[5]), ((1, 1), (3, 3)));
}

#[co::test(virtual_clock)]
fn futures_unordered_over_streams_takes_the_first() {
    let mut racing: FuturesUnordered<_> = [3, 1, 2]
        .into_iter()
        .map(|n| {
            Box::pin(ticks(1, SECOND * n))
                .into_future()
                .map(move |(tick, _)| (n, tick))
        })
        .collect();
    let mut order = Vec::new();
    while let Some(won) = yield_!(racing.next()) {
        order.push(won);
    }
    assert_eq!(order, [1, 2, 3].map(|n| (n, Some(1))));
}

#[co::test(virtual_clock)]
fn a_next_that_loses_a_race_loses_no_item() {
    let mut ticks = pin!(ticks(3, 3 * SECOND));
    let mut log = Vec::new();
    loop {
        let timeout = co::sleep(2 * SECOND);
        match yield_!(select(ticks.next(), timeout)) {
            Either::Left((Some(tick), _)) => log.push(tick.to_string()),
            Either::Left((None, _)) => break,
            Either::Right(_) => log.push("timeout".to_owned()),
        }
    }
    assert_eq!(log, ["timeout", "1", "timeout", "2", "timeout", "3"]);
}

#[co::test(virtual_clock)]
fn inside_of_one_a_race_of_waits_is_fine() {
    #[co::generator(yield = &'static str)]
    async fn racing() {
        for n in 1..=3 {
            let (two, other) = (co::sleep(2 * SECOND), co::sleep(n * SECOND + SECOND / 2));
            match select(two, other).await {
                Either::Left(_) => yield_!("two"),
                Either::Right(_) => yield_!("other"),
            }
        }
    }

    let all: Vec<_> = yield_!(racing().collect());
    assert_eq!(all, ["other", "two", "two"]);
}

#[co::test(virtual_clock)]
fn inside_of_one_many_waits_run_side_by_side() {
    #[co::generator(yield = u32)]
    async fn as_they_end(seconds: Vec<u32>) {
        let waits = seconds
            .into_iter()
            .map(|n| co::sleep(SECOND * n).map(move |()| n));
        let mut waits = FuturesUnordered::from_iter(waits);
        while let Some(n) = waits.next().await {
            yield_!(n);
        }
    }

    let all: Vec<u32> = yield_!(as_they_end(vec![3, 1, 2]).collect());
    assert_eq!(all, [1, 2, 3]);
}

#[co::test(virtual_clock)]
fn items_that_are_futures_are_run_side_by_side() {
    #[co::generator(yield = co::Sleep)]
    async fn jobs(live: Rc<Cell<u32>>) {
        for _ in 0..6 {
            live.set(live.get() + 1);
            yield_!(co::sleep(SECOND));
        }
    }

    let started = Rc::new(Cell::new(0));
    let mut done = pin!(jobs(Rc::clone(&started)).buffered(2));
    yield_!(done.next());
    assert!(started.get() <= 3, "no more than two run at a time");
    yield_!(done.for_each(|()| std::future::ready(())));
    assert_eq!(started.get(), 6);
}

#[co::test(virtual_clock)]
fn a_borrowing_one_gives_out_borrows() {
    #[co::generator(yield = &'a str)]
    async fn words<'a>(text: &'a str, count: &mut u32) {
        for word in text.split(' ') {
            co::sleep(SECOND).await;
            *count += 1;
            yield_!(word);
        }
    }

    let (text, mut count) = ("one two three".to_owned(), 0);
    let all: Vec<&str> = yield_!(words(&text, &mut count).collect());
    assert_eq!((all, count), (vec!["one", "two", "three"], 3));
}

#[co::test(virtual_clock)]
fn recursion_goes_through_a_boxed_stream() {
    #[co::generator(yield = u32)]
    async fn ruler(n: u32) {
        if n == 0 {
            return;
        }
        let mut inner: LocalBoxStream<'static, u32> = ruler(n - 1).boxed_local();
        while let Some(mark) = inner.next().await {
            yield_!(mark);
        }
        co::sleep(SECOND).await;
        yield_!(n);
    }

    let all: Vec<u32> = yield_!(ruler(4).collect());
    assert_eq!(all, [1, 2, 3, 4]);
}
