//! Values for coroutines: from other threads, and for everyone.

use std::cell::RefCell;
use std::future::{Future as _, poll_fn};
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use co::channel::{Broadcast, Receiver, Sender, Subscriber, Watch, channel};
use co::promise;
use coroutine_core as co;
use coroutine_tests::{Events, turns, with_loop};

#[co::coroutine]
fn collect(mut receiver: Receiver<u32>) -> Vec<u32> {
    let mut items = Vec::new();
    while let Some(item) = yield_!(receiver.recv()) {
        items.push(item);
    }
    items
}

#[test]
fn what_threads_send_is_received_in_their_order() {
    with_loop(|io_loop| {
        let (sender, receiver) = channel();
        let threads = [0, 1000, 2000].map(|first| {
            let sender = sender.clone();
            thread::spawn(move || (first..first + 1000).try_for_each(|number| sender.send(number)))
        });
        drop(sender);
        let items = io_loop.run_sync(|| collect(receiver)).expect("it ends");
        for thread in threads {
            assert!(thread.join().expect("it does not panic").is_ok());
        }
        for first in [0, 1000, 2000] {
            let of_thread = items.iter().filter(|item| **item / 1000 == first / 1000);
            assert!(of_thread.copied().eq(first..first + 1000));
        }
    });
}

#[test]
fn a_loop_that_waits_for_a_thread_is_woken_by_it_and_reports_nothing() {
    with_loop(|io_loop| {
        let (sender, receiver) = channel();
        let (go, gone) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            gone.recv().expect("the loop waits");
            sender.send(7).expect("it is received");
        });
        let collecting = collect(receiver);
        turns(&io_loop, 3);
        let wait = Duration::from_millis(5);
        io_loop.call_later(wait, move || go.send(()).expect("it waits"));
        assert_eq!(io_loop.run_sync(|| collecting).expect("it ends"), [7]);
        thread.join().expect("it does not panic");
    });
}

#[test]
fn the_last_sender_to_go_ends_it() {
    with_loop(|io_loop| {
        let (sender, receiver) = channel();
        sender.send(1).expect("it is received");
        let collecting = collect(receiver);
        drop(sender.clone());
        turns(&io_loop, 2);
        assert!(!collecting.done());
        let thread = thread::spawn(move || drop(sender));
        assert_eq!(io_loop.run_sync(|| collecting).expect("it ends"), [1]);
        thread.join().expect("it does not panic");
    });
}

#[test]
fn what_cannot_be_received_comes_back() {
    let (sender, receiver) = channel();
    drop(receiver);
    let error = sender.send("late").expect_err("nobody is there");
    assert_eq!(error.to_string(), "the receiver of the channel is gone");
    assert_eq!(error.into_item(), "late");
}

#[test]
fn what_was_sent_and_not_received_is_dropped_with_the_receiver() {
    let (sender, receiver) = channel();
    let (dropped, is_dropped) = mpsc::channel();
    sender.send(SendOnDrop(dropped)).expect("it is received");
    assert!(is_dropped.try_recv().is_err());
    drop(receiver);
    assert!(is_dropped.try_recv().is_ok());

    struct SendOnDrop(mpsc::Sender<()>);
    impl Drop for SendOnDrop {
        fn drop(&mut self) {
            self.0.send(()).expect("the test looks");
        }
    }
}

#[test]
fn a_receiver_that_is_no_longer_waited_for_does_not_keep_the_loop() {
    with_loop(|io_loop| {
        #[co::coroutine]
        fn wait_for_ever(future: co::Future<()>, mut receiver: Receiver<u32>) {
            {
                let mut recv = pin!(receiver.recv());
                let look = poll_fn(|cx| Poll::Ready(recv.as_mut().poll(cx)));
                assert!(yield_!(look).is_pending());
            }
            yield_!(future);
        }

        let (sender, receiver) = channel();
        let (promise, future) = promise();
        let waiting = wait_for_ever(future, receiver);
        assert!(
            io_loop
                .start()
                .expect_err("nothing can wake it")
                .is_deadlock()
        );
        drop((promise, sender, waiting));
    });
}

