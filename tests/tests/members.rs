//! How members of lists are woken: each by itself, whatever it waits for, and also when list, waker or yielder have gone meanwhile.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future as StdFuture, poll_fn};
use std::io::Write;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use co::net::{TcpListener, TcpStream};
use co::{Future, IoLoop, Promise, WaitIterator, multi, promise, with_timeout};
use coroutine_core as co;
use coroutine_tests::{turns, with_loop};
use futures_util::future::{FutureExt, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{AsyncReadExt, AsyncWriteExt};

/// Counts how often `future` is polled.
fn counted<F: StdFuture>(
    count: &Rc<Cell<usize>>,
    future: F,
) -> impl StdFuture<Output = F::Output> + use<F> {
    let count = Rc::clone(count);
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        count.set(count.get() + 1);
        future.as_mut().poll(cx)
    })
}

/// Done when it is `open`ed; it keeps clones of the wakers it is polled with, as futures that are not ours do.
#[derive(Clone, Default)]
struct Gate(Rc<RefCell<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let waker = {
            let mut gate = self.0.borrow_mut();
            gate.0 = true;
            gate.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl StdFuture for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut gate = self.0.borrow_mut();
        if gate.0 {
            return Poll::Ready(());
        }
        gate.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

fn promises(count: usize) -> (Vec<Promise<usize>>, Vec<Future<usize>>) {
    (0..count).map(|_| promise()).unzip()
}

/// Fulfils one promise a turn, the last one first.
#[co::coroutine]
fn fulfil(mut promises: Vec<Promise<usize>>) {
    yield_!(co::moment());
    while let Some(promise) = promises.pop() {
        promise.set_result(promises.len());
        yield_!(co::moment());
    }
}

#[co::coroutine]
fn open(mut gates: VecDeque<Gate>) {
    yield_!(co::moment());
    while let Some(gate) = gates.pop_back() {
        gate.open();
        yield_!(co::moment());
    }
}

#[co::test(timeout = 20)]
fn thousands_of_members_that_end_one_a_turn_are_polled_twice_each() {
    let polls = Rc::new(Cell::new(0));
    let (promises, futures) = promises(20_000);
    let list: Vec<_> = futures.into_iter().map(|f| counted(&polls, f)).collect();
    let fulfilling = fulfil(promises);
    let results = yield_!(list);
    assert!(results.into_iter().eq(0..20_000));
    assert_eq!(polls.get(), 2 * 20_000);
    yield_!(fulfilling);
}

#[co::test(timeout = 20)]
fn members_of_nested_lists_are_polled_twice_each() {
    let polls = Rc::new(Cell::new(0));
    let (promises, futures) = promises(2_000);
    let mut futures = futures.into_iter().map(|f| counted(&polls, f));
    let lists: Vec<Vec<_>> = (0..100)
        .map(|_| futures.by_ref().take(20).collect())
        .collect();
    let fulfilling = fulfil(promises);
    let (lists, ()) = yield_!((lists, fulfilling));
    assert!(lists.into_iter().flatten().eq(0..2_000));
    assert_eq!(polls.get(), 2 * 2_000);
}

#[co::test(timeout = 20)]
fn members_that_keep_wakers_are_polled_twice_each() {
    let polls = Rc::new(Cell::new(0));
    let gates: VecDeque<Gate> = (0..2_000).map(|_| Gate::default()).collect();
    let list: Vec<_> = gates.iter().map(|g| counted(&polls, g.clone())).collect();
    let opening = open(gates);
    let results = yield_!(list);
    assert_eq!(results.len(), 2_000);
    assert_eq!(polls.get(), 2 * 2_000);
    yield_!(opening);
}

#[co::test(timeout = 20)]
fn a_wait_iterator_of_thousands_polls_each_twice() {
    let polls = Rc::new(Cell::new(0));
    let (promises, futures) = promises(20_000);
    let mut waiter = WaitIterator::new(futures.into_iter().map(|f| counted(&polls, f)));
    let fulfilling = fulfil(promises);
    let mut expected = 20_000;
    while let Some((index, result)) = yield_!(waiter.next()) {
        expected -= 1;
        assert_eq!((index, result), (expected, expected));
    }
    assert_eq!(polls.get(), 2 * 20_000);
    yield_!(fulfilling);
}

#[co::test]
fn members_may_be_woken_from_other_threads() {
    let (sender, receiver) = channel::<(Waker, std::sync::mpsc::Sender<()>)>();
    let thread = thread::spawn(move || {
        for (waker, done) in receiver {
            drop(done);
            waker.wake();
        }
    });
    let members = (0..100).map(|n| {
        let (sender, mut waiting) = (sender.clone(), None);
        poll_fn(move |cx| {
            let (done, ended) = channel();
            match &waiting {
                None => {
                    waiting = Some(ended);
                    sender.send((cx.waker().clone(), done)).expect("a thread");
                    Poll::Pending
                }
                Some(ended) => {
                    assert!(ended.recv().is_err(), "woken before");
                    Poll::Ready(n)
                }
            }
        })
    });
    let results = yield_!(members.collect::<Vec<_>>());
    assert!(results.into_iter().eq(0..100));
    drop(sender);
    thread.join().expect("it ends");
}

#[co::test]
fn a_member_that_wakes_itself_is_polled_again_each_time() {
    let busy = |times: usize| {
        let mut left = times;
        poll_fn(move |cx| {
            let waker = cx.waker().clone();
            waker.wake_by_ref();
            waker.wake();
            left = left.saturating_sub(1);
            if left == 0 {
                Poll::Ready(times)
            } else {
                Poll::Pending
            }
        })
    };
    assert_eq!(yield_!(vec![busy(5), busy(1), busy(9)]), [5, 1, 9]);
}

#[co::test]
fn members_that_are_woken_in_their_last_poll_leave_nothing_to_those_who_come_after_them() {
    type Member = Pin<Box<dyn StdFuture<Output = ()>>>;
    fn wakes_itself() -> Member {
        Box::pin(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Ready(())
        }))
    }
    let mut waiter = WaitIterator::new([wakes_itself()]);
    for _ in 0..100 {
        waiter.push(wakes_itself());
        yield_!(waiter.next());
    }
    yield_!(waiter.next());
    let polls = Rc::new(Cell::new(0));
    waiter.push(Box::pin(counted(&polls, co::sleep(Duration::from_millis(1)))) as Member);
    yield_!(waiter.next());
    assert_eq!(polls.get(), 2);
}

