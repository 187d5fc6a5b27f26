//! Responses that are sent while their handler makes them.

use std::cell::Cell;
use std::io::Write as _;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, RequestHandler, StreamClosedError};
use coroutine_tests::Events;

use super::support::{
    Waits, keep, kept, read_until, serve, status_of, talk, there, until, warnings,
};

const CLOSE: &str = "Host: a\r\nConnection: close\r\n\r\n";

/// Asks for `/` and gives all that comes until the connection is closed.
#[co::coroutine]
fn ask(application: Application, method: &'static str) -> String {
    let server = serve(application);
    yield_!(talk(
        server.local_addr(),
        format!("{method} / HTTP/1.1\r\n{CLOSE}")
    ))
}

fn streaming<R: coroutine_http::HandlerResult>(
    handler: impl Fn(RequestHandler) -> R + 'static,
) -> Application {
    Application::new().route("/", handler)
}

#[co::coroutine]
fn in_two(mut handler: RequestHandler) -> Result<(), StreamClosedError> {
    handler.write("one,");
    yield_!(handler.flush())?;
    handler.write("two");
    Ok(())
}

#[co::test(timeout = 10)]
fn what_is_flushed_arrives_before_the_handler_has_ended() {
    let waits = Waits::default();
    let waiting = waits.clone();
    let handler = move |mut handler: RequestHandler| {
        let waiting = waiting.clone();
        co::block::coroutine! {
            handler.set_status(202);
            handler.write("first");
            yield_!(handler.flush()).expect("a client");
            assert!(handler.headers_written());
            yield_!(kept(&waiting));
            handler.write("last");
        }
    };
    let server = serve(streaming(handler));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    yield_!(stream.write_all(format!("GET / HTTP/1.1\r\n{CLOSE}").as_bytes())).expect("a server");
    let begin = yield_!(read_until(stream.clone(), "first\r\n"));
    assert_eq!(status_of(&begin), "202");
    yield_!(there(&waits));
    keep(&waits);
    let end = yield_!(read_until(stream, "0\r\n\r\n"));
    assert_eq!(end, "4\r\nlast\r\n0\r\n\r\n");
}

