//! A server that runs out of descriptors. In a process of its own, whose limit it changes.

use std::net;
use std::time::Duration;

use coroutine_core::net::TcpServer;
use coroutine_core::{self as co, IoLoop, VirtualClock};
use coroutine_tests::{Events, LIMIT, logged, use_up_descriptors, watchdog};
use rustix::process::{Resource, setrlimit};

#[co::coroutine]
fn starve() {
    let events = Events::new();
    let noted = events.clone();
    let server = TcpServer::new(move |_, _| noted.note("accepted"));
    server.listen("127.0.0.1:0").expect("a free port");
    for _ in 0..2 {
        let client = net::TcpStream::connect(server.local_addrs()[0]).expect("a connection");
        let before = use_up_descriptors();
        // Five attempts, one a second.
        yield_!(co::sleep(Duration::from_millis(4500)));
        assert_eq!(events.take(), [""; 0]);
        setrlimit(Resource::Nofile, before).expect("the limit before");
        yield_!(co::sleep(Duration::from_secs(1)));
        assert_eq!(events.take(), ["accepted"]);
        drop(client);
    }
}

#[test]
fn a_server_without_descriptors_waits_logs_once_an_episode_and_recovers() {
    let lines = watchdog(LIMIT, || {
        let mut lines = logged(|| {
            let io_loop = IoLoop::with_clock(VirtualClock::new()).expect("descriptors for a loop");
            io_loop.run_sync(starve).expect("an end");
        });
        lines.retain(|line| line.starts_with("ERROR") || line.starts_with("WARN"));
        lines
    });
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for line in lines {
        assert!(line.contains("cannot accept a connection"), "{line}");
        assert!(line.contains("os error 24"), "{line}");
    }
}
