//! Events that a server sends.

use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, Event, HttpServer, RequestHandler, StreamClosedError};
use coroutine_tests::Events;

use super::support::{Waits, answer, keep, kept, read_until, serve, talk, there, to, until};

#[co::coroutine]
fn three(handler: RequestHandler) -> Result<(), StreamClosedError> {
    let mut events = yield_!(handler.event_stream())?;
    let last = events.last_event_id().unwrap_or("none").to_owned();
    yield_!(events.send(last))?;
    yield_!(events.comment("still\nthere"))?;
    let event = Event::new("a\r\nb\rc\n").id("7\nid: 8").event("tick");
    yield_!(events.send(event.retry(Duration::from_millis(1500))))?;
    Ok(())
}

#[co::test(timeout = 10)]
fn events_have_fields_and_their_data_lines() {
    let server = serve(Application::new().get("/", three));
    let response = yield_!(answer(to(&server, "/").header("Last-Event-ID", "6")));
    assert_eq!(response.header("Content-Type"), Some("text/event-stream"));
    assert_eq!(response.header("Cache-Control"), Some("no-cache"));
    assert_eq!(
        response.text(),
        "data: 6\n\n: still there\n\nid: 7 id: 8\nevent: tick\nretry: 1500\ndata: a\ndata: b\ndata: c\ndata: \n\n"
    );
}

#[co::coroutine]
fn patient(handler: RequestHandler, waits: Waits, notes: Events) {
    let mut events = yield_!(handler.event_stream()).expect("a client");
    notes.note("open");
    events.on_connection_close(notes.noting("left"));
    loop {
        yield_!(kept(&waits));
        if yield_!(events.send("tick")).is_err() {
            return notes.note("closed");
        }
        notes.note("sent");
    }
}

fn patient_server(waits: &Waits, notes: &Events) -> HttpServer {
    let (waits, notes) = (waits.clone(), notes.clone());
    serve(Application::new().get("/", move |handler| {
        patient(handler, waits.clone(), notes.clone())
    }))
}

#[co::test(timeout = 10)]
fn each_event_comes_at_once_and_the_stream_ends_with_the_client() {
    let (waits, notes) = (Waits::default(), Events::new());
    let server = patient_server(&waits, &notes);
    let client = Rc::new(yield_!(TcpStream::connect(server.local_addr())).expect("a connection"));
    yield_!(client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).expect("a server that reads");
    yield_!(read_until(client.clone(), "\r\n\r\n"));
    for _ in 0..2 {
        yield_!(there(&waits));
        keep(&waits);
        yield_!(read_until(client.clone(), "data: tick\n\n"));
    }
    drop(client);
    let seen = notes.clone();
    yield_!(until(move || seen.take().contains(&"left".to_owned())));
    yield_!(there(&waits));
    keep(&waits);
    yield_!(until(move || notes.take().contains(&"closed".to_owned())));
}

#[co::test(timeout = 10)]
fn a_client_of_http_1_0_gets_a_stream_that_ends_with_the_connection() {
    let server = serve(Application::new().get("/", three));
    let response = yield_!(talk(server.local_addr(), "GET / HTTP/1.0\r\n\r\n"));
    assert!(response.ends_with("\r\n\r\ndata: none\n\n: still there\n\nid: 7 id: 8\nevent: tick\nretry: 1500\ndata: a\ndata: b\ndata: c\ndata: \n\n"), "{response}");
}