#[test]
fn a_receiver_that_is_gone_does_not_keep_the_loop_where_waiting_for_it_was_forgotten() {
    with_loop(|io_loop| {
        let (sender, mut receiver) = channel::<u32>();
        let (promise, future) = promise::<()>();
        let waiting = co::block::coroutine! {
            let look = poll_fn(|cx| {
                let mut recv = ManuallyDrop::new(receiver.recv());
                Poll::Ready(pin!(&mut *recv).poll(cx))
            });
            assert!((yield look).is_pending());
            drop(receiver);
            yield future;
        };
        let error = io_loop.start().expect_err("nothing can wake it");
        assert!(error.is_deadlock(), "{error}");
        drop((promise, sender, waiting));
    });
}

#[test]
fn a_sender_that_never_stops_does_not_starve_the_others() {
    with_loop(|io_loop| {
        let (sender, receiver) = channel();
        for number in 0..10_000 {
            sender.send(number).expect("it is received");
        }
        let seen = Rc::new(RefCell::new(None));
        let (count, noted) = (Rc::new(RefCell::new(0)), Rc::clone(&seen));
        let counted = Rc::clone(&count);
        io_loop.add_callback(move || *noted.borrow_mut() = Some(*counted.borrow()));
        let counting = count_all(receiver, count);
        drop(sender);
        io_loop.run_sync(|| counting).expect("it ends");
        assert!(seen.take().is_some_and(|count| count < 1000));
    });

    #[co::coroutine]
    fn count_all(mut receiver: Receiver<u32>, count: Rc<RefCell<u32>>) {
        while yield_!(receiver.recv()).is_some() {
            *count.borrow_mut() += 1;
        }
    }
}

#[test]
fn both_ends_may_be_sent_to_other_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Sender<std::cell::Cell<u8>>>();
    is_sync::<Sender<std::cell::Cell<u8>>>();
    is_send::<Receiver<std::cell::Cell<u8>>>();
}

mod watch {
    use super::*;

    #[co::coroutine]
    fn note_changes(mut watch: Watch<u32>, events: Events, name: &'static str) {
        loop {
            let value = yield_!(watch.changed());
            events.note(format!("{name} {value}"));
        }
    }

    #[test]
    fn everyone_sees_the_latest_value_only() {
        with_loop(|io_loop| {
            let (watch, events) = (Watch::new(0), Events::new());
            let watching = ["a", "b"].map(|name| note_changes(watch.clone(), events.clone(), name));
            watch.set(1);
            watch.set(2);
            turns(&io_loop, 2);
            assert_eq!(events.take(), ["a 2", "b 2"]);
            watch.set(3);
            turns(&io_loop, 2);
            assert_eq!(events.take(), ["a 3", "b 3"]);
            drop(watching);
        });
    }

    #[test]
    fn a_value_that_was_set_meanwhile_is_not_waited_for() {
        with_loop(|_| {
            let (watch, events) = (Watch::new(0), Events::new());
            let late = watch.clone();
            watch.set(1);
            drop(note_changes(late, events.clone(), "late"));
            assert_eq!(events.take(), ["late 1"]);
            drop(note_changes(watch.clone(), events.clone(), "setter"));
            assert_eq!(events.take(), ["setter 1"], "setting is not seeing");
            assert_eq!(*watch.get(), 1);
            drop(note_changes(watch, events.clone(), "after get"));
            assert!(events.take().is_empty());
        });
    }

    #[test]
    fn a_change_that_was_not_yielded_stays_unseen() {
        with_loop(|io_loop| {
            let mut watch = Watch::new(0);
            let setter = watch.clone();
            let changed = watch.changed();
            setter.set(1);
            drop(changed);
            assert!(format!("{watch:?}").contains("waiting: 0"));
            let seen = io_loop.spawn(async move { *watch.changed().await });
            assert!(seen.done());
        });
    }

