//! What a request can be told, and what it sends then.

use std::cell::RefCell;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use coroutine_core as co;
use coroutine_core::net::{OverrideResolver, SystemResolver, TcpStream, UnixListener};
use coroutine_http::{
    Application, AsyncHttpClient, BodyWriter, HttpError, HttpRequest, Method, RequestHandler,
};
use serde::{Deserialize, Serialize};

use super::client_support::{HELLO, Script, fetch};
use super::support::{self, listener, read_until, serve, url};

#[co::test(timeout = 10)]
fn a_request_says_what_it_was_told() {
    let script = Script::new(&[HELLO]);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let request = HttpRequest::new(&script.url)
        .auth("Aladdin", "open sesame")
        .user_agent("first")
        .user_agent("tester/1.0")
        .if_modified_since(time);
    yield_!(fetch(request)).expect("an answer");
    let head = script.head(0);
    for line in [
        "authorization: basic qwxhzgrpbjpvcgvuihnlc2ftzq==",
        "user-agent: tester/1.0\r\n",
        "if-modified-since: sun, 06 nov 1994 08:49:37 gmt\r\n",
        "accept-encoding: gzip, deflate\r\n",
    ] {
        assert!(head.contains(line), "`{line}` is missing in `{head}`");
    }
    assert_eq!(head.matches("user-agent").count(), 1);
    assert!(
        !head.contains("content-length") && !head.contains("connection:"),
        "{head}"
    );
}

#[co::test(timeout = 10)]
fn what_a_request_does_not_say_its_client_does() {
    let script = Script::new(&["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]);
    let client = AsyncHttpClient::builder()
        .defaults(|request| {
            request
                .header("X-A", "default")
                .header("X-B", "default")
                .auth("me", "pass")
                .raise_error(false)
        })
        .build();
    let request = HttpRequest::new(&script.url).header("X-B", "own");
    assert_eq!(
        yield_!(client.fetch(request)).expect("a response").code(),
        404
    );
    let head = script.head(0);
    assert!(
        head.contains("x-a: default\r\n") && head.contains("x-b: own\r\n"),
        "{head}"
    );
    assert_eq!(head.matches("x-b").count(), 1);
    assert!(head.contains("authorization: basic "), "{head}");
    let request = HttpRequest::new(&script.url).raise_error(true);
    yield_!(client.fetch(request)).expect_err("a failure");
}

#[co::coroutine]
fn produce(body: BodyWriter, parts: &'static [&'static str]) -> Result<(), HttpError> {
    for part in parts {
        yield_!(co::moment());
        yield_!(body.write(*part))?;
    }
    Ok(())
}

fn echo() -> Application {
    Application::new()
        .route("/", |mut handler: RequestHandler| {
            let request = handler.request();
            let length = request.header("content-length").unwrap_or("-").to_owned();
            let coding = request
                .header("transfer-encoding")
                .unwrap_or("-")
                .to_owned();
            let body = request.body().clone();
            handler.write(format!("{length} {coding} "));
            handler.write(body);
        })
        .route("/redirect", |mut handler: RequestHandler| {
            handler.set_status(307);
            handler.set_header("Location", "/");
        })
}

#[co::test(timeout = 10)]
fn a_producer_makes_the_body_in_chunks_or_of_the_length_that_is_told() {
    let server = serve(echo());
    let request = || {
        HttpRequest::new(url(&server, "/"))
            .method(Method::POST)
            .body_producer(|body| produce(body, &["one ", "", "two ", "three"]))
    };
    let response = yield_!(fetch(request())).expect("an answer");
    assert_eq!(response.text(), "- chunked one two three");
    let response = yield_!(fetch(request().header("Content-Length", "13"))).expect("an answer");
    assert_eq!(response.text(), "13 - one two three");
}

#[co::test(timeout = 10)]
fn a_producer_is_called_anew_after_a_redirect() {
    let server = serve(echo());
    let request = HttpRequest::new(url(&server, "/redirect"))
        .method(Method::PUT)
        .body_producer(|body| produce(body, &["again"]));
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.text(), "- chunked again");
}

