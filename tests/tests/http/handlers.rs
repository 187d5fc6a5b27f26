//! How handlers answer, fail, and wait.

use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{Application, HttpError, HttpServer, RequestHandler};
use coroutine_tests::{Events, assert_one_message};

use super::support::{Waits, deserted, get, keep, kept, serve, talk, there, warnings};

/// An application in which `/wait` waits until its promise is kept, and notes what it does.
fn waiting(events: &Events, waits: &Waits) -> Application {
    let (events, waits) = (events.clone(), waits.clone());
    Application::new()
        .get("/", |mut handler: RequestHandler| handler.write("at once"))
        .get("/wait", move |handler| {
            wait(handler, events.clone(), waits.clone())
        })
}

#[co::coroutine]
fn wait(mut handler: RequestHandler, events: Events, waits: Waits) {
    events.note("waits");
    yield_!(kept(&waits));
    handler.write("at last");
    events.note("goes on");
}

#[co::test(timeout = 10)]
fn while_a_handler_waits_others_answer() {
    let (events, waits) = (Events::new(), Waits::default());
    let server = serve(waiting(&events, &waits));
    let slow = get(&server, "/wait");
    for _ in 0..3 {
        let fast = yield_!(get(&server, "/")).expect("an answer");
        assert_eq!(fast.text(), "at once");
    }
    assert!(!slow.done());
    yield_!(there(&waits));
    keep(&waits);
    assert_eq!(yield_!(slow).expect("an answer").text(), "at last");
    assert_eq!(events.take(), ["waits", "goes on"]);
}

#[co::test(timeout = 10)]
fn a_client_that_leaves_does_not_cancel_the_handler() {
    let (events, waits) = (Events::new(), Waits::default());
    let server = Rc::new(serve(waiting(&events, &waits)));
    let client = get(&server, "/wait");
    yield_!(there(&waits));
    client.cancel();
    yield_!(deserted(server.clone()));
    keep(&waits);
    yield_!(co::moment());
    yield_!(co::moment());
    assert_eq!(events.take(), ["waits", "goes on"]);
}

#[co::coroutine]
fn fails(_: RequestHandler) -> Result<(), io::Error> {
    yield_!(co::moment());
    Err(io::Error::other("the disk is full"))
}

#[co::coroutine]
fn fails_at_once(mut handler: RequestHandler) -> Result<(), String> {
    handler.write("half of it");
    Err("no paper".to_owned())
}

/// An error that panics when it becomes one, or when it is shown.
#[derive(Debug)]
struct Vicious;

impl fmt::Display for Vicious {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("not to be shown")
    }
}

impl Error for Vicious {}

struct Stillborn;

impl From<Stillborn> for Box<dyn Error> {
    fn from(_: Stillborn) -> Self {
        panic!("not to be born")
    }
}

#[co::coroutine]
fn fails_viciously(_: RequestHandler) -> Result<(), Vicious> {
    yield_!(co::moment());
    Err(Vicious)
}

#[co::coroutine]
fn fails_stillborn(_: RequestHandler) -> Result<(), Stillborn> {
    yield_!(co::moment());
    Err(Stillborn)
}

#[co::coroutine]
fn panics(_: RequestHandler) {
    yield_!(co::moment());
    panic!("on the rocks")
}

#[co::coroutine]
fn panics_at_once(_: RequestHandler) {
    panic!("on the spot")
}

fn broken() -> HttpServer {
    serve(
        Application::new()
            .get("/good", |mut handler: RequestHandler| handler.write("good"))
            .get("/fails/{how}", fails)
            .get("/fails_at_once", fails_at_once)
            .get("/vicious", fails_viciously)
            .get("/plain_vicious", |_: RequestHandler| Err::<(), _>(Vicious))
            .get("/stillborn", fails_stillborn)
            .get("/plain_stillborn", |_: RequestHandler| {
                Err::<(), _>(Stillborn)
            })
            .get("/panics", panics)
            .get("/panics_at_once", panics_at_once)
            .get("/plain_panics", |_: RequestHandler| -> () {
                panic!("no coroutine")
            })
            .get("/plain_fails", |_: RequestHandler| Err::<(), _>("no luck")),
    )
}

