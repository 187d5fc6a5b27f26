//! A loop that can never wake says so, and no other does.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use co::net::{TcpListener, TcpStream};
use co::{Future, IoLoop, LoopError, SharedFuture, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, loop_with, watchdog, with_loop};
use futures_util::AsyncReadExt;
use futures_util::future::{FutureExt, select};

/// For tests that hang where they fail.
const SHORT: Duration = Duration::from_secs(3);

#[co::coroutine]
fn waits(future: Future<()>) {
    yield_!(future);
}
const LINE_IN_WAITS: u32 = line!() - 2;

#[co::coroutine]
fn waits_for_shared(future: SharedFuture<()>) {
    yield_!(future);
}

fn assert_deadlock(result: Result<(), LoopError>, coroutines: usize) -> LoopError {
    let error = result.expect_err("it can never wake");
    assert!(error.is_deadlock(), "{error}");
    assert_eq!(error.suspended().len(), coroutines, "{error}");
    error
}

#[test]
fn a_loop_with_nothing_to_do_ends() {
    with_loop(|io_loop| io_loop.start().expect("nothing is suspended"));
}

#[test]
fn a_coroutine_that_waits_for_a_promise_nobody_keeps_is_reported() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let _waiting = waits(future);
        std::mem::forget(promise);
        let error = assert_deadlock(io_loop.start(), 1);
        let [suspension] = error.suspended() else {
            unreachable!("there is one");
        };
        assert_eq!(suspension.name(), "waits");
        assert_eq!(suspension.file(), file!());
        assert_eq!(suspension.line(), LINE_IN_WAITS);
        assert_eq!(suspension.operand(), Some("future"));
    });
}

#[test]
fn the_error_lists_file_line_and_operand_of_each_suspended_coroutine() {
    #[co::coroutine]
    fn first(orders: Future<u8>) -> u8 {
        yield_!(orders)
    }
    const FIRST: u32 = line!() - 2;

    #[co::coroutine]
    fn second(orders: Future<u8>) -> u8 {
        yield_!(co::moment());
        let sum = 1 + yield_!(orders.outcome()).unwrap_or(0);
        sum + 1
    }
    const SECOND: u32 = line!() - 3;

    with_loop(|io_loop| {
        let ((one, a), (other, b)) = (promise(), promise());
        let _waiting = (first(a), second(b));
        let error = assert_deadlock(io_loop.start(), 2);
        drop((one, other));
        let text = error.to_string();
        for part in [
            format!("deadlock::first #0 at {}:{FIRST}:", file!()),
            "yielding `orders`".to_owned(),
            format!("deadlock::second #1 at {}:{SECOND}:", file!()),
            "yielding `orders.outcome()`".to_owned(),
        ] {
            assert!(text.contains(&part), "`{part}` is missing in:\n{text}");
        }
    });
}

#[test]
fn run_sync_reports_a_deadlock() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        assert_deadlock(io_loop.run_sync(|| waits(future)), 1);
    });
}

#[test]
fn run_sync_with_a_timeout_reports_a_deadlock_at_once() {
    with_loop(|io_loop| {
        let start = Instant::now();
        let (_promise, future) = promise();
        let result = io_loop.run_sync_timeout(Duration::from_secs(3), || waits(future));
        assert_deadlock(result, 1);
        assert!(start.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn run_sync_of_a_bare_future_reports_a_deadlock() {
    with_loop(|io_loop| {
        let (_promise, future) = promise::<()>();
        assert_deadlock(io_loop.run_sync(|| future), 0);
    });
}

#[test]
fn a_loop_that_has_reported_a_deadlock_can_be_started_again() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let waiting = waits(future);
        assert_deadlock(io_loop.start(), 1);
        promise.set_result(());
        io_loop.start().expect("nothing is suspended in the end");
        assert!(waiting.done());
    });
}

#[test]
fn a_detached_coroutine_is_reported_as_well() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        drop(waits(future));
        assert_deadlock(io_loop.start(), 1);
    });
}

#[test]
fn coroutines_that_wait_for_each_other_are_reported() {
    with_loop(|io_loop| {
        let ((_one, a), (_other, b)) = (promise::<()>(), promise::<()>());
        let _waiting = (waits(a), waits(b));
        assert_deadlock(io_loop.start(), 2);
    });
}

#[test]
fn a_coroutine_that_waits_for_itself_is_reported() {
    #[co::coroutine]
    fn waits_for_own_result(own: Future<SharedFuture<()>>) {
        let own = yield_!(own);
        yield_!(own);
    }

    with_loop(|io_loop| {
        let (promise, own) = promise();
        let waiting = waits_for_own_result(own).shared();
        promise.set_result(waiting.clone());
        let error = assert_deadlock(io_loop.start(), 1);
        assert_eq!(error.suspended()[0].operand(), Some("own"));
        assert!(waiting.cancel());
        io_loop.start().expect("nothing is suspended");
    });
}

