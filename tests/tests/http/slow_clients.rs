//! Clients that ask for much and take little.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::net::{TcpStream, UnixStream};
use coroutine_http::{Application, RequestHandler, StaticFiles, bind_unix_socket};
use coroutine_tests::OnDrop;

use super::support::{answer, serve, to};

/// A directory of its own for a test, which is removed in the end.
fn directory(name: &str) -> (PathBuf, OnDrop) {
    let name = format!("coroutine-slow-{}-{name}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).expect("a directory");
    let removed = directory.clone();
    let remove = move || fs::remove_dir_all(removed).expect("no directory");
    (directory, OnDrop::new(remove))
}

/// How much the system keeps for a Unix socket whose client reads nothing.
fn kept_by_the_system() -> usize {
    let default = fs::read_to_string("/proc/sys/net/core/wmem_default").expect("a size");
    default.trim().parse().expect("a number")
}

#[co::test(timeout = 10)]
fn little_of_a_file_is_in_memory_for_a_client_that_reads_nothing() {
    let (directory, _removed) = directory("unread");
    let file = directory.join("file");
    let length = 4 << 20;
    fs::write(&file, vec![b'a'; length]).expect("a file");
    let application = Application::new().static_files("/", StaticFiles::new(&directory));
    let socket = directory.join(".socket");
    let listener = bind_unix_socket(&socket, 0o600).expect("a socket");
    let _server = application.serve_unix(listener).expect("a server");
    let stream = yield_!(UnixStream::connect(&socket)).expect("a server");
    let request = b"GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    yield_!(stream.write_all(request)).expect("room");
    // Should the server not have come to a stop by then, it would have read less.
    yield_!(co::sleep(Duration::from_millis(200)));
    // In place: what was not read from it by now comes out as the new letter.
    let written = fs::OpenOptions::new().write(true).open(&file);
    std::io::Write::write_all(&mut written.expect("a file"), &vec![b'b'; length]).expect("room");
    let (mut early, mut late, mut buffer) = (0, 0, vec![0; 64 * 1024]);
    loop {
        let count = yield_!(stream.read(&mut buffer)).expect("an answer");
        if count == 0 {
            break;
        }
        let bytes = &buffer[..count];
        early += bytes.iter().filter(|byte| **byte == b'a').count();
        late += bytes.iter().filter(|byte| **byte == b'b').count();
    }
    assert!(early + late >= length, "{early} and {late}");
    let most = kept_by_the_system() + 128 * 1024;
    assert!(
        early <= most,
        "{early} bytes, and not {most}, were read ahead"
    );
}

#[co::test(timeout = 10)]
fn a_header_of_many_ranges_gets_the_file_once() {
    let (directory, _removed) = directory("ranges");
    fs::write(directory.join("file"), [b'x'; 10_000]).expect("a file");
    let server = serve(Application::new().static_files("/", StaticFiles::new(&directory)));
    // As many as the head may hold, in the manner of the "Apache killer", and others that overlap or repeat themselves.
    let killer = |count| (0..count).fold("0-".to_owned(), |all, end| format!("{all},5-{end}"));
    for ranges in [
        killer(9),
        killer(5000),
        "0-,".repeat(2) + "0-",
        "0-,".repeat(10_000) + "0-",
        "0-9999,1-9998,2-9997".to_owned(),
        ",".repeat(30_000) + "0-1",
    ] {
        let request = to(&server, "/file").header("Range", format!("bytes={ranges}"));
        let response = yield_!(answer(request));
        let shown = &ranges[..ranges.len().min(30)];
        assert_eq!(response.code(), 200, "{shown}");
        assert_eq!(response.body().len(), 10_000, "{shown}");
    }
}

#[co::test(timeout = 10)]
fn requests_whose_responses_nobody_reads_are_not_answered_ahead() {
    const LONG: usize = 1 << 20;
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let server = serve(
        Application::new().get("/", move |mut handler: RequestHandler| {
            count.set(count.get() + 1);
            handler.write(vec![b'x'; LONG]);
        }),
    );
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    yield_!(stream.write_all(requests.as_bytes())).expect("a server that reads");
    yield_!(co::sleep(Duration::from_millis(200)));
    // The system may take some megabytes.
    assert!((1..100).contains(&calls.get()), "{} answers", calls.get());
    assert_eq!(server.connections(), 1);
}
