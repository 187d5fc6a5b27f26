use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::race;
use crate::{Future, IoLoop, Promise, VirtualClock, promise, sleep};

const FIRST: &str = "192.0.2.1:1";
const SECOND: &str = "[2001:db8::1]:1";
const THIRD: &str = "192.0.2.2:1";

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    let parse = |text: &&str| text.parse().expect("an address");
    texts.iter().map(parse).collect()
}

/// What is tried, when, and how it ends.
#[derive(Clone)]
struct Network {
    begun: Instant,
    events: Rc<RefCell<Vec<String>>>,
    /// One for each attempt.
    attempts: Rc<RefCell<Vec<Promise<io::Result<Connection>>>>>,
}

/// Notes when it is closed.
struct Connection {
    network: Network,
    address: SocketAddr,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.network.note(&format!("closes {}", self.address));
    }
}

impl Network {
    fn new() -> Self {
        Self {
            begun: IoLoop::current().time(),
            events: Rc::default(),
            attempts: Rc::default(),
        }
    }

    fn note(&self, event: &str) {
        let time = (IoLoop::current().time() - self.begun).as_millis();
        self.events.borrow_mut().push(format!("{time}: {event}"));
    }

    fn connect(&self, address: SocketAddr) -> Future<io::Result<Connection>> {
        self.note(&format!("tries {address}"));
        let (promise, future) = promise();
        self.attempts.borrow_mut().push(promise);
        future
    }

    fn race(&self, texts: &[&str]) -> Future<io::Result<Connection>> {
        let (network, addresses) = (self.clone(), addresses(texts));
        IoLoop::current().spawn(race(addresses, move |address| network.connect(address)))
    }

    /// The attempt answers.
    fn answer(&self, attempt: usize, text: &str) {
        let connection = Connection {
            network: self.clone(),
            address: text.parse().expect("an address"),
        };
        self.take(attempt).set_result(Ok(connection));
    }

    fn refuse(&self, attempt: usize) {
        self.take(attempt)
            .set_exception(io::ErrorKind::ConnectionRefused.into());
    }

    fn take(&self, attempt: usize) -> Promise<io::Result<Connection>> {
        self.attempts.borrow_mut().remove(attempt)
    }

    fn events(&self) -> Vec<String> {
        self.events.take()
    }
}

fn run(body: impl AsyncFnOnce(Network) + 'static) {
    let io_loop = IoLoop::with_clock(VirtualClock::new()).expect("a loop");
    let run = move || async move { body(Network::new()).await };
    io_loop.run_sync(run).expect("an end");
}

async fn pass(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

#[test]
fn addresses_are_tried_after_one_another_the_families_by_turns() {
    run(async |network| {
        let _race = network.race(&[FIRST, THIRD, SECOND]);
        pass(1000).await;
        let tries = [
            "0: tries 192.0.2.1:1",
            "300: tries [2001:db8::1]:1",
            "600: tries 192.0.2.2:1",
        ];
        assert_eq!(network.events(), tries);
    });
}

#[test]
fn a_refused_address_makes_way_for_the_next_at_once() {
    run(async |network| {
        let _race = network.race(&[FIRST, SECOND, THIRD]);
        pass(100).await;
        network.refuse(0);
        pass(250).await;
        assert_eq!(
            network.events(),
            ["0: tries 192.0.2.1:1", "100: tries [2001:db8::1]:1"]
        );
        pass(100).await;
        assert_eq!(network.events(), ["400: tries 192.0.2.2:1"]);
    });
}

#[test]
fn a_refused_address_makes_way_at_once_also_beside_one_that_does_not_answer() {
    run(async |network| {
        let _race = network.race(&[FIRST, SECOND, THIRD]);
        pass(400).await;
        network.events();
        network.refuse(1);
        pass(100).await;
        assert_eq!(network.events(), ["400: tries 192.0.2.2:1"]);
    });
}

#[test]
fn the_first_answer_counts_whoever_was_tried_first() {
    run(async |network| {
        let race = network.race(&[FIRST, SECOND]);
        pass(400).await;
        network.answer(1, SECOND);
        let connection = race.await.expect("a connection");
        assert_eq!(connection.address.to_string(), SECOND);
    });
}

#[test]
fn a_late_second_success_is_closed() {
    run(async |network| {
        let race = network.race(&[FIRST, SECOND]);
        pass(400).await;
        network.answer(0, FIRST);
        let connection = race.await.expect("a connection");
        pass(100).await;
        network.events();
        network.answer(0, SECOND);
        assert_eq!(network.events(), ["500: closes [2001:db8::1]:1"]);
        drop(connection);
    });
}

#[test]
fn of_two_that_succeed_in_one_turn_the_second_is_closed() {
    run(async |network| {
        let race = network.race(&[FIRST, SECOND]);
        pass(400).await;
        network.events();
        network.answer(0, FIRST);
        network.answer(0, SECOND);
        let connection = race.await.expect("a connection");
        assert_eq!(connection.address.to_string(), FIRST);
        assert_eq!(network.events(), ["400: closes [2001:db8::1]:1"]);
    });
}

#[test]
fn when_all_fail_the_error_says_how_each_did() {
    run(async |network| {
        let race = network.race(&[FIRST, SECOND]);
        pass(1).await;
        network.refuse(0);
        pass(1).await;
        network.refuse(0);
        let error = race.await.err().expect("nobody answers");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let text = error.to_string();
        assert!(text.contains(FIRST) && text.contains(SECOND), "{text}");
    });
}

#[test]
fn a_race_that_is_given_up_tries_nothing_more() {
    run(async |network| {
        let race = network.race(&[FIRST, SECOND]);
        pass(1).await;
        race.cancel();
        pass(1000).await;
        assert!(network.take(0).is_cancelled());
        assert_eq!(network.events(), ["0: tries 192.0.2.1:1"]);
    });
}
