//! Services of others, below a path.

use std::convert::Infallible;
use std::future::{Future as StdFuture, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use axum::routing::{get as on_get, post as on_post};
use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, Method, RequestHandler, ServiceBody,
};
use coroutine_tests::{Events, assert_one_message};
use futures_util::{StreamExt, stream};
use tower::Service;

use super::support::{deserted, get, read_until, serve, until, url, warnings};

fn router() -> Router {
    Router::new()
        .route("/", on_get(|| async { "root" }))
        .route(
            "/users/{id}",
            on_get(|Path(id): Path<String>| async move { format!("user {id}") }),
        )
        .route("/echo", on_post(|body: Bytes| async move { body }))
        .route(
            "/uri",
            on_get(|request: Request| async move {
                let peer = request.extensions().get::<std::net::SocketAddr>().is_some();
                format!("{} {peer}", request.uri())
            }),
        )
        .route(
            "/parts",
            on_get(|| async {
                let parts = ["one ", "two ", "three"].map(Ok::<_, Infallible>);
                (
                    [(header::CONTENT_TYPE, "text/x-parts")],
                    Body::from_stream(stream::iter(parts)),
                )
            }),
        )
        .route("/teapot", on_get(|| async { StatusCode::IM_A_TEAPOT }))
        .route(
            "/bare",
            on_get(|| async { http::Response::new(Body::from("no type")) }),
        )
}

fn application() -> Application {
    Application::new()
        .get("/", |mut handler: RequestHandler| handler.write("ours"))
        .mount_service("/axum", router())
}

#[co::test(timeout = 10)]
fn a_router_of_axum_answers_below_its_prefix() {
    let server = serve(application());
    for (path, text) in [
        ("/", "ours"),
        ("/axum", "root"),
        ("/axum/", "root"),
        ("/axum/users/a%20b", "user a b"),
        ("/axum/uri?a=b", "/uri?a=b true"),
        ("/axum/parts", "one two three"),
        ("/axum/bare", "no type"),
    ] {
        let response = yield_!(get(&server, path)).expect("an answer");
        assert_eq!(response.text(), text, "{path}");
    }
    let bare = yield_!(get(&server, "/axum/bare")).expect("an answer");
    assert_eq!(bare.header("Content-Type"), None);
    let parts = yield_!(get(&server, "/axum/parts")).expect("an answer");
    assert_eq!(parts.header("Content-Type"), Some("text/x-parts"));
}

#[co::test(timeout = 10)]
fn its_errors_and_methods_are_its_own() {
    let server = serve(application());
    for (path, status) in [
        ("/axum/teapot", 418),
        ("/axum/none", 404),
        ("/axum/echo", 405),
    ] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.status().expect("a response").as_u16(), status);
    }
    let head = HttpRequest::new(url(&server, "/axum/users/7")).method(Method::HEAD);
    let response = yield_!(AsyncHttpClient::new().fetch(head)).expect("an answer");
    assert_eq!(response.header("Content-Length"), Some("6"));
}

#[co::test(timeout = 10)]
fn bodies_go_in_and_come_out() {
    let server = serve(application());
    let body = "0123456789abcdef".repeat(20_000);
    let request = HttpRequest::post(url(&server, "/axum/echo"), body.clone());
    // axum's own limit is 2 MiB, this body has 320 kB.
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert_eq!(response.text(), body);
}

#[co::test(timeout = 10)]
fn a_service_can_be_nested_and_stand_at_the_root() {
    let inner = Application::new().mount_service("/axum", router());
    let server = serve(Application::new().nest("/{tenant}/in", inner));
    let response = yield_!(get(&server, "/x/in/axum/users/7")).expect("an answer");
    assert_eq!(response.text(), "user 7");
    let root = serve(Application::new().mount_service("/", router()));
    for (path, text) in [("/", "root"), ("/users/8", "user 8")] {
        let response = yield_!(get(&root, path)).expect("an answer");
        assert_eq!(response.text(), text);
    }
}

/// A service that is not `Send`, and does what it is told.
#[derive(Clone)]
struct Local {
    events: Rc<Events>,
    ready: bool,
}

struct Note(Rc<Events>);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

impl Service<Request<ServiceBody>> for Local {
    type Response = http::Response<String>;
    type Error = String;
    type Future = Pin<Box<dyn StdFuture<Output = Result<Self::Response, String>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        if !std::mem::replace(&mut self.ready, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ServiceBody>) -> Self::Future {
        assert!(self.ready, "called before it was ready");
        let note = Note(self.events.clone());
        Box::pin(async move {
            let _note = note;
            match request.uri().path() {
                "/fails" => Err("no luck".to_owned()),
                "/panics" => panic!("on the rocks"),
                "/waits" => {
                    _note.0.note("waits");
                    pending().await
                }
                path => Ok(http::Response::new(path.to_owned())),
            }
        })
    }
}

