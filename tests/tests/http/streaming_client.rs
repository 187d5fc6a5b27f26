//! Responses that are taken in a chunk after the other, and the client's callback form.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_core::{IoLoop, Stream};
use coroutine_http::{AsyncHttpClient, Bytes, HttpError, HttpRequest, ResponseStream};
use coroutine_tests::{LIMIT, assert_one_message, logged, watchdog};

use super::client_support::{HELLO, Script, fetch};
use super::support::{listener, read_until, until};

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";

#[co::test(timeout = 10)]
fn a_callback_gets_each_chunk_and_the_response_has_no_body() {
    let script = Script::new(&[CHUNKED]);
    let chunks = Rc::new(RefCell::new(Vec::new()));
    let for_callback = chunks.clone();
    let request = HttpRequest::new(&script.url)
        .streaming_callback(move |chunk: Bytes| for_callback.borrow_mut().push(chunk));
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.body(), "");
    assert_eq!(*chunks.borrow(), ["abc", "de"]);
    assert_eq!(AsyncHttpClient::new().idle_connections(), 1);
}

#[co::coroutine]
fn slow(open: Rc<Cell<u32>>, most: Rc<Cell<u32>>) {
    open.set(open.get() + 1);
    most.set(most.get().max(open.get()));
    yield_!(co::moment());
    open.set(open.get() - 1);
}

#[co::test(timeout = 10)]
fn a_callback_that_is_a_coroutine_is_waited_for() {
    let script = Script::new(&[CHUNKED]);
    let (open, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let for_callback = (open.clone(), most.clone());
    let request = HttpRequest::new(&script.url)
        .streaming_callback(move |_| slow(for_callback.0.clone(), for_callback.1.clone()));
    yield_!(fetch(request)).expect("an answer");
    assert_eq!((open.get(), most.get()), (0, 1));
}

#[co::coroutine]
fn refuse() -> Result<(), String> {
    yield_!(co::moment());
    Err("enough".to_owned())
}

#[co::test(timeout = 10)]
fn a_callback_that_fails_ends_the_fetch() {
    let script = Script::new(&[CHUNKED]);
    let plain = HttpRequest::new(&script.url).streaming_callback(|_| Err("enough"));
    let later = HttpRequest::new(&script.url).streaming_callback(|_| refuse());
    for request in [plain, later] {
        let error = yield_!(fetch(request)).expect_err("a failure");
        assert!(error.is_callback(), "{error}");
        let cause = std::error::Error::source(&error).expect("a cause");
        assert_eq!(cause.to_string(), "enough");
    }
    assert_eq!(AsyncHttpClient::new().idle_connections(), 0);
}

fn open(request: HttpRequest) -> co::Future<Result<ResponseStream, HttpError>> {
    AsyncHttpClient::new().fetch_stream(request)
}

#[co::test(timeout = 10)]
fn a_stream_gives_the_head_then_chunks_then_its_end() {
    let script = Script::new(&[CHUNKED]);
    let mut stream = yield_!(open(HttpRequest::new(&script.url))).expect("a head");
    assert_eq!(stream.head().code(), 200);
    let mut all = Vec::new();
    while let Some(chunk) = yield_!(stream.chunk()) {
        all.push(chunk.expect("a chunk"));
    }
    assert_eq!(all, ["abc", "de"]);
    assert!(yield_!(stream.chunk()).is_none());
    assert_eq!(AsyncHttpClient::new().idle_connections(), 1);
}

#[co::test(timeout = 10)]
fn an_error_is_no_stream_but_has_its_body_unless_the_request_says_so() {
    let script = Script::new(&["HTTP/1.1 404 Gone\r\nContent-Length: 2\r\n\r\nno"]);
    let error = yield_!(open(HttpRequest::new(&script.url))).expect_err("a failure");
    assert_eq!(error.into_response().expect("a response").text(), "no");
    let request = HttpRequest::new(&script.url).raise_error(false);
    let mut stream = yield_!(open(request)).expect("a head");
    assert_eq!(stream.head().code(), 404);
    let chunk = yield_!(stream.chunk()).expect("a chunk").expect("a chunk");
    assert_eq!(chunk, "no");
    let error = yield_!(open(HttpRequest::new("http://127.0.0.1:1/"))).expect_err("nobody");
    assert!(error.is_connect());
}

#[co::test(timeout = 10)]
fn a_stream_that_breaks_off_ends_with_an_error() {
    let script = Script::new(&["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf<close>"]);
    let mut stream = yield_!(open(HttpRequest::new(&script.url))).expect("a head");
    let chunk = yield_!(stream.chunk()).expect("a chunk");
    assert_eq!(chunk.expect("a chunk"), "half");
    let end = yield_!(stream.chunk()).expect("an error");
    assert!(end.expect_err("it broke off").is_lost());
    assert!(yield_!(stream.chunk()).is_none());
}

/// Answers with a body without an end, and gives how much of it was taken when nobody reads any more.
#[co::coroutine]
fn pour(listener: co::net::TcpListener, poured: Rc<Cell<usize>>) {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let stream: Rc<TcpStream> = Rc::new(stream);
    yield_!(read_until(stream.clone(), "\r\n\r\n"));
    yield_!(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")).expect("a client that reads");
    let piece = [b'x'; 16 * 1024];
    while let Ok(count) = yield_!(stream.write(&piece)) {
        poured.set(poured.get() + count);
    }
}

#[co::test(timeout = 10)]
fn no_more_is_read_than_is_taken_and_dropping_a_stream_closes_its_connection() {
    let (listener, url) = listener();
    let poured = Rc::new(Cell::new(0));
    let pouring = pour(listener, poured.clone());
    let stream = yield_!(open(HttpRequest::new(url))).expect("a head");
    // Until the server is stuck.
    let mut before = usize::MAX;
    while before != poured.get() {
        before = poured.get();
        yield_!(co::sleep(Duration::from_millis(20)));
    }
    assert!(before < 32 << 20, "{before}");
    drop(stream);
    yield_!(pouring);
}

fn assert_stream<S: Stream<Item = Result<Bytes, HttpError>> + Unpin>(_: &S) {}

#[co::test(timeout = 10)]
fn a_stream_is_a_stream_for_others_too() {
    let script = Script::new(&[CHUNKED]);
    let stream = yield_!(open(HttpRequest::new(&script.url))).expect("a head");
    assert_stream(&stream);
}

#[co::coroutine]
fn take_and_get_stuck(url: String) {
    let mut stream = yield_!(open(HttpRequest::new(url))).expect("a head");
    while yield_!(stream.chunk()).is_some() {}
    let (_promise, never) = co::promise::<()>();
    yield_!(never);
}

#[test]
fn a_coroutine_that_has_taken_a_stream_does_not_count_as_able_to_wake() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("its address"));
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).expect("a request") > 0);
        stream
            .write_all(HELLO.as_bytes())
            .expect("a client that reads");
        assert_eq!(stream.read(&mut head).expect("its end"), 0);
    });
    watchdog(LIMIT, move || {
        let error = IoLoop::current().run_sync(|| take_and_get_stuck(url));
        assert!(error.expect_err("it waits for ever").is_deadlock());
    });
    serving.join().expect("a server");
}

