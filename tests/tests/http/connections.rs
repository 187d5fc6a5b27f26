//! Connections of a server: keeping them, timing them out, ending them.

use std::cell::RefCell;
use std::net::{self, Shutdown};
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, HttpServer, Method, RequestHandler,
};
use coroutine_tests::Events;

use super::support::{
    Waits, deserted, get, keep, kept, read_all, read_until, serve, status_of, talk, there, until,
    url,
};

const SOON: Duration = Duration::from_millis(40);

/// More than fits into the buffers of a connection.
const BIG: usize = 32 << 20;

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
            .idle_timeout(SOON),
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
fn wait(mut handler: RequestHandler, waits: Waits) {
    yield_!(kept(&waits));
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
    yield_!(there(&waits));
    server.stop();
    let error = yield_!(get(&server, "/fast")).expect_err("nobody listens");
    assert!(error.is_connect(), "{error}");
    keep(&waits);
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
}

#[co::test(timeout = 10)]
fn shutdown_lets_requests_finish_and_closes_idle_connections() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let idle = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    let shutdown = server.shutdown(Duration::from_secs(30));
    assert_eq!(yield_!(read_all(idle)), "");
    assert!(!shutdown.done());
    keep(&waits);
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
    assert_eq!(yield_!(shutdown), 0);
    assert_eq!(server.connections(), 0);
}

#[co::test(timeout = 10)]
fn shutdown_may_be_called_twice() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    let first = server.shutdown(Duration::from_secs(30));
    let second = server.shutdown(Duration::from_secs(30));
    keep(&waits);
    assert_eq!(yield_!(client).expect("an answer").text(), "[done]");
    assert_eq!((yield_!(first), yield_!(second)), (0, 0));
    assert_eq!(yield_!(server.shutdown(Duration::from_secs(30))), 0);
}

#[co::test(timeout = 10)]
fn shutdown_does_not_wait_for_the_rest_of_a_head() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    let request = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTT";
    yield_!(stream.write_all(request)).expect("a server that reads");
    yield_!(read_until(stream.clone(), "[fast]"));
    let fresh = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    yield_!(fresh.write_all(b"GET /fa")).expect("a server that reads");
    // Requests that came later are answered, so these have been read.
    yield_!(get(&server, "/fast")).expect("an answer");
    assert_eq!(yield_!(server.shutdown(Duration::from_secs(30))), 0);
    assert_eq!(yield_!(read_all(fresh)), "");
}

fn big(mut handler: RequestHandler) {
    handler.write(vec![b'a'; BIG]);
}

#[co::coroutine]
fn take_all_but_the_head(stream: Rc<TcpStream>) -> usize {
    let mut buffer = vec![0; 1 << 16];
    let mut count = 0;
    loop {
        match yield_!(stream.read(&mut buffer)).expect("a server that does not reset") {
            0 => return count,
            read => count += buffer[..read].iter().filter(|byte| **byte == b'a').count(),
        }
    }
}

#[co::test(timeout = 10)]
fn shutdown_lets_a_response_that_is_on_its_way_arrive() {
    let server = serve(mixed().get("/big", big));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    let request = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
    yield_!(stream.write_all(request)).expect("a server that reads");
    yield_!(read_until(stream.clone(), "\r\n\r\n"));
    let shutdown = server.shutdown(Duration::from_secs(30));
    for _ in 0..5 {
        yield_!(co::moment());
    }
    assert!(!shutdown.done());
    assert!(yield_!(take_all_but_the_head(stream)) > BIG / 2);
    assert_eq!(yield_!(shutdown), 0);
}

#[co::test(timeout = 10)]
fn shutdown_closes_what_is_open_when_its_patience_ends() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let client = get(&server, "/wait");
    yield_!(there(&waits));
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
        let body = if method == Method::POST { "body" } else { "" };
        let request = HttpRequest::new(url(&server, "/wait"))
            .method(method)
            .body(body);
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
    yield_!(deserted(server));
    yield_!(co::moment());
    assert_eq!(events.take(), [""; 0]);
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
    let server = serve(mixed().idle_timeout(Duration::MAX));
    let response = yield_!(get(&server, "/slow")).expect("an answer");
    assert_eq!(response.text(), "[slow]");
}
