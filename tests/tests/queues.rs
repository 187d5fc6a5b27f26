//! Queues: order, bounds, and items that are never lost.

use std::cell::{Cell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use co::queues::{LifoQueue, PriorityQueue, Queue};
use co::{Future, IoLoop, VirtualClock};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, loop_with, turns, watchdog, with_loop};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a coroutine on a loop whose time passes when nothing else is left to do.
fn run(coroutine: impl FnOnce() -> Future<()> + Send + 'static) {
    watchdog(LIMIT, || {
        let io_loop = loop_with(VirtualClock::new());
        io_loop.run_sync(coroutine).expect("it ends");
    });
}

#[co::coroutine]
fn note_item(queue: Queue<u32>, events: Events, name: &'static str) {
    let item = yield_!(queue.get());
    events.note(format!("{name} {item}"));
}

#[co::coroutine]
fn put_and_note(queue: Queue<u32>, events: Events, item: u32) {
    yield_!(queue.put(item));
    events.note(format!("put {item}"));
}

mod order {
    use super::*;

    #[test]
    fn a_queue_gives_first_what_came_first() {
        let queue = Queue::new(0);
        for item in [3, 1, 2] {
            queue.put_nowait(item).expect("it has no bound");
        }
        let items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
        assert_eq!(items, [3, 1, 2]);
    }

    #[test]
    fn a_lifo_queue_gives_first_what_came_last() {
        let queue = LifoQueue::new(0);
        for item in [3, 1, 2] {
            queue.put_nowait(item).expect("it has no bound");
        }
        let items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
        assert_eq!(items, [2, 1, 3]);
    }

    #[test]
    fn a_priority_queue_gives_first_what_is_least() {
        let queue = PriorityQueue::new(0);
        for item in [(1, "medium"), (0, "high"), (10, "low")] {
            queue.put_nowait(item).expect("it has no bound");
        }
        let items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
        assert_eq!(items, [(0, "high"), (1, "medium"), (10, "low")]);
        queue.put_nowait((0, "")).expect("it has no bound");
        assert_eq!(queue.qsize(), 1);
    }

    #[test]
    fn a_priority_queue_gives_the_greatest_first_where_items_are_reversed() {
        let queue = PriorityQueue::new(0);
        for item in [1, 3, 2] {
            queue.put_nowait(Reverse(item)).expect("it has no bound");
        }
        let items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
        assert_eq!(items, [Reverse(3), Reverse(2), Reverse(1)]);
    }

