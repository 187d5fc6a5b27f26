//! Clocks, subscribers, wakers and destructors that do what they should not, and races that must not be lost.

use std::cell::{Cell, RefCell};
use std::future::{Future as StdFuture, poll_fn};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use co::net::{TcpListener, TcpStream};
use co::{Clock, Future, Handle, Interest, IoLoop, Promise, Ready, State, VirtualClock, promise};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, OnDrop, loop_with, thread_time, turns, watchdog, with_loop};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const SECOND: Duration = Duration::from_secs(1);

#[co::coroutine]
fn waits<T: 'static>(future: Future<T>) -> T {
    yield_!(future)
}

fn panic_on_drop() -> OnDrop {
    OnDrop::new(|| panic!("a destructor's panic"))
}

fn new_loop() -> IoLoop {
    IoLoop::new().expect("descriptors for a loop")
}

/// A waker that somebody keeps.
type Kept = Rc<RefCell<Option<Waker>>>;

/// Never ready; notes each poll, and keeps a clone of its waker.
fn keep_waker(to: &Kept, events: &Events) -> impl StdFuture<Output = ()> + use<> {
    let (to, events) = (Rc::clone(to), events.clone());
    poll_fn(move |cx| {
        events.note("polled");
        to.replace(Some(cx.waker().clone()));
        Poll::Pending
    })
}

fn wake(kept: &Kept) {
    kept.take().expect("it was polled").wake();
}

/// Polls a future once, with a waker that nobody else has afterwards.
fn poll_with<F: StdFuture + Unpin>(future: &mut F, waker: Arc<impl Wake + Send + Sync + 'static>) {
    let waker = Waker::from(waker);
    let polled = Pin::new(future).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
}

// Clocks.

/// Calls a function whenever it is asked, unless the function is on the stack already.
struct Hooked<C> {
    clock: C,
    hook: RefCell<Box<dyn FnMut()>>,
}

impl<C> Hooked<C> {
    fn new(clock: C, hook: impl FnMut() + 'static) -> Self {
        Self {
            clock,
            hook: RefCell::new(Box::new(hook)),
        }
    }
}

impl<C: Clock> Clock for Hooked<C> {
    fn now(&self) -> Instant {
        if let Ok(mut hook) = self.hook.try_borrow_mut() {
            hook();
        }
        self.clock.now()
    }