#[test]
fn a_chain_of_coroutines_is_reported_as_a_whole() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let chain = (0..10).fold(waits(future), |inner, _| waits(inner));
        assert_deadlock(io_loop.start(), 11);
        drop(chain);
    });
}

#[test]
fn cancelled_coroutines_are_not_reported() {
    with_loop(|io_loop| {
        let ((_one, a), (_other, b)) = (promise(), promise());
        let (kept, cancelled) = (waits(a), waits(b));
        cancelled.cancel();
        assert_deadlock(io_loop.start(), 1);
        kept.cancel();
        io_loop.start().expect("nothing is suspended");
    });
}

#[test]
fn a_timer_is_waited_for_before_a_deadlock_is_reported() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let events = Events::new();
        let (_promise, future) = promise();
        io_loop.call_later(Duration::from_secs(5), events.noting("fired"));
        assert_deadlock(io_loop.run_sync(|| waits(future)), 1);
        assert_eq!(events.take(), ["fired"]);
    });
}

#[test]
fn a_removed_timer_does_not_count() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let _waiting = waits(future);
        let timeout = io_loop.call_later(Duration::from_secs(1000), || ());
        io_loop.remove_timeout(&timeout);
        drop(co::sleep(Duration::from_secs(1000)));
        assert_deadlock(io_loop.start(), 1);
    });
}

#[test]
fn a_waker_on_another_thread_keeps_the_loop_alive() {
    with_loop(|io_loop| {
        let (to, wakers) = channel::<Waker>();
        let mut to = Some(to);
        let waiting = io_loop.spawn(poll_fn(move |cx| match to.take() {
            Some(to) => {
                to.send(cx.waker().clone()).expect("it listens");
                Poll::Pending
            }
            None => Poll::Ready(()),
        }));
        let thread = thread::spawn(move || {
            let waker = wakers.recv().expect("it is sent");
            thread::sleep(Duration::from_millis(50));
            waker.wake();
        });
        io_loop.start().expect("it is woken");
        assert!(waiting.done());
        thread.join().expect("it does not panic");
    });
}

#[test]
fn dropping_the_last_waker_on_another_thread_wakes_the_loop_to_report_the_deadlock() {
    with_loop(|io_loop| {
        let (to, wakers) = channel::<Waker>();
        let _waiting = io_loop.spawn(poll_fn(move |cx| {
            to.send(cx.waker().clone()).expect("it listens");
            Poll::<()>::Pending
        }));
        let waker = wakers.recv().expect("it was sent");
        let start = Instant::now();
        let thread = thread::spawn(move || {
            let clone = waker.clone();
            thread::sleep(Duration::from_millis(30));
            drop(waker);
            thread::sleep(Duration::from_millis(30));
            drop((clone, wakers));
        });
        assert_deadlock(io_loop.start(), 1);
        assert!(start.elapsed() >= Duration::from_millis(60));
        thread.join().expect("it does not panic");
    });
}

#[test]
fn a_waker_of_a_coroutine_that_has_ended_does_not_count() {
    with_loop(|io_loop| {
        let waker = io_loop.run_sync(|| poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let (_promise, future) = promise();
        let _waiting = waits(future);
        assert_deadlock(io_loop.start(), 1);
        drop(waker);
    });
}

#[test]
fn a_handle_keeps_the_loop_alive_and_its_drop_reports_the_deadlock() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let (_promise, future) = promise();
        let _waiting = waits(future);
        let start = Instant::now();
        let thread = thread::spawn(move || {
            let clone = handle.clone();
            drop(handle);
            thread::sleep(Duration::from_millis(50));
            drop(clone);
        });
        assert_deadlock(io_loop.start(), 1);
        assert!(start.elapsed() >= Duration::from_millis(50));
        thread.join().expect("it does not panic");
    });
}

#[test]
fn a_handle_that_was_dropped_before_does_not_count() {
    with_loop(|io_loop| {
        drop(io_loop.handle());
        io_loop.start().expect("nothing is suspended");
    });
}

#[test]
fn a_callback_sent_right_before_the_handle_goes_is_called() {
    with_loop(|io_loop| {
        for _ in 0..200 {
            let handle = io_loop.handle();
            let (called, calls) = channel();
            let thread = thread::spawn(move || {
                handle.add_callback(move || called.send(()).expect("it listens"));
            });
            io_loop.start().expect("nothing is suspended");
            calls.recv().expect("it was called");
            thread.join().expect("it does not panic");
        }
    });
}

