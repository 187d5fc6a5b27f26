//! Compressed responses.

use std::io::Write;

use coroutine_core as co;
use coroutine_http::{Application, HttpRequest, HttpServer, RequestHandler};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::client_support::{Script, fetch};
use super::support::{serve, url};

const TEXT: &str = "to be compressed, to be compressed, to be compressed";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Serves `body`, which is said to be encoded.
fn serve_encoded(coding: &'static str, body: Vec<u8>) -> HttpServer {
    serve(
        Application::new().route("/", move |mut handler: RequestHandler| {
            handler.set_header("Content-Encoding", coding);
            handler.set_header(
                "X-Accepted",
                handler
                    .request()
                    .header("Accept-Encoding")
                    .unwrap_or("-")
                    .to_owned(),
            );
            handler.write(body.clone());
        }),
    )
}

#[co::test(timeout = 10)]
fn gzip_and_both_kinds_of_deflate_are_taken_off() {
    let two_members = [gzip(&TEXT.as_bytes()[..10]), gzip(&TEXT.as_bytes()[10..])].concat();
    for (coding, body) in [
        ("gzip", gzip(TEXT.as_bytes())),
        ("x-gzip", gzip(TEXT.as_bytes())),
        ("gzip", two_members),
        ("deflate", zlib(TEXT.as_bytes())),
        ("deflate", deflate(TEXT.as_bytes())),
    ] {
        let server = serve_encoded(coding, body);
        let response = yield_!(fetch(HttpRequest::new(url(&server, "/")))).expect("an answer");
        assert_eq!(response.text(), TEXT);
        assert_eq!(response.header("X-Accepted"), Some("gzip, deflate"));
        assert_eq!(response.header("X-Consumed-Content-Encoding"), Some(coding));
        assert_eq!(response.header("Content-Encoding"), None);
        assert_eq!(response.header("Content-Length"), None);
    }
}

#[co::test(timeout = 10)]
fn a_body_stays_as_it_is_where_the_request_or_the_coding_says_so() {
    let body = gzip(TEXT.as_bytes());
    let server = serve_encoded("gzip", body.clone());
    let request = HttpRequest::new(url(&server, "/")).decompress_response(false);
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.body(), &body);
    assert_eq!(response.header("X-Accepted"), Some("-"));
    assert_eq!(response.header("Content-Encoding"), Some("gzip"));
    let server = serve_encoded("br", body.clone());
    let response = yield_!(fetch(HttpRequest::new(url(&server, "/")))).expect("an answer");
    assert_eq!(response.body(), &body);
}

#[co::test(timeout = 10)]
fn a_body_that_becomes_too_long_is_an_error() {
    for coding in ["gzip", "deflate"] {
        let long = vec![0; 20 << 20];
        let bomb = if coding == "gzip" {
            gzip(&long)
        } else {
            zlib(&long)
        };
        assert!(bomb.len() < 100_000);
        let server = serve_encoded(coding, bomb);
        let request = HttpRequest::new(url(&server, "/")).max_body_size(1 << 20);
        let error = yield_!(fetch(request)).expect_err("a bomb");
        assert!(error.is_body_too_large(), "{error}");
    }
}

#[co::test(timeout = 10)]
fn a_body_of_the_greatest_length_is_taken() {
    let server = serve_encoded("gzip", gzip(TEXT.as_bytes()));
    for (limit, fits) in [(TEXT.len(), true), (TEXT.len() - 1, false)] {
        let request = HttpRequest::new(url(&server, "/")).max_body_size(limit);
        assert_eq!(yield_!(fetch(request)).is_ok(), fits, "{limit}");
    }
}

#[co::test(timeout = 10)]
fn what_is_not_compressed_or_breaks_off_is_an_error() {
    let whole = gzip(TEXT.as_bytes());
    for (coding, body) in [
        ("gzip", whole[..whole.len() - 4].to_vec()),
        ("gzip", TEXT.as_bytes().to_vec()),
        ("deflate", b"\x78".to_vec()),
        ("deflate", zlib(TEXT.as_bytes())[..12].to_vec()),
    ] {
        let server = serve_encoded(coding, body);
        let error = yield_!(fetch(HttpRequest::new(url(&server, "/")))).expect_err("broken");
        assert!(
            error.is_protocol() && error.to_string().contains(coding),
            "{error}"
        );
    }
}

#[co::test(timeout = 10)]
fn a_response_without_a_body_may_say_that_it_is_compressed() {
    let script = Script::new(&[
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n",
    ]);
    let head = HttpRequest::new(&script.url).method(coroutine_http::Method::HEAD);
    let response = yield_!(fetch(head)).expect("an answer");
    assert_eq!(response.body(), "");
    assert_eq!(response.header("Content-Length"), Some("100"));
    let request = HttpRequest::new(&script.url).raise_error(false);
    assert_eq!(yield_!(fetch(request)).expect("an answer").code(), 304);
}
