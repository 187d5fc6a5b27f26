//! Handlers in the callback style.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::net::TcpStream;
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, HttpError, RequestHandler, asynchronous};
use coroutine_tests::assert_one_message;

use crate::support::{get, serve, until, warnings};

/// A handler that somebody has kept.
type Kept = Rc<RefCell<Option<RequestHandler>>>;

/// An application whose handler is kept by the test.
fn keeping(kept: &Kept) -> Application {
    let kept = Rc::clone(kept);
    let keep = move |handler| keep(handler, &kept);
    Application::new().get("/{name}", keep)
}

#[asynchronous]
fn keep(handler: RequestHandler, kept: &Kept) {
    kept.replace(Some(handler));
}

fn is_kept(kept: &Kept) -> co::Future<()> {
    let kept = Rc::clone(kept);
    until(move || kept.borrow().is_some())
}

/// The status of an error's response.
fn status<T: std::fmt::Debug>(result: Result<T, HttpError>) -> u16 {
    let error = result.expect_err("an error");
    error.status().expect("a response").as_u16()
}

#[asynchronous]
fn later(mut handler: RequestHandler) {
    handler.write("later");
    IoLoop::current().call_later(Duration::from_secs(5), move || {
        handler.write(", but not too late");
        handler.finish();
    });
}

#[co::test(virtual_clock)]
fn a_response_is_complete_when_a_callback_finishes_it() {
    let server = serve(Application::new().get("/", later));
    let before = IoLoop::current().time();
    let response = yield_!(get(&server, "/")).expect("a response");
    assert_eq!(response.text(), "later, but not too late");
    assert!(IoLoop::current().time() - before >= Duration::from_secs(5));
}

#[co::test]
fn other_requests_do_not_wait_for_callbacks() {
    let kept = Kept::default();
    let server =
        serve(keeping(&kept).get("/", |mut handler: RequestHandler| handler.write("here")));
    let waiting = get(&server, "/first");
    yield_!(is_kept(&kept));
    assert_eq!(
        yield_!(get(&server, "/")).expect("a response").text(),
        "here"
    );
    assert!(!waiting.done());
    kept.take().expect("a handler").finish();
    yield_!(waiting).expect("a response");
}

#[asynchronous]
fn at_once(mut handler: RequestHandler) {
    handler.write("at once");
    handler.finish();
}

#[co::test]
fn a_response_may_be_finished_before_the_function_returns() {
    let server = serve(Application::new().get("/", at_once));
    assert_eq!(
        yield_!(get(&server, "/")).expect("a response").text(),
        "at once"
    );
}

#[co::coroutine]
fn finished_by_a_coroutine(mut handler: RequestHandler) {
    yield_!(co::moment());
    handler.write("by a coroutine");
    handler.finish();
}

#[asynchronous]
fn with_a_coroutine(handler: RequestHandler) {
    IoLoop::current().add_future(finished_by_a_coroutine(handler), drop);
}

#[co::test]
fn a_coroutine_may_finish_it() {
    let server = serve(Application::new().get("/", with_a_coroutine));
    let response = yield_!(get(&server, "/")).expect("a response");
    assert_eq!(response.text(), "by a coroutine");
}

#[asynchronous]
fn fails(handler: RequestHandler) -> io::Result<()> {
    let number: u16 = handler
        .path_argument("number")
        .unwrap_or("x")
        .parse()
        .map_err(io::Error::other)?;
    IoLoop::current().add_callback(move || {
        let mut handler = handler;
        handler.write(format!("{number}"));
        handler.finish();
    });
    Ok(())
}

#[test]
fn an_error_that_the_function_gives_is_a_500() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let server = serve(Application::new().get("/{number}", fails));
            assert_eq!((yield get(&server, "/7")).expect("a response").text(), "7");
            assert_eq!(status(yield get(&server, "/seven")), 500);
        }
    });
    assert_one_message(
        &lines,
        &["ERROR", "/{number}", "GET /seven", "invalid digit"],
    );
}

#[asynchronous]
fn panics(_handler: RequestHandler) {
    panic!("it cannot go on");
}

#[test]
fn a_panic_of_the_function_is_a_500() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let server = serve(Application::new().get("/", panics));
            assert_eq!(status(yield get(&server, "/")), 500);
        }
    });
    assert_one_message(&lines, &["ERROR", "it cannot go on"]);
}

#[asynchronous]
fn forgets(_handler: RequestHandler) {}

#[test]
fn a_handler_that_is_dropped_in_the_function_is_a_500_at_once() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let server = serve(Application::new().get("/", forgets));
            assert_eq!(status(yield get(&server, "/")), 500);
        }
    });
    assert_one_message(&lines, &["ERROR", "GET /", "dropped without `finish`"]);
}

#[test]
fn a_handler_that_is_dropped_later_is_a_500_at_once() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let kept = Kept::default();
            let server = serve(keeping(&kept));
            let waiting = get(&server, "/dropped");
            yield is_kept(&kept);
            drop(kept.take());
            assert_eq!(status(yield waiting), 500);
        }
    });
    assert_one_message(
        &lines,
        &["ERROR", "GET /dropped", "dropped without `finish`"],
    );
}

#[asynchronous]
fn panics_later(mut handler: RequestHandler) {
    IoLoop::current().add_callback(move || {
        handler.write("half of");
        panic!("a callback is over");
    });
}

#[test]
fn a_callback_that_panics_is_a_500_and_the_next_request_works() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let server = serve(Application::new().get("/", panics_later).get("/next", at_once));
            assert_eq!(status(yield get(&server, "/")), 500);
            assert_eq!((yield get(&server, "/next")).expect("a response").text(), "at once");
        }
    });
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].contains("a callback is over"), "{lines:#?}");
    assert!(lines[1].contains("dropped without `finish`"), "{lines:#?}");
}

#[test]
fn a_request_that_is_not_finished_is_logged_when_its_connection_closes() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let kept = Kept::default();
            let server = Rc::new(serve(keeping(&kept)));
            let stream = (yield TcpStream::connect(server.local_addr())).expect("a connection");
            let head = b"GET /lost HTTP/1.1\r\nHost: here\r\n\r\n";
            (yield stream.write_all(head)).expect("a server that reads");
            yield is_kept(&kept);
            drop(stream);
            yield crate::support::deserted(server);
            // To finish it now is harmless, and so is to drop it.
            kept.take().expect("a handler").finish();
        }
    });
    assert_one_message(
        &lines,
        &["WARN", "/{name}", "GET /lost", "not finished", "after "],
    );
}

#[test]
fn a_request_that_was_finished_is_not_logged() {
    let lines = warnings(|| {
        co::block::coroutine! {
            let server = serve(Application::new().get("/", at_once));
            (yield get(&server, "/")).expect("a response");
        }
    });
    assert!(lines.is_empty(), "{lines:#?}");
}
