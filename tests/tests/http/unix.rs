//! Servers at Unix sockets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use coroutine_core as co;
use coroutine_core::net::UnixStream;
use coroutine_http::{Application, HttpServer, RequestHandler, bind_unix_socket};

/// A path of its own for a test.
struct Path(PathBuf);

impl Path {
    fn new(name: &str) -> Self {
        let name = format!("coroutine-http-{}-{name}.sock", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn serve(&self) -> HttpServer {
        let application = Application::new().get("/", |mut handler: RequestHandler| {
            let request = handler.request();
            assert_eq!((request.remote_addr(), request.remote_ip()), (None, None));
            handler.write("[unix]");
        });
        let listener = bind_unix_socket(&self.0, 0o600).expect("a socket");
        application.serve_unix(listener).expect("a server")
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[co::coroutine]
fn ask(path: PathBuf) -> String {
    let stream = yield_!(UnixStream::connect(&path)).expect("a server");
    yield_!(stream.write_all(b"GET / HTTP/1.0\r\n\r\n")).expect("room");
    let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        match yield_!(stream.read(&mut buffer)).expect("an answer") {
            0 => return String::from_utf8(all).expect("text"),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

#[co::test(timeout = 10)]
fn a_server_at_a_path_answers_and_is_shut_down_like_others() {
    let path = Path::new("answers");
    let server = path.serve();
    assert!(yield_!(ask(path.0.clone())).ends_with("[unix]"));
    let mode = fs::metadata(&path.0).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        yield_!(server.shutdown(std::time::Duration::from_secs(9))),
        0
    );
    yield_!(UnixStream::connect(&path.0)).expect_err("nobody listens");
}

#[co::test(timeout = 10)]
fn a_socket_that_an_earlier_server_has_left_is_replaced() {
    let path = Path::new("stale");
    let old = path.serve();
    old.stop();
    for _ in 0..3 {
        yield_!(co::moment());
    }
    assert!(path.0.exists());
    let _new = path.serve();
    assert!(yield_!(ask(path.0.clone())).ends_with("[unix]"));
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let path = Path::new("file");
    fs::write(&path.0, "precious").expect("a file");
    let error = bind_unix_socket(&path.0, 0o600).expect_err("a file");
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("file.sock"), "{error}");
    assert_eq!(fs::read_to_string(&path.0).expect("a file"), "precious");
}