#[co::test(timeout = 10)]
fn a_producer_that_fails_or_writes_another_length_ends_the_fetch() {
    let server = serve(echo());
    let request = || HttpRequest::new(url(&server, "/")).method(Method::POST);
    let failing = request().body_producer(|_| Err("out of words"));
    let short = request()
        .header("Content-Length", "5")
        .body_producer(|body| produce(body, &["four"]));
    let long = request()
        .header("Content-Length", "3")
        .body_producer(|body| produce(body, &["four"]));
    for request in [failing, short, long] {
        let error = yield_!(fetch(request)).expect_err("half a body");
        assert!(error.is_callback(), "{error}");
        assert!(error.source().is_some());
    }
}

#[co::coroutine]
fn write_for_ever(body: BodyWriter, ended: co::Promise<usize>) -> Result<(), HttpError> {
    let mut written = 0;
    while yield_!(body.write(vec![0; 64 * 1024])).is_ok() {
        written += 1;
    }
    ended.set_result(written);
    Ok(())
}

#[co::coroutine]
fn relay(body: BodyWriter, chunks: &'static str) {
    for chunk in chunks.split(' ') {
        if yield_!(body.write(chunk)).is_err() {
            return;
        }
    }
}

#[co::test(timeout = 10)]
fn a_producer_waits_while_the_server_takes_nothing_and_ends_with_the_fetch() {
    let (listener, url) = listener();
    let mut kept = None;
    let (promise, ended) = co::promise();
    let mut promise = Some(promise);
    let writer = Rc::new(RefCell::new(None));
    let for_producer = writer.clone();
    let request = HttpRequest::post(url, "").body_producer(move |body: BodyWriter| {
        for_producer.replace(Some(body.clone()));
        // Not the producer's own coroutine, which is cancelled with the fetch.
        drop(write_for_ever(body, promise.take().expect("one call")));
        co::block::coroutine! { yield co::sleep(Duration::from_secs(60)); }
    });
    let fetching = fetch(request);
    kept.replace(yield_!(listener.accept()).expect("a client"));
    yield_!(co::sleep(Duration::from_millis(50)));
    assert!(!ended.done());
    fetching.cancel();
    // What the system's buffers hold, and no more.
    assert!(yield_!(ended) < 1000);
    let body = writer.take().expect("a producer that was called");
    yield_!(body.write("late")).expect_err("nobody takes it");
    drop(kept);
    // A producer may also give nothing that fails.
    let server = serve(echo());
    let request = HttpRequest::post(support::url(&server, "/"), "")
        .body_producer(|body| relay(body, "a b c"));
    assert_eq!(
        yield_!(fetch(request)).expect("an answer").text(),
        "- chunked abc"
    );
}

/// Reads a head, says `first`, reads the body if there is to be one, and says that it was there.
#[co::coroutine]
fn want_body(listener: co::net::TcpListener, first: &'static str, body: &'static str) -> String {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let stream: Rc<TcpStream> = Rc::new(stream);
    let head = yield_!(read_until(stream.clone(), "\r\n\r\n"));
    yield_!(stream.write_all(first.as_bytes())).expect("a client that reads");
    if !body.is_empty() {
        yield_!(read_until(stream.clone(), body));
        yield_!(stream.write_all(HELLO.as_bytes())).expect("a client that reads");
    }
    head
}

