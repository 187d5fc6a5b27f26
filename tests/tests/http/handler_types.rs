//! Handlers that are types: the order of their methods, what they share, and how they fail.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, HttpServer, Method, RequestFailure, RequestHandler,
    WebError, WebHandler,
};
use coroutine_tests::{Events, assert_one_message};

use super::support::{Waits, deserted, get, keep, kept, serve, there, until, url, warnings};

type Ended = Result<(), Box<dyn Error>>;

/// Notes what is called, and counts its own calls.
struct Noted {
    events: Events,
    calls: Cell<u32>,
}

impl Noted {
    fn note(&self, what: &str) {
        self.calls.set(self.calls.get() + 1);
        self.events.note(format!("{what} {}", self.calls.get()));
    }
}

impl WebHandler for Noted {
    fn set_default_headers(&self, handler: &mut RequestHandler) {
        handler.set_header("X-Default", "yes");
        self.note("headers");
    }

    #[co::coroutine(lazy)]
    fn prepare(&self, handler: RequestHandler) -> Ended {
        yield_!(co::moment());
        self.note("prepare");
        match handler.argument("stop").as_deref() {
            Some("finish") => {
                let mut handler = handler;
                handler.write("stopped");
                handler.finish();
            }
            Some("fail") => return Err(WebError::new(403).into()),
            _ => {}
        }
        Ok(())
    }

    #[co::coroutine(lazy)]
    fn get(&self, mut handler: RequestHandler) -> Ended {
        self.note("get");
        yield_!(co::moment());
        handler.write("got");
        Ok(())
    }

    async fn post(&self, mut handler: RequestHandler) -> Ended {
        self.note("post");
        handler.write(handler.request().body().clone());
        Err("out of paper")?;
        Ok(())
    }

    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure) {
        self.note("error");
        handler.write(format!("own page {}", failure.status().as_u16()));
    }

    fn on_finish(&self) {
        self.note("finish");
    }
}

fn noted(events: &Events) -> HttpServer {
    let events = events.clone();
    serve(Application::new().handler("/", move || Noted {
        events: events.clone(),
        calls: Cell::new(0),
    }))
}

/// Waits until so many events are there, and takes them.
#[co::coroutine]
fn taken(events: Events, count: usize) -> Vec<String> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let all = seen.clone();
    yield_!(until(move || {
        all.borrow_mut().extend(events.take());
        all.borrow().len() >= count
    }));
    seen.take()
}

#[co::test(timeout = 10)]
fn each_request_has_a_value_whose_methods_are_called_in_order() {
    let events = Events::new();
    let server = noted(&events);
    for _ in 0..2 {
        let response = yield_!(get(&server, "/")).expect("an answer");
        assert_eq!(response.text(), "got");
        assert_eq!(response.header("X-Default"), Some("yes"));
        let order = ["headers 1", "prepare 2", "get 3", "finish 4"];
        assert_eq!(yield_!(taken(events.clone(), 4)), order);
    }
}

#[co::test(timeout = 10)]
fn prepare_can_answer_and_then_the_verb_is_not_called() {
    let events = Events::new();
    let server = noted(&events);
    let response = yield_!(get(&server, "/?stop=finish")).expect("an answer");
    assert_eq!(response.text(), "stopped");
    let order = ["headers 1", "prepare 2", "finish 3"];
    assert_eq!(yield_!(taken(events.clone(), 3)), order);
}

#[co::test(timeout = 10)]
fn an_error_of_prepare_is_answered_by_write_error_with_the_default_headers() {
    let events = Events::new();
    let server = noted(&events);
    let error = yield_!(get(&server, "/?stop=fail")).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(response.text(), "own page 403");
    assert_eq!(response.header("X-Default"), Some("yes"));
    let order = ["headers 1", "prepare 2", "error 3", "finish 4"];
    assert_eq!(yield_!(taken(events.clone(), 4)), order);
}

#[co::coroutine]
fn post_in_vain() {
    let events = Events::new();
    let server = noted(&events);
    let request = HttpRequest::post(url(&server, "/"), "never seen");
    let error = yield_!(AsyncHttpClient::new().fetch(request)).expect_err("a failure");
    assert_eq!(error.response().expect("a response").text(), "own page 500");
}

#[test]
fn an_error_of_a_verb_is_logged_and_answered_by_write_error() {
    let lines = warnings(post_in_vain);
    assert_one_message(
        &lines,
        &["handler_types::Noted of /", "POST /", "out of paper"],
    );
}

struct Panics;

