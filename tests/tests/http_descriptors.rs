//! A server that runs out of descriptors. In a process of its own, whose limit it changes.

use std::io::Write;
use std::net;

use coroutine_core::net::TcpStream;
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, RequestHandler};
use coroutine_tests::{LIMIT, assert_one_message, logged, use_up_descriptors, watchdog};
use rustix::process::{Resource, setrlimit};

#[co::coroutine]
fn starve() {
    let application = Application::new();
    let application = application.get("/", |mut handler: RequestHandler| handler.write("served"));
    let server = application.listen("127.0.0.1:0").expect("a free port");
    let mut client = net::TcpStream::connect(server.local_addr()).expect("a connection");
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    client.write_all(request).expect("room for a request");
    let client = TcpStream::from_std(client).expect("a socket");

    let before = use_up_descriptors();
    for _ in 0..20 {
        yield_!(co::moment());
    }
    assert_eq!(server.connections(), 0);
    setrlimit(Resource::Nofile, before).expect("the limit before");

    let mut answer = [0; 4096];
    let count = yield_!(client.read(&mut answer)).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..count]);
    assert!(answer.ends_with("served"), "{answer}");
}

#[test]
fn a_server_without_descriptors_waits_logs_once_and_recovers() {
    let lines = watchdog(LIMIT, || {
        let mut lines = logged(|| {
            let io_loop = IoLoop::new().expect("descriptors for a loop");
            io_loop.run_sync(starve).expect("an end");
        });
        lines.retain(|line| line.starts_with("ERROR") || line.starts_with("WARN"));
        lines
    });
    assert_one_message(&lines, &["cannot accept a connection", "1s", "os error 24"]);
}