    fn is_virtual(&self) -> bool {
        self.clock.is_virtual()
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

#[test]
fn a_waker_of_a_coroutine_whose_run_sync_unwound_wakes_nothing() {
    watchdog(LIMIT, || {
        let fails = Rc::new(Cell::new(false));
        let failing = Rc::clone(&fails);
        let clock = Hooked::new(VirtualClock::new(), move || {
            assert!(!failing.get(), "the clock's panic");
        });
        let io_loop = loop_with(clock);
        io_loop.call_later(100 * SECOND, || {});
        let fail = Rc::clone(&fails);
        io_loop.add_callback(move || fail.set(true));

        let (events, kept) = (Events::new(), Kept::default());
        let dropped = events.note_on_drop("dropped");
        let waiting = keep_waker(&kept, &events);
        let run = || {
            io_loop.run_sync(|| async {
                let _dropped = dropped;
                waiting.await;
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        assert_eq!(events.take(), ["polled", "dropped"]);

        fails.set(false);
        wake(&kept);
        turns(&io_loop, 3);
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_clock_may_use_the_loop_that_asks_it() {
    watchdog(LIMIT, || {
        let slot: Rc<RefCell<Option<IoLoop>>> = Rc::default();
        let events = Events::new();
        let (for_clock, noted) = (Rc::clone(&slot), events.clone());
        let clock = Hooked::new(VirtualClock::new(), move || {
            if let Some(io_loop) = for_clock.take() {
                io_loop.call_later(Duration::ZERO, noted.noting("the clock's timer"));
                for_clock.replace(Some(io_loop));
            }
        });
        let io_loop = loop_with(clock);
        io_loop.call_later(Duration::ZERO, || {});
        slot.replace(Some(io_loop.clone()));
        turns(&io_loop, 1);
        slot.take();
        turns(&io_loop, 1);
        assert!(!events.take().is_empty());
    });
}

// Subscribers.

struct PanickingSubscriber;

impl Subscriber for PanickingSubscriber {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        panic!("the subscriber's panic");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_coroutine_is_dropped_also_where_the_subscriber_panics_at_its_error() {
    with_loop(|io_loop| {
        let (events, kept) = (Events::new(), Kept::default());
        let locals = (events.note_on_drop("dropped"), panic_on_drop());
        let waiting = keep_waker(&kept, &events);
        let future = io_loop.spawn(async move {
            let _locals = locals;
            waiting.await;
        });
        let cancel = || future.cancel();
        let cancelled = tracing::subscriber::with_default(PanickingSubscriber, cancel);
        assert!(cancelled);
        drop(future);
        assert_eq!(events.take(), ["polled", "dropped"]);

        wake(&kept);
        io_loop.add_callback(events.noting("the loop goes on"));
        io_loop.start().expect("nothing is suspended");
        assert_eq!(events.take(), ["the loop goes on"]);
    });
}

#[test]
fn a_waker_of_a_coroutine_that_the_subscriber_panicked_for_outlives_the_loop() {
    watchdog(LIMIT, || {
        let (events, kept) = (Events::new(), Kept::default());
        let io_loop = new_loop();
        let (local, waiting) = (panic_on_drop(), keep_waker(&kept, &events));
        let future = io_loop.spawn(async move {
            let _local = local;
            waiting.await;
        });
        tracing::subscriber::with_default(PanickingSubscriber, || io_loop.close());
        drop(future);
        drop(io_loop);
        wake(&kept);
        assert_eq!(events.take(), ["polled"]);
    });
}

// Foreign wakers.

struct PanicsOnDrop;

impl Wake for PanicsOnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("the waker's panic");
    }
}

#[test]
fn a_waker_whose_destructor_panics_does_not_end_the_batch() {
    with_loop(|io_loop| {
        let events = Events::new();
        let mut polled = io_loop.spawn(co::moment());
        poll_with(&mut polled, Arc::new(PanicsOnDrop));
        io_loop.add_callback(events.noting("callback"));
        let noted = events.clone();
        let _coroutine = io_loop.spawn(async move {
            co::moment().await;
            noted.note("coroutine");
        });
        io_loop.start().expect("nothing is suspended in the end");
        assert_eq!(events.take(), ["callback", "coroutine"]);
        assert!(polled.done());
    });
}

#[test]
fn a_result_that_a_dropped_waker_sets_reaches_the_waiter_that_replaced_it() {
    thread_local!(static PROMISE: RefCell<Option<Promise<u8>>> = const { RefCell::new(None) });

    struct SetsOnDrop;

    impl Wake for SetsOnDrop {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for SetsOnDrop {
        fn drop(&mut self) {
            if let Some(promise) = PROMISE.take() {
                promise.set_result(1);
            }
        }
    }

    with_loop(|io_loop| {
        let (promise, future) = promise();
        PROMISE.set(Some(promise));
        let mut shared = future.shared();
        poll_with(&mut shared, Arc::new(SetsOnDrop));
        let result = io_loop.run_sync_timeout(SECOND, || shared);
        assert_eq!(result.expect("it was set"), 1);
    });
}

// Destructors that panic while the loop closes.

#[test]
fn a_done_callback_whose_destructor_panics_does_not_keep_the_loop_from_closing() {
    watchdog(LIMIT, || {
        let events = Events::new();
        let io_loop = new_loop();
        let ((_p, first), (_q, second)) = (promise::<()>(), promise::<()>());
        let panicking = panic_on_drop();
        let waiting = io_loop.spawn(waits(first));
        io_loop.add_future(waiting, move |_| drop(panicking));
        let noted = events.note_on_drop("the other coroutine is dropped");
        let _other = io_loop.spawn(async move {
            let _noted = noted;
            second.await;
        });
        io_loop.close();
        assert_eq!(events.take(), ["the other coroutine is dropped"]);
    });
}

#[test]
fn several_destructors_of_sent_callbacks_may_panic_while_the_loop_closes() {
    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("a sent value's panic");
        }
    }

    watchdog(LIMIT, || {
        let io_loop = new_loop();
        let handle = io_loop.handle();
        let alive = Arc::new(());
        for _ in 0..2 {
            let locals = (Panics, Arc::clone(&alive));
            handle.add_callback(move || drop(locals));
        }
        io_loop.close();
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn a_long_chain_of_done_callbacks_is_dropped_without_deep_recursion() {
    watchdog(LIMIT, || {
        let io_loop = new_loop();
        let (_promise, future) = promise();
        let mut last = io_loop.spawn(future);
        for _ in 0..100_000 {
            let (next, future) = promise::<()>();
            io_loop.add_future(last, |_| drop(next));
            last = future;
        }
        io_loop.close();
        assert!(last.done());
    });
}

// Handlers.

#[test]
fn a_handler_that_is_updated_after_its_event_has_come_is_called_again() {
    with_loop(|io_loop| {
        let events = Events::new();
        let pairs = [(); 2].map(|()| UnixStream::pair().expect("two descriptors"));
        let fds = [0, 1].map(|at: usize| pairs[at].0.as_raw_fd());
        for (name, (socket, peer)) in pairs.iter().enumerate() {
            let other = fds[1 - name];
            let socket = socket.try_clone().expect("one more descriptor");
            socket.set_nonblocking(true).expect("a socket can be");
            io::Write::write_all(&mut &*peer, b"x").expect("there is room");
            let (updating, noted) = (io_loop.clone(), events.clone());
            let handler = move |_: RawFd, _: Ready| {
                noted.note(name);
                (&socket).read_exact(&mut [0]).expect("there is a byte");
                let updated = updating.update_handler(other, Interest::READABLE);
                updated.expect("it has a handler");
            };
            io_loop
                .add_handler(fds[name], Interest::READABLE, handler)
                .expect("it has none");
        }
        turns(&io_loop, 6);
        let mut called = events.take();
        called.sort();
        assert_eq!(called, ["0", "1"]);
    });
}

// Stopping.

#[test]
fn a_stop_that_comes_while_a_message_is_pending_keeps_the_loop_from_waiting() {
    watchdog(LIMIT, || {
        let handle: Rc<RefCell<Option<Handle>>> = Rc::default();
        let looks = Rc::new(Cell::new(0));
        let (to_stop, looks_left) = (Rc::clone(&handle), Rc::clone(&looks));
        let clock = Hooked::new(VirtualClock::new(), move || {
            looks_left.set(looks_left.get() - 1);
            if looks_left.get() == 0 {
                let handle = to_stop.take().expect("it stops once");
                let thread = thread::spawn(move || handle.stop());
                thread.join().expect("it ends");
            }
        });
        let io_loop = loop_with(clock);
        handle.replace(Some(io_loop.handle()));
        let sender = io_loop.handle();
        io_loop.add_callback(move || {
            sender.add_callback(|| {});
            // The first look is for how long to wait; at the second the notification is taken, and the message is not.
            looks.set(2);
        });
        let (_promise, future) = promise::<()>();
        let before = io_loop.time();
        let result = io_loop.run_sync_timeout(SECOND, || future);
        assert!(result.expect_err("it is stopped").is_stopped());
        assert_eq!(io_loop.time(), before);
    });
}

#[test]
fn no_stop_of_another_thread_is_lost() {
    with_loop(|io_loop| {
        let (to_thread, rounds) = channel::<u32>();
        let (handle, _keeps_waiting) = (io_loop.handle(), io_loop.handle());
        let thread = thread::spawn(move || {
            for spins in rounds {
                handle.add_callback(|| {});
                for _ in 0..spins {
                    std::hint::spin_loop();
                }
                handle.stop();
            }
        });
        let lost = Rc::new(Cell::new(false));
        let start = Instant::now();
        for round in 0.. {
            if start.elapsed() > SECOND {
                break;
            }
            to_thread.send(round % 997).expect("the thread receives");
            let (noted, stopping) = (Rc::clone(&lost), io_loop.clone());
            let rescue = io_loop.call_later(5 * SECOND, move || {
                noted.set(true);
                stopping.stop();
            });
            io_loop.start().expect("it can wait");
            io_loop.remove_timeout(&rescue);
            assert!(!lost.get(), "the stop of round {round} was lost");
        }
        drop(to_thread);
        thread.join().expect("it ends");
    });
}

#[test]
fn a_stop_is_for_one_turn_and_the_next_ones_wait() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let before = io_loop.time();
        io_loop.call_later(SECOND, || {});
        io_loop.stop();
        io_loop.turn(None).expect("it can run");
        assert_eq!(io_loop.time(), before);
        io_loop.turn(None).expect("it can run");
        assert!(io_loop.time() > before);
    });
}

// Time limits.

#[test]
fn a_plain_future_is_dropped_when_the_time_of_run_sync_is_over() {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let events = Events::new();
        let (noted, dropped) = (events.clone(), events.note_on_drop("dropped"));
        let result = io_loop.run_sync_timeout(SECOND, || async move {
            let _dropped = dropped;
            co::sleep(3 * SECOND).await;
            noted.note("went on");
        });
        assert!(result.expect_err("it takes longer").is_timeout());
        assert_eq!(events.take(), ["dropped"]);
        io_loop.start().expect("nothing is suspended");
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_started_coroutine_goes_on_when_the_time_of_run_sync_is_over() {
    #[co::coroutine]
    fn naps(events: Events) {
        yield_!(co::sleep(3 * SECOND));
        events.note("went on");
    }

    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let events = Events::new();
        let noted = events.clone();
        let result = io_loop.run_sync_timeout(SECOND, || naps(noted));
        assert!(result.expect_err("it takes longer").is_timeout());
        assert!(events.take().is_empty());
        io_loop.start().expect("nothing is suspended in the end");
        assert_eq!(events.take(), ["went on"]);
    });
}

// Yield points.

macro_rules! hidden_await {
    ($operand:expr) => {
        $operand.await
    };
}

macro_rules! wait_for {
    ($operand:expr) => {
        hidden_await!($operand)
    };
}

#[co::coroutine]
fn starts_another_and_waits(inner: Future<()>, future: Future<()>) {
    if inner.done() {
        yield_!(co::moment());
    }
    let _inner = waits(inner);
    wait_for!(future);
}

#[test]
fn the_yield_point_of_an_inner_coroutine_is_not_taken_for_a_hidden_await() {
    with_loop(|io_loop| {
        let ((_p, inner), (_q, future)) = (promise(), promise());
        let _outer = starts_another_and_waits(inner, future);
        let error = io_loop.start().expect_err("both are suspended");
        let states: Vec<_> = error
            .suspended()
            .iter()
            .filter(|suspension| suspension.name() == "starts_another_and_waits")
            .map(co::Suspension::state)
            .collect();
        assert_eq!(states, [State::SuspendedElsewhere]);
    });
}

// Sockets.

/// Two ends of a connection.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = TcpStream::connect(address).await.expect("it listens");
    let (server, _) = listener.accept().await.expect("one comes");
    (client, server)
}

fn connect(io_loop: &IoLoop) -> (TcpStream, TcpStream) {
    io_loop
        .run_sync(async || connection().await)
        .expect("they connect")
}

#[test]
fn a_task_that_yields_before_it_polls_its_socket_does_not_make_the_loop_spin() {
    with_loop(|io_loop| {
        let polls = Rc::new(Cell::new(0));
        let (counted, listener) = (
            Rc::clone(&polls),
            TcpListener::bind("127.0.0.1:0").expect("a port"),
        );
        let _accepting = io_loop.spawn(async move {
            let mut accepted = pin!(listener.accept());
            let mut yields = false;
            poll_fn(|cx| {
                counted.set(counted.get() + 1);
                yields = !yields;
                if yields {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                accepted.as_mut().poll(cx).map(drop)
            })
            .await;
        });
        turns(&io_loop, 200);
        assert!(polls.get() < 20, "{} polls", polls.get());
    });
}

#[test]
fn a_cancelled_reader_of_a_shared_socket_hides_no_deadlock_after_it_has_confirmed() {
    watchdog(5 * SECOND, || {
        let io_loop = IoLoop::instance();
        let (socket, _peer) = connect(&io_loop);
        let socket = Rc::new(socket);
        let read = Rc::clone(&socket);
        let reading = io_loop.spawn(async move { read.read(&mut [0]).await });
        // Where nothing else can wake the loop, the reader is asked whether it waits still.
        turns(&io_loop, 5);
        reading.cancel();
        let (_promise, future) = promise::<()>();
        let _waiting = waits(future);
        let error = io_loop.start().expect_err("nothing can wake it");
        assert!(error.is_deadlock());
    });
}

/// The processor time of so many polls of one read, each with a new clone of the waker.
fn time_of_polls(io_loop: &IoLoop, count: u32) -> Duration {
    let (socket, _peer) = connect(io_loop);
    let before = thread_time();
    io_loop
        .run_sync(move || async move {
            let mut buffer = [0];
            let mut read = pin!(socket.read(&mut buffer));
            for _ in 0..count {
                poll_fn(|cx| {
                    let clone = cx.waker().clone();
                    let polled = read.as_mut().poll(&mut Context::from_waker(&clone));
                    assert!(polled.is_pending());
                    Poll::Ready(())
                })
                .await;
                co::moment().await;
            }
        })
        .expect("it ends");
    thread_time() - before
}

#[test]
fn polls_with_cloned_wakers_do_not_pile_up() {
    with_loop(|io_loop| {
        time_of_polls(&io_loop, 1_000);
        let few = time_of_polls(&io_loop, 2_000);
        let many = time_of_polls(&io_loop, 20_000);
        assert!(many < 40 * few, "{few:?} for 2,000, {many:?} for 20,000");
    });
}