impl WebHandler for Panics {
    async fn get(&self, _: RequestHandler) -> Ended {
        panic!("on the rocks")
    }

    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure) {
        assert!(failure.error().is_none());
        handler.write("own page");
    }
}

#[co::coroutine]
fn ask_the_panicking() {
    let server = serve(
        Application::new()
            .handler("/", || Panics)
            .handler("/made", || -> Panics { panic!("not made") }),
    );
    let error = yield_!(get(&server, "/")).expect_err("a failure");
    assert_eq!(error.response().expect("a response").text(), "own page");
    let error = yield_!(get(&server, "/made")).expect_err("a failure");
    assert_eq!(error.status().expect("a response"), 500);
}

#[test]
fn a_panic_is_logged_and_answered_by_write_error_if_there_is_a_value() {
    let lines = warnings(ask_the_panicking);
    let [verb, made] = &lines[..] else {
        panic!("not two lines: {lines:#?}");
    };
    assert!(
        verb.contains("on the rocks") && verb.contains("handler_types::Panics of /"),
        "{verb}"
    );
    assert!(made.contains("not made"), "{made}");
}

#[co::test(timeout = 10)]
fn a_verb_without_a_method_is_a_405_that_lists_those_with_one() {
    let events = Events::new();
    let server = noted(&events);
    let ask = |method| {
        HttpRequest::new(url(&server, "/"))
            .method(method)
            .allow_nonstandard_methods(true)
    };
    for method in [Method::DELETE, Method::TRACE] {
        let error = yield_!(AsyncHttpClient::new().fetch(ask(method))).expect_err("a failure");
        let response = error.response().expect("a response");
        assert_eq!(response.code(), 405);
        assert_eq!(response.header("Allow"), Some("GET, HEAD, OPTIONS, POST"));
        assert_eq!(response.text(), "own page 405");
        let order = ["headers 1", "prepare 2", "error 3", "finish 4"];
        assert_eq!(yield_!(taken(events.clone(), 4)), order);
    }
    let response = yield_!(AsyncHttpClient::new().fetch(ask(Method::OPTIONS)));
    let response = response.expect("an answer");
    assert_eq!(response.code(), 204);
    assert_eq!(response.header("Allow"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(response.header("X-Default"), Some("yes"));
}

#[co::test(timeout = 10)]
fn head_is_answered_as_get() {
    let events = Events::new();
    let server = noted(&events);
    let request = HttpRequest::new(url(&server, "/")).method(Method::HEAD);
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert_eq!(response.header("Content-Length"), Some("3"));
    let order = ["headers 1", "prepare 2", "get 3", "finish 4"];
    assert_eq!(yield_!(taken(events.clone(), 4)), order);
}

struct Waiting {
    events: Events,
    waits: Waits,
}

impl WebHandler for Waiting {
    #[co::coroutine(lazy)]
    fn get(&self, mut handler: RequestHandler) -> Ended {
        self.events.note("waits");
        yield_!(kept(&self.waits));
        handler.write("at last");
        self.events.note("goes on");
        Ok(())
    }

    fn on_connection_close(&self) {
        self.events.note("client left");
    }

    fn on_finish(&self) {
        self.events.note("finish");
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.events.note("dropped");
    }
}

#[co::test(timeout = 10)]
fn a_client_that_leaves_is_told_to_the_value_and_the_verb_goes_on() {
    let (events, waits) = (Events::new(), Waits::default());
    let (for_handler, for_waits) = (events.clone(), waits.clone());
    let server = Rc::new(serve(Application::new().handler("/", move || Waiting {
        events: for_handler.clone(),
        waits: for_waits.clone(),
    })));
    let client = get(&server, "/");
    yield_!(there(&waits));
    client.cancel();
    yield_!(deserted(server.clone()));
    yield_!(co::moment());
    assert_eq!(events.take(), ["waits", "client left"]);
    keep(&waits);
    let order = ["goes on", "finish", "dropped"];
    assert_eq!(yield_!(taken(events.clone(), 3)), order);
}

#[co::test(timeout = 10)]
fn a_client_that_stays_is_not_told_and_the_value_is_dropped_at_the_end() {
    let (events, waits) = (Events::new(), Waits::default());
    let (for_handler, for_waits) = (events.clone(), waits.clone());
    let server = serve(Application::new().handler("/", move || Waiting {
        events: for_handler.clone(),
        waits: for_waits.clone(),
    }));
    let client = get(&server, "/");
    yield_!(there(&waits));
    keep(&waits);
    assert_eq!(yield_!(client).expect("an answer").text(), "at last");
    let order = ["waits", "goes on", "finish", "dropped"];
    assert_eq!(yield_!(taken(events.clone(), 4)), order);
}

struct Sends;

impl WebHandler for Sends {
    async fn get(&self, mut handler: RequestHandler) -> Ended {
        handler.write("never seen");
        handler.send_error(409);
        Ok(())
    }

    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure) {
        let code = failure.status().as_u16();
        handler.write(format!("own {code}, then "));
        failure.write_page(handler);
    }
}

#[co::test(timeout = 10)]
fn send_error_has_the_page_of_the_type_which_may_ask_for_the_applications() {
    let page = |handler: &mut RequestHandler, failure: &RequestFailure| {
        handler.write("the application's, then ");
        failure.write_page(handler);
    };
    let application = Application::new().handler("/", || Sends).error_page(page);
    let error = yield_!(get(&serve(application), "/")).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(
        response.text(),
        "own 409, then the application's, then \
         <html><title>409: Conflict</title><body>409: Conflict</body></html>"
    );
}

/// Keeps what it is given, which keeps the value alive in turn.
struct Knot {
    handler: RefCell<Option<RequestHandler>>,
    is_tied: Rc<Cell<bool>>,
    events: Events,
}

impl WebHandler for Knot {
    #[co::coroutine(lazy)]
    fn get(&self, handler: RequestHandler) -> Ended {
        self.handler.replace(Some(handler));
        self.is_tied.set(true);
        yield_!(co::sleep(std::time::Duration::from_secs(3600)));
        Ok(())
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        self.events.note("dropped");
    }
}

#[test]
fn a_value_that_keeps_its_handler_is_dropped_with_the_loop() {
    let events = Events::new();
    let for_handler = events.clone();
    super::support::run(move || ask_the_knot(for_handler));
    assert_eq!(events.take(), ["dropped"]);
}

#[co::coroutine]
fn ask_the_knot(events: Events) {
    let is_tied = Rc::new(Cell::new(false));
    let for_handler = is_tied.clone();
    let server = serve(Application::new().handler("/{id}", move || Knot {
        handler: RefCell::default(),
        is_tied: for_handler.clone(),
        events: events.clone(),
    }));
    let client = get(&server, "/1");
    yield_!(until(move || is_tied.get()));
    client.cancel();
}

struct Upload;

impl WebHandler for Upload {
    const STREAM_REQUEST_BODY: bool = true;

    #[co::coroutine(lazy)]
    fn prepare(&self, mut handler: RequestHandler) -> Ended {
        handler.set_max_body_size(8);
        Ok(())
    }

    #[co::coroutine(lazy)]
    fn put(&self, mut handler: RequestHandler) -> Ended {
        let mut count = 0;
        while let Some(chunk) = yield_!(handler.read_chunk())? {
            count += chunk.len();
        }
        handler.write(format!("{count} bytes"));
        Ok(())
    }
}

#[co::test(timeout = 10)]
fn a_type_can_read_the_body_by_itself() {
    let server = serve(Application::new().handler("/", || Upload));
    let put = |body: &'static str| HttpRequest::post(url(&server, "/"), body).method(Method::PUT);
    let response = yield_!(AsyncHttpClient::new().fetch(put("12345"))).expect("an answer");
    assert_eq!(response.text(), "5 bytes");
    let error = yield_!(AsyncHttpClient::new().fetch(put("123456789"))).expect_err("a failure");
    assert_eq!(error.status().expect("a response"), 413);
}

/// Waits for what never comes.
struct Patient;

impl WebHandler for Patient {
    #[co::coroutine(lazy)]
    fn get(&self, _: RequestHandler) -> Ended {
        yield_!(co::sleep(std::time::Duration::from_secs(3600)));
        Ok(())
    }
}

/// The dump while a handler waits; then the loop is closed.
#[co::coroutine]
fn dump_of_a_patient_one(dumped: Rc<RefCell<String>>) {
    let server = serve(Application::new().handler("/", || Patient));
    drop(get(&server, "/"));
    let found = dumped.clone();
    yield_!(until(move || {
        let dump = co::IoLoop::current().dump().to_string();
        found.replace(dump).contains("::Patient")
    }));
}

#[co::test(timeout = 10)]
fn dumps_show_the_name_of_the_type() {
    let dumped = Rc::default();
    yield_!(dump_of_a_patient_one(Rc::clone(&dumped)));
    let dump = dumped.take();
    assert!(dump.contains("http::handler_types::Patient"), "{dump}");
}

#[test]
fn a_handler_that_waits_when_its_loop_is_closed_is_no_error() {
    let lines = warnings(|| dump_of_a_patient_one(Rc::default()));
    assert_eq!(lines, Vec::<String>::new());
}
