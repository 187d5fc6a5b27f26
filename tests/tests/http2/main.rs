//! A server that speaks HTTP/2, with clients that know that it does.

mod limits;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use co::net::TcpStream;
use co::{IoLoop, Promise};
use coroutine_core as co;
use coroutine_http::{
    Application, HttpInputError, HttpServer, RequestHandler, StreamClosedError, stream_request_body,
};
use coroutine_tests::Events;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Method, Request, Response};
use tokio_util::compat::FuturesAsyncReadCompatExt;

type Client = SendRequest<Bytes>;
type Waits = Rc<RefCell<Option<Promise<()>>>>;

#[co::coroutine]
fn echo(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    let mut count = 0;
    while let Some(chunk) = yield_!(handler.read_chunk())? {
        count += chunk.len();
    }
    handler.write(format!("{count} bytes"));
    Ok(())
}

#[co::coroutine]
fn slow(mut handler: RequestHandler, waits: Waits, events: Events) {
    handler.on_connection_close(events.noting("left"));
    let (promise, kept) = co::promise();
    waits.replace(Some(promise));
    yield_!(kept);
    handler.write("slow");
}

#[co::coroutine]
fn pour(mut handler: RequestHandler, poured: Rc<Cell<usize>>) -> Result<(), StreamClosedError> {
    loop {
        handler.write(vec![b'x'; 10_000]);
        yield_!(handler.flush())?;
        poured.set(poured.get() + 10_000);
    }
}

#[derive(Clone, Default)]
struct State {
    waits: Waits,
    poured: Rc<Cell<usize>>,
    events: Events,
}

impl State {
    fn serve(&self, application: Application) -> Rc<HttpServer> {
        let (first, second) = (self.clone(), self.clone());
        let application = application
            .get("/", |mut handler: RequestHandler| {
                let url = handler.request().full_url();
                handler.write(url);
            })
            .post("/echo", stream_request_body(echo))
            .post("/plain", |mut handler: RequestHandler| {
                let count = handler.request().body().len();
                handler.write(format!("{count} bytes"));
            })
            .get("/slow", move |handler| {
                slow(handler, first.waits.clone(), first.events.clone())
            })
            .get("/pour", move |handler| pour(handler, second.poured.clone()));
        Rc::new(application.listen("127.0.0.1:0").expect("a free port"))
    }
}

#[co::coroutine]
fn connect(server: Rc<HttpServer>) -> Client {
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let (client, connection) = yield_!(h2::client::handshake(stream.compat())).expect("HTTP/2");
    drop(IoLoop::current().spawn(async move {
        // It ends with the server's goodbye or an error, as the test wants.
        let _ = connection.await;
    }));
    client
}

fn send(
    client: &mut Client,
    method: Method,
    path: &str,
    ends: bool,
) -> (ResponseFuture, SendStream<Bytes>) {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://a{path}"));
    let request = request.body(()).expect("a request");
    client.send_request(request, ends).expect("a stream")
}

#[co::coroutine]
fn text(response: ResponseFuture) -> String {
    let response: Response<RecvStream> = yield_!(response).expect("a response");
    let mut body = response.into_body();
    let mut all = Vec::new();
    while let Some(chunk) = yield_!(body.data()) {
        let chunk = chunk.expect("a chunk");
        body.flow_control()
            .release_capacity(chunk.len())
            .expect("room");
        all.extend_from_slice(&chunk);
    }
    String::from_utf8(all).expect("text")
}

#[co::coroutine]
fn until(condition: impl Fn() -> bool + 'static) {
    while !condition() {
        yield_!(co::moment());
    }
}

#[co::test(timeout = 10)]
fn requests_of_a_connection_are_answered_side_by_side() {
    let state = State::default();
    let server = state.serve(Application::new());
    let mut client = yield_!(connect(server.clone()));
    let (slow, _) = send(&mut client, Method::GET, "/slow", true);
    let waits = state.waits.clone();
    yield_!(until(move || waits.borrow().is_some()));
    let (fast, _) = send(&mut client, Method::GET, "/?b", true);
    assert_eq!(yield_!(text(fast)), "http://a/?b");
    state.waits.take().expect("it waits").set_result(());
    assert_eq!(yield_!(text(slow)), "slow");
    assert_eq!(server.connections(), 1);
}

