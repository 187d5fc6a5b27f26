//! Redirects that the client follows.

use coroutine_core as co;
use coroutine_http::{
    Application, AsyncHttpClient, HttpError, HttpRequest, HttpResponse, HttpServer, Method,
    RequestHandler,
};

use super::support::{serve, url};

/// Tells what has arrived.
fn report(mut handler: RequestHandler) {
    let request = handler.request();
    let text = format!(
        "{} {} {:?} auth={} cookie={} type={}",
        request.method(),
        request.path(),
        request.body(),
        request.header("authorization").unwrap_or("-"),
        request.header("cookie").unwrap_or("-"),
        request.header("content-type").unwrap_or("-"),
    );
    handler.write(text);
}

fn redirect(mut handler: RequestHandler) {
    let status: u16 = handler
        .path_argument("status")
        .and_then(|status| status.parse().ok())
        .expect("a status");
    let to = handler.argument("to").expect("a target");
    handler.set_status(status);
    handler.set_header("Location", to);
    handler.write("this is not it");
}

/// `/count/3` leads to `/count/2`, and so on to `/count/0`.
fn count(mut handler: RequestHandler) {
    let left: u32 = handler
        .path_argument("left")
        .and_then(|left| left.parse().ok())
        .expect("a number");
    match left {
        0 => handler.write("arrived"),
        left => handler.redirect(format!("/count/{}", left - 1)),
    }
}

fn server() -> HttpServer {
    serve(
        Application::new()
            .route("/report", report)
            .route("/count/{left}", count)
            .route("/redirect/{status}", redirect),
    )
}

fn fetch(request: HttpRequest) -> co::Future<Result<HttpResponse, HttpError>> {
    AsyncHttpClient::new().fetch(request)
}

fn post(server: &HttpServer, status: u16) -> HttpRequest {
    let url = url(server, &format!("/redirect/{status}?to=/report"));
    HttpRequest::post(url, "body").header("Content-Type", "text/plain")
}

#[co::test(timeout = 10)]
fn a_post_becomes_a_get_after_301_302_and_303() {
    let server = server();
    for status in [301, 302, 303] {
        let response = yield_!(fetch(post(&server, status))).expect("an answer");
        assert_eq!(response.text(), "GET /report b\"\" auth=- cookie=- type=-");
        assert_eq!(response.effective_url().path(), "/report");
    }
}

#[co::test(timeout = 10)]
fn a_post_stays_a_post_after_307_and_308() {
    let server = server();
    for status in [307, 308] {
        let response = yield_!(fetch(post(&server, status))).expect("an answer");
        let text = "POST /report b\"body\" auth=- cookie=- type=text/plain";
        assert_eq!(response.text(), text);
    }
}

#[co::test(timeout = 10)]
fn other_methods_stay_after_302_and_become_a_get_after_303() {
    let server = server();
    for (status, method) in [(302, "PUT"), (303, "GET")] {
        let request = post(&server, status).method(Method::PUT);
        let response = yield_!(fetch(request)).expect("an answer");
        assert!(response.text().starts_with(method), "{}", response.text());
    }
    let head = post(&server, 303)
        .method(Method::HEAD)
        .allow_nonstandard_methods(true);
    let response = yield_!(fetch(head)).expect("an answer");
    assert_eq!(response.text(), "");
}

#[co::test(timeout = 10)]
fn five_redirects_are_followed_and_a_sixth_is_an_error_with_the_response() {
    let server = server();
    let client = AsyncHttpClient::new();
    let response = yield_!(client.fetch(url(&server, "/count/5"))).expect("an answer");
    assert_eq!(response.text(), "arrived");
    let error = yield_!(client.fetch(url(&server, "/count/6"))).expect_err("too many");
    assert!(error.is_redirect(), "{error}");
    let response = error.response().expect("a response");
    assert_eq!(
        (response.code(), response.effective_url().path()),
        (302, "/count/1")
    );
}

#[co::test(timeout = 10)]
fn redirects_are_not_followed_where_the_request_says_so() {
    let server = server();
    let request = HttpRequest::new(url(&server, "/count/1")).follow_redirects(false);
    let error = yield_!(fetch(request)).expect_err("a redirect");
    assert!(error.is_status());
    let response = error.response().expect("a response");
    assert_eq!(response.header("Location"), Some("/count/0"));
}

fn with_credentials(url: String) -> HttpRequest {
    HttpRequest::new(url)
        .header("Authorization", "Bearer secret")
        .header("Cookie", "a=b")
}

#[co::test(timeout = 10)]
fn credentials_stay_within_an_origin() {
    let (here, there) = (server(), server());
    let request = with_credentials(url(&here, "/redirect/302?to=/report"));
    let response = yield_!(fetch(request)).expect("an answer");
    assert!(response.text().contains("auth=Bearer secret cookie=a=b"));
    let elsewhere = url(&there, "/report");
    let request = with_credentials(url(&here, &format!("/redirect/302?to={elsewhere}")));
    let response = yield_!(fetch(request)).expect("an answer");
    assert!(
        response.text().contains("auth=- cookie=-"),
        "{}",
        response.text()
    );
}

#[co::test(timeout = 10)]
fn a_redirect_to_what_cannot_be_fetched_is_an_error() {
    let server = server();
    for target in ["ftp://127.0.0.1/", "file:///etc/passwd"] {
        let request = HttpRequest::new(url(&server, &format!("/redirect/302?to={target}")));
        let error = yield_!(fetch(request)).expect_err("no way");
        assert!(error.is_request(), "{error}");
    }
}

#[co::test(timeout = 10)]
fn a_redirect_without_a_target_is_a_response_like_others() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.set_status(302);
    }));
    let error = yield_!(fetch(HttpRequest::new(url(&server, "/")))).expect_err("a redirect");
    assert!(error.is_status(), "{error}");
}

#[co::test(timeout = 10)]
fn a_redirect_to_what_is_no_url_is_an_error_with_the_response() {
    let server = server();
    let request = HttpRequest::new(url(&server, "/redirect/302?to=http://a:secret@b:port/"));
    let error = yield_!(fetch(request)).expect_err("no way");
    assert!(error.is_redirect() && !error.is_status(), "{error}");
    assert!(error.to_string().contains("`http://b:port/`"), "{error}");
    assert_eq!(error.response().expect("a response").code(), 302);
}

#[co::test(timeout = 10)]
fn what_a_redirect_leads_to_does_not_matter_where_redirects_are_not_followed() {
    let server = server();
    let request = HttpRequest::new(url(&server, "/redirect/302?to=http://:0/"))
        .follow_redirects(false)
        .raise_error(false);
    let response = yield_!(fetch(request)).expect("a response");
    assert_eq!(response.header("Location"), Some("http://:0/"));
    assert_eq!(response.text(), "this is not it");
}

#[co::test(timeout = 10)]
fn the_password_of_a_url_stays_within_an_origin() {
    let (here, there) = (server(), server());
    let with_password = |url: String| url.replacen("http://", "http://a:secret@", 1);
    let request = HttpRequest::new(with_password(url(&here, "/redirect/302?to=/report")));
    let response = yield_!(fetch(request)).expect("an answer");
    assert!(response.text().contains("auth=Basic YTpzZWNyZXQ="));
    assert_eq!(response.effective_url().as_str(), url(&here, "/report"));
    let elsewhere = format!("/redirect/302?to={}", url(&there, "/report"));
    let request = HttpRequest::new(with_password(url(&here, &elsewhere)));
    let response = yield_!(fetch(request)).expect("an answer");
    assert!(response.text().contains("auth=-"), "{}", response.text());
}