    /// An item of which only the priority is compared.
    struct Job(u32, &'static str);

    impl PartialEq for Job {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Job {}
    impl PartialOrd for Job {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Job {
        fn cmp(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }
    }

    #[test]
    fn items_of_one_priority_are_given_in_the_order_of_their_coming() {
        let queue = PriorityQueue::new(0);
        for (at, name) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            let priority = u32::from(at % 2 == 0);
            assert!(queue.put_nowait(Job(priority, name)).is_ok());
        }
        let items = std::iter::from_fn(|| queue.get_nowait());
        let names: Vec<_> = items.map(|Job(_, name)| name).collect();
        assert_eq!(names, ["b", "d", "f", "a", "c", "e"]);
    }
}

mod bound {
    use super::*;

    #[test]
    fn zero_is_no_bound() {
        let queue = Queue::new(0);
        for item in 0..10_000 {
            queue.put_nowait(item).expect("it has no bound");
        }
        assert!(!queue.full());
        assert_eq!((queue.maxsize(), queue.qsize()), (0, 10_000));
    }

    #[test]
    fn a_full_queue_gives_the_item_back() {
        let queue = Queue::new(1);
        assert!(queue.empty());
        queue.put_nowait("first").expect("there is room");
        assert!(queue.full());
        let error = queue.put_nowait("second").expect_err("there is no room");
        assert!(error.is_full() && !error.is_timeout());
        assert_eq!(error.to_string(), "the queue is full");
        assert_eq!(error.into_item(), "second");
        assert_eq!(queue.get_nowait(), Some("first"));
        assert_eq!(queue.get_nowait(), None);
    }

    #[test]
    fn those_who_put_wait_for_room_first_come_first_served() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(1), Events::new());
            for item in 0..3 {
                drop(put_and_note(queue.clone(), events.clone(), item));
            }
            assert_eq!(events.take(), ["put 0"]);
            assert_eq!(queue.get_nowait(), Some(0));
            assert!(queue.full(), "the first in line has put its item at once");
            assert_eq!(queue.get_nowait(), Some(1));
            assert_eq!(queue.get_nowait(), Some(2));
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["put 1", "put 2"]);
        });
    }

    #[test]
    fn a_newcomer_cannot_put_before_the_first_in_line() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(1), Events::new());
            drop(put_and_note(queue.clone(), events.clone(), 0));
            let waiting = put_and_note(queue.clone(), events.clone(), 1);
            assert_eq!(queue.get_nowait(), Some(0));
            assert!(queue.put_nowait(2).is_err());
            assert_eq!(queue.get_nowait(), Some(1));
            turns(&io_loop, 1);
            assert!(waiting.done());
        });
    }

    #[test]
    fn an_item_whose_put_timed_out_comes_back_and_is_never_enqueued() {
        #[co::coroutine]
        fn body() {
            let queue = Queue::new(1);
            queue.put_nowait("first").expect("there is room");
            let error = yield_!(queue.put_timeout("late", SECOND)).expect_err("there is no room");
            assert!(error.is_timeout() && !error.is_full());
            assert_eq!(error.to_string(), "the queue was full for 1s");
            assert_eq!(error.into_item(), "late");
            assert_eq!(queue.get_nowait(), Some("first"));
            assert_eq!(queue.get_nowait(), None);
            queue.task_done().expect("the first is done");
            assert!(queue.task_done().is_err(), "the late one does not count");
            let put = yield_!(queue.put_timeout("second", SECOND));
            assert!(put.is_ok());
        }
        run(body);
    }

    #[test]
    fn an_item_whose_put_was_dropped_is_never_enqueued_and_is_dropped() {
        with_loop(|_| {
            let (queue, events) = (Queue::new(1), Events::new());
            let item = |name| events.note_on_drop(name);
            assert!(queue.put_nowait(item("first")).is_ok());
            let waiting = queue.put(item("second"));
            drop(waiting);
            assert_eq!(events.take(), ["second"]);
            drop(queue.get_nowait());
            assert!(queue.empty());
            assert_eq!(events.take(), ["first"]);
        });
    }

    #[test]
    fn room_that_comes_at_the_time_of_the_timeout_is_taken() {
        #[co::coroutine]
        fn body() {
            let queue = Queue::new(1);
            queue.put_nowait(1).expect("there is room");
            let getter = queue.clone();
            IoLoop::current().call_later(SECOND, move || {
                getter.get_nowait();
            });
            let put = yield_!(queue.put_timeout(2, SECOND));
            assert!(put.is_ok());
            assert_eq!(queue.get_nowait(), Some(2));
        }
        run(body);
    }

    #[test]
    fn those_who_wait_for_room_and_are_dropped_leave_nothing_behind() {
        with_loop(|_| {
            let queue = Queue::new(1);
            queue.put_nowait(0).expect("there is room");
            let waiting: Vec<_> = (1..1000).map(|item| queue.put(item)).collect();
            assert!(format!("{queue:?}").contains("putters: 999"));
            drop(waiting);
            assert!(format!("{queue:?}").contains("putters: 0"));
        });
    }

    #[test]
    fn a_producer_and_a_consumer_take_turns_over_a_queue_with_room_for_one() {
        #[co::coroutine]
        fn body() {
            let (queue, events) = (Queue::new(1), Events::new());
            let producer = produce(queue.clone(), events.clone());
            for _ in 0..4 {
                let item = yield_!(queue.get());
                events.note(format!("got {item}"));
            }
            yield_!(producer);
            let expected = [
                "put 0", "got 0", "got 1", "put 1", "put 2", "put 3", "got 2", "got 3",
            ];
            assert_eq!(events.take(), expected);
        }

        #[co::coroutine]
        fn produce(queue: Queue<u32>, events: Events) {
            for item in 0..4 {
                yield_!(queue.put(item));
                events.note(format!("put {item}"));
            }
        }
        run(body);
    }
}

mod get {
    use super::*;

