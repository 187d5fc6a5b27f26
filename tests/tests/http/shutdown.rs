//! Servers that stop.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::IoLoop;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, HttpServer, RequestHandler};

use super::connections::{BIG, SOON, mixed, waiting};
use super::support::{Waits, get, keep, read_all, read_until, run, serve, there, until};

#[co::test(timeout = 10)]
fn stop_refuses_new_connections_and_keeps_those_that_are_open() {
    let waits = Waits::default();
    let server = waiting(&waits);
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    server.stop();
    // What waits to be accepted at that moment is accepted.
    for _ in 0..3 {
        yield_!(co::moment());
    }
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

#[co::test(timeout = 10)]
fn a_connection_that_waits_to_be_accepted_when_the_server_stops_is_served() {
    let server = serve(mixed());
    let address = server.local_addr();
    // Without a turn of the loop, so that nobody accepts it.
    let mut late = std::net::TcpStream::connect(address).expect("a connection");
    std::io::Write::write_all(&mut late, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").expect("room");
    let shutdown = server.shutdown(Duration::from_secs(30));
    late.set_nonblocking(true).expect("it is one");
    let late = TcpStream::from_std(late).expect("a descriptor");
    let answer = yield_!(read_all(late));
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("[slow]"), "{answer}");
    assert_eq!(yield_!(shutdown), 0);
}

/// What became of the requests of all clients.
#[derive(Default)]
struct Tally {
    answered: Cell<usize>,
    unanswered: Cell<usize>,
    ended: Cell<usize>,
}

/// Asks on one connection until that is closed.
#[co::coroutine]
fn hammer(address: std::net::SocketAddr, path: &'static str, tally: Rc<Tally>) {
    let stream = yield_!(TcpStream::connect(address)).expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut buffer = [0; 4096];
    loop {
        // A server that has said goodbye may not listen any more.
        let sent = yield_!(stream.write_all(request.as_bytes())).is_ok();
        let mut answer = Vec::new();
        while !answer.ends_with(b"]") {
            match yield_!(stream.read(&mut buffer)).expect("a goodbye, and no reset") {
                0 => break,
                count => answer.extend_from_slice(&buffer[..count]),
            }
        }
        if answer.is_empty() {
            tally.unanswered.set(tally.unanswered.get() + 1);
            break;
        }
        let text = String::from_utf8(answer).expect("text");
        assert!(sent && text.ends_with(']'), "half an answer: {text}");
        tally.answered.set(tally.answered.get() + 1);
    }
    tally.ended.set(tally.ended.get() + 1);
}

#[co::test(timeout = 20)]
fn no_request_is_half_answered_while_clients_hammer_a_server_that_shuts_down() {
    for round in 0..20 {
        let (server, tally) = (serve(mixed()), Rc::new(Tally::default()));
        for number in 0..8 {
            let path = if number % 2 == 0 { "/fast" } else { "/slow" };
            drop(hammer(server.local_addr(), path, tally.clone()));
        }
        let answered = tally.clone();
        yield_!(until(move || answered.answered.get() > 50 + round));
        assert_eq!(yield_!(server.shutdown(Duration::from_secs(30))), 0);
        let ended = tally.clone();
        yield_!(until(move || ended.ended.get() == 8));
        assert!(tally.unanswered.get() <= 8);
    }
}

#[co::test(timeout = 10)]
fn a_request_that_was_sent_before_the_shutdown_is_answered() {
    for _ in 0..20 {
        let server = serve(mixed());
        let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
        let stream = Rc::new(stream);
        let request = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n";
        yield_!(stream.write_all(request)).expect("a server that reads");
        yield_!(read_until(stream.clone(), "[fast]"));
        // The connection stands still, and now it does not; the loop has not heard of it.
        yield_!(stream.write_all(request)).expect("a server that reads");
        let shutdown = server.shutdown(Duration::from_secs(30));
        let answer = yield_!(read_until(stream.clone(), "[fast]"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        drop(stream);
        assert_eq!(yield_!(shutdown), 0);
    }
}

#[test]
fn a_server_ends_with_its_loop_and_answers_what_it_has_begun() {
    coroutine_tests::watchdog(coroutine_tests::LIMIT, || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let text = Rc::new(RefCell::new(String::new()));
        let (got, inner) = (text.clone(), io_loop.clone());
        io_loop
            .run_sync(move || {
                co::block::coroutine! {
                    let waits = Waits::default();
                    let server = waiting(&waits);
                    let client = get(&server, "/wait");
                    yield_!(there(&waits));
                    inner.request_shutdown();
                    drop(co::block::coroutine! {
                        let response = yield_!(client).expect("an answer");
                        got.replace(response.text().into_owned());
                    });
                    drop(co::block::coroutine! {
                        yield_!(co::sleep(SOON));
                        keep(&waits);
                    });
                }
            })
            .expect("an end");
        let report = io_loop
            .close_within(Duration::from_secs(10))
            .expect("an end");
        assert_eq!(*text.borrow(), "[done]");
        assert!(report.is_clean(), "{report}");
    });
}

#[test]
fn a_server_that_was_shut_down_leaves_nothing_on_its_loop() {
    coroutine_tests::watchdog(coroutine_tests::LIMIT, || {
        run(|| {
            co::block::coroutine! {
                let server = serve(mixed());
                yield_!(get(&server, "/fast")).expect("an answer");
                assert_eq!(yield_!(server.shutdown(Duration::from_secs(10))), 0);
            }
        });
    });
}