/// Asks for `path`, which fails, and then for another one.
#[co::coroutine]
fn ask_in_vain(path: &'static str) {
    let server = broken();
    let error = yield_!(get(&server, path)).expect_err("a failure");
    assert_eq!(error.status().expect("a response").as_u16(), 500);
    let page = error.response().expect("a response").text();
    assert!(page.contains("500: Internal Server Error"), "{page}");
    let good = yield_!(get(&server, "/good")).expect("an answer");
    assert_eq!(good.text(), "good");
}

fn is_a_logged_500(path: &'static str, parts: &[&str]) {
    let lines = warnings(move || ask_in_vain(path));
    assert_one_message(&lines, parts);
}

#[test]
fn an_error_is_a_500_and_is_logged_with_its_route_and_the_next_request_works() {
    is_a_logged_500(
        "/fails/soon",
        &["/fails/{how}", "GET /fails/soon", "the disk is full"],
    );
}

#[test]
fn an_error_before_the_first_yield_is_a_500_and_drops_what_was_written() {
    is_a_logged_500("/fails_at_once", &["/fails_at_once", "no paper"]);
}

#[test]
fn a_panic_is_a_500_and_is_logged_with_its_route_and_the_next_request_works() {
    is_a_logged_500("/panics", &["/panics", "on the rocks", "handlers.rs"]);
}

#[test]
fn a_panic_before_the_first_yield_is_a_500() {
    is_a_logged_500("/panics_at_once", &["/panics_at_once", "on the spot"]);
}

#[test]
fn a_panic_of_a_handler_that_is_no_coroutine_is_a_500() {
    is_a_logged_500("/plain_panics", &["/plain_panics", "no coroutine"]);
}

#[test]
fn an_error_of_a_handler_that_is_no_coroutine_is_a_500() {
    is_a_logged_500("/plain_fails", &["/plain_fails", "no luck"]);
}

#[test]
fn an_error_that_panics_when_it_is_shown_is_a_logged_500() {
    for path in ["/vicious", "/plain_vicious"] {
        is_a_logged_500(path, &[path, "not to be shown"]);
    }
}

#[test]
fn an_error_that_panics_when_it_becomes_one_is_a_logged_500() {
    for path in ["/stillborn", "/plain_stillborn"] {
        is_a_logged_500(path, &[path, "not to be born"]);
    }
}

#[co::coroutine]
fn fails_without_an_audience(handler: RequestHandler, waits: Waits) -> Result<(), HttpError> {
    yield_!(kept(&waits));
    drop(handler);
    let error = coroutine_http::AsyncHttpClient::new().fetch("nowhere");
    yield_!(error).map(drop)
}

#[co::coroutine]
fn leave_before_it_fails() {
    let waits = Waits::default();
    let for_handler = waits.clone();
    let server = Rc::new(serve(Application::new().get("/", move |handler| {
        fails_without_an_audience(handler, for_handler.clone())
    })));
    let client = get(&server, "/");
    yield_!(there(&waits));
    client.cancel();
    yield_!(deserted(server.clone()));
    keep(&waits);
    yield_!(co::moment());
    yield_!(co::moment());
}

#[test]
fn an_error_after_the_client_has_left_is_logged() {
    let lines = warnings(leave_before_it_fails);
    assert_one_message(
        &lines,
        &["the handler of / failed", "`nowhere` is not a URL"],
    );
}

#[co::coroutine]
fn finishes_early(mut handler: RequestHandler, waits: Waits) {
    let kept = kept(&waits);
    handler.write("done");
    yield_!(co::moment());
    handler.finish();
    yield_!(kept);
}