#[co::test(timeout = 10)]
fn clients_of_both_versions_are_served_at_one_port() {
    let server = State::default().serve(Application::new());
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    // A beginning that both have in common, in pieces.
    yield_!(stream.write_all(b"P")).expect("room");
    yield_!(co::moment());
    yield_!(stream.write_all(
        b"OST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    ))
    .expect("room");
    let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        match yield_!(stream.read(&mut buffer)).expect("an answer") {
            0 => break,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
    assert!(all.ends_with(b"2 bytes"));
    let mut client = yield_!(connect(server));
    let (response, _) = send(&mut client, Method::GET, "/", true);
    assert_eq!(yield_!(text(response)), "http://a/");
}

#[co::test(timeout = 10)]
fn bodies_are_taken_whole_and_in_pieces() {
    let server = State::default().serve(Application::new());
    let mut client = yield_!(connect(server));
    for path in ["/plain", "/echo"] {
        let (response, mut body) = send(&mut client, Method::POST, path, false);
        for end in [false, true] {
            body.send_data(Bytes::from(vec![b'x'; 1000]), end)
                .expect("room");
            yield_!(co::moment());
        }
        assert_eq!(yield_!(text(response)), "2000 bytes");
    }
}

#[co::test(timeout = 10)]
fn a_body_over_the_limit_is_a_413_and_the_other_requests_go_on() {
    let server = State::default().serve(Application::new().max_body_size(100));
    let mut client = yield_!(connect(server));
    for path in ["/plain", "/echo"] {
        let (response, mut body) = send(&mut client, Method::POST, path, false);
        body.send_data(Bytes::from(vec![b'x'; 101]), true)
            .expect("room");
        let response = yield_!(response).expect("a response");
        assert_eq!(response.status(), 413);
    }
    let (response, _) = send(&mut client, Method::GET, "/", true);
    assert_eq!(yield_!(text(response)), "http://a/");
}

#[co::test(timeout = 10)]
fn a_handler_is_as_fast_as_its_client_and_learns_that_it_left() {
    let state = State::default();
    let server = state.serve(Application::new());
    let mut client = yield_!(connect(server.clone()));
    let (response, _) = send(&mut client, Method::GET, "/pour", true);
    let response = yield_!(response).expect("a response");
    let mut before = usize::MAX;
    while before != state.poured.get() {
        before = state.poured.get();
        yield_!(co::sleep(Duration::from_millis(30)));
    }
    assert!(before < 10 << 20, "{before}");
    drop(response);
    let (response, _) = send(&mut client, Method::GET, "/", true);
    assert_eq!(yield_!(text(response)), "http://a/");
}

#[co::test(timeout = 10)]
fn a_handler_is_told_that_its_client_has_given_up() {
    let state = State::default();
    let server = state.serve(Application::new());
    let mut client = yield_!(connect(server));
    let (slow, _) = send(&mut client, Method::GET, "/slow", true);
    let waits = state.waits.clone();
    yield_!(until(move || waits.borrow().is_some()));
    drop(slow);
    let mut told = Vec::new();
    while told.is_empty() {
        told = state.events.take();
        yield_!(co::moment());
    }
    assert_eq!(told, ["left"]);
}

#[co::test(timeout = 10)]
fn a_shutdown_answers_what_has_begun_and_closes_what_stands_still() {
    let state = State::default();
    let server = state.serve(Application::new());
    let _idle = yield_!(connect(server.clone()));
    let mut client = yield_!(connect(server.clone()));
    let (slow, _) = send(&mut client, Method::GET, "/slow", true);
    let waits = state.waits.clone();
    yield_!(until(move || waits.borrow().is_some()));
    let shutdown = server.shutdown(Duration::from_secs(9));
    let one = server.clone();
    yield_!(until(move || one.connections() == 1));
    assert!(!shutdown.done());
    state.waits.take().expect("it waits").set_result(());
    assert_eq!(yield_!(text(slow)), "slow");
    assert_eq!(yield_!(shutdown), 0);
}

#[co::test(timeout = 10)]
fn a_connection_that_stands_still_is_closed_and_one_whose_handler_works_is_not() {
    let state = State::default();
    let server = state.serve(Application::new().idle_connection_timeout(Duration::from_millis(40)));
    let _idle = yield_!(connect(server.clone()));
    let mut client = yield_!(connect(server.clone()));
    let (slow, _) = send(&mut client, Method::GET, "/slow", true);
    let waits = state.waits.clone();
    yield_!(until(move || waits.borrow().is_some()));
    let one = server.clone();
    yield_!(until(move || one.connections() == 1));
    yield_!(co::sleep(Duration::from_millis(100)));
    state.waits.take().expect("it waits").set_result(());
    assert_eq!(yield_!(text(slow)), "slow");
    yield_!(until(move || server.connections() == 0));
}

#[co::test(timeout = 10)]
fn a_client_that_takes_nothing_is_given_up_while_the_handler_waits_for_it() {
    let state = State::default();
    let server = state.serve(Application::new().idle_connection_timeout(Duration::from_millis(40)));
    let mut client = yield_!(connect(server.clone()));
    let (pour, _) = send(&mut client, Method::GET, "/pour", true);
    let _body = yield_!(pour).expect("a response").into_body();
    yield_!(until(move || server.connections() == 0));
    assert!(state.poured.get() > 0);
}

#[co::coroutine]
fn flush_and_wait(mut handler: RequestHandler, waits: Waits) -> Result<(), StreamClosedError> {
    handler.write("begin,");
    yield_!(handler.flush())?;
    let (promise, kept) = co::promise();
    waits.replace(Some(promise));
    yield_!(kept);
    handler.write("end");
    Ok(())
}

#[co::test(timeout = 10)]
fn a_handler_that_works_after_a_flush_has_its_time() {
    let waits = Waits::default();
    let waiting = waits.clone();
    let application = Application::new()
        .idle_connection_timeout(Duration::from_millis(40))
        .get("/flush", move |handler| {
            flush_and_wait(handler, waiting.clone())
        });
    let server = State::default().serve(application);
    let mut client = yield_!(connect(server.clone()));
    let (response, _) = send(&mut client, Method::GET, "/flush", true);
    let there = waits.clone();
    yield_!(until(move || there.borrow().is_some()));
    yield_!(co::sleep(Duration::from_millis(120)));
    waits.take().expect("it waits").set_result(());
    assert_eq!(yield_!(text(response)), "begin,end");
}

#[co::test(timeout = 10)]
fn a_body_that_never_comes_is_given_up() {
    let server = State::default()
        .serve(Application::new().idle_connection_timeout(Duration::from_millis(40)));
    let mut client = yield_!(connect(server.clone()));
    let (response, _body) = send(&mut client, Method::POST, "/plain", false);
    yield_!(response).expect_err("a connection that is closed");
    yield_!(until(move || server.connections() == 0));
}
