//! Futures, channels and services of other crates in coroutines, and foreign threads.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use co::{IoLoop, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, loop_with, watchdog, with_loop};
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, join, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[co::coroutine]
fn naps<T: 'static>(time: Duration, value: T) -> T {
    yield_!(co::sleep(time));
    value
}

#[test]
fn any_future_of_std_can_be_yielded() {
    #[co::coroutine]
    fn yields() -> i32 {
        let one = yield_!(async {
            co::moment().await;
            1
        });
        let two = yield_!(std::future::ready(2));
        let boxed: std::pin::Pin<Box<dyn Future<Output = i32>>> = Box::pin(async { 4 });
        one + two + yield_!(boxed)
    }

    with_loop(|io_loop| assert_eq!(io_loop.run_sync(yields).expect("it ends"), 7));
}

#[co::test(virtual_clock)]
fn select_gives_what_is_ready_first_and_the_other_goes_on() {
    let (slow, quick) = (naps(millis(20), "slow"), naps(millis(10), "quick"));
    let Either::Right((first, slow)) = yield_!(select(slow, quick)) else {
        panic!("the slow one was first");
    };
    assert_eq!(first, "quick");
    assert_eq!(yield_!(slow), "slow");
}

#[co::test(virtual_clock)]
fn join_waits_for_both() {
    let start = IoLoop::current().time();
    let both = join(naps(millis(20), 1), naps(millis(10), 2));
    assert_eq!(yield_!(both), (1, 2));
    assert_eq!(IoLoop::current().time() - start, millis(20));
}

#[co::test(virtual_clock)]
fn futures_unordered_gives_coroutines_in_the_order_in_which_they_end() {
    let mut unordered: FuturesUnordered<_> = [30, 10, 20]
        .map(|number| naps(millis(number), number))
        .into_iter()
        .collect();
    let mut ended = Vec::new();
    while let Some(number) = yield_!(unordered.next()) {
        ended.push(number);
    }
    assert_eq!(ended, [10, 20, 30]);
}

#[test]
fn a_channel_connects_two_loops_on_two_threads() {
    #[co::coroutine]
    fn answers(mut questions: mpsc::Receiver<u32>, mut answers: mpsc::UnboundedSender<u32>) {
        while let Some(question) = yield_!(questions.next()) {
            yield_!(co::moment());
            answers.start_send(question * 2).expect("it is open");
        }
    }

    #[co::coroutine]
    fn asks(mut questions: mpsc::Sender<u32>, mut answers: mpsc::UnboundedReceiver<u32>) -> u32 {
        let mut sum = 0;
        for number in 0..500 {
            // There is room for one, since each answer is waited for.
            questions.try_send(number).expect("there is room");
            sum += yield_!(answers.next()).expect("an answer");
        }
        sum
    }

    watchdog(LIMIT, || {
        let (ask, questions) = mpsc::channel(0);
        let (answer, replies) = mpsc::unbounded();
        let thread = thread::spawn(move || {
            let answering = IoLoop::current().run_sync(|| answers(questions, answer));
            answering.expect("it ends when nobody asks any more");
        });
        let sum = IoLoop::current().run_sync(|| asks(ask, replies));
        assert_eq!(sum.expect("it ends"), 500 * 499);
        thread.join().expect("it does not panic");
    });
}

#[test]
fn a_thread_gives_a_coroutine_a_result_through_a_oneshot() {
    with_loop(|io_loop| {
        let (to, result) = oneshot::channel();
        let thread = thread::spawn(move || {
            thread::sleep(millis(10));
            to.send(5).expect("it listens");
        });
        let result = io_loop.run_sync(|| result).expect("it is woken");
        assert_eq!(result, Ok(5));
        thread.join().expect("it does not panic");
    });
}

#[test]
fn many_threads_reach_a_loop_each_in_its_own_order() {
    with_loop(|io_loop| {
        let handle = io_loop.handle();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let handle = handle.clone();
                thread::spawn(move || {
                    for number in 0..100 {
                        handle.add_callback(move || note(thread, number));
                    }
                })
            })
            .collect();
        drop(handle);
        io_loop.start().expect("nothing is suspended");
        for thread in threads {
            thread.join().expect("it does not panic");
        }
        for thread in 0..4 {
            let numbers = NOTED.with_borrow(|noted| {
                let of_thread = noted.iter().filter(|(of, _)| *of == thread);
                of_thread.map(|(_, number)| *number).collect::<Vec<_>>()
            });
            assert!(numbers.into_iter().eq(0..100));
        }
    });
}

thread_local! {
    static NOTED: RefCell<Vec<(i32, i32)>> = const { RefCell::new(Vec::new()) };
}

fn note(thread: i32, number: i32) {
    NOTED.with_borrow_mut(|noted| noted.push((thread, number)));
}

#[test]
fn a_coroutine_calls_a_tower_service() {
    #[co::coroutine]
    fn call<S>(mut service: S, request: u32) -> String
    where
        S: Service<u32, Response = String, Error = Infallible> + 'static,
        S::Future: 'static,
    {
        let Ok(ready) = yield_!(service.ready());
        let Ok(response) = yield_!(ready.call(request));
        response
    }

    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        let (events, at_once) = (Events::new(), Rc::new(Cell::new(0)));
        let noted = events.clone();
        let service = ServiceBuilder::new()
            .concurrency_limit(2)
            .map_response(|number: u32| format!("<{number}>"))
            .service(service_fn(move |request: u32| {
                let (events, at_once) = (noted.clone(), Rc::clone(&at_once));
                async move {
                    at_once.set(at_once.get() + 1);
                    events.note(at_once.get());
                    co::sleep(Duration::from_secs(1)).await;
                    at_once.set(at_once.get() - 1);
                    Ok::<_, Infallible>(request + 1)
                }
            }));
        let before = io_loop.time();
        let responses = io_loop.run_sync(move || {
            let calls = (0..4).map(|request| call(service.clone(), request));
            calls.collect::<Vec<_>>()
        });
        assert_eq!(responses.expect("they end"), ["<1>", "<2>", "<3>", "<4>"]);
        assert_eq!(events.take(), ["1", "2", "1", "2"]);
        assert_eq!(io_loop.time() - before, Duration::from_secs(2));
    });
}
