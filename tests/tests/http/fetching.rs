//! The client: what it sends, and how it fails.

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::net::TcpListener;
use coroutine_core::{self as co, promise};
use coroutine_http::{
    Application, AsyncHttpClient, HttpRequest, Method, RequestHandler, StatusCode, Url,
};
use socket2::{Domain, SockRef, Socket, Type};

use super::support::{get, listener, read_until, say_once, serve, url};

const SOON: Duration = Duration::from_millis(40);

fn fetch(
    request: HttpRequest,
) -> co::Future<Result<coroutine_http::HttpResponse, coroutine_http::HttpError>> {
    AsyncHttpClient::new().fetch(request)
}

#[co::test(timeout = 10)]
fn a_url_may_be_text_or_a_url_or_a_request() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.write("hello");
    }));
    let text = url(&server, "/");
    let parsed = Url::parse(&text).expect("a URL");
    let client = AsyncHttpClient::new();
    for future in [
        client.fetch(&*text),
        client.fetch(&text),
        client.fetch(parsed.clone()),
        client.fetch(HttpRequest::new(&text)),
        client.fetch(text),
    ] {
        let response = yield_!(future).expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.text(), "hello");
        assert_eq!(response.effective_url(), &parsed);
    }
}

#[co::test(timeout = 10)]
fn a_status_that_is_no_good_one_is_an_error_that_carries_the_response() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.set_status(418);
        handler.set_header("X-Pot", "tea");
        handler.write("short and stout");
    }));
    let error = yield_!(get(&server, "/")).expect_err("a failure");
    assert!(error.is_status() && !error.is_connect() && !error.is_timeout());
    assert_eq!(error.status().expect("a response").as_u16(), 418);
    assert!(error.to_string().contains("418"), "{error}");
    let response = error.into_response().expect("a response");
    assert_eq!(response.text(), "short and stout");
    assert_eq!(response.header("X-Pot"), Some("tea"));
}

#[co::test(timeout = 10)]
fn any_status_is_good_where_the_request_says_so() {
    let server = serve(Application::new());
    let request = HttpRequest::new(url(&server, "/")).raise_error(false);
    assert_eq!(yield_!(fetch(request)).expect("a response").code(), 404);
}

#[co::test(timeout = 10)]
fn a_request_says_what_http_wants_to_hear() {
    let (listener, url) = listener();
    let host = url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let heard = say_once(listener, "HTTP/1.1 204 No Content\r\n\r\n");
    let request = HttpRequest::new(format!("{url}a%20b?c=d#fragment"))
        .method(Method::PUT)
        .body("")
        .header("X-A", "b");
    assert_eq!(yield_!(fetch(request)).expect("an answer").code(), 204);
    let heard = yield_!(heard).to_lowercase();
    assert!(heard.starts_with("put /a%20b?c=d http/1.1\r\n"), "{heard}");
    for header in [
        format!("host: {host}"),
        "x-a: b".to_owned(),
        "content-length: 0".to_owned(),
        "user-agent: coroutine-http/".to_owned(),
    ] {
        assert!(
            heard.contains(&header),
            "`{header}` is missing in `{heard}`"
        );
    }
}

#[co::test(timeout = 10)]
fn a_name_and_password_in_the_url_are_sent_as_credentials() {
    let (listener, url) = listener();
    let url = url.replace("http://", "http://Aladdin:open%20sesame@");
    let heard = say_once(listener, "HTTP/1.1 204 No Content\r\n\r\n");
    yield_!(AsyncHttpClient::new().fetch(url)).expect("an answer");
    let heard = yield_!(heard);
    let header = "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
    assert!(heard.contains(header), "{heard}");
    assert!(!heard.contains("sesame@"), "{heard}");
}

#[co::test(timeout = 10)]
fn a_body_that_ends_with_the_connection_is_taken() {
    let (listener, url) = listener();
    let heard = say_once(listener, "HTTP/1.0 200 OK\r\n\r\nto the end");
    let response = yield_!(AsyncHttpClient::new().fetch(url)).expect("an answer");
    assert_eq!(response.text(), "to the end");
    drop(heard);
}

#[co::test(timeout = 10)]
fn a_chunked_response_is_put_together() {
    let (listener, url) = listener();
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let heard = say_once(listener, answer);
    let response = yield_!(AsyncHttpClient::new().fetch(url)).expect("an answer");
    assert_eq!(response.text(), "abcde");
    drop(heard);
}