#[co::test(timeout = 10)]
fn finish_sends_the_response_before_the_handler_has_ended() {
    let waits = Waits::default();
    let for_handler = waits.clone();
    let server = serve(Application::new().get("/", move |handler| {
        finishes_early(handler, for_handler.clone())
    }));
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "done");
    keep(&waits);
}

#[co::coroutine]
fn finishes_and_fails(mut handler: RequestHandler) -> Result<(), String> {
    handler.write("done");
    handler.finish();
    Err("too late".to_owned())
}

#[co::coroutine]
fn ask_for_both() {
    let server = serve(Application::new().get("/", finishes_and_fails));
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.text(), "done");
}

#[test]
fn an_error_after_finish_is_logged_and_the_response_stays() {
    assert_one_message(&warnings(ask_for_both), &["too late"]);
}

#[co::coroutine]
fn says_the_impossible() {
    let server = serve(
        Application::new().get("/{what}", |mut handler: RequestHandler| {
            match handler.path_argument("what") {
                Some("value") => handler.set_header("X-A", "line\r\nX-B: injected"),
                Some("name") => handler.add_header("no name", "b"),
                _ => handler.set_status(99),
            }
        }),
    );
    for path in ["/value", "/name", "/status"] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.status().expect("a response").as_u16(), 500);
        let response = error.response().expect("a response");
        assert_eq!(response.header("X-B"), None);
    }
}

#[test]
fn what_cannot_be_sent_is_a_500_and_is_logged_with_its_place() {
    let lines = warnings(says_the_impossible);
    let parts = ["value of a header", "name of a header", "not a status"];
    assert_eq!(lines.len(), parts.len(), "{lines:#?}");
    for (line, part) in lines.iter().zip(parts) {
        assert!(
            line.contains(part) && line.contains("handlers.rs:"),
            "{line}"
        );
    }
}

#[co::test(timeout = 10)]
fn a_handler_sets_status_headers_and_body() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.set_status(201);
        handler.set_header("Content-Type", "text/plain");
        handler.add_header("X-Twice", "one");
        handler.add_header("X-Twice", "two");
        handler.write("a");
        handler.write(String::from("b"));
        handler.write(vec![b'c']);
    }));
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.code(), 201);
    assert_eq!(response.text(), "abc");
    assert_eq!(response.header("Content-Type"), Some("text/plain"));
    assert_eq!(response.header("Content-Length"), Some("3"));
    assert!(response.header("Date").is_some());
    let twice = response.headers().get_all("X-Twice");
    assert_eq!(twice.iter().count(), 2);
}

#[co::test(timeout = 10)]
fn send_error_takes_back_what_was_written() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.write("never seen");
        handler.send_error(403);
    }));
    let error = yield_!(get(&server, "/")).expect_err("a failure");
    let response = error.into_response().expect("a response");
    assert_eq!(
        response.text(),
        "<html><title>403: Forbidden</title><body>403: Forbidden</body></html>"
    );
}

#[co::test(timeout = 10)]
fn a_date_and_a_length_are_sent_and_text_is_html_unless_said_otherwise() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.write("<p>hi");
    }));
    let to = server.local_addr();
    let answer = yield_!(talk(
        to,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    ))
    .to_lowercase();
    assert!(
        answer.contains("content-type: text/html; charset=utf-8"),
        "{answer}"
    );
    assert!(answer.contains("content-length: 5"), "{answer}");
    assert!(answer.contains("date: "), "{answer}");
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("not to be dropped")
    }
}

#[co::coroutine]
fn arm(handler: RequestHandler) {
    let bomb = Bomb;
    handler.on_connection_close(move || std::mem::forget(bomb));
    yield_!(co::moment());
}

#[co::coroutine]
fn ask_the_armed() {
    let server = serve(Application::new().get("/", arm));
    let response = yield_!(get(&server, "/")).expect("an answer");
    assert_eq!(response.code(), 200);
}

#[test]
fn a_callback_that_panics_when_it_is_dropped_is_logged_and_the_response_stays() {
    assert_one_message(&warnings(ask_the_armed), &["not to be dropped"]);
}
