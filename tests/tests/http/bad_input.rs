//! What is no HTTP, and addresses at which nobody can listen.

use std::io;
use std::rc::Rc;

use coroutine_core::net::TcpStream;
use coroutine_core::{self as co};
use coroutine_http::{Application, AsyncHttpClient, HttpServer, RequestHandler};
use coroutine_tests::assert_one_message;

use super::support::{
    Waits, get, keep, kept, read_until, serve, status_of, talk, there, until, warnings,
};

fn hello() -> HttpServer {
    serve(Application::new().get("/", |mut handler: RequestHandler| handler.write("hello")))
}

#[co::coroutine]
fn talk_nonsense(bytes: &'static [u8], status: &'static str) {
    let server = hello();
    let answer = yield_!(talk(server.local_addr(), bytes));
    assert_eq!(status_of(&answer), status, "{answer}");
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "hello");
}

#[test]
fn a_request_that_is_no_http_is_a_400_and_is_logged_and_the_server_goes_on() {
    for bytes in [
        &b"this is no http\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let lines = warnings(move || talk_nonsense(bytes, "400"));
        assert_one_message(&lines, &["127.0.0.1:", "is no HTTP request"]);
    }
}

#[co::test(timeout = 10)]
fn a_request_with_both_a_length_and_a_transfer_encoding_is_a_400_and_hides_no_second_request() {
    let server = serve(Application::new().route("/", |_: RequestHandler| ()));
    for headers in [
        "Content-Length: 40\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 40",
        "content-length:40\r\nX: y\r\nTRANSFER-ENCODING: chunked",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        let answer = yield_!(talk(server.local_addr(), request));
        assert_eq!(status_of(&answer), "400");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

#[co::coroutine]
fn answer(mut handler: RequestHandler, waits: Waits) {
    if handler.query_argument("waits").is_some() {
        yield_!(kept(&waits));
    }
    handler.write("good");
}

const BOTH: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
    GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[co::test(timeout = 10)]
fn a_head_with_both_is_found_behind_other_requests() {
    let server = serve(Application::new().route("/", |handler| answer(handler, Waits::default())));
    for first in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let answer = yield_!(talk(server.local_addr(), format!("{first}{BOTH}")));
        assert_eq!(status_of(&answer), "200", "{first}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 2, "{answer}");
        assert!(answer.contains("HTTP/1.1 400"), "{answer}");
    }
}

#[co::test(timeout = 10)]
fn a_head_with_both_is_found_that_comes_while_a_handler_waits() {
    let waits = Waits::default();
    let waiting = waits.clone();
    let server =
        serve(Application::new().route("/", move |handler| answer(handler, waiting.clone())));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    yield_!(stream.write_all(b"GET /?waits=1 HTTP/1.1\r\nHost: a\r\n\r\n")).expect("a server");
    yield_!(there(&waits));
    yield_!(stream.write_all(BOTH.as_bytes())).expect("a server");
    for _ in 0..10 {
        yield_!(co::moment());
    }
    keep(&waits);
    let answer = yield_!(read_until(stream, "400: Bad Request</body>"));
    assert_eq!(status_of(&answer), "200");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 2, "{answer}");
}

#[co::test(timeout = 10)]
fn a_head_is_looked_at_however_it_arrives_and_a_body_is_not() {
    let server = serve(
        Application::new().route("/", |mut handler: RequestHandler| {
            let length = handler.request().body().len();
            handler.write(format!("[{length}]"));
        }),
    );
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    let dump = "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n";
    let size = dump.len();
    let innocent = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{dump}\r\n0\r\n\r\n"
    );
    for _ in 0..3 {
        yield_!(stream.write_all(innocent.as_bytes())).expect("a server that reads");
        yield_!(read_until(stream.clone(), format!("[{size}]")));
    }
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{dump}\r\n0\r\n\r\n");
    for byte in head.as_bytes() {
        yield_!(stream.write_all(&[*byte])).expect("a server that reads");
        yield_!(co::moment());
    }
    let answer = yield_!(read_until(stream, "</html>"));
    assert_eq!(status_of(&answer), "400");
}

#[co::test(timeout = 10)]
fn a_head_that_is_too_long_is_refused() {
    let server = hello();
    let long = "x".repeat(1 << 20);
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n");
    let answer = yield_!(talk(server.local_addr(), request));
    assert_eq!(status_of(&answer), "431", "{answer}");
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "hello");
}

#[co::coroutine]
fn leave_in_the_middle() {
    let server = Rc::new(hello());
    for bytes in [
        "",
        "GET",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
        yield_!(stream.write_all(bytes.as_bytes())).expect("a server that reads");
        drop(stream);
    }
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "hello");
    AsyncHttpClient::new().close();
    yield_!(until(move || server.connections() == 0));
}

#[test]
fn clients_that_leave_in_the_middle_do_no_harm_and_are_not_logged() {
    assert_eq!(warnings(leave_in_the_middle), [""; 0]);
}

#[co::test(timeout = 10)]
fn a_port_that_is_taken_is_an_error_that_names_it() {
    let server = hello();
    let address = server.local_addr().to_string();
    let error = Application::new().listen(&*address).expect_err("taken");
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address), "{error}");
    let everywhere = Application::new().listen(server.local_addr().port());
    assert_eq!(
        everywhere.expect_err("taken").kind(),
        io::ErrorKind::AddrInUse
    );
}

#[co::test(timeout = 10)]
fn an_address_that_is_none_is_an_error_that_names_it() {
    let error = Application::new().listen("127.0.0.1").expect_err("no port");
    assert!(error.to_string().contains("`127.0.0.1`"), "{error}");
}

#[co::test(timeout = 10)]
fn a_port_alone_means_all_interfaces() {
    let server = Application::new().listen(0).expect("a free port");
    assert!(server.local_addr().ip().is_unspecified());
    let port = server.local_addr().port();
    let client = AsyncHttpClient::new();
    let error = yield_!(client.fetch(format!("http://127.0.0.1:{port}/"))).expect_err("no route");
    assert_eq!(error.status().expect("a response").as_u16(), 404);
}

#[co::test(timeout = 10)]
fn a_request_that_does_not_name_one_host_is_a_400() {
    let server = hello();
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost:\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
    ] {
        let request = format!("{head}Connection: close\r\n\r\n");
        let answer = yield_!(talk(server.local_addr(), request));
        assert_eq!(status_of(&answer), status, "{head}");
    }
}
