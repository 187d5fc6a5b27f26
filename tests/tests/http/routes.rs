//! Which handler a request reaches, and what it learns of the request.

use std::panic::catch_unwind;

use coroutine_core as co;
use coroutine_http::{Application, AsyncHttpClient, HttpRequest, Method, RequestHandler};

use super::support::{get, serve, status_of, talk, url};

fn say(text: &'static str) -> impl Fn(RequestHandler) {
    move |mut handler: RequestHandler| handler.write(text)
}

#[co::test(timeout = 10)]
fn each_path_and_method_has_its_handler() {
    let server = serve(
        Application::new()
            .get("/", say("root"))
            .get("/a", say("get a"))
            .post("/a", say("post a"))
            .put("/a", say("put a"))
            .delete("/a", say("delete a"))
            .route("/any", say("any")),
    );
    let cases = [
        (Method::GET, "/", "root"),
        (Method::GET, "/a", "get a"),
        (Method::POST, "/a", "post a"),
        (Method::PUT, "/a", "put a"),
        (Method::DELETE, "/a", "delete a"),
        (Method::PATCH, "/any", "any"),
    ];
    for (method, path, text) in cases {
        let request = HttpRequest::new(url(&server, path))
            .method(method)
            .allow_nonstandard_methods(true);
        let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
        assert_eq!(response.text(), text);
    }
}

#[co::test(timeout = 10)]
fn a_route_that_does_not_exist_is_a_404_with_a_page() {
    let server = serve(Application::new().get("/a", say("a")));
    for path in ["/", "/a/", "/b", "/a/b", "/%00", "/..%2f.."] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        let response = error.response().expect("a response");
        assert_eq!(response.code(), 404);
        assert_eq!(
            response.text(),
            "<html><title>404: Not Found</title><body>404: Not Found</body></html>"
        );
    }
}

#[co::test(timeout = 10)]
fn a_method_that_the_route_has_not_is_a_405_that_names_those_it_has() {
    let server = serve(Application::new().get("/", say("a")).post("/", say("b")));
    let request = HttpRequest::new(url(&server, "/")).method(Method::DELETE);
    let error = yield_!(AsyncHttpClient::new().fetch(request)).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(response.code(), 405);
    assert_eq!(response.header("Allow"), Some("GET, HEAD, OPTIONS, POST"));
}

#[co::test(timeout = 10)]
fn head_has_the_headers_of_get_and_no_body() {
    let server = serve(Application::new().get("/", say("twelve bytes")));
    let answer = yield_!(talk(
        server.local_addr(),
        "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    ));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert_eq!(status_of(head), "200");
    assert!(head.to_lowercase().contains("content-length: 12"), "{head}");
    assert_eq!(body, "");
}

#[co::test(timeout = 10)]
fn parameters_of_the_path_are_decoded() {
    let server = serve(
        Application::new()
            .get("/users/{id}", |mut handler: RequestHandler| {
                let id = handler.path_argument("id").expect("an id").to_owned();
                assert_eq!(handler.path_argument("name"), None);
                handler.write(id);
            })
            .get("/files/{kind}/{*path}", |mut handler: RequestHandler| {
                let part = |name| handler.path_argument(name).expect("an argument");
                let text = format!("{} {}", part("kind"), part("path"));
                handler.write(text);
            }),
    );
    for (path, text) in [
        ("/users/7", "7"),
        ("/users/a%20b", "a b"),
        ("/users/%C3%A9", "é"),
        ("/files/x/y/z.txt", "x y/z.txt"),
    ] {
        let response = yield_!(get(&server, path)).expect("an answer");
        assert_eq!(response.text(), text);
    }
}

fn arguments(mut handler: RequestHandler) {
    let all = handler.arguments("a").join(",");
    let last = handler.argument("a").unwrap_or_default();
    handler.write(format!("{all} {last}"));
}

#[co::test(timeout = 10)]
fn arguments_come_from_the_query_and_from_a_form() {
    let server = serve(Application::new().route("/", arguments));
    let response = yield_!(get(&server, "/?a=1&b=2&a=x+y%26z")).expect("an answer");
    assert_eq!(response.text(), "1,x y&z x y&z");
    let form = HttpRequest::post(url(&server, "/?a=1"), "a=2&b=3").header(
        "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8",
    );
    let response = yield_!(AsyncHttpClient::new().fetch(form)).expect("an answer");
    assert_eq!(response.text(), "1,2 2");
    let untyped = HttpRequest::post(url(&server, "/?a=1"), "a=2");
    let response = yield_!(AsyncHttpClient::new().fetch(untyped)).expect("an answer");
    assert_eq!(response.text(), "1,2 2");
    let other =
        HttpRequest::post(url(&server, "/?a=1"), "a=2").header("Content-Type", "text/plain");
    let response = yield_!(AsyncHttpClient::new().fetch(other)).expect("an answer");
    assert_eq!(response.text(), "1 1");
}

#[co::test(timeout = 10)]
fn a_handler_sees_the_request() {
    let server = serve(
        Application::new().post("/p", |mut handler: RequestHandler| {
            let request = handler.request();
            assert!(request.remote_ip().is_some_and(|ip| ip.is_loopback()));
            let text = format!(
                "{} {} {:?} {:?} {:?}",
                request.method(),
                request.path(),
                request.query(),
                request.header("x-a"),
                request.body()
            );
            handler.write(text);
        }),
    );
    let request = HttpRequest::post(url(&server, "/p?q"), "body").header("X-A", "b");
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert_eq!(response.text(), "POST /p Some(\"q\") Some(\"b\") b\"body\"");
}

#[test]
fn routes_that_are_none_or_contradict_each_other_panic_when_they_are_added() {
    let add = |paths: &'static [&'static str]| {
        let added = catch_unwind(|| {
            paths.iter().fold(Application::new(), |application, path| {
                application.get(*path, say("a"))
            })
        });
        let payload = added.map(drop).expect_err("a panic");
        payload.downcast_ref::<String>().cloned().expect("a text")
    };
    assert!(add(&["no/slash"]).contains("`no/slash`"));
    assert!(add(&["/{a}", "/{b}"]).contains("`/{b}`"));
    assert!(add(&["/{a"]).contains("`/{a`"));
}