#[co::test(timeout = 10)]
fn a_body_waits_until_the_server_wants_it() {
    let (listener, url) = listener();
    let serving = want_body(listener, "HTTP/1.1 100 Continue\r\n\r\n", "body");
    let request = || HttpRequest::post(&url, "body").expect_100_continue(true);
    assert_eq!(
        yield_!(fetch(request())).expect("an answer").text(),
        "hello"
    );
    let head = yield_!(serving);
    assert!(
        head.contains("expect: 100-continue") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[co::test(timeout = 10)]
fn a_body_that_the_server_does_not_want_is_not_sent() {
    let (listener, url) = listener();
    let no = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let serving = want_body(listener, no, "");
    let request = HttpRequest::post(&url, "body").expect_100_continue(true);
    let error = yield_!(fetch(request)).expect_err("no");
    assert_eq!(error.status().expect("a response").as_u16(), 417);
    assert_eq!(AsyncHttpClient::new().idle_connections(), 0);
    yield_!(serving);
}

#[co::test(timeout = 10, virtual_clock)]
fn a_body_does_not_wait_for_ever() {
    let (listener, url) = listener();
    let serving = want_body(listener, "", "body");
    let request = HttpRequest::post(&url, "body").expect_100_continue(true);
    let response = yield_!(fetch(request)).expect("an answer");
    assert!(response.request_time() >= Duration::from_secs(1));
    yield_!(serving);
}

#[co::coroutine]
fn look_up_slowly(_host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    yield_!(co::sleep(Duration::from_secs(5)));
    Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
}

#[co::test(timeout = 10, virtual_clock)]
fn a_body_waits_however_long_it_took_to_connect() {
    let (listener, url) = listener();
    let serving = want_body(listener, "", "body");
    let client = AsyncHttpClient::builder().resolver(look_up_slowly).build();
    let request = HttpRequest::post(&url, "body").expect_100_continue(true);
    let response = yield_!(client.fetch(request)).expect("an answer");
    assert!(response.request_time() >= Duration::from_secs(6));
    yield_!(serving);
}

#[co::test(timeout = 10)]
fn other_answers_before_the_last_one_are_passed_over() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let script = Script::new(&[hints]);
    let response = yield_!(fetch(HttpRequest::new(&script.url))).expect("an answer");
    assert_eq!((response.code(), &*response.text()), (200, "hello"));
}

#[co::test(timeout = 10)]
fn the_head_is_told_line_by_line_and_has_a_reason_and_all_of_its_cookies() {
    let script = Script::new(&[
        "HTTP/1.1 302 Found\r\nLocation: /a\r\nX-Passed: over\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 Fine\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: x\r\n\r\n",
    ]);
    let lines = Rc::new(RefCell::new(String::new()));
    let for_callback = lines.clone();
    let request = HttpRequest::new(&script.url)
        .header_callback(move |line| for_callback.borrow_mut().push_str(line));
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(
        *lines.borrow(),
        "HTTP/1.1 200 Fine\r\nset-cookie: a=b\r\nset-cookie: c=d\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    assert_eq!((response.reason(), &*response.text()), ("Fine", "ok"));
    let cookies: Vec<_> = response.headers().get_all("Set-Cookie").iter().collect();
    assert_eq!(cookies, ["a=b", "c=d"]);
    assert_eq!(script.numbers(), [0, 0]);
    assert!(response.time_info().redirect() <= response.request_time());
    assert!(response.start_time() <= SystemTime::now());
}

#[co::test(timeout = 10)]
fn a_head_that_is_too_long_is_an_error() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::builder().max_header_size(20).build();
    let error = yield_!(client.fetch(&script.url)).expect_err("a long head");
    assert!(
        error.is_protocol() && error.to_string().contains("too long"),
        "{error}"
    );
}

#[co::test(timeout = 10)]
fn a_resolver_and_an_address_to_connect_from_are_used() {
    let server = serve(
        Application::new().route("/", |mut handler: RequestHandler| {
            let host = handler.request().header("host").unwrap_or("-").to_owned();
            handler.write(host);
        }),
    );
    let port = server.local_addr().port();
    let resolver = OverrideResolver::new(SystemResolver).host("nowhere.invalid", "127.0.0.1");
    let client = AsyncHttpClient::builder().resolver(resolver).build();
    let request = || HttpRequest::new(format!("http://nowhere.invalid:{port}/"));
    let from: IpAddr = "127.0.0.1".parse().expect("an address");
    for request in [request(), request().network_interface(from)] {
        let response = yield_!(client.fetch(request)).expect("an answer");
        assert_eq!(response.text(), format!("nowhere.invalid:{port}"));
    }
    // They are no substitute for one another.
    assert_eq!(client.idle_connections(), 2);
    let from: IpAddr = "::1".parse().expect("an address");
    let error = yield_!(client.fetch(request().network_interface(from))).expect_err("no way");
    assert!(error.is_connect(), "{error}");
}

#[co::test(timeout = 10)]
fn an_error_of_the_system_keeps_its_number() {
    let (listener, url) = listener();
    drop(listener);
    let error = yield_!(fetch(HttpRequest::new(url))).expect_err("nobody listens");
    let mut cause = error.source();
    let mut number = None;
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            number = number.or(error.raw_os_error());
        }
        cause = error.source();
    }
    assert_eq!(number, Some(111));
}

