//! Requests whose bodies come compressed.

use std::io::Write;

use coroutine_core as co;
use coroutine_http::{
    Application, AsyncHttpClient, HttpError, HttpInputError, HttpRequest, HttpResponse, HttpServer,
    RequestHandler, stream_request_body,
};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::support::{serve, url};

const LIMIT: usize = 20_000;

#[co::coroutine]
fn read(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    let mut body = Vec::new();
    while let Some(chunk) = yield_!(handler.read_chunk())? {
        assert!(!chunk.is_empty());
        body.extend_from_slice(&chunk);
    }
    handler.write(body);
    Ok(())
}

fn echo(mut handler: RequestHandler) {
    let headers = handler.request().headers();
    assert!(!headers.contains_key("Content-Encoding"));
    assert!(headers.contains_key("X-Consumed-Content-Encoding"));
    let body = handler.request().body().clone();
    handler.write(body);
}

fn server() -> HttpServer {
    let application = Application::new()
        .decompress_request(true)
        .max_body_size(LIMIT);
    let application = application.post("/whole", echo);
    serve(application.post("/streamed", stream_request_body(read)))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("room");
    encoder.finish().expect("room")
}

fn post(
    server: &HttpServer,
    path: &str,
    coding: &str,
    body: Vec<u8>,
) -> co::Future<Result<HttpResponse, HttpError>> {
    let request = HttpRequest::post(url(server, path), body);
    AsyncHttpClient::new().fetch(
        request
            .header("Content-Encoding", coding)
            .raise_error(false),
    )
}

const PATHS: [&str; 2] = ["/whole", "/streamed"];

#[co::test(timeout = 10)]
fn a_body_is_decompressed() {
    let server = server();
    let text: Vec<u8> = (0..LIMIT).map(|n| (n % 251) as u8).collect();
    for path in PATHS {
        let response = yield_!(post(&server, path, "GZIP", gzip(&text))).expect("an answer");
        assert_eq!((response.code(), &response.body()[..]), (200, &text[..]));
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"deflated").expect("room");
        let body = encoder.finish().expect("room");
        let response = yield_!(post(&server, path, "deflate", body)).expect("an answer");
        assert_eq!(response.text(), "deflated");
    }
}

#[co::test(timeout = 10)]
fn a_body_that_becomes_too_long_is_a_413() {
    let server = server();
    for path in PATHS {
        let bomb = gzip(&vec![0; LIMIT + 1]);
        assert!(bomb.len() < 100);
        let response = yield_!(post(&server, path, "gzip", bomb)).expect("an answer");
        assert_eq!(response.code(), 413, "{path}");
    }
}

#[co::test(timeout = 10)]
fn a_body_that_is_not_compressed_as_it_says_or_is_cut_is_a_400() {
    let server = server();
    for path in PATHS {
        let mut cut = gzip(b"some text that is longer than nothing");
        cut.truncate(cut.len() - 9);
        for body in [b"plain text".to_vec(), cut] {
            let response = yield_!(post(&server, path, "gzip", body)).expect("an answer");
            assert_eq!(response.code(), 400, "{path}");
        }
    }
}

#[co::test(timeout = 10)]
fn bodies_are_left_as_they_are_unless_that_is_asked_for() {
    let whole = |mut handler: RequestHandler| {
        assert!(handler.request().headers().contains_key("Content-Encoding"));
        let body = handler.request().body().clone();
        handler.write(body);
    };
    let server = serve(Application::new().post("/", whole));
    let body = gzip(b"text");
    let response = yield_!(post(&server, "/", "gzip", body.clone())).expect("an answer");
    assert_eq!(&response.body()[..], &body[..]);
}
