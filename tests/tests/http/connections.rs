//! Connections of a server: keeping them, timing them out, ending them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::net::TcpStream;
use coroutine_core::{self as co, Promise, promise};
use coroutine_http::{Application, HttpServer, RequestHandler};

use super::support::{get, read_all, read_until, serve, status_of, talk, until};

const SOON: Duration = Duration::from_millis(40);

#[co::coroutine]
fn yields(mut handler: RequestHandler) {
    for _ in 0..5 {
        yield_!(co::moment());
    }
    handler.write("[slow]");
}

fn mixed() -> Application {
    Application::new()
        .get("/slow", yields)
        .get("/fast", |mut handler: RequestHandler| {
            handler.write("[fast]");
        })
}

#[co::test(timeout = 10)]
fn pipelined_requests_are_answered_in_order() {
    let server = serve(mixed());
    let requests = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n\
                    GET /fast HTTP/1.1\r\nHost: a\r\n\r\n\
                    GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n\
                    GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), requests));
    let order: Vec<_> = ["[slow]", "[fast]", "404: Not Found</body>"]
        .map(|text| answer.find(text).expect("an answer"))
        .into();
    assert!(order.is_sorted(), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 4);
    assert!(answer.ends_with("[slow]"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_connection_is_kept_for_the_next_request() {
    let server = serve(mixed());
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    for _ in 0..3 {
        let request = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n";
        yield_!(stream.write_all(request)).expect("a server that reads");
        let answer = yield_!(read_until(stream.clone(), "[fast]"));
        assert_eq!(status_of(&answer), "200");
        assert_eq!(server.connections(), 1);
    }
}

#[co::test(timeout = 10)]
fn http_1_0_is_answered_and_closed() {
    let server = serve(mixed());
    let answer = yield_!(talk(server.local_addr(), "GET /fast HTTP/1.0\r\n\r\n"));
    assert_eq!(status_of(&answer), "200");
    assert!(answer.ends_with("[fast]"), "{answer}");
}

/// Says `bytes` and nothing more, and waits until the server has had enough.
#[co::coroutine]
fn fall_silent_after(bytes: &'static str) -> String {
    let server = serve(mixed().post("/", |_: RequestHandler| ()).idle_timeout(SOON));
    yield_!(talk(server.local_addr(), bytes))
}

#[co::test(timeout = 10)]
fn a_connection_without_a_request_is_closed_after_a_while() {
    assert_eq!(yield_!(fall_silent_after("")), "");
}

#[co::test(timeout = 10)]
fn a_head_that_is_never_complete_is_given_up() {
    yield_!(fall_silent_after("GET /fast HTTP/1.1\r\nHo"));
}

#[co::test(timeout = 10)]
fn a_body_that_never_comes_is_given_up() {
    yield_!(fall_silent_after(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
    ));
}

#[co::test(timeout = 10)]
fn an_idle_connection_is_closed_after_its_last_request() {
    let answer = yield_!(fall_silent_after("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(answer.ends_with("[fast]"), "{answer}");
}

#[co::coroutine]
fn trickle(stream: Rc<TcpStream>) {
    while yield_!(stream.write_all(b"x")).is_ok() {
        yield_!(co::sleep(SOON / 8));
    }
}

#[co::test(timeout = 10)]
fn a_head_that_arrives_byte_by_byte_is_given_up() {
    let server = Rc::new(serve(mixed().idle_timeout(SOON)));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    let head = b"GET /fast HTTP/1.1\r\nHost: a\r\nX-Long: ";
    yield_!(stream.write_all(head)).expect("a server that reads");
    let accepted = server.clone();
    yield_!(until(move || accepted.connections() == 1));
    let trickling = trickle(stream);
    yield_!(until(move || server.connections() == 0));
    trickling.cancel();
}

#[co::coroutine]
fn takes_its_time(mut handler: RequestHandler) {
    yield_!(co::sleep(SOON * 5));
    handler.write("[late]");
}

#[co::test(timeout = 10)]
fn a_handler_may_take_longer_than_a_connection_may_be_idle() {
    let server = serve(
        Application::new()
            .get("/", takes_its_time)
            .idle_timeout(SOON),
    );
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "[late]");
}

/// The promise that a handler waits for.
type Waits = Rc<RefCell<Option<Promise<()>>>>;

#[co::coroutine]
fn wait(mut handler: RequestHandler, waits: Waits) {
    let (promise, future) = promise();
    waits.replace(Some(promise));
    yield_!(future);
    handler.write("[done]");
}

fn waiting(waits: &Waits) -> HttpServer {
    let waits = waits.clone();
    serve(mixed().get("/wait", move |handler| wait(handler, waits.clone())))
}

#[co::test(timeout = 10)]
fn stop_refuses_new_connections_and_keeps_those_that_are_open() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let client = get(&server, "/wait");
    let there = waits.clone();
    yield_!(until(move || there.borrow().is_some()));
    server.stop();
    let error = yield_!(get(&server, "/fast")).expect_err("nobody listens");
    assert!(error.is_connect(), "{error}");
    waits.take().expect("a handler").set_result(());
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
}

#[co::test(timeout = 10)]
fn shutdown_lets_requests_finish_and_closes_idle_connections() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let idle = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let client = get(&server, "/wait");
    let there = waits.clone();
    yield_!(until(move || there.borrow().is_some()));
    let shutdown = server.shutdown(Duration::from_secs(30));
    assert_eq!(yield_!(read_all(idle)), "");
    assert!(!shutdown.done());
    waits.take().expect("a handler").set_result(());
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
    assert_eq!(yield_!(shutdown), 0);
    assert_eq!(server.connections(), 0);
}

#[co::test(timeout = 10)]
fn shutdown_closes_what_is_open_when_its_patience_ends() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let client = get(&server, "/wait");
    let there = waits.clone();
    yield_!(until(move || there.borrow().is_some()));
    assert_eq!(yield_!(server.shutdown(SOON)), 1);
    assert_eq!(server.connections(), 0);
    let error = yield_!(client).expect_err("no answer");
    assert!(error.is_lost(), "{error}");
}

#[co::coroutine]
fn stop_from_within(mut handler: RequestHandler, server: Rc<RefCell<Option<HttpServer>>>) {
    server.borrow().as_ref().expect("a server").stop();
    handler.write("[last]");
}

#[co::test(timeout = 10)]
fn a_handler_may_stop_its_server() {
    let slot = Rc::new(RefCell::new(None));
    let for_handler = slot.clone();
    let server = serve(Application::new().get("/", move |handler| {
        stop_from_within(handler, for_handler.clone())
    }));
    let request = get(&server, "/");
    slot.replace(Some(server));
    assert_eq!(yield_!(request).expect("an answer").text(), "[last]");
}