#[co::test(timeout = 10)]
fn a_timeout_tells_what_was_being_done() {
    let script = Script::new(&["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"]);
    for doing in ["response had not begun", "body was not complete"] {
        let request = HttpRequest::new(&script.url).request_timeout(Duration::from_millis(30));
        let error = yield_!(fetch(request)).expect_err("too late");
        assert!(error.is_timeout() && !error.is_queue_timeout(), "{error}");
        let cause = error.source().expect("a cause").to_string();
        assert!(cause.contains(doing), "{cause}");
    }
}

#[co::coroutine]
fn serve_unix(listener: UnixListener) {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let stream = co::IoStream::new(stream);
    while yield_!(stream.read_until(b"\r\n\r\n", 4096)).is_ok() {
        yield_!(stream.write(HELLO)).expect("a client that reads");
    }
}

#[co::test(timeout = 10)]
fn a_unix_socket_is_connected_to_and_its_connection_kept() {
    let path = std::env::temp_dir().join(format!("coroutine-http-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let serving = serve_unix(UnixListener::bind(&path).expect("a socket"));
    let client = AsyncHttpClient::builder().unix_socket(&path).build();
    for _ in 0..2 {
        let response = yield_!(client.fetch("http://unix/")).expect("an answer");
        assert_eq!(response.text(), "hello");
        assert_eq!(client.idle_connections(), 1);
    }
    serving.cancel();
    std::fs::remove_file(&path).expect("the socket's file");
    let request = HttpRequest::new("http://unix/").unix_socket(&path);
    let error = yield_!(fetch(request)).expect_err("nobody there");
    assert!(error.is_connect(), "{error}");
    assert!(
        error.to_string().contains(&*path.to_string_lossy()),
        "{error}"
    );
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Person {
    name: String,
    age: u8,
}

#[co::test(timeout = 10)]
fn json_goes_out_and_comes_in() {
    let server = serve(
        Application::new().route("/", |mut handler: RequestHandler| {
            let content_type = handler.request().header("content-type").map(str::to_owned);
            assert_eq!(content_type.as_deref(), Some("application/json"));
            let body = handler.request().body().clone();
            handler.write(body);
        }),
    );
    let ada = Person {
        name: "Ada".to_owned(),
        age: 36,
    };
    let request = HttpRequest::new(url(&server, "/")).json(&ada);
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.json::<Person>().expect("a person"), ada);
    let error = response.json::<Vec<u8>>().expect_err("no list");
    assert!(error.is_protocol() && error.source().is_some(), "{error}");
}

#[co::test(timeout = 10)]
fn a_response_that_was_not_raised_can_be_raised_later() {
    let script = Script::new(&["HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", HELLO]);
    let request = || HttpRequest::new(&script.url).raise_error(false);
    let response = yield_!(fetch(request())).expect("a response");
    let error = response.rethrow().expect_err("a failure");
    assert!(error.is_status());
    assert_eq!(error.response().expect("a response").reason(), "Oh");
    assert!(
        yield_!(fetch(request()))
            .expect("a response")
            .rethrow()
            .is_ok()
    );
}