#[co::test(timeout = 10)]
fn a_url_that_does_not_parse_is_an_error_that_names_it() {
    let error = yield_!(AsyncHttpClient::new().fetch("nonsense")).expect_err("no URL");
    assert!(error.is_request());
    assert_eq!(error.to_string(), "`nonsense` is not a URL");
    assert!(error.source().is_some());
}

#[co::test(timeout = 10)]
fn a_scheme_that_is_not_supported_is_an_error_that_names_it() {
    let error = yield_!(AsyncHttpClient::new().fetch("ftp://127.0.0.1/")).expect_err("no FTP");
    assert!(error.is_request());
    assert!(error.to_string().contains("`ftp:`"), "{error}");
}

#[co::test(timeout = 10)]
fn a_header_that_is_none_is_an_error() {
    let request = HttpRequest::new("http://127.0.0.1/").header("X-A", "b\r\nc: d");
    let error = yield_!(fetch(request)).expect_err("no header");
    assert!(error.is_request(), "{error}");
}

#[co::test(timeout = 10)]
fn a_host_that_does_not_resolve_is_an_error_that_names_it() {
    // A label of a name has 63 characters at the most, so nobody is asked for it.
    let host = format!("{}.invalid", "a".repeat(64));
    let error =
        yield_!(AsyncHttpClient::new().fetch(format!("http://{host}/"))).expect_err("no host");
    assert!(error.is_connect());
    assert!(error.to_string().contains(&host), "{error}");
    assert!(error.source().is_some());
}

#[co::test(timeout = 10)]
fn a_connection_that_is_refused_is_an_error_that_names_the_address() {
    let (listener, url) = listener();
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let error = yield_!(AsyncHttpClient::new().fetch(url)).expect_err("nobody listens");
    assert!(error.is_connect() && !error.is_timeout());
    assert!(error.to_string().contains(&address), "{error}");
}

#[co::coroutine]
fn reset_after_the_head(listener: TcpListener) {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let stream = Rc::new(stream);
    yield_!(read_until(stream.clone(), "\r\n\r\n"));
    let linger = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
    linger.expect("a socket that can be reset");
}

#[co::test(timeout = 10)]
fn a_connection_that_is_reset_is_an_error() {
    let (listener, url) = listener();
    let server = reset_after_the_head(listener);
    let error = yield_!(AsyncHttpClient::new().fetch(url)).expect_err("a reset");
    assert!(error.is_lost(), "{error}");
    assert!(error.source().is_some());
    yield_!(server);
}

#[co::test(timeout = 10)]
fn a_response_that_breaks_off_is_an_error() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    ] {
        let (listener, url) = listener();
        let server = say_once(listener, answer);
        let error = yield_!(AsyncHttpClient::new().fetch(url)).expect_err("half an answer");
        assert!(error.is_lost(), "{answer}: {error:?}");
        yield_!(server);
    }
}

#[co::test(timeout = 10)]
fn an_answer_that_is_no_http_is_an_error() {
    let (listener, url) = listener();
    let server = say_once(listener, "220 mail.example ESMTP\r\n");
    let error = yield_!(AsyncHttpClient::new().fetch(url)).expect_err("no HTTP");
    assert!(error.is_protocol(), "{error:?}");
    yield_!(server);
}

#[co::coroutine]
fn never(_handler: RequestHandler) {
    let (promise, future) = promise::<()>();
    yield_!(co::sleep(Duration::from_secs(3600)));
    promise.set_result(());
    yield_!(future);
}

#[co::test(timeout = 10)]
fn a_response_that_takes_too_long_is_a_timeout() {
    let server = serve(Application::new().get("/", never));
    let request = HttpRequest::new(url(&server, "/")).request_timeout(SOON);
    let error = yield_!(fetch(request)).expect_err("no answer");
    assert!(error.is_timeout() && !error.is_connect());
    let (text, address) = (error.to_string(), server.local_addr().to_string());
    assert!(text.contains("40ms") && text.contains(&address), "{text}");
}

