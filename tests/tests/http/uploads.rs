//! Forms that are read while they arrive.

use std::rc::Rc;

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, HttpServer, RequestError, RequestHandler, stream_request_body};
use coroutine_tests::Events;

use super::support::{answer, posting, read_until, serve, status_of, until};

const KIND: &str = "multipart/form-data; boundary=xx";

#[co::coroutine]
fn describe(mut handler: RequestHandler, notes: Events) -> Result<(), RequestError> {
    handler.set_max_body_size(64 << 20);
    let mut form = handler.multipart()?;
    while let Some(mut part) = yield_!(form.next_part())? {
        notes.note(part.name());
        if part.name() == "skipped" {
            continue;
        }
        let (mut length, mut longest) = (0, 0);
        while let Some(chunk) = yield_!(part.read_chunk())? {
            length += chunk.len();
            longest = longest.max(chunk.len());
        }
        assert!(longest <= 1 << 20, "{longest} bytes at once");
        let text = format!(
            "{} {:?} {} {length}\n",
            part.name(),
            part.filename(),
            part.content_type()
        );
        handler.write(text);
    }
    assert!(yield_!(form.next_part())?.is_none());
    Ok(())
}

fn server(notes: &Events) -> HttpServer {
    let (whole, streamed) = (notes.clone(), notes.clone());
    let streamed = stream_request_body(move |handler| describe(handler, streamed.clone()));
    serve(
        Application::new()
            .post("/whole", move |handler| describe(handler, whole.clone()))
            .post("/streamed", streamed),
    )
}

fn part(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("--xx\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), body, b"\r\n"].concat()
}

#[co::test(timeout = 10)]
fn parts_come_one_after_another_and_may_be_skipped() {
    let server = server(&Events::new());
    let large = vec![b'\r'; 8 << 20];
    let body = [
        part("name=a", b"12345"),
        part("name=skipped; filename=x", &large),
        part("name=b; filename=y\r\nContent-Type: text/plain", &large),
        b"--xx--".to_vec(),
    ]
    .concat();
    let response = yield_!(answer(posting(&server, "/streamed", KIND, body)));
    assert_eq!(
        response.text(),
        "a None application/octet-stream 5\nb Some(\"y\") text/plain 8388608\n"
    );
}

#[co::test(timeout = 10)]
fn a_body_that_is_there_already_is_read_the_same_way() {
    let server = server(&Events::new());
    let body = [
        part("name=a", b""),
        part("name=skipped", b"x"),
        b"--xx--".to_vec(),
    ]
    .concat();
    let response = yield_!(answer(posting(&server, "/whole", KIND, body)));
    assert_eq!(response.text(), "a None application/octet-stream 0\n");
}

/// Sends the pieces, each after the coroutine has taken the one before as far as it can.
#[co::coroutine]
fn send_pieces(server: Rc<HttpServer>, pieces: Vec<Vec<u8>>, length: usize) -> String {
    let client = Rc::new(yield_!(TcpStream::connect(server.local_addr())).expect("a connection"));
    let head = format!(
        "POST /streamed HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nContent-Length: {length}\r\n\r\n"
    );
    yield_!(client.write_all(head.as_bytes())).expect("a server that reads");
    for piece in pieces {
        yield_!(client.write_all(&piece)).expect("a server that reads");
        for _ in 0..3 {
            yield_!(co::moment());
        }
    }
    yield_!(read_until(client, "\r\n\r\n"))
}

#[co::test(timeout = 10)]
fn a_form_may_be_cut_anywhere_on_its_way() {
    let whole = [
        part("name=a; filename=y", b"1\r\n--x\r\n--x"),
        part("name=b", b""),
        b"--xx--\r\n".to_vec(),
    ]
    .concat();
    for size in 1..=9 {
        let notes = Events::new();
        let server = Rc::new(server(&notes));
        let pieces = whole.chunks(size).map(<[u8]>::to_vec).collect();
        let response = yield_!(send_pieces(server, pieces, whole.len()));
        assert_eq!(status_of(&response), "200", "{response}");
        assert_eq!(notes.take(), ["a", "b"]);
    }
}

#[co::test(timeout = 10)]
fn a_part_is_known_before_the_rest_has_come() {
    let notes = Events::new();
    let server = server(&notes);
    let client = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let head = format!(
        "POST /streamed HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nContent-Length: 900\r\n\r\n"
    );
    yield_!(client.write_all(head.as_bytes())).expect("a server that reads");
    yield_!(client.write_all(&part("name=early", b"x"))).expect("a server that reads");
    yield_!(until(move || notes.take() == ["early"]));
}

#[co::test(timeout = 10)]
fn a_form_that_is_none_is_the_clients_fault() {
    let server = server(&Events::new());
    for (kind, body, code) in [
        ("text/plain", "x", 415),
        ("multipart/form-data", "x", 400),
        (KIND, "x", 400),
        (
            KIND,
            "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\ncut off",
            400,
        ),
        (KIND, "--xx\r\n\r\n\r\n--xx--", 400),
    ] {
        for path in ["/streamed", "/whole"] {
            let response = yield_!(answer(posting(&server, path, kind, body)));
            assert_eq!(response.code(), code, "{path} {kind} {body}");
        }
    }
}

#[co::test(timeout = 10)]
fn a_form_that_is_too_long_is_413() {
    let server = server(&Events::new());
    let body = [part("name=a", &vec![0; 65 << 20]), b"--xx--".to_vec()].concat();
    let response = yield_!(answer(posting(&server, "/streamed", KIND, body)));
    assert_eq!(response.code(), 413);
}