    #[test]
    fn those_who_get_wait_for_items_first_come_first_served() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(0), Events::new());
            for name in ["a", "b", "c"] {
                drop(note_item(queue.clone(), events.clone(), name));
            }
            for item in 0..3 {
                queue.put_nowait(item).expect("it has no bound");
            }
            assert!(queue.empty(), "all are spoken for");
            assert_eq!(queue.get_nowait(), None);
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["a 0", "b 1", "c 2"]);
        });
    }

    #[test]
    fn an_item_for_one_who_waits_leaves_room_for_another() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(1), Events::new());
            drop(note_item(queue.clone(), events.clone(), "a"));
            queue.put_nowait(0).expect("there is room");
            queue.put_nowait(1).expect("the first is spoken for");
            assert!(queue.put_nowait(2).is_err());
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["a 0"]);
            assert_eq!(queue.get_nowait(), Some(1));
        });
    }

    #[test]
    fn a_get_that_waited_too_long_is_an_error_and_takes_nothing() {
        #[co::coroutine]
        fn body() {
            let queue = Queue::new(0);
            let error = yield_!(queue.get_timeout(SECOND)).expect_err("there is nothing");
            assert!(error.is_timeout());
            queue.put_nowait(1).expect("it has no bound");
            assert_eq!(queue.qsize(), 1);
            assert_eq!(yield_!(queue.get_timeout(Duration::ZERO)), Ok(1));
        }
        run(body);
    }

    #[test]
    fn an_item_for_one_that_is_cancelled_before_it_runs_goes_to_the_next() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(0), Events::new());
            let first = note_item(queue.clone(), events.clone(), "first");
            let second = note_item(queue.clone(), events.clone(), "second");
            queue.put_nowait(7).expect("it has no bound");
            assert!(first.cancel());
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["second 7"]);
            drop(second);
        });
    }

    #[test]
    fn items_for_those_that_are_cancelled_stay_in_their_order() {
        with_loop(|_| {
            let (queue, events) = (Queue::new(0), Events::new());
            let waiting = ["a", "b"].map(|name| note_item(queue.clone(), events.clone(), name));
            for item in 0..4 {
                queue.put_nowait(item).expect("it has no bound");
            }
            for getter in waiting {
                assert!(getter.cancel());
            }
            let items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
            assert_eq!(items, [0, 1, 2, 3]);
            assert!(events.take().is_empty());
        });
    }

    #[test]
    fn a_get_that_is_never_yielded_takes_nothing() {
        let queue = Queue::new(0);
        queue.put_nowait(1).expect("it has no bound");
        let get = queue.get();
        assert!(queue.empty());
        drop(get);
        assert_eq!(queue.get_nowait(), Some(1));
    }

    #[test]
    fn a_get_that_is_never_yielded_gives_its_item_to_one_who_waits() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(0), Events::new());
            queue.put_nowait(1).expect("it has no bound");
            let get = queue.get();
            let waiting = note_item(queue.clone(), events.clone(), "waiting");
            drop(get);
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["waiting 1"]);
            drop(waiting);
        });
    }

    #[test]
    fn those_who_wait_for_items_and_are_dropped_leave_nothing_behind() {
        let queue = Queue::<u32>::new(0);
        let waiting: Vec<_> = (0..1000).map(|_| queue.get()).collect();
        assert!(format!("{queue:?}").contains("getters: 1000"));
        drop(waiting);
        assert!(format!("{queue:?}").contains("getters: 0"));
    }

    #[test]
    fn a_consumer_of_a_queue_that_nobody_fills_is_reported() {
        with_loop(|io_loop| {
            let consumer = note_item(Queue::new(0), Events::new(), "consumer");
            let error = io_loop.start().expect_err("nothing can wake it");
            assert!(error.is_deadlock());
            let [suspended] = error.suspended() else {
                panic!("{error}");
            };
            assert_eq!(suspended.operand(), Some("queue.get()"));
            drop(consumer);
        });
    }
}

mod join {
    use super::*;

    #[co::coroutine]
    fn note_join(queue: Queue<u32>, events: Events) {
        yield_!(queue.join());
        events.note("joined");
    }

    #[test]
    fn it_waits_until_all_items_are_done() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(0), Events::new());
            queue.put_nowait(0).expect("it has no bound");
            queue.put_nowait(1).expect("it has no bound");
            let joining = note_join(queue.clone(), events.clone());
            queue.get_nowait();
            queue.get_nowait();
            queue.task_done().expect("the first is done");
            turns(&io_loop, 2);
            assert!(events.take().is_empty());
            queue.task_done().expect("the second is done");
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["joined"]);
            drop(joining);
        });
    }

    #[test]
    fn a_queue_into_which_nothing_was_put_is_not_waited_for() {
        with_loop(|_| {
            let events = Events::new();
            drop(note_join(Queue::new(0), events.clone()));
            assert_eq!(events.take(), ["joined"]);
        });
    }

    #[test]
    fn one_task_done_too_many_is_an_error() {
        let queue = Queue::new(0);
        assert!(queue.task_done().is_err());
        queue.put_nowait(1).expect("it has no bound");
        queue.task_done().expect("it was put");
        let error = queue.task_done().expect_err("one too many");
        assert!(error.to_string().contains("more often"));
    }

    #[test]
    fn an_item_that_waits_for_room_counts_once_it_is_in() {
        with_loop(|io_loop| {
            let (queue, events) = (Queue::new(1), Events::new());
            queue.put_nowait(0).expect("there is room");
            let putting = put_and_note(queue.clone(), Events::new(), 1);
            queue.get_nowait();
            queue.task_done().expect("the first is done");
            let joining = note_join(queue.clone(), events.clone());
            turns(&io_loop, 2);
            assert!(putting.done() && events.take().is_empty());
            queue.task_done().expect("the second is done");
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["joined"]);
            drop(joining);
        });
    }

    #[test]
    fn a_join_that_waited_too_long_is_an_error() {
        #[co::coroutine]
        fn body() {
            let queue = Queue::new(0);
            queue.put_nowait(1).expect("it has no bound");
            let error = yield_!(queue.join_timeout(SECOND)).expect_err("it is not done");
            assert!(error.is_timeout());
            queue.task_done().expect("it was put");
            yield_!(queue.join_timeout(SECOND)).expect("it is done");
        }
        run(body);
    }
}