#[co::test(timeout = 10)]
fn a_connection_that_takes_too_long_is_a_timeout() {
    // The queue of connections that nobody accepts is full, so the system drops the next one.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).expect("a free port");
    socket.listen(0).expect("a queue");
    let address = socket
        .local_addr()
        .expect("its address")
        .as_socket()
        .expect("an address");
    let queue: Rc<RefCell<Vec<Socket>>> = Rc::default();
    for _ in 0..8 {
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        client.set_nonblocking(true).expect("a socket");
        let _ = client.connect(&address.into());
        queue.borrow_mut().push(client);
    }
    let request = HttpRequest::new(format!("http://{address}/")).connect_timeout(SOON);
    let error = yield_!(fetch(request)).expect_err("no connection");
    assert!(error.is_timeout() && error.is_connect(), "{error}");
}

#[co::test(timeout = 10)]
fn a_fetch_begins_when_it_is_called() {
    let seen = Rc::new(RefCell::new(0));
    let for_handler = seen.clone();
    let server = serve(Application::new().get("/", move |_: RequestHandler| {
        *for_handler.borrow_mut() += 1;
    }));
    let fetches: Vec<_> = (0..20).map(|_| get(&server, "/")).collect();
    for fetch in fetches {
        yield_!(fetch).expect("an answer");
    }
    assert_eq!(*seen.borrow(), 20);
}

/// A request with a secret wherever one can be.
fn with_secrets(url: &str) -> HttpRequest {
    HttpRequest::new(url.replace("http://", "http://me:secret@"))
        .header("Authorization", "Bearer secret")
        .header("Cookie", "session=secret")
        .header("Proxy-Authorization", "Basic secret")
}

#[co::test(timeout = 10)]
fn credentials_are_shown_nowhere() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        assert!(!format!("{:?}", handler.request()).contains("secret"));
        handler.set_header("Set-Cookie", "session=secret");
        handler.set_status(404);
    }));
    let url = url(&server, "/");
    assert!(!format!("{:?}", with_secrets(&url)).contains("secret"));
    let error = yield_!(fetch(with_secrets(&url))).expect_err("a failure");
    let response = error.response().expect("a response");
    assert_eq!(response.code(), 404);
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{response:?}"),
        response.effective_url().to_string(),
    ] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[co::test(timeout = 10)]
fn the_password_of_a_url_that_cannot_be_fetched_is_not_told() {
    for url in [
        "http://me:secret@host:port/",
        "http://me:secret/secret@host:port/",
        "ftp://me:secret@host/",
        "//me:secret@host/",
    ] {
        let request = HttpRequest::new(url);
        let shown = format!("{request:?}");
        let error = yield_!(fetch(request)).expect_err("no way");
        for text in [shown, format!("{error} {error:?}")] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}

#[co::test(timeout = 10)]
fn a_long_url_is_cut_in_messages() {
    let server = serve(Application::new());
    let long = "é".repeat(5000);
    for url in [url(&server, &format!("/{long}")), long] {
        let error = yield_!(AsyncHttpClient::new().fetch(url)).expect_err("a failure");
        assert!(error.to_string().chars().count() < 300, "{error}");
    }
}

#[co::test(timeout = 10)]
fn a_request_whose_headers_contradict_its_body_is_not_sent() {
    let post = || HttpRequest::post("http://127.0.0.1:1/", "body");
    for request in [
        post().header("Content-Length", "5"),
        post()
            .header("Content-Length", "4")
            .header("Content-Length", "5"),
        post().header("Transfer-Encoding", "chunked"),
        HttpRequest::new("http://127.0.0.1:1/").header("Content-Length", "1"),
        post().method(Method::GET),
        post().method(Method::CONNECT),
        post().method(Method::from_bytes(b"PURGE").expect("a method")),
        HttpRequest::new("http://127.0.0.1:1/").method(Method::POST),
    ] {
        let error = yield_!(fetch(request)).expect_err("a contradiction");
        assert!(error.is_request(), "{error}");
    }
}

#[co::test(timeout = 10)]
fn the_length_of_a_body_is_told_once() {
    let (listener, url) = listener();
    let heard = say_once(listener, "HTTP/1.1 204 No Content\r\n\r\n");
    let request = HttpRequest::new(url)
        .header("Content-Length", "4")
        .header("Connection", "keep-alive")
        .method(Method::POST)
        .body("body");
    yield_!(fetch(request)).expect("an answer");
    let heard = yield_!(heard).to_lowercase();
    assert_eq!(heard.matches("content-length: 4\r\n").count(), 1, "{heard}");
    assert!(!heard.contains("connection:"), "{heard}");
}
