//! Requests for what the client may have already.

use std::time::{Duration, UNIX_EPOCH};

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, Method, RequestHandler};

use super::support::{answer, serve, to};

fn tagging() -> HttpServer {
    let application = Application::new().etags(true);
    serve(application.route("/", |mut handler: RequestHandler| {
        if let Some(status) = handler.argument("status") {
            handler.set_status(status.parse::<u16>().expect("a number"));
        }
        handler.write(handler.argument("text").unwrap_or_default());
    }))
}

#[co::test(timeout = 10)]
fn a_response_that_the_client_has_is_not_sent_again() {
    let server = tagging();
    let first = yield_!(answer(to(&server, "/?text=a")));
    let tag = first.header("ETag").expect("a tag").to_owned();
    for condition in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let request = to(&server, "/?text=a").header("If-None-Match", condition.as_str());
        let second = yield_!(answer(request));
        assert_eq!(second.code(), 304, "{condition}");
        assert_eq!(second.header("ETag"), Some(&*tag));
        assert_eq!(
            (second.body().len(), second.header("Content-Type")),
            (0, None)
        );
    }
    let request = to(&server, "/?text=b").header("If-None-Match", tag.as_str());
    let other = yield_!(answer(request));
    assert_eq!((other.code(), &*other.text()), (200, "b"));
    assert_ne!(other.header("ETag"), Some(&*tag));
}

#[co::test(timeout = 10)]
fn head_has_the_tag_of_get() {
    let server = tagging();
    let get = yield_!(answer(to(&server, "/?text=a")));
    let head = yield_!(answer(to(&server, "/?text=a").method(Method::HEAD)));
    assert_eq!(head.header("ETag"), get.header("ETag"));
}

#[co::test(timeout = 10)]
fn only_a_good_answer_to_a_reader_has_a_tag() {
    let server = tagging();
    let posted = yield_!(answer(
        to(&server, "/?text=a").method(Method::POST).body("")
    ));
    assert_eq!(posted.header("ETag"), None);
    let missing = yield_!(answer(
        to(&server, "/?status=404&text=a").header("If-None-Match", "*")
    ));
    assert_eq!((missing.code(), missing.header("ETag")), (404, None));
}

#[co::test(timeout = 10)]
fn there_are_no_tags_unless_they_are_asked_for() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.write("text");
    }));
    let response = yield_!(answer(to(&server, "/").header("If-None-Match", "*")));
    assert_eq!((response.code(), response.header("ETag")), (200, None));
}

#[co::test(timeout = 10)]
fn a_handler_may_ask_before_it_works() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.set_last_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        handler.write("seed");
        handler.set_etag_header();
        handler.clear_header("Content-Type");
        match handler.check_etag_header() || handler.is_not_modified() {
            true => handler.set_status(304),
            false => handler.write("the rest"),
        }
    }));
    let since = |date| to(&server, "/").header("If-Modified-Since", date);
    for (date, code) in [
        ("Sun, 09 Sep 2001 01:46:40 GMT", 304),
        ("Sun, 09 Sep 2001 01:46:41 GMT", 304),
        ("Sun, 09 Sep 2001 01:46:39 GMT", 200),
        ("Sunday, 09-Sep-01 01:46:40 GMT", 304),
        ("yesterday", 200),
    ] {
        assert_eq!(yield_!(answer(since(date))).code(), code, "{date}");
    }
    // A tag is worth more than a date.
    let request = since("Sun, 09 Sep 2001 01:46:40 GMT").header("If-None-Match", "\"other\"");
    assert_eq!(yield_!(answer(request)).code(), 200);
}