#[co::test(timeout = 10)]
fn a_body_of_unknown_length_is_sent_in_chunks() {
    let answer = yield_!(ask(streaming(in_two), "GET"));
    assert!(
        answer.contains("transfer-encoding: chunked\r\n"),
        "{answer}"
    );
    assert!(answer.contains("content-type: text/html"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\n4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n"),
        "{answer}"
    );
}

#[co::test(timeout = 10)]
fn a_body_for_http_1_0_ends_with_the_connection() {
    let server = serve(streaming(in_two));
    let answer = yield_!(talk(server.local_addr(), "GET / HTTP/1.0\r\n\r\n"));
    assert!(!answer.contains("chunked"), "{answer}");
    assert!(answer.ends_with("\r\n\r\none,two"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_length_that_was_announced_is_kept_to() {
    let handler = co::block::coroutine! { |mut handler: RequestHandler| {
        handler.set_header("Content-Length", "7");
        handler.write("one,");
        yield_!(handler.flush()).expect("a client");
        handler.finish_with("two");
    } };
    let answer = yield_!(ask(streaming(handler), "GET"));
    assert!(answer.contains("content-length: 7\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\none,two"), "{answer}");
}

/// What is logged and sent when a handler announces four bytes and writes others.
fn announcing_four(chunks: [&'static str; 2]) -> (Vec<String>, String) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let lines = warnings(move || {
        let handler = co::block::coroutine! { |mut handler: RequestHandler| {
            handler.set_header("Content-Length", "4");
            for chunk in chunks {
                handler.write(chunk);
                let _ = yield_!(handler.flush());
            }
        } };
        let tell = co::block::coroutine! { || {
            let answer = yield_!(ask(streaming(handler), "GET"));
            sender.send(answer).expect("a test");
        } };
        tell()
    });
    (lines, receiver.recv().expect("an answer"))
}

#[test]
fn a_body_that_is_shorter_than_announced_is_cut_and_logged() {
    let (lines, answer) = announcing_four(["ab", "c"]);
    assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
    assert!(
        lines[0].contains("wrote 3 bytes, having announced 4"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_body_that_is_longer_than_announced_is_cut_and_logged() {
    let (lines, answer) = announcing_four(["ab", "cde"]);
    assert!(answer.ends_with("\r\n\r\nab"), "{answer}");
    assert!(
        lines[0].contains("wrote 5 bytes, having announced 4"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn what_comes_after_a_complete_body_is_dropped_and_logged() {
    let (lines, answer) = announcing_four(["abcd", "e"]);
    assert!(answer.ends_with("\r\n\r\nabcd"), "{answer}");
    assert!(
        lines[0].contains("wrote 5 bytes, having announced 4"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[co::test(timeout = 10)]
fn the_response_to_head_has_the_headers_alone() {
    let answer = yield_!(ask(streaming(in_two), "HEAD"));
    assert_eq!(status_of(&answer), "200");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_status_without_a_body_has_none_when_it_is_flushed() {
    let handler = co::block::coroutine! { |mut handler: RequestHandler| {
        handler.set_status(204);
        handler.write("nothing");
        yield_!(handler.flush()).expect("a client");
    } };
    let answer = yield_!(ask(streaming(handler), "GET"));
    assert_eq!(status_of(&answer), "204");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[co::test(timeout = 10)]
fn a_plain_function_may_flush() {
    let handler = |mut handler: RequestHandler| {
        handler.write("one,");
        drop(handler.flush());
        handler.write("two");
    };
    let answer = yield_!(ask(streaming(handler), "GET"));
    assert!(
        answer.ends_with("4\r\none,\r\n3\r\ntwo\r\n0\r\n\r\n"),
        "{answer}"
    );
}

#[co::test(timeout = 10)]
fn the_connection_is_kept_after_a_streamed_response() {
    let server = serve(streaming(in_two));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    for _ in 0..2 {
        yield_!(stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).expect("a server");
        let answer = yield_!(read_until(stream.clone(), "0\r\n\r\n"));
        assert!(answer.contains("4\r\none,\r\n3\r\ntwo\r\n"), "{answer}");
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn headers_that_are_set_too_late_are_logged_and_change_nothing() {
    let lines = warnings(|| {
        let handler = co::block::coroutine! { |mut handler: RequestHandler| {
            handler.write("body");
            yield_!(handler.flush()).expect("a client");
            handler.set_status(404);
            handler.set_header("X-Late", "1");
        } };
        let check = co::block::coroutine! { || {
            let answer = yield_!(ask(streaming(handler), "GET"));
            assert_eq!(status_of(&answer), "200");
            assert!(!answer.contains("x-late"), "{answer}");
            assert!(answer.ends_with("4\r\nbody\r\n0\r\n\r\n"), "{answer}");
        } };
        check()
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("streaming.rs"), "{lines:?}");
    assert!(
        lines[0].contains("came after the headers were sent"),
        "{lines:?}"
    );
}

#[test]
fn a_handler_that_fails_after_its_first_flush_has_its_connection_cut() {
    let lines = warnings(|| {
        let handler = co::block::coroutine! { |mut handler: RequestHandler| -> Result<(), String> {
            handler.write("half");
            yield_!(handler.flush()).expect("a client");
            Err("no more".to_owned())
        } };
        let check = co::block::coroutine! { || {
            let answer = yield_!(ask(streaming(handler), "GET"));
            assert!(answer.ends_with("half\r\n"), "{answer}");
        } };
        check()
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with("no more"), "{lines:?}");
}

#[test]
fn an_error_that_is_sent_too_late_cuts_the_connection() {
    let lines = warnings(|| {
        let handler = co::block::coroutine! { |mut handler: RequestHandler| {
            handler.write("half");
            yield_!(handler.flush()).expect("a client");
            handler.send_error(500);
        } };
        let check = co::block::coroutine! { || {
            let answer = yield_!(ask(streaming(handler), "GET"));
            assert!(answer.ends_with("half\r\n"), "{answer}");
        } };
        check()
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("came after the headers were sent"),
        "{lines:?}"
    );
}

#[test]
fn what_cannot_be_sent_is_a_500_at_the_first_flush() {
    let lines = warnings(|| {
        let handler = co::block::coroutine! { |mut handler: RequestHandler| {
            handler.set_header("X-Bad", "a\nb");
            handler.write("text");
            yield_!(handler.flush()).expect_err("no response to add to");
        } };
        let check = co::block::coroutine! { || {
            let answer = yield_!(ask(streaming(handler), "GET"));
            assert_eq!(status_of(&answer), "500");
            assert!(!answer.contains("text\r\n"), "{answer}");
        } };
        check()
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
}

const CHUNK: usize = 64 << 10;

/// Writes without end, and counts the bytes.
#[co::coroutine]
fn pour(
    mut handler: RequestHandler,
    poured: Rc<Cell<usize>>,
    events: Events,
    over: Rc<Cell<bool>>,
) {
    handler.on_connection_close(events.noting("left"));
    loop {
        handler.write(vec![b'x'; CHUNK]);
        if yield_!(handler.flush()).is_err() {
            break events.note("closed");
        }
        poured.set(poured.get() + CHUNK);
    }
    handler.write("more");
    yield_!(handler.flush()).expect_err("nobody");
    handler.finish();
    events.note("finished");
    over.set(true);
}

#[co::test(timeout = 10)]
fn a_handler_is_as_fast_as_its_client_and_learns_that_it_left() {
    let (poured, events) = (Rc::new(Cell::new(0)), Events::new());
    let over = Rc::new(Cell::new(false));
    let handler = {
        let (poured, events, over) = (poured.clone(), events.clone(), over.clone());
        move |handler| pour(handler, poured.clone(), events.clone(), over.clone())
    };
    let server = serve(streaming(handler));
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = Rc::new(stream);
    yield_!(stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).expect("a server");
    yield_!(read_until(stream.clone(), "xxx"));
    // The buffers of the kernel are filled, and then nothing moves.
    let mut before = 0;
    while before != poured.get() {
        before = poured.get();
        yield_!(co::sleep(std::time::Duration::from_millis(50)));
    }
    assert!(before < 64 << 20, "{before} bytes");
    let mut buffer = vec![0; 1 << 20];
    while poured.get() == before {
        assert!(yield_!(stream.read(&mut buffer)).expect("bytes") > 0);
        yield_!(co::moment());
    }
    drop(stream);
    yield_!(until(move || over.get()));
    assert_eq!(events.take(), ["closed", "finished", "left"]);
}

/// As many bytes as the server has room for when it reads: it looks for more at once then, and finds the end of the connection before it has taken
/// the response.
const ROOMS: [usize; 2] = [8192, 16384];

fn request_of(length: usize) -> String {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    let filling = "x".repeat(length - head.len() - 4);
    format!("{head}{filling}\r\n\r\n")
}

#[co::test(timeout = 10)]
fn a_first_flush_ends_when_the_client_leaves_at_once() {
    let ended = Rc::new(Cell::new(0));
    let ending = ended.clone();
    let handler = move |mut handler: RequestHandler| {
        let ending = ending.clone();
        co::block::coroutine! {
            handler.write("first");
            let _ = yield_!(handler.flush());
            ending.set(ending.get() + 1);
        }
    };
    let server = serve(streaming(handler));
    for room in ROOMS {
        let mut client = std::net::TcpStream::connect(server.local_addr()).expect("a connection");
        client
            .write_all(request_of(room).as_bytes())
            .expect("a server");
    }
    yield_!(until(move || ended.get() == ROOMS.len()));
}
