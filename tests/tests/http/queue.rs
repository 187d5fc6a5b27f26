//! How many requests are under way at once, and what it is to wait for one's turn.

use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_http::{Application, AsyncHttpClient, HttpRequest, HttpServer, RequestHandler};
use coroutine_tests::Events;

use super::support::{Waits, keep, kept, serve, there, until, url};

#[co::coroutine]
fn wait(mut handler: RequestHandler, waits: Waits) {
    yield_!(kept(&waits));
    handler.write("done");
}

/// An application whose `/wait` waits, and whose `/note/x` notes what it is asked for.
fn serving(waits: &Waits, events: &Events) -> HttpServer {
    let (waits, events) = (waits.clone(), events.clone());
    serve(
        Application::new()
            .route("/wait", move |handler: RequestHandler| {
                wait(handler, waits.clone())
            })
            .route("/note/{what}", move |handler: RequestHandler| {
                events.note(handler.path_argument("what").unwrap_or("-"));
            })
            .route("/redirect", |handler: RequestHandler| {
                handler.redirect("/note/redirected");
            }),
    )
}

#[co::coroutine]
fn sleep(_handler: RequestHandler) {
    yield_!(co::sleep(Duration::from_secs(60)));
}

fn one_at_a_time() -> AsyncHttpClient {
    AsyncHttpClient::builder().max_clients(1).build()
}

#[co::test(timeout = 10)]
fn a_redirect_with_one_slot_does_not_deadlock() {
    let events = Events::new();
    let server = serving(&Waits::default(), &events);
    let client = one_at_a_time();
    let first = client.fetch(url(&server, "/redirect"));
    let second = client.fetch(url(&server, "/note/second"));
    yield_!(first).expect("an answer");
    yield_!(second).expect("an answer");
    assert_eq!(events.take(), ["redirected", "second"]);
}

#[co::test(timeout = 10)]
fn those_that_wait_are_served_in_the_order_of_their_coming() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = serving(&waits, &events);
    let client = one_at_a_time();
    let first = client.fetch(url(&server, "/wait"));
    let others: Vec<_> = (0..3)
        .map(|n| client.fetch(url(&server, &format!("/note/{n}"))))
        .collect();
    yield_!(there(&waits));
    assert_eq!(events.take(), [""; 0]);
    keep(&waits);
    yield_!(first).expect("an answer");
    for other in others {
        yield_!(other).expect("an answer");
    }
    assert_eq!(events.take(), ["0", "1", "2"]);
}

#[co::test(timeout = 10)]
fn no_more_than_ten_are_under_way_unless_said_otherwise() {
    for (client, most) in [
        (AsyncHttpClient::new(), 10),
        (AsyncHttpClient::builder().max_clients(3).build(), 3),
    ] {
        let server = Rc::new(serve(Application::new().route("/", sleep)));
        let all: Vec<_> = (0..most + 5)
            .map(|_| client.fetch(url(&server, "/")))
            .collect();
        let at = server.clone();
        yield_!(until(move || at.connections() == most));
        for _ in 0..20 {
            yield_!(co::moment());
        }
        assert_eq!(server.connections(), most);
        for fetch in all {
            fetch.cancel();
        }
    }
}

#[co::test(timeout = 10)]
fn one_that_waits_too_long_is_a_timeout_of_its_own_and_is_never_sent() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = serving(&waits, &events);
    let client = one_at_a_time();
    let first = client.fetch(url(&server, "/wait"));
    yield_!(there(&waits));
    let soon = Duration::from_millis(20);
    let note = || HttpRequest::new(url(&server, "/note/late"));
    for late in [note().connect_timeout(soon), note().request_timeout(soon)] {
        let error = yield_!(client.fetch(late)).expect_err("not its turn");
        assert!(error.is_timeout() && error.is_queue_timeout() && !error.is_connect());
        let text = error.to_string();
        assert!(text.contains("20ms") && text.contains("turn"), "{text}");
        assert!(text.contains(&server.local_addr().to_string()), "{text}");
    }
    keep(&waits);
    yield_!(first).expect("an answer");
    yield_!(client.fetch(url(&server, "/note/next"))).expect("an answer");
    assert_eq!(events.take(), ["next"]);
}

#[co::test(timeout = 10)]
fn a_fetch_that_is_cancelled_makes_way_for_the_next() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = serving(&waits, &events);
    let client = one_at_a_time();
    let first = client.fetch(url(&server, "/wait"));
    let second = client.fetch(url(&server, "/note/second"));
    let third = client.fetch(url(&server, "/note/third"));
    yield_!(there(&waits));
    second.cancel();
    first.cancel();
    yield_!(third).expect("an answer");
    assert_eq!(events.take(), ["third"]);
}

#[co::test(timeout = 10)]
fn a_fetch_that_fails_makes_way_for_the_next() {
    let events = Events::new();
    let server = serving(&Waits::default(), &events);
    let client = one_at_a_time();
    for bad in ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "nonsense"] {
        yield_!(client.fetch(bad)).expect_err("no way");
    }
    yield_!(client.fetch(url(&server, "/note/next"))).expect("an answer");
    assert_eq!(events.take(), ["next"]);
}

#[co::test(timeout = 10)]
fn the_time_in_the_queue_is_told() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = serving(&waits, &events);
    let client = one_at_a_time();
    let first = client.fetch(url(&server, "/wait"));
    let second = client.fetch(url(&server, "/note/x"));
    yield_!(there(&waits));
    let time = Duration::from_millis(30);
    yield_!(co::sleep(time));
    keep(&waits);
    assert_eq!(
        yield_!(first).expect("an answer").time_info().queue(),
        Duration::ZERO
    );
    let times = *yield_!(second).expect("an answer").time_info();
    assert!(times.queue() >= time && times.queue() <= times.starttransfer());
    assert!(times.starttransfer() <= times.total());
    assert_eq!(times.appconnect(), Duration::ZERO);
}
