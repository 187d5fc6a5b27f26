//! How long a server bears with a client, and with how many requests of it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use co::IoLoop;
use co::net::TcpStream;
use coroutine_core as co;
use coroutine_http::{Application, HttpServer, RequestHandler};
use h2::client::Builder;
use h2::{Ping, RecvStream};
use http::Method;
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::{Client, State, connect, send, text, until};

const IDLE: Duration = Duration::from_millis(100);

fn patient() -> Application {
    Application::new()
        .idle_connection_timeout(IDLE)
        .get("/large", |mut handler: RequestHandler| {
            handler.write(vec![b'x'; 1 << 20]);
        })
}

/// A client that asks to be told that the server is there, again and again, and lets it send `window` bytes of a response.
#[co::coroutine]
fn pinging(server: Rc<HttpServer>, window: u32) -> Client {
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let mut builder = Builder::new();
    builder.initial_window_size(window);
    let handshake = builder.handshake(stream.compat());
    let (client, mut connection) = yield_!(handshake).expect("HTTP/2");
    let mut pings = connection.ping_pong().expect("nobody else has it");
    drop(IoLoop::current().spawn(async move {
        // It ends with the server's goodbye or an error.
        let _ = connection.await;
    }));
    drop(IoLoop::current().spawn(async move {
        while pings.ping(Ping::opaque()).await.is_ok() {
            co::sleep(Duration::from_millis(5)).await;
        }
    }));
    yield_!(until(move || server.connections() == 1));
    client
}

#[co::coroutine]
fn closed(server: Rc<HttpServer>) {
    yield_!(until(move || server.connections() == 0));
}

/// Takes what has come of a body, and lets as much come again.
#[co::coroutine]
fn take(body: Rc<RefCell<RecvStream>>) -> usize {
    let chunk = yield_!(poll_fn(|cx| body.borrow_mut().poll_data(cx)));
    let chunk = chunk.expect("more").expect("a connection");
    let mut body = body.borrow_mut();
    let control = body.flow_control();
    control.release_capacity(chunk.len()).expect("room");
    chunk.len()
}

#[co::test(timeout = 10)]
fn a_client_that_takes_no_whole_response_is_given_up_however_often_it_pings() {
    for window in [0, 10] {
        let server = State::default().serve(patient());
        let mut client = yield_!(pinging(server.clone(), window));
        let (_first, _) = send(&mut client, Method::GET, "/large", true);
        let (_second, _) = send(&mut client, Method::GET, "/large", true);
        yield_!(closed(server));
    }
}

#[co::test(timeout = 10)]
fn a_client_that_takes_no_streamed_response_is_given_up_however_often_it_pings() {
    let server = State::default().serve(patient());
    let mut client = yield_!(pinging(server.clone(), 10));
    let (_response, _) = send(&mut client, Method::GET, "/pour", true);
    yield_!(closed(server));
}

#[co::test(timeout = 10)]
fn a_client_whose_bodies_never_come_is_given_up_however_often_it_pings() {
    let server = State::default().serve(patient());
    let mut client = yield_!(pinging(server.clone(), 1000));
    let (_plain, _body) = send(&mut client, Method::POST, "/plain", false);
    let (_echo, _body) = send(&mut client, Method::POST, "/echo", false);
    yield_!(closed(server));
}

#[co::test(timeout = 10)]
fn a_client_that_only_pings_is_given_up() {
    let server = State::default().serve(patient());
    let _client = yield_!(pinging(server.clone(), 1000));
    yield_!(closed(server));
}

#[co::test(timeout = 10)]
fn a_client_that_takes_a_little_now_and_then_is_served() {
    for path in ["/large", "/pour"] {
        let server = State::default().serve(patient());
        let mut client = yield_!(pinging(server.clone(), 10));
        let (response, _) = send(&mut client, Method::GET, path, true);
        let body = yield_!(response).expect("a response").into_body();
        let body = Rc::new(RefCell::new(body));
        for _ in 0..16 {
            assert!(yield_!(take(body.clone())) > 0);
            yield_!(co::sleep(IDLE / 4));
        }
        assert_eq!(server.connections(), 1);
    }
}

#[co::test(timeout = 10)]
fn a_body_may_come_while_nothing_is_taken_of_another_response() {
    let server = State::default().serve(patient());
    let mut client = yield_!(pinging(server.clone(), 100));
    let (large, _) = send(&mut client, Method::GET, "/large", true);
    let (echo, mut body) = send(&mut client, Method::POST, "/echo", false);
    for _ in 0..16 {
        body.send_data(vec![b'x'; 1000].into(), false)
            .expect("room");
        yield_!(co::sleep(IDLE / 4));
    }
    body.send_data(Default::default(), true).expect("room");
    assert_eq!(yield_!(text(echo)), "16000 bytes");
    drop(large);
}

#[co::coroutine]
fn linger(handler: RequestHandler, count: Rc<Cell<usize>>) {
    count.set(count.get() + 1);
    yield_!(co::sleep(Duration::from_millis(50)));
    count.set(count.get() - 1);
    drop(handler);
}

#[co::test(timeout = 10)]
fn a_client_has_no_more_requests_at_a_time_than_it_may() {
    let (count, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (counter, maximum) = (count.clone(), most.clone());
    let application = Application::new()
        .max_concurrent_streams(2)
        .get("/linger", move |handler| {
            let ended = linger(handler, counter.clone());
            maximum.set(maximum.get().max(counter.get()));
            ended
        });
    let server = State::default().serve(application);
    let mut client = yield_!(connect(server));
    // By now it has been told how many it may have.
    let (first, _) = send(&mut client, Method::GET, "/", true);
    yield_!(text(first));
    let responses: Vec<_> = (0..5)
        .map(|_| {
            // Those that have to wait are sent one by one.
            send(&mut client.clone(), Method::GET, "/linger", true).0
        })
        .collect();
    for response in responses {
        assert_eq!(yield_!(response).expect("a response").status(), 200);
    }
    assert_eq!((most.get(), count.get()), (2, 0));
}

/// A client that lets the server send as much as there can be, and reads no more once it is `deaf`.
#[co::coroutine]
fn greedy(server: Rc<HttpServer>, deaf: Rc<Cell<bool>>) -> Client {
    const ALL: u32 = (1 << 31) - 1;
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let mut builder = Builder::new();
    builder
        .initial_window_size(ALL)
        .initial_connection_window_size(ALL);
    let handshake = builder.handshake(stream.compat());
    let (client, mut connection) = yield_!(handshake).expect("HTTP/2");
    drop(IoLoop::current().spawn(poll_fn(move |cx| match deaf.get() {
        true => Poll::Pending,
        false => Pin::new(&mut connection).poll(cx).map(drop),
    })));
    client
}

#[co::test(timeout = 10)]
fn little_is_kept_of_streamed_responses_that_a_client_does_not_read() {
    let (state, deaf) = (State::default(), Rc::new(Cell::new(false)));
    let server = state.serve(Application::new());
    let mut client = yield_!(greedy(server.clone(), deaf.clone()));
    let responses: Vec<_> = (0..90)
        .map(|_| send(&mut client, Method::GET, "/pour", true))
        .collect();
    let poured = state.poured.clone();
    yield_!(until(move || poured.get() > 0));
    deaf.set(true);
    let mut before = 0;
    while before != state.poured.get() {
        before = state.poured.get();
        yield_!(co::sleep(Duration::from_millis(50)));
    }
    // Some of it is in the operating system's buffers.
    assert!(before < 24 << 20, "{before}");
    drop(responses);
}