mod hostile {
    use super::*;

    #[test]
    fn the_destructor_of_an_item_may_use_the_queue() {
        struct PutsAnother(Queue<Option<PutsAnother>>);

        impl Drop for PutsAnother {
            fn drop(&mut self) {
                assert!(self.0.put_nowait(None).is_ok());
                assert_eq!(self.0.qsize(), 1);
            }
        }

        let queue = Queue::new(0);
        let item = PutsAnother(queue.clone());
        assert!(queue.put_nowait(Some(item)).is_ok());
        drop(queue.get_nowait());
        assert!(queue.get_nowait().is_some_and(|item| item.is_none()));
    }

    #[test]
    fn the_destructor_of_an_item_whose_put_is_dropped_may_use_the_queue() {
        with_loop(|_| {
            let queue = Queue::new(1);
            let events = Events::new();
            let held = Rc::new(Cell::new(None));
            let (other, noted) = (queue.clone(), events.clone());
            let item = move || noted.note(format!("{:?}", other.get_nowait().is_some()));
            assert!(
                queue
                    .put_nowait(coroutine_tests::OnDrop::new(|| ()))
                    .is_ok()
            );
            held.set(Some(queue.put(coroutine_tests::OnDrop::new(item))));
            drop(held.take());
            assert_eq!(events.take(), ["true"]);
            assert!(queue.empty());
        });
    }

    thread_local! {
        /// What comparing does, beyond comparing.
        static MISCHIEF: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    }

    #[derive(PartialEq, Eq, Debug)]
    struct Mischievous(u32);

    impl PartialOrd for Mischievous {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Mischievous {
        fn cmp(&self, other: &Self) -> Ordering {
            let mischief = MISCHIEF.with_borrow(Clone::clone);
            if let Some(mischief) = mischief {
                mischief();
            }
            self.0.cmp(&other.0)
        }
    }

    fn message(result: std::thread::Result<()>) -> String {
        let payload = result.expect_err("it panics");
        let text = payload.downcast_ref::<&str>().copied();
        text.map(str::to_owned)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .expect("a message")
    }

    #[test]
    fn an_order_that_uses_the_queue_panics_and_the_queue_works_on() {
        let queue = PriorityQueue::new(0);
        let _ = queue.put_nowait(Mischievous(2));
        let inner = queue.clone();
        MISCHIEF.set(Some(Rc::new(move || assert!(inner.get_nowait().is_none()))));
        let put = AssertUnwindSafe(|| drop(queue.put_nowait(Mischievous(1))));
        let message = message(catch_unwind(put));
        MISCHIEF.set(None);
        assert_eq!(message, "the ordering of a queue's items uses the queue");
        assert_eq!(queue.qsize(), 2);
        let mut items: Vec<_> = std::iter::from_fn(|| queue.get_nowait()).collect();
        items.sort();
        assert_eq!(items, [Mischievous(1), Mischievous(2)]);
    }

    #[test]
    fn an_order_that_panics_leaves_a_queue_that_works_on() {
        with_loop(|io_loop| {
            let queue = PriorityQueue::new(0);
            for number in 0..5 {
                assert!(queue.put_nowait(Mischievous(number)).is_ok());
            }
            let waiting: Vec<_> = (0..4).map(|_| queue.get()).collect();
            MISCHIEF.set(Some(Rc::new(|| panic!("no order"))));
            let got = catch_unwind(AssertUnwindSafe(|| assert!(queue.get_nowait().is_none())));
            MISCHIEF.set(None);
            assert_eq!(message(got), "no order");
            let got = io_loop.run_sync(|| waiting).expect("there are as many");
            assert_eq!(got.len(), 4);
            assert!(queue.empty());
            assert!(queue.put_nowait(Mischievous(9)).is_ok());
            assert_eq!(queue.get_nowait(), Some(Mischievous(9)));
        });
    }