fn local(events: &Rc<Events>) -> Application {
    let events = events.clone();
    Application::new().mount_service(
        "/local",
        Local {
            events,
            ready: false,
        },
    )
}

#[co::test(timeout = 10)]
fn a_service_is_asked_when_it_is_ready_and_need_not_be_send() {
    let server = serve(local(&Rc::default()));
    let response = yield_!(get(&server, "/local/a/b")).expect("an answer");
    assert_eq!(response.text(), "/a/b");
}

#[co::test(timeout = 10)]
fn a_services_future_is_dropped_when_the_client_leaves() {
    let events = Rc::new(Events::new());
    let server = Rc::new(serve(local(&events)));
    let client = get(&server, "/local/waits");
    let seen = Rc::new(std::cell::Cell::new(0));
    let (count, from) = (seen.clone(), events.clone());
    yield_!(until(move || {
        count.set(count.get() + from.take().len());
        count.get() == 1
    }));
    client.cancel();
    yield_!(deserted(server.clone()));
    assert_eq!(events.take(), ["dropped"]);
}

#[co::coroutine]
fn fail(path: &'static str) {
    let server = serve(local(&Rc::default()));
    let error = yield_!(get(&server, path)).expect_err("a failure");
    assert_eq!(error.status().expect("a response"), 500);
    let response = yield_!(get(&server, "/local/good")).expect("an answer");
    assert_eq!(response.text(), "/good");
}

#[test]
fn a_service_that_fails_is_a_logged_500() {
    let lines = warnings(|| fail("/local/fails"));
    assert_one_message(&lines, &["/local/{*rest}", "no luck"]);
}

#[test]
fn a_service_that_panics_is_a_logged_500() {
    let lines = warnings(|| fail("/local/panics"));
    assert_one_message(&lines, &["/local/{*rest}", "on the rocks"]);
}

/// Takes the body to another thread, has it read and dropped there, and says what came of it.
#[derive(Clone)]
struct Abroad;

impl Service<Request<ServiceBody>> for Abroad {
    type Response = http::Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ServiceBody>) -> Self::Future {
        let thread = std::thread::spawn(move || {
            let mut body = request.into_body();
            let mut cx = Context::from_waker(std::task::Waker::noop());
            match axum::body::HttpBody::poll_frame(Pin::new(&mut body), &mut cx) {
                Poll::Ready(Some(Err(error))) => error.to_string(),
                _ => "it was read".to_owned(),
            }
        });
        let text = thread.join().expect("a thread that does not panic");
        std::future::ready(Ok(http::Response::new(text)))
    }
}

#[co::test(timeout = 10)]
fn a_body_that_is_read_and_dropped_on_another_thread_is_an_error_and_no_more() {
    let server = serve(Application::new().mount_service("/", Abroad));
    for _ in 0..2 {
        let request = HttpRequest::post(url(&server, "/"), "a body");
        let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
        let text = response.text().into_owned();
        assert!(text.contains("on the thread of its server"), "{text}");
    }
}

#[co::test(timeout = 10)]
fn a_service_that_wants_the_connection_is_a_500() {
    let take = on_get(|| async { StatusCode::SWITCHING_PROTOCOLS });
    let server = serve(Application::new().mount_service("/", Router::new().route("/", take)));
    let error = yield_!(get(&server, "/")).expect_err("a failure");
    assert_eq!(error.status().expect("a response"), 500);
}

#[co::test(timeout = 10)]
fn a_body_without_a_type_is_not_compressed() {
    let long = "text ".repeat(1000);
    let body = long.clone();
    let answer = on_get(move || async move { http::Response::new(Body::from(body)) });
    let application = Application::new().compress_response(true);
    let server = serve(application.mount_service("/", Router::new().route("/", answer)));
    let request = HttpRequest::new(url(&server, "/")).header("Accept-Encoding", "gzip");
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert_eq!(response.header("Vary"), None);
    assert_eq!(response.text(), long);
}

struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[co::test(timeout = 10)]
fn a_services_body_is_dropped_when_nobody_takes_it() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = dropped.clone();
    let service = tower::service_fn(move |_: Request<_>| {
        let flag = Flag(flag.clone());
        let endless = stream::iter([Ok::<_, Infallible>("first")]).chain(stream::pending());
        let body = Body::from_stream(endless.inspect(move |_| _ = &flag));
        async move { Ok::<_, Infallible>(http::Response::new(body)) }
    });
    let server = serve(Application::new().mount_service("/", service));
    for method in ["HEAD", "GET"] {
        dropped.store(false, Ordering::Relaxed);
        let client = TcpStream::connect(server.local_addr());
        let client = Rc::new(yield_!(client).expect("a connection"));
        let request = format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n");
        yield_!(client.write_all(request.as_bytes())).expect("a server that reads");
        yield_!(read_until(client.clone(), "\r\n\r\n"));
        if method == "GET" {
            drop(client);
        }
        let dropped = dropped.clone();
        yield_!(until(move || dropped.load(Ordering::Relaxed)));
    }
}
