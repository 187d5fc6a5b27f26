//! Bodies of requests and responses, and their limits.

use coroutine_core::net::TcpStream;
use coroutine_core::{self as co};
use coroutine_http::{Application, AsyncHttpClient, HttpRequest, HttpServer, RequestHandler};

use super::support::{get, read_all, serve, status_of, talk, url};

fn echo(mut handler: RequestHandler) {
    let body = handler.request().body().clone();
    handler.write(body);
}

fn echoing(limit: usize) -> HttpServer {
    serve(
        Application::new()
            .post("/", echo)
            .get("/", |mut handler: RequestHandler| {
                handler.write("still here");
            })
            .max_body_size(limit),
    )
}

#[co::test(timeout = 10)]
fn a_chunked_body_is_put_together() {
    let server = echoing(100);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nHello\r\n2\r\n, \r\n5\r\nworld\r\n0\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), request));
    assert_eq!(status_of(&answer), "200");
    assert!(answer.ends_with("\r\n\r\nHello, world"), "{answer}");
}

#[co::test(timeout = 20)]
fn big_bodies_arrive_whole() {
    let server = echoing(16 << 20);
    let body: Vec<u8> = (0..8 << 20)
        .map(|index: u32| index.to_le_bytes()[1])
        .collect();
    let request = HttpRequest::post(url(&server, "/"), body.clone());
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert!(response.body() == &body);
}

#[co::test(timeout = 10)]
fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_a_413() {
    let server = echoing(1000);
    let fits = HttpRequest::post(url(&server, "/"), vec![b'a'; 1000]);
    assert!(yield_!(AsyncHttpClient::new().fetch(fits)).is_ok());
    let large = HttpRequest::post(url(&server, "/"), vec![b'a'; 1001]);
    let error = yield_!(AsyncHttpClient::new().fetch(large)).expect_err("a failure");
    assert_eq!(error.status().expect("a response").as_u16(), 413);
}

#[co::test(timeout = 10)]
fn a_chunked_body_over_the_limit_is_a_413() {
    let server = echoing(8);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nHello\r\n5\r\nworld\r\n0\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), request));
    assert_eq!(status_of(&answer), "413");
}

#[co::test(timeout = 10)]
fn a_client_that_sends_far_too_much_gets_to_see_the_413() {
    let server = echoing(1000);
    let length = 4 << 20;
    let mut request =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    request.resize(request.len() + length, b'a');
    let answer = yield_!(talk(server.local_addr(), request));
    assert_eq!(status_of(&answer), "413");
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "still here");
}

#[co::test(timeout = 10)]
fn a_body_that_breaks_off_reaches_no_handler() {
    let server =
        serve(Application::new().post("/", |_: RequestHandler| -> () { panic!("half a body") }));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
    yield_!(stream.write_all(request)).expect("a server that reads");
    stream.shutdown(std::net::Shutdown::Write).expect("an end");
    let answer = yield_!(read_all(stream));
    assert!(
        matches!(status_of(&answer), "400" | "no status"),
        "{answer}"
    );
}

#[co::test(timeout = 10)]
fn a_request_that_expects_to_be_asked_for_its_body_is_asked() {
    let server = echoing(100);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\
                   Content-Length: 2\r\n\r\nok";
    let answer = yield_!(talk(server.local_addr(), request));
    assert!(
        answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
        "{answer}"
    );
    assert!(answer.ends_with("ok"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_response_over_the_clients_limit_is_an_error() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.write(vec![b'a'; 1001]);
    }));
    let fits = HttpRequest::new(url(&server, "/")).max_body_size(1001);
    assert!(yield_!(AsyncHttpClient::new().fetch(fits)).is_ok());
    let large = HttpRequest::new(url(&server, "/")).max_body_size(1000);
    let error = yield_!(AsyncHttpClient::new().fetch(large)).expect_err("a failure");
    assert!(error.is_body_too_large(), "{error}");
}

#[co::test(timeout = 10)]
fn an_unread_body_does_not_disturb_the_next_request() {
    let server = echoing(100);
    let requests = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHello\
                    GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), requests));
    let statuses: Vec<_> = answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|rest| &rest[..3])
        .collect();
    assert_eq!(statuses, ["404", "200"], "{answer}");
    assert!(answer.ends_with("still here"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_status_without_a_body_has_neither_a_body_nor_a_type() {
    let server = serve(
        Application::new().get("/{status}", |mut handler: RequestHandler| {
            let status = handler
                .path_argument("status")
                .and_then(|text| text.parse::<u16>().ok());
            handler.set_status(status.expect("a status"));
            handler.set_header("Content-Type", "text/plain");
            handler.set_header("Content-Length", "5");
            handler.write("never");
        }),
    );
    for (method, status) in [("GET", 204), ("GET", 205), ("GET", 304), ("HEAD", 204)] {
        let requests = format!(
            "{method} /{status} HTTP/1.1\r\nHost: a\r\n\r\n\
             GET /200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answer = yield_!(talk(server.local_addr(), requests)).to_lowercase();
        let (first, second) = answer.split_once("\r\n\r\n").expect("a head");
        assert_eq!(status_of(first), status.to_string());
        assert!(
            !first.contains("content-type") && !first.contains("length: 5"),
            "{first}"
        );
        assert!(second.starts_with("http/1.1 200"), "{second}");
    }
}
