//! Responses that are compressed.

use std::io::Read;
use std::net::SocketAddr;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, RequestHandler};
use flate2::read::GzDecoder;

use super::support::{Waits, keep, kept, serve, there};

#[co::coroutine]
fn begin(to: SocketAddr, path: &'static str, accept: &'static str) -> TcpStream {
    let stream = yield_!(TcpStream::connect(to)).expect("a connection");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: {accept}\r\n\r\n"
    );
    yield_!(stream.write_all(request.as_bytes())).expect("a server that reads");
    stream
}

/// Reads something more, or finds that there is nothing.
#[co::coroutine(lazy)]
fn read_on(stream: &TcpStream, all: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    let count = yield_!(stream.read(&mut buffer)).expect("a server that does not reset");
    all.extend_from_slice(&buffer[..count]);
    count > 0
}

/// The head, in lower case, and the body.
fn split(mut all: Vec<u8>) -> (String, Vec<u8>) {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("a head");
    let head = String::from_utf8_lossy(&all[..end]).to_lowercase();
    (head, all.split_off(end + 4))
}

#[co::coroutine]
fn ask(to: SocketAddr, path: &'static str, accept: &'static str) -> (String, Vec<u8>) {
    let stream = yield_!(begin(to, path, accept));
    let mut all = Vec::new();
    while yield_!(read_on(&stream, &mut all)) {}
    split(all)
}

fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let end = body
            .windows(2)
            .position(|two| two == b"\r\n")
            .expect("a length");
        let length = std::str::from_utf8(&body[..end]).expect("a number");
        let length = usize::from_str_radix(length, 16).expect("a number");
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&body[end + 2..][..length]);
        body = &body[end + 2 + length + 2..];
    }
}

fn inflate(body: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(body)
        .read_to_string(&mut text)
        .expect("gzip");
    text
}

fn text() -> String {
    "all work and no play ".repeat(100)
}

fn typed(kind: &'static str) -> impl Fn(RequestHandler) {
    move |mut handler: RequestHandler| {
        handler.set_header("Content-Type", kind);
        handler.set_header("ETag", "\"tag\"");
        handler.write(text());
    }
}

fn application() -> Application {
    Application::new()
        .compress_response(true)
        .get("/html", |mut handler: RequestHandler| handler.write(text()))
        .get("/json", typed("application/json; charset=UTF-8"))
        .get("/image", typed("image/png"))
        .get("/short", |mut handler: RequestHandler| {
            handler.write("short");
        })
        .get("/done", |mut handler: RequestHandler| {
            handler.set_header("Content-Encoding", "br");
            handler.write(text());
        })
        .get("/nothing", |mut handler: RequestHandler| {
            handler.set_status(204);
        })
}

#[co::test(timeout = 10)]
fn text_is_compressed_for_clients_that_take_it() {
    let server = serve(application());
    for (path, accept) in [
        ("/html", "gzip"),
        ("/html", "br, GZip;q=0.5"),
        ("/json", "deflate, *"),
    ] {
        let (head, body) = yield_!(ask(server.local_addr(), path, accept));
        assert!(head.contains("content-encoding: gzip"), "{path} {head}");
        assert!(head.contains("vary: accept-encoding"), "{head}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        assert_eq!(inflate(&body), text());
    }
    let (head, _) = yield_!(ask(server.local_addr(), "/json", "gzip"));
    assert!(head.contains("etag: w/\"tag\""), "{head}");
}

#[co::test(timeout = 10)]
fn what_is_short_encoded_no_text_or_not_wanted_is_sent_as_it_is() {
    let server = serve(application());
    for (path, accept, varies) in [
        ("/html", "", true),
        ("/html", "gzip;q=0, *", true),
        ("/html", "br", true),
        ("/short", "gzip", true),
        ("/image", "gzip", false),
        ("/nothing", "gzip", false),
    ] {
        let (head, body) = yield_!(ask(server.local_addr(), path, accept));
        assert!(!head.contains("content-encoding"), "{path} {accept} {head}");
        assert_eq!(head.contains("vary"), varies, "{path} {head}");
        assert_eq!(body.is_empty(), path == "/nothing");
    }
    let (head, body) = yield_!(ask(server.local_addr(), "/done", "gzip"));
    assert!(head.contains("content-encoding: br"), "{head}");
    assert_eq!(body, text().as_bytes());
}

#[co::test(timeout = 10)]
fn nothing_is_compressed_unless_asked_for() {
    let server = serve(application().compress_response(false));
    let (head, body) = yield_!(ask(server.local_addr(), "/html", "gzip"));
    assert!(!head.contains("vary"), "{head}");
    assert_eq!(body, text().as_bytes());
}

#[co::coroutine]
fn in_parts(mut handler: RequestHandler, waits: Waits) {
    handler.write("first,");
    if yield_!(handler.flush()).is_ok() {
        yield_!(kept(&waits));
    }
    handler.write("second,");
    let _ = yield_!(handler.flush());
    handler.write("last");
}

#[co::test(timeout = 10)]
fn a_body_in_parts_is_compressed_as_one_and_each_part_can_be_read_at_once() {
    let waits = Waits::default();
    let for_handler = waits.clone();
    let server = serve(
        Application::new()
            .compress_response(true)
            .get("/", move |handler| in_parts(handler, for_handler.clone())),
    );
    let (to, accept) = (server.local_addr(), "gzip");
    let stream = yield_!(begin(to, "/", accept));
    let mut all = Vec::new();
    // The handler waits until the first chunk is there.
    while !first_part(&all).starts_with("first,") {
        yield_!(read_on(&stream, &mut all));
    }
    yield_!(there(&waits));
    keep(&waits);
    while yield_!(read_on(&stream, &mut all)) {}
    let (head, body) = split(all);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(head.contains("vary: accept-encoding"), "{head}");
    assert_eq!(inflate(&dechunk(&body)), "first,second,last");
}

/// What can be read of the first chunk, as far as it has come.
fn first_part(all: &[u8]) -> String {
    let mut text = [0; 6];
    let begin = all.windows(2).position(|two| two == [0x1f, 0x8b]);
    let count = begin.map_or(0, |begin| {
        GzDecoder::new(&all[begin..])
            .read(&mut text)
            .unwrap_or_default()
    });
    String::from_utf8_lossy(&text[..count]).into_owned()
}