    #[test]
    fn an_order_that_panics_drops_no_item_while_the_queue_is_borrowed() {
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        struct UsesQueue(Mischievous, u32);

        thread_local! {
            static QUEUE: PriorityQueue<UsesQueue> = PriorityQueue::new(0);
            static DROPPED: Cell<u32> = const { Cell::new(0) };
        }

        impl Drop for UsesQueue {
            fn drop(&mut self) {
                DROPPED.set(DROPPED.get() + 1);
                assert!(QUEUE.with(PriorityQueue::qsize) < 3);
            }
        }

        let queue = QUEUE.with(Clone::clone);
        for number in 0..3 {
            assert!(
                queue
                    .put_nowait(UsesQueue(Mischievous(number), number))
                    .is_ok()
            );
        }
        MISCHIEF.set(Some(Rc::new(|| panic!("no order"))));
        let got = catch_unwind(AssertUnwindSafe(|| drop(queue.get_nowait())));
        MISCHIEF.set(None);
        assert_eq!(message(got), "no order");
        assert_eq!((queue.qsize(), DROPPED.get()), (2, 0));
        while let Some(item) = queue.get_nowait() {
            drop(item);
        }
        assert_eq!(DROPPED.get(), 2);
    }

    #[test]
    fn what_is_left_in_a_priority_queue_is_dropped_with_it() {
        let item = Rc::new(1);
        let queue = PriorityQueue::new(0);
        for _ in 0..3 {
            queue.put_nowait(Rc::clone(&item)).expect("it has no bound");
        }
        drop(queue);
        assert_eq!(Rc::strong_count(&item), 1);
    }

    #[test]
    fn a_put_whose_order_panics_still_serves_those_who_wait() {
        with_loop(|io_loop| {
            let queue = PriorityQueue::new(0);
            assert!(queue.put_nowait(Mischievous(1)).is_ok());
            let claimed = queue.get();
            let waiting = queue.get();
            MISCHIEF.set(Some(Rc::new(|| panic!("no order"))));
            let put = catch_unwind(AssertUnwindSafe(|| drop(queue.put_nowait(Mischievous(2)))));
            MISCHIEF.set(None);
            assert_eq!(message(put), "no order");
            let both = io_loop.run_sync(|| vec![claimed, waiting]);
            let mut both = both.expect("there are two");
            both.sort();
            assert_eq!(both, [Mischievous(1), Mischievous(2)]);
        });
    }

    #[test]
    fn a_closed_loop_leaves_what_its_coroutines_waited_for() {
        with_loop(|io_loop| {
            let (full, empty) = (Queue::new(1), Queue::<u32>::new(0));
            full.put_nowait(0).expect("there is room");
            drop(put_and_note(full.clone(), Events::new(), 1));
            drop(note_item(empty.clone(), Events::new(), "a"));
            drop(note_item(empty.clone(), Events::new(), "b"));
            empty.put_nowait(7).expect("it has no bound");
            io_loop.close();
            assert_eq!(full.get_nowait(), Some(0));
            assert_eq!(full.get_nowait(), None);
            assert_eq!(empty.get_nowait(), Some(7));
        });
    }

    #[test]
    fn consumers_that_are_cancelled_at_any_moment_lose_no_item() {
        #[co::coroutine]
        fn consume(queue: Queue<u32>, got: Rc<RefCell<Vec<u32>>>) {
            loop {
                let item = yield_!(queue.get());
                got.borrow_mut().push(item);
            }
        }

        with_loop(|io_loop| {
            let (queue, got) = (Queue::new(3), Rc::new(RefCell::new(Vec::new())));
            let mut consumers = Vec::new();
            for item in 0..500_u32 {
                for _ in 0..item % 3 {
                    consumers.push(consume(queue.clone(), Rc::clone(&got)));
                }
                let producer = put_and_note(queue.clone(), Events::new(), item);
                if item % 4 == 0 {
                    turns(&io_loop, 1);
                }
                for _ in 0..item % 5 {
                    if let Some(consumer) = consumers.pop() {
                        consumer.cancel();
                    }
                }
                drop(producer);
            }
            consumers.push(consume(queue.clone(), Rc::clone(&got)));
            io_loop.run_sync(|| ready(())).expect("it is ready");
            turns(&io_loop, 3);
            let mut got = got.take();
            got.sort_unstable();
            let all: Vec<u32> = (0..500).collect();
            assert_eq!(got, all);
        });
    }
}
