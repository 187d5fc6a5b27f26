//! Connections of a server: keeping them, timing them out, ending them.

use std::net::{self, Shutdown};
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, HttpServer, Method, RequestHandler,
    StreamClosedError,
};
use coroutine_tests::Events;

use super::support::{
    Waits, deserted, get, keep, kept, read_all, read_until, serve, status_of, talk, there, until,
    url,
};

pub(crate) const SOON: Duration = Duration::from_millis(40);

/// More than fits into the buffers of a connection.
pub(crate) const BIG: usize = 32 << 20;

#[co::coroutine]
fn yields(mut handler: RequestHandler) {
    for _ in 0..5 {
        yield_!(co::moment());
    }
    handler.write("[slow]");
}

pub(crate) fn mixed() -> Application {
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
fn an_application_is_served_at_several_sockets_and_none_is_an_error() {
    let bind = || net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let sockets = vec![bind(), bind()];
    let address = |socket: &net::TcpListener| socket.local_addr().expect("it is bound");
    let addresses: Vec<_> = sockets.iter().map(address).collect();
    let server = mixed().serve_sockets(sockets).expect("sockets");
    assert_eq!(server.local_addr(), addresses[0]);
    let request = "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for address in addresses {
        let answer = yield_!(talk(address, request));
        assert!(answer.ends_with("[fast]"), "{answer}");
    }
    mixed().serve_sockets(Vec::new()).expect_err("no socket");
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
    let server = serve(
        mixed()
            .post("/", |_: RequestHandler| ())
            .idle_connection_timeout(SOON),
    );
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
    let server = Rc::new(serve(mixed().idle_connection_timeout(SOON)));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    let head = b"GET /fast HTTP/1.1\r\nHost: a\r\nX-Long: ";
    yield_!(stream.write_all(head)).expect("a server that reads");
    let accepted = server.clone();
    yield_!(until(move || accepted.connections() == 1));
    let trickling = trickle(stream);
    yield_!(deserted(server));
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
            .idle_connection_timeout(SOON),
    );
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "[late]");
}

#[co::test(timeout = 10)]
fn a_length_that_a_handler_sets_does_not_move_the_next_response() {
    for (name, value) in [
        ("Content-Length", "2"),
        ("Content-Length", "1000"),
        ("Transfer-Encoding", "chunked"),
        ("Transfer-Encoding", "gzip"),
    ] {
        let server = serve(mixed().get("/lies", move |mut handler: RequestHandler| {
            handler.add_header(name, value);
            handler.write("[lies]");
        }));
        let requests = "GET /lies HTTP/1.1\r\nHost: a\r\n\r\n\
                        GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = yield_!(talk(server.local_addr(), requests)).to_lowercase();
        assert_eq!(
            answer.matches("content-length: 6\r\n").count(),
            2,
            "{answer}"
        );
        assert!(answer.contains("[lies]http/1.1 200"), "{answer}");
        assert!(!answer.contains("transfer-encoding"), "{answer}");
    }
}

#[co::test(timeout = 10)]
fn a_response_to_head_may_tell_a_length() {
    let server =
        serve(
            mixed().route_method(Method::HEAD, "/big", |mut handler: RequestHandler| {
                handler.set_header("Content-Length", "1000000");
            }),
        );
    let requests = "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n\
                    GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), requests)).to_lowercase();
    assert!(answer.contains("content-length: 1000000\r\n"), "{answer}");
    assert!(answer.ends_with("[fast]"), "{answer}");
}

#[co::coroutine]
pub(crate) fn wait(mut handler: RequestHandler, waits: Waits) {
    yield_!(kept(&waits));
    handler.write("[done]");
}

pub(crate) fn waiting(waits: &Waits) -> HttpServer {
    let waits = waits.clone();
    serve(mixed().get("/wait", move |handler| wait(handler, waits.clone())))
}

/// An application in which `/wait` waits, and notes that the client has left.
fn noting(waits: &Waits, events: &Events) -> Rc<HttpServer> {
    let (waits, events) = (waits.clone(), events.clone());
    Rc::new(serve(mixed().route(
        "/wait",
        move |handler: RequestHandler| {
            let events = events.clone();
            handler.on_connection_close(move || events.note("left"));
            wait(handler, waits.clone())
        },
    )))
}

#[co::test(timeout = 10)]
fn a_handler_is_told_that_its_client_has_left() {
    for method in [Method::GET, Method::POST] {
        let (waits, events) = (Waits::default(), Events::new());
        let server = noting(&waits, &events);
        let request = match method {
            Method::POST => HttpRequest::post(url(&server, "/wait"), "body"),
            _ => HttpRequest::new(url(&server, "/wait")),
        };
        let client = AsyncHttpClient::new().fetch(request);
        yield_!(there(&waits));
        client.cancel();
        yield_!(deserted(server));
        yield_!(co::moment());
        assert_eq!(events.take(), ["left"]);
        keep(&waits);
        yield_!(co::moment());
        yield_!(co::moment());
        assert_eq!(events.take(), [""; 0]);
    }
}