#[test]
fn wakers_and_promises_of_a_list_that_has_gone_wake_nobody() {
    with_loop(|io_loop| {
        let gate = Gate::default();
        let (promise, future) = promise::<()>();
        let shared = future.shared();
        let member = gate.clone();
        let waiting = co::block::coroutine! { yield (vec![member], vec![shared]) };
        waiting.cancel();
        drop(waiting);
        gate.open();
        promise.set_result(());
        io_loop.start().expect("nothing is left");
    });
}

#[test]
fn a_list_that_was_forgotten_may_be_woken() {
    with_loop(|io_loop| {
        let gate = Gate::default();
        let (promise, future) = promise::<()>();
        let member = gate.clone();
        let forgetting = io_loop.spawn(async move {
            let mut waiter = Box::new(WaitIterator::new([member]));
            let mut other = Box::new(WaitIterator::new([future]));
            assert!(waiter.next().now_or_never().is_none());
            assert!(with_timeout(Duration::ZERO, waiter.next()).await.is_err());
            assert!(with_timeout(Duration::ZERO, other.next()).await.is_err());
            std::mem::forget((waiter, other));
        });
        turns(&io_loop, 5);
        assert!(forgetting.done());
        gate.open();
        promise.set_result(());
        turns(&io_loop, 3);
    });
}

#[co::test]
fn a_list_may_move_to_another_coroutine_and_to_other_wakers() {
    let (promises, futures) = promises(3);
    let mut waiter = WaitIterator::new(futures);
    // With a waker that leads nowhere, with this coroutine's, then with another's.
    let mut nowhere = Context::from_waker(Waker::noop());
    assert!(waiter.next().poll_unpin(&mut nowhere).is_pending());
    yield_!(with_timeout(Duration::ZERO, waiter.next())).expect_err("none is done");
    let waiting = IoLoop::current().spawn(async move { (waiter.next().await, waiter) });
    yield_!(co::moment());
    let fulfilling = fulfil(promises);
    let (first, mut waiter) = yield_!(waiting);
    assert_eq!(first, Some((2, 2)));
    // And with those of a combinator that makes wakers of its own.
    let mut unordered: FuturesUnordered<_> = [waiter.next()].into_iter().collect();
    assert_eq!(yield_!(co::next(&mut unordered)), Some(Some((1, 1))));
    drop(unordered);
    assert_eq!(yield_!(waiter.next()), Some((0, 0)));
    yield_!(fulfilling);
}