    #[test]
    fn a_value_whose_destructor_sets_another_is_safe() {
        struct SetsAnother(Option<Watch<SetsAnother>>);

        impl Drop for SetsAnother {
            fn drop(&mut self) {
                if let Some(watch) = self.0.take() {
                    watch.set(Self(None));
                }
            }
        }

        let watch = Watch::new(SetsAnother(None));
        watch.set(SetsAnother(Some(watch.clone())));
        watch.set(SetsAnother(None));
        assert!(watch.get().0.is_none());
    }

    #[test]
    fn one_that_nobody_sets_is_reported() {
        with_loop(|io_loop| {
            let watching = note_changes(Watch::new(0), Events::new(), "a");
            let error = io_loop.start().expect_err("nothing can wake it");
            assert_eq!(error.suspended()[0].operand(), Some("watch.changed()"));
            drop(watching);
        });
    }
}

mod broadcast {
    use super::*;

    #[co::coroutine]
    fn note_items(mut subscriber: Subscriber<u32>, events: Events, name: &'static str) {
        loop {
            match yield_!(subscriber.recv()) {
                Ok(item) => events.note(format!("{name} {item}")),
                Err(error) if error.is_closed() => break,
                Err(error) => events.note(format!("{name}: {error}")),
            }
        }
        events.note(format!("{name} ends"));
    }

    #[test]
    fn every_subscriber_gets_every_item_that_is_sent_after_it_subscribed() {
        with_loop(|io_loop| {
            let (broadcast, events) = (Broadcast::new(8), Events::new());
            broadcast.send(0);
            drop(note_items(broadcast.subscribe(), events.clone(), "a"));
            broadcast.send(1);
            drop(note_items(broadcast.subscribe(), events.clone(), "b"));
            broadcast.send(2);
            turns(&io_loop, 1);
            assert_eq!(events.take(), ["a 1", "a 2", "b 2"]);
        });
    }

    #[test]
    fn one_that_is_too_slow_is_told_how_many_it_missed_and_goes_on() {
        with_loop(|io_loop| {
            let (broadcast, events) = (Broadcast::new(2), Events::new());
            let mut slow = broadcast.subscribe();
            for item in 0..5 {
                broadcast.send(item);
            }
            let error = io_loop.run_sync({
                let mut slow = slow.clone();
                move || Box::pin(async move { slow.recv().await.map(|item| *item) })
            });
            let error = error.expect("it is there").expect_err("three are gone");
            assert_eq!(error.missed(), Some(3));
            assert!(!error.is_closed());
            drop(slow.recv());
            drop(note_items(slow, events.clone(), "slow"));
            let expected = [
                "slow: the subscriber has missed 3 items",
                "slow 3",
                "slow 4",
            ];
            assert_eq!(events.take(), expected);
        });
    }

    #[test]
    fn it_ends_when_the_last_sender_is_gone_after_what_was_sent() {
        with_loop(|io_loop| {
            let (broadcast, events) = (Broadcast::new(2), Events::new());
            let other = broadcast.clone();
            drop(note_items(broadcast.subscribe(), events.clone(), "a"));
            drop(broadcast);
            turns(&io_loop, 2);
            assert!(events.take().is_empty());
            other.send(1);
            drop(other);
            turns(&io_loop, 2);
            assert_eq!(events.take(), ["a 1", "a ends"]);
        });
    }

    #[test]
    fn an_item_whose_destructor_sends_is_safe() {
        struct Sends(Option<Broadcast<Sends>>);

        impl Drop for Sends {
            fn drop(&mut self) {
                if let Some(broadcast) = self.0.take() {
                    broadcast.send(Self(None));
                }
            }
        }

        let broadcast = Broadcast::new(1);
        broadcast.send(Sends(Some(broadcast.clone())));
        broadcast.send(Sends(None));
        assert!(format!("{broadcast:?}").contains("sent: 3"));
    }

    #[test]
    fn subscribers_that_wait_and_are_cancelled_leave_nothing_behind() {
        with_loop(|_| {
            let broadcast = Broadcast::new(1);
            let listening = note_items(broadcast.subscribe(), Events::new(), "a");
            assert!(format!("{broadcast:?}").contains("waiting: 1"));
            listening.cancel();
            assert!(format!("{broadcast:?}").contains("waiting: 0"));
        });
    }
}