#[test]
fn a_listener_that_nobody_accepts_from_does_not_count() {
    with_loop(|io_loop| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (_promise, future) = promise();
        assert_deadlock(io_loop.run_sync(|| waits(future)), 1);
        drop(listener);
    });
}

#[test]
fn a_coroutine_that_accepts_counts() {
    with_loop(|io_loop| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let accepting = io_loop.spawn(async move { listener.accept().await.map(drop) });
        io_loop.call_later(Duration::from_millis(20), move || {
            assert!(!accepting.done());
            accepting.cancel();
        });
        io_loop.start().expect("nothing is suspended in the end");
    });
}

/// Two ends of a connection.
async fn connection() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address: SocketAddr = listener.local_addr()?;
    let client = TcpStream::connect(address).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

#[test]
fn a_read_that_was_dropped_does_not_count() {
    with_loop(|io_loop| {
        let streams = io_loop
            .run_sync(async || connection().await)
            .expect("it ends")
            .expect("they connect");
        let (_promise, future) = promise::<()>();
        let reading = io_loop.spawn(async move {
            let mut buffer = [0];
            let read = streams.0.read(&mut buffer);
            drop(select(Box::pin(read), co::moment()).await);
            future.await;
            drop(streams);
        });
        assert_deadlock(io_loop.start(), 1);
        drop(reading);
    });
}

#[test]
fn a_read_through_the_trait_that_was_dropped_does_not_count() {
    watchdog(SHORT, || {
        let io_loop = IoLoop::instance();
        let streams = io_loop
            .run_sync(async || connection().await)
            .expect("it ends")
            .expect("they connect");
        let (_promise, future) = promise::<()>();
        let reading = io_loop.spawn(async move {
            let mut buffer = [0];
            let mut reader = &streams.0;
            let read = AsyncReadExt::read(&mut reader, &mut buffer);
            drop(select(read, co::moment()).await);
            future.await;
            drop(streams);
        });
        assert_deadlock(io_loop.start(), 1);
        drop(reading);
    });
}

#[test]
fn a_cancelled_read_does_not_count() {
    watchdog(SHORT, || {
        let io_loop = IoLoop::instance();
        let (client, server) = io_loop
            .run_sync(async || connection().await)
            .expect("it ends")
            .expect("they connect");
        let client = std::rc::Rc::new(client);
        let reader = std::rc::Rc::clone(&client);
        let reading = io_loop.spawn(async move {
            let mut reader = &*reader;
            AsyncReadExt::read(&mut reader, &mut [0]).await
        });
        reading.cancel();
        let (_promise, future) = promise();
        let _waiting = waits(future);
        assert_deadlock(io_loop.start(), 1);
        drop((client, server));
    });
}

#[test]
fn a_shared_future_with_many_waiters_reports_each() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let shared = future.shared();
        let _waiting: Vec<_> = (0..100).map(|_| waits_for_shared(shared.clone())).collect();
        assert_deadlock(io_loop.start(), 100);
    });
}

#[test]
fn a_deadlock_of_an_inner_loop_does_not_concern_the_outer() {
    with_loop(|outer| {
        let (promise, future) = promise();
        let outer_waiting = waits(future);
        let events = Events::new();
        let noted = events.clone();
        outer.add_callback(move || {
            let inner = IoLoop::new().expect("descriptors for a loop");
            let (_promise, future) = co::promise();
            let result = inner.run_sync(|| waits(future));
            noted.note(result.is_err_and(|error| error.suspended().len() == 1));
            promise.set_result(());
        });
        outer.start().expect("nothing is suspended in the end");
        assert!(outer_waiting.done());
        assert_eq!(events.take(), ["true"]);
    });
}

#[test]
fn a_promise_that_another_loop_keeps_does_not_count() {
    with_loop(|outer| {
        let inner = IoLoop::new().expect("descriptors for a loop");
        let (promise, future) = promise();
        outer.add_callback(move || promise.set_result(()));
        let waiting = inner.spawn(future);
        assert_deadlock(inner.start(), 1);
        outer.start().expect("nothing is suspended there");
        inner.start().expect("nor here");
        assert!(waiting.done());
    });
}

#[test]
fn a_waker_that_a_coroutine_keeps_of_itself_can_wake_nobody() {
    with_loop(|io_loop| {
        let (_promise, future) = promise::<()>();
        let kept = async {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            future.await;
            drop(waker);
        };
        let waiting = io_loop.spawn(kept.map(drop).boxed_local());
        io_loop.call_later(Duration::from_millis(300), || IoLoop::current().stop());
        assert!(!waiting.done());
        io_loop
            .start()
            .expect("a cloned waker may be used, as far as the loop can tell");
    });
}
