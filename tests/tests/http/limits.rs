//! What a server allows its clients.

use std::rc::Rc;
use std::time::{Duration, Instant};

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, HttpServer, RequestHandler, stream_request_body};

use super::connections::SOON;
use super::support::{
    deserted, get, read_all, read_until, serve, status_of, talk, until, warnings,
};

fn echo() -> Application {
    Application::new().route("/", |mut handler: RequestHandler| {
        let length = handler.request().body().len();
        handler.write(format!("[{length}]"));
    })
}

fn head_of(size: usize) -> String {
    let begin = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: ";
    let filling = "x".repeat(size - begin.len() - 4);
    format!("{begin}{filling}\r\n\r\n")
}

#[co::test(timeout = 10)]
fn a_limit_of_no_time_at_all_holds_up_nobody_else() {
    let strict = serve(echo().header_timeout(Duration::ZERO));
    let idle = yield_!(TcpStream::connect(strict.local_addr())).expect("a connection");
    let server = serve(echo());
    assert_eq!(yield_!(get(&server, "/")).expect("an answer").text(), "[0]");
    drop(idle);
}

#[co::test(timeout = 10)]
fn a_head_of_exactly_the_limit_is_taken_and_one_byte_more_is_a_431() {
    for limit in [1000, 100_000] {
        let server = serve(echo().max_header_size(limit));
        for (size, status) in [(limit, "200"), (limit + 1, "431")] {
            let answer = yield_!(talk(server.local_addr(), head_of(size)));
            assert_eq!(status_of(&answer), status, "{size} of {limit}");
        }
    }
}

/// Sends a byte now and then until the server has had enough, and says how long that took.
#[co::coroutine]
fn trickle(server: Rc<HttpServer>, head: &'static str) -> Duration {
    let began = Instant::now();
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    yield_!(stream.write_all(head.as_bytes())).expect("a server that reads");
    let open = server.clone();
    yield_!(until(move || open.connections() == 1));
    while server.connections() == 1 {
        let _ = yield_!(stream.write_all(b"x"));
        yield_!(co::sleep(SOON / 8));
    }
    began.elapsed()
}

#[co::test(timeout = 10)]
fn a_body_that_arrives_byte_by_byte_is_given_up() {
    for application in [
        echo(),
        Application::new().post("/", stream_request_body(read_all_of_it)),
    ] {
        let server = application
            .idle_connection_timeout(SOON)
            .min_body_rate(100_000);
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
        yield_!(trickle(Rc::new(serve(server)), head));
    }
}

#[co::coroutine]
fn read_all_of_it(mut handler: RequestHandler) {
    while let Ok(Some(_)) = yield_!(handler.read_chunk()) {}
}

#[co::test(timeout = 10)]
fn a_body_that_is_slow_enough_is_taken_when_the_rate_allows_it() {
    let server = serve(echo().idle_connection_timeout(SOON * 4).min_body_rate(0));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    yield_!(stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n"))
        .expect("it reads");
    for _ in 0..12 {
        yield_!(co::sleep(SOON / 2));
        yield_!(stream.write_all(b"x")).expect("it reads");
    }
    yield_!(read_until(stream, "[12]"));
}

#[co::test(timeout = 10)]
fn a_head_has_a_time_of_its_own() {
    let server = Rc::new(serve(echo().header_timeout(SOON)));
    let quiet = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let slow = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    yield_!(slow.write_all(b"GET / HT")).expect("a server that reads");
    assert_eq!(yield_!(read_all(slow)), "");
    // The one that has not begun stands still, which it may.
    assert_eq!(server.connections(), 1);
    drop(quiet);
    yield_!(deserted(server));
}

#[co::test(timeout = 10)]
fn a_body_that_is_not_there_in_time_is_a_408() {
    let server = serve(echo().body_timeout(SOON));
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc";
    let answer = yield_!(talk(server.local_addr(), head));
    assert_eq!(status_of(&answer), "408");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[co::test(timeout = 10)]
fn without_keep_alive_a_connection_has_one_response() {
    let server = serve(echo().no_keep_alive(true));
    let requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), requests));
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[co::coroutine]
fn crowd() {
    let server = Rc::new(serve(echo().max_connections(2)));
    for _ in 0..2 {
        let mut open = Vec::new();
        for _ in 0..5 {
            open.push(yield_!(TcpStream::connect(server.local_addr())).expect("a connection"));
        }
        let full = server.clone();
        yield_!(until(move || full.connections() == 2));
        for _ in 0..10 {
            yield_!(co::moment());
            assert_eq!(server.connections(), 2);
        }
        // The last one is served when it is its turn.
        let last = open.pop().expect("five");
        drop(open);
        yield_!(last.write_all(b"GET / HTTP/1.0\r\n\r\n")).expect("room");
        let answer = yield_!(read_all(last));
        assert!(answer.ends_with("[0]"), "{answer}");
        yield_!(deserted(server.clone()));
    }
    yield_!(get(&server, "/")).expect("an answer");
}

#[test]
fn more_connections_than_there_may_be_wait_and_that_is_logged_once_each_time() {
    let lines = warnings(crowd);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("there are 2 connections"), "{lines:?}");
}

#[co::test(timeout = 10)]
fn several_sockets_have_one_limit() {
    let sockets: Vec<_> = (0..3)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    let addresses: Vec<_> = sockets
        .iter()
        .map(|socket| socket.local_addr().expect("an address"))
        .collect();
    let application = echo().max_connections(2);
    let server = Rc::new(application.serve_sockets(sockets).expect("sockets"));
    let mut open = Vec::new();
    for address in addresses.iter().cycle().take(6) {
        open.push(yield_!(TcpStream::connect(*address)).expect("a connection"));
    }
    let full = server.clone();
    yield_!(until(move || full.connections() == 2));
    for _ in 0..10 {
        yield_!(co::moment());
        assert_eq!(server.connections(), 2);
    }
    // Those that wait have their turn at each of the sockets.
    for stream in &open {
        yield_!(stream.write_all(b"GET / HTTP/1.0\r\n\r\n")).expect("it reads");
    }
    for stream in open {
        let answer = yield_!(read_all(stream));
        assert!(answer.ends_with("[0]"), "{answer}");
    }
    yield_!(deserted(server));
}