#[co::test]
fn a_list_may_be_polled_with_the_waker_of_its_own_member() {
    let gates = [Gate::default(), Gate::default()];
    let mut waiter = WaitIterator::new(gates.clone());
    yield_!(with_timeout(Duration::ZERO, waiter.next())).expect_err("none is open");
    let own = gates[0].0.borrow().1.clone().expect("it was polled");
    let mut cx = Context::from_waker(&own);
    assert!(waiter.next().poll_unpin(&mut cx).is_pending());
    gates[0].open();
    gates[1].open();
    own.wake_by_ref();
    assert_eq!(yield_!(waiter.next()), Some((0, ())));
    assert_eq!(yield_!(waiter.next()), Some((1, ())));
}

#[test]
fn a_list_can_be_polled_where_no_loop_runs() {
    with_loop(|_| {
        let gate = Gate::default();
        let member = gate.clone();
        let mut list = pin!(yield_all(vec![member]));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(list.as_mut().poll(&mut cx).is_pending());
        gate.open();
        assert!(list.as_mut().poll(&mut cx).is_ready());
    });
}

#[co::coroutine(lazy)]
fn yield_all(gates: Vec<Gate>) -> usize {
    yield_!(gates).len()
}

#[co::coroutine]
fn waits_for_all(futures: Vec<Future<usize>>) -> Vec<usize> {
    yield_!(futures)
}

#[test]
fn a_list_whose_members_nobody_can_wake_is_a_deadlock() {
    with_loop(|io_loop| {
        let (_promises, futures) = promises(3);
        let _waiting = waits_for_all(futures);
        let error = io_loop.start().expect_err("it can never wake");
        assert!(error.is_deadlock(), "{error}");
        assert_eq!(error.suspended().len(), 1, "{error}");
    });
}

#[test]
fn a_member_that_has_dropped_its_waker_cannot_wake_the_loop() {
    with_loop(|io_loop| {
        let forgetful = poll_fn(|cx| {
            drop(cx.waker().clone());
            Poll::<()>::Pending
        });
        let waiting = co::block::coroutine! { yield vec![forgetful] };
        let error = io_loop.start().expect_err("it can never wake");
        assert!(error.is_deadlock(), "{error}");
        drop(waiting);
    });
}

#[test]
fn a_waker_of_a_member_that_has_ended_does_not_count() {
    with_loop(|io_loop| {
        let kept = Rc::new(Cell::new(None));
        let keep = Rc::clone(&kept);
        let keeps = poll_fn(move |cx| {
            keep.set(Some(cx.waker().clone()));
            Poll::Ready(())
        });
        let (_promise, future) = promise::<()>();
        let waiting = co::block::coroutine! { yield (vec![keeps], future) };
        let error = io_loop.start().expect_err("it can never wake");
        assert!(error.is_deadlock(), "{error}");
        drop((waiting, kept));
    });
}

async fn connection() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    Ok((client, listener.accept().await?.0))
}

#[test]
fn a_read_that_a_member_has_dropped_does_not_count() {
    with_loop(|io_loop| {
        let streams = io_loop.run_sync(async || connection().await);
        let (reader, peer) = streams.expect("it ends").expect("they connect");
        let (_promise, future) = promise::<()>();
        let member = async move {
            let (mut reader, mut buffer) = (&reader, [0]);
            let read = AsyncReadExt::read(&mut reader, &mut buffer);
            drop(select(read, co::moment()).await);
            future.await;
        };
        let waiting = co::block::coroutine! { yield vec![member] };
        let error = io_loop.start().expect_err("it can never wake");
        assert!(error.is_deadlock(), "{error}");
        drop((waiting, peer));
    });
}

