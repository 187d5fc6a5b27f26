//! Handlers that say how an error is to be answered, and pages that tell of errors.

use std::io;

use coroutine_core as co;
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, Method, RequestFailure, RequestHandler, WebError,
};
use coroutine_tests::assert_one_message;

use super::support::{get, run, serve, talk, url, warnings};

#[co::coroutine]
fn missing(mut handler: RequestHandler) -> Result<(), WebError> {
    handler.write("half");
    handler.set_header("X-Half", "yes");
    yield_!(co::moment());
    Err(WebError::new(404)
        .reason("No <b>Such</b>\r\nEntry")
        .header("X-Error", "yes")
        .log_message("entry 7 is missing"))
}

#[co::coroutine]
fn ask_for_what_is_missing() {
    let server = serve(Application::new().get("/", missing));
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = yield_!(talk(server.local_addr(), request));
    assert!(
        answer.starts_with("HTTP/1.1 404 No <b>Such</b>  Entry\r\n"),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(body.contains("404: No &lt;b&gt;Such&lt;/b&gt;"), "{body}");
    let head = head.to_lowercase();
    assert!(
        head.contains("x-error: yes") && !head.contains("x-half"),
        "{head}"
    );
}

#[test]
fn a_web_error_is_answered_with_its_status_and_its_message_is_a_warning() {
    let lines = warnings(ask_for_what_is_missing);
    assert_one_message(&lines, &["WARN", "404 GET /", "entry 7 is missing"]);
}

#[co::coroutine]
fn ask_in_silence() {
    let server = serve(
        Application::new()
            .get("/plain", |_: RequestHandler| {
                Err::<(), _>(WebError::new(403))
            })
            .get("/boxed", |_: RequestHandler| {
                Err::<(), Box<dyn std::error::Error>>(WebError::new(410).into())
            }),
    );
    for (path, status) in [("/plain", 403), ("/boxed", 410)] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.status().expect("a response").as_u16(), status);
    }
}

#[test]
fn a_web_error_without_a_message_is_not_logged() {
    assert_eq!(warnings(ask_in_silence), Vec::<String>::new());
}

fn fails(_: RequestHandler) -> io::Result<()> {
    Err(io::Error::other("the secret disk is full"))
}

fn page(handler: &mut RequestHandler, failure: &RequestFailure) {
    handler.set_header("Content-Type", "text/plain");
    let error = failure.error().map(ToString::to_string).unwrap_or_default();
    let (code, reason) = (failure.status().as_u16(), failure.reason());
    handler.write(format!("{code} {reason} [{error}]"));
}

#[co::coroutine]
fn ask_for_pages() {
    let server = serve(
        Application::new()
            .get("/fails", fails)
            .get("/sends", |handler: RequestHandler| handler.send_error(418))
            .error_page(page),
    );
    for (path, text) in [
        (
            "/fails",
            "500 Internal Server Error [the secret disk is full]",
        ),
        ("/none", "404 Not Found [HTTP 404: Not Found]"),
        ("/sends", "418 I'm a teapot []"),
    ] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        let response = error.response().expect("a response");
        assert_eq!(response.text(), text);
        assert_eq!(response.header("Content-Type"), Some("text/plain"));
    }
    let request = HttpRequest::new(url(&server, "/fails")).method(Method::DELETE);
    let error = yield_!(AsyncHttpClient::new().fetch(request)).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(response.header("Allow"), Some("GET, HEAD, OPTIONS"));
    assert!(response.text().starts_with("405 Method Not Allowed"));
}

#[test]
fn the_applications_page_is_for_handlers_and_for_routes_that_are_none() {
    let lines = warnings(ask_for_pages);
    assert_one_message(&lines, &["/fails", "the secret disk is full"]);
}

#[co::coroutine]
fn ask_for_a_page_that_panics() {
    let page = |_: &mut RequestHandler, _: &RequestFailure| panic!("no page");
    let server = serve(Application::new().error_page(page));
    let error = yield_!(get(&server, "/none")).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(response.code(), 404);
    assert!(response.text().contains("404: Not Found"));
}

#[test]
fn a_page_that_panics_is_logged_and_the_usual_one_is_sent() {
    let lines = warnings(ask_for_a_page_that_panics);
    assert_one_message(&lines, &["no page", "in the page of an error"]);
}

#[co::coroutine]
fn ask_for_a_page_that_cannot_be_sent() {
    let page = |handler: &mut RequestHandler, _: &RequestFailure| {
        handler.set_header("X-A", "a\nb");
    };
    let server = serve(Application::new().error_page(page));
    let error = yield_!(get(&server, "/none")).expect_err("a failure");
    assert_eq!(error.status().expect("a response").as_u16(), 404);
}

#[test]
fn a_page_that_cannot_be_sent_is_logged_and_the_usual_one_is_sent() {
    let lines = warnings(ask_for_a_page_that_cannot_be_sent);
    assert_one_message(&lines, &["value of a header", "errors.rs"]);
}

#[co::coroutine]
fn ask_both_kinds() {
    for (debug, shown) in [(false, false), (true, true)] {
        let server = serve(Application::new().get("/", fails).debug(debug));
        let error = yield_!(get(&server, "/")).expect_err("a failure");
        let response = error.response().expect("a response");
        assert_eq!(response.text().contains("secret"), shown);
        let plain = response.header("Content-Type") == Some("text/plain; charset=UTF-8");
        assert_eq!(plain, shown);
    }
}

#[test]
fn only_in_debug_mode_the_page_tells_what_went_wrong() {
    assert_eq!(warnings(ask_both_kinds).len(), 2);
}

#[test]
fn a_status_and_its_reason_are_set_together() {
    #[co::coroutine]
    fn ask() {
        let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
            handler.set_status_with_reason(202, "Gladly");
        }));
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = yield_!(talk(server.local_addr(), request));
        assert!(answer.starts_with("HTTP/1.1 202 Gladly\r\n"), "{answer}");
    }
    coroutine_tests::watchdog(coroutine_tests::LIMIT, || run(ask));
}

#[co::test(timeout = 10)]
fn the_default_handler_answers_what_is_no_route() {
    #[co::coroutine]
    fn default(mut handler: RequestHandler) {
        yield_!(co::moment());
        handler.set_status(404);
        let path = handler.request().path().to_owned();
        handler.write(format!("no {path}: {}", handler.request().body().len()));
    }
    let server = serve(
        Application::new()
            .post("/a", |_: RequestHandler| ())
            .default_handler(default),
    );
    let request = HttpRequest::post(url(&server, "/b"), "12345");
    let error = yield_!(AsyncHttpClient::new().fetch(request)).expect_err("a failure");
    assert_eq!(error.response().expect("a response").text(), "no /b: 5");
    let wrong_method = yield_!(get(&server, "/a")).expect_err("a failure");
    assert_eq!(wrong_method.status().expect("a response"), 405);
}