#[co::test(timeout = 10)]
fn a_callback_gets_the_result_on_the_loop() {
    let script = Script::new(&[HELLO]);
    let results = Rc::new(RefCell::new(Vec::new()));
    for url in [&*script.url, "nonsense"] {
        let for_callback = results.clone();
        AsyncHttpClient::new().fetch_with_callback(url, move |result| {
            for_callback
                .borrow_mut()
                .push(result.map(|response| response.text().into_owned()));
        });
    }
    assert!(results.borrow().is_empty());
    let there = results.clone();
    yield_!(until(move || there.borrow().len() == 2));
    let results = results.take();
    assert!(results[0].as_ref().is_err_and(HttpError::is_request));
    assert_eq!(results[1].as_deref().ok(), Some("hello"));
}

#[test]
fn the_error_of_a_callback_is_logged() {
    let lines = watchdog(LIMIT, || {
        logged(|| {
            let io_loop = IoLoop::current();
            AsyncHttpClient::new().fetch_with_callback("nonsense", |result| {
                assert!(result.is_err());
                Err::<(), _>("no use for it")
            });
            io_loop.start().expect("an end");
        })
    });
    assert_one_message(&lines, &["ERROR", "no use for it", "streaming_client.rs"]);
}

#[test]
fn a_panic_of_a_requests_function_is_logged_where_there_is_only_a_callback() {
    let lines = watchdog(LIMIT, || {
        logged(|| {
            let run = || {
                co::block::coroutine! {
                    let script = Script::new(&[CHUNKED]);
                    let request = HttpRequest::new(&script.url)
                        .streaming_callback(|_| -> () { panic!("at the disco") });
                    AsyncHttpClient::new().fetch_with_callback(request, |_| -> () {
                        unreachable!("there is no result")
                    });
                    let seen = script.seen.clone();
                    yield until(move || !seen.borrow().is_empty());
                    yield co::sleep(Duration::from_millis(20));
                }
            };
            IoLoop::current().run_sync(run).expect("an end");
        })
    });
    assert_one_message(&lines, &["ERROR", "at the disco"]);
}