async fn read_byte(stream: TcpStream) -> std::io::Result<u8> {
    let (mut stream, mut buffer) = (&stream, [0]);
    AsyncReadExt::read_exact(&mut stream, &mut buffer).await?;
    Ok(buffer[0])
}

#[test]
fn a_socket_does_not_count_once_nobody_waits_for_the_member_that_reads_from_it() {
    with_loop(|io_loop| {
        let streams = io_loop.run_sync(async || connection().await);
        let (silent, peer) = streams.expect("it ends").expect("they connect");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            let mut peer = std::net::TcpStream::connect(address).expect("it connects");
            // So late that the loop has made sure by then who waits for sockets.
            thread::sleep(Duration::from_millis(50));
            peer.write_all(&[7]).expect("it writes");
        });
        let (_promise, never) = promise::<()>();
        let waiting = co::block::coroutine! {
            let (stream, _) = (yield listener.accept()).expect("it accepts");
            let mut waiter = WaitIterator::new([read_byte(silent), read_byte(stream)]);
            assert!(matches!(yield waiter.next(), Some((1, Ok(7)))));
            yield never;
            drop(waiter);
        };
        let error = io_loop.start().expect_err("it can never wake");
        assert!(error.is_deadlock(), "{error}");
        thread.join().expect("it ends");
        drop((waiting, peer));
    });
}

type Read = Pin<Box<dyn StdFuture<Output = std::io::Result<u8>>>>;

#[test]
fn a_coroutine_that_waits_for_other_sockets_in_between_leaves_the_members_it_keeps_alone() {
    const ROUNDS: u8 = 5;
    with_loop(|io_loop| {
        let streams = io_loop.run_sync(async || connection().await);
        let (silent, peer) = streams.expect("it ends").expect("they connect");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            for number in 0..ROUNDS {
                let mut peer = std::net::TcpStream::connect(address).expect("it connects");
                // Nothing moves meanwhile but sockets, so the loop makes sure who waits for them.
                thread::sleep(Duration::from_millis(10));
                peer.write_all(&[number]).expect("it writes");
            }
        });
        let polls = Rc::new(Cell::new(0));
        let silent: Read = Box::pin(counted(&polls, read_byte(silent)));
        let waiting = co::block::coroutine! {
            let mut waiter = WaitIterator::new([silent]);
            for number in 0..ROUNDS {
                let moment: Read = Box::pin(co::moment().map(|()| Ok(0)));
                waiter.push(moment);
                assert!(matches!(yield waiter.next(), Some((_, Ok(0)))));
                let (stream, _) = (yield listener.accept()).expect("it accepts");
                assert_eq!((yield read_byte(stream)).expect("it reads"), number);
            }
        };
        io_loop.run_sync(|| waiting).expect("it ends");
        thread.join().expect("it ends");
        assert_eq!(polls.get(), 1);
        drop(peer);
    });
}

#[co::test]
fn members_that_read_from_sockets_are_woken_by_their_data() {
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let (one, other) = yield_!(connection()).expect("they connect");
        near.push(one);
        far.push(other);
    }
    let reads = near.into_iter().map(read_byte);
    let write = async move {
        for (n, stream) in far.iter().enumerate().rev() {
            let byte = [u8::try_from(n).expect("few")];
            let mut stream = stream;
            AsyncWriteExt::write_all(&mut stream, &byte)
                .await
                .expect("it writes");
            co::sleep(Duration::from_millis(1)).await;
        }
        far
    };
    let (bytes, _far) = yield_!((multi(reads.collect::<Vec<_>>()), write));
    assert_eq!(bytes.expect("they read"), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[co::test]
fn a_list_that_waits_for_a_socket_alone_is_no_deadlock() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let thread = thread::spawn(move || {
        let mut peer = std::net::TcpStream::connect(address).expect("it connects");
        thread::sleep(Duration::from_millis(50));
        peer.write_all(&[7]).expect("it writes");
    });
    let (stream, _) = yield_!(listener.accept()).expect("it accepts");
    let reads = vec![read_byte(stream)];
    assert_eq!(yield_!(multi(reads)).expect("it reads"), [7]);
    thread.join().expect("it ends");
}