#[co::test(timeout = 10)]
fn a_handler_is_not_told_that_a_client_left_with_its_response() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = noting(&waits, &events);
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    keep(&waits);
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
    AsyncHttpClient::new().close();
    yield_!(deserted(server));
    yield_!(co::moment());
    assert_eq!(events.take(), [""; 0]);
}

/// Notes when it is dropped.
struct Noting(Events);

impl Drop for Noting {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[co::coroutine]
fn asks_to_be_cancelled(
    mut handler: RequestHandler,
    waits: Waits,
    events: Events,
    flushes: bool,
) -> Result<(), StreamClosedError> {
    let told = events.clone();
    handler.on_connection_close(move || told.note("left"));
    handler.cancel_on_connection_close(true);
    let _local = Noting(events.clone());
    if flushes {
        handler.write("begin");
        yield_!(handler.flush())?;
    }
    yield_!(kept(&waits));
    events.note("went on");
    Ok(())
}

#[co::test(timeout = 10)]
fn a_handler_that_asks_to_be_cancelled_is_when_its_client_leaves() {
    for flushes in [false, true] {
        let (waits, events) = (Waits::default(), Events::new());
        let (for_handler, noted) = (waits.clone(), events.clone());
        let server = Rc::new(serve(Application::new().get("/", move |handler| {
            asks_to_be_cancelled(handler, for_handler.clone(), noted.clone(), flushes)
        })));
        let client = get(&server, "/");
        yield_!(there(&waits));
        client.cancel();
        yield_!(deserted(server));
        yield_!(co::moment());
        assert_eq!(events.take(), ["dropped", "left"]);
        keep(&waits);
    }
}

#[co::test(timeout = 10)]
fn a_handler_that_asks_to_be_cancelled_is_not_once_its_response_is_complete() {
    let (waits, events) = (Waits::default(), Events::new());
    let (for_handler, noted) = (waits.clone(), events.clone());
    let server = Rc::new(serve(Application::new().get(
        "/",
        move |handler: RequestHandler| {
            let (waits, events) = (for_handler.clone(), noted.clone());
            co::block::coroutine! {
                handler.cancel_on_connection_close(true);
                yield_!(co::moment());
                handler.finish();
                yield_!(kept(&waits));
                events.note("went on");
            }
        },
    )));
    yield_!(get(&server, "/")).expect("an answer");
    yield_!(there(&waits));
    AsyncHttpClient::new().close();
    yield_!(deserted(server));
    keep(&waits);
    yield_!(co::moment());
    yield_!(co::moment());
    assert_eq!(events.take(), ["went on"]);
}

#[co::coroutine]
fn asks_late(handler: RequestHandler, waits: Waits, events: Events) {
    yield_!(kept(&waits));
    let late = events.clone();
    handler.on_connection_close(move || late.note("left"));
    events.note("asked");
}

#[co::test(timeout = 10)]
fn a_handler_that_asks_late_is_told_on_a_later_turn() {
    let (waits, events) = (Waits::default(), Events::new());
    let (for_handler, noted) = (waits.clone(), events.clone());
    let server = Rc::new(serve(Application::new().get("/", move |handler| {
        asks_late(handler, for_handler.clone(), noted.clone())
    })));
    let client = get(&server, "/");
    yield_!(there(&waits));
    client.cancel();
    yield_!(deserted(server));
    keep(&waits);
    for _ in 0..3 {
        yield_!(co::moment());
    }
    assert_eq!(events.take(), ["asked", "left"]);
}

#[co::test(timeout = 10)]
fn a_client_that_closes_its_direction_counts_as_gone() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = noting(&waits, &events);
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let request = b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
    yield_!(stream.write_all(request)).expect("a server that reads");
    yield_!(there(&waits));
    stream.shutdown(Shutdown::Write).expect("an end");
    assert_eq!(yield_!(read_all(stream)), "");
    yield_!(deserted(server));
    yield_!(co::moment());
    assert_eq!(events.take(), ["left"]);
}

#[co::test(timeout = 10)]
fn a_handler_is_told_that_a_shutdown_cut_its_connection() {
    let (waits, events) = (Waits::default(), Events::new());
    let server = noting(&waits, &events);
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    assert_eq!(yield_!(server.shutdown(SOON)), 1);
    yield_!(co::moment());
    assert_eq!(events.take(), ["left"]);
    yield_!(client).expect_err("no answer");
}

#[co::test(timeout = 10)]
fn the_longest_idle_timeout_is_as_good_as_none() {
    let server = serve(mixed().idle_connection_timeout(Duration::MAX));
    let response = yield_!(get(&server, "/slow")).expect("an answer");
    assert_eq!(response.text(), "[slow]");
}
