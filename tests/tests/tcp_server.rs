//! Servers over TCP, and the loop that accepts for them.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use co::net::{BindOptions, TcpListener, TcpServer, TcpStream, add_accept_handler, bind_sockets};
use co::{Future, IoLoop, IoStream, StreamError};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, assert_one_message, logged, turns, watchdog, with_loop};
use futures_util::AsyncReadExt;

fn local(server: &TcpServer) -> SocketAddr {
    server.local_addrs()[0]
}

/// A client that blocks, but not for long: where nothing listens it fails, and the kernel accepts for a server that is busy.
fn visit(address: SocketAddr) -> net::TcpStream {
    let client = net::TcpStream::connect(address).expect("a server");
    let limit = Some(Duration::from_secs(5));
    client.set_read_timeout(limit).expect("a timeout");
    client
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// What is logged while `body` runs, under a watchdog.
fn log_of(body: impl FnOnce(IoLoop) + Send + 'static) -> Vec<String> {
    watchdog(LIMIT, || logged(|| body(IoLoop::instance())))
}

/// A server at a free port.
fn serve<R: co::net::ConnectionResult>(
    handler: impl Fn(IoStream, SocketAddr) -> R + 'static,
) -> TcpServer {
    let server = TcpServer::new(handler);
    server.listen("127.0.0.1:0").expect("a free port");
    server
}

/// Reads to the end, which has to come.
async fn rest(client: net::TcpStream) -> Vec<u8> {
    let mut stream = TcpStream::from_std(client).expect("a socket");
    let mut all = Vec::new();
    // Where the peer has not read everything, the end is a reset.
    let _ = stream.read_to_end(&mut all).await;
    all
}

#[co::coroutine]
fn shout(stream: IoStream, _peer: SocketAddr) -> Result<(), StreamError> {
    loop {
        let line = yield_!(stream.read_until(b"\n", 100))?;
        yield_!(stream.write(line.to_ascii_uppercase()))?;
    }
}

#[co::coroutine]
fn wait(stream: IoStream, _peer: SocketAddr) -> Result<(), StreamError> {
    yield_!(stream.read_bytes(1))?;
    Ok(())
}

#[co::test]
fn each_connection_has_a_handler_of_its_own() {
    let server = serve(shout);
    let (mut first, mut second) = (visit(local(&server)), visit(local(&server)));
    second.write_all(b"two\n").expect("room");
    first.write_all(b"one\n").expect("room");
    let mut answers = Vec::new();
    for client in [first, second] {
        let stream = TcpStream::from_std(client).expect("a socket");
        let mut answer = [0; 4];
        yield_!(stream.read(&mut answer)).expect("an answer");
        answers.push(answer);
    }
    assert_eq!(answers, [*b"ONE\n", *b"TWO\n"]);
    assert_eq!(server.connections(), 2);
}

#[co::test]
fn the_handler_is_given_the_peers_address() {
    let peers = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&peers);
    let server = serve(move |_, peer| seen.borrow_mut().push(peer));
    let client = visit(local(&server));
    let address = client.local_addr().expect("it is connected");
    yield_!(rest(client));
    assert_eq!(*peers.borrow(), [address]);
}

#[co::test]
fn removing_a_listener_inside_its_accept_callback_accepts_nothing_more() {
    let (listener, address) = listener();
    let clients = [visit(address), visit(address), visit(address)];
    let accepting: Rc<OnceCell<co::net::AcceptHandler>> = Rc::default();
    let (events, own) = (Events::new(), Rc::clone(&accepting));
    let noted = events.clone();
    let handler = add_accept_handler(listener, move |_, _| {
        noted.note("accepted");
        own.get().expect("it was added").remove();
    });
    accepting.set(handler).expect("it is empty");
    for client in clients {
        yield_!(rest(client));
    }
    assert_eq!(events.take(), ["accepted"]);
    let error = net::TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[co::test]
fn a_server_that_stops_inside_its_handler_accepts_nothing_more() {
    let server: Rc<OnceCell<TcpServer>> = Rc::default();
    let (events, own) = (Events::new(), Rc::clone(&server));
    let noted = events.clone();
    let started = serve(move |_, _| {
        noted.note("accepted");
        own.get().expect("it has started").stop();
    });
    let clients = [visit(local(&started)), visit(local(&started))];
    server.set(started).expect("it is empty");
    for client in clients {
        yield_!(rest(client));
    }
    assert_eq!(events.take(), ["accepted"]);
}

/// Two reads that are ready. With the accept they make three operations, which divides the budget for I/O: in such a rhythm it is never the accept
/// that finds the budget spent.
async fn read_twice(stream: TcpStream) {
    for _ in 0..2 {
        let _ = stream.read(&mut [0]).await;
    }
}

#[test]
fn a_burst_of_connections_is_accepted_in_parts() {
    with_loop(|io_loop| {
        let (listener, address) = listener();
        let clients = (0..300).map(|_| {
            let mut client = visit(address);
            client.write_all(b"ab").expect("room");
            client
        });
        let clients: Vec<_> = clients.collect();
        let accepted = Rc::new(Cell::new(0));
        let count = Rc::clone(&accepted);
        let handler = add_accept_handler(listener, move |stream, _| {
            count.set(count.get() + 1);
            IoLoop::current().spawn(read_twice(stream));
        });
        while accepted.get() < clients.len() {
            let before = accepted.get();
            turns(&io_loop, 1);
            assert!(accepted.get() - before <= 128, "too many in one turn");
        }
        handler.remove();
    });
}

#[test]
fn a_handler_of_accepted_connections_that_panics_is_logged_and_called_again() {
    let lines = log_of(|io_loop| {
        let (listener, address) = listener();
        let _clients = [visit(address), visit(address)];
        let mut first = true;
        let events = Events::new();
        let noted = events.clone();
        let handler = add_accept_handler(listener, move |_, _| {
            assert!(!std::mem::take(&mut first), "not the first one");
            noted.note("accepted");
        });
        turns(&io_loop, 5);
        assert_eq!(events.take(), ["accepted"]);
        handler.remove();
    });
    assert_one_message(&lines, &["ERROR", "tcp_server.rs", "not the first one"]);
}

#[test]
fn the_error_of_a_handler_is_logged_with_its_name_and_place() {
    let lines = log_of(|io_loop| {
        let server = serve(wait);
        let client = visit(local(&server));
        let ended = async move {
            while server.connections() == 0 {
                co::moment().await;
            }
            drop(client);
            assert_eq!(server.shutdown(Duration::from_secs(5)).await, 0);
        };
        io_loop.run_sync(|| ended).expect("an end");
    });
    let parts = ["ERROR", "`wait`", "tcp_server.rs", "ended the stream"];
    assert_one_message(&lines, &parts);
}

#[test]
fn the_error_of_a_plain_handler_is_logged() {
    let lines = log_of(|io_loop| {
        let server = serve(|_, _| Err::<(), _>("no way"));
        let _client = visit(local(&server));
        turns(&io_loop, 5);
    });
    assert_one_message(&lines, &["ERROR", "connection", "no way"]);
}

#[co::coroutine]
fn panics(_stream: IoStream, _peer: SocketAddr) {
    yield_!(co::moment());
    panic!("no way");
}

#[test]
fn the_panic_of_a_handler_is_logged_and_the_server_goes_on() {
    let lines = log_of(|io_loop| {
        let server = serve(panics);
        for _ in 0..2 {
            let client = visit(local(&server));
            io_loop.run_sync(|| rest(client)).expect("an end");
        }
        turns(&io_loop, 3);
    });
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines.iter().all(|line| line.contains("no way")));
}

#[co::test]
fn a_server_that_was_stopped_refuses_connections_and_its_handlers_go_on() {
    let server = serve(shout);
    let mut client = visit(local(&server));
    while server.connections() == 0 {
        yield_!(co::moment());
    }
    let address = local(&server);
    server.stop();
    let error = net::TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    client.write_all(b"still here\n").expect("room");
    let stream = TcpStream::from_std(client).expect("a socket");
    let mut answer = [0; 32];
    let count = yield_!(stream.read(&mut answer)).expect("an answer");
    assert_eq!(&answer[..count], b"STILL HERE\n");
}

#[co::test]
fn a_server_that_was_stopped_can_listen_again() {
    let server = serve(shout);
    server.stop();
    assert_eq!(server.local_addrs(), []);
    server.listen("127.0.0.1:0").expect("a free port");
    let mut client = visit(local(&server));
    client.write_all(b"again\n").expect("room");
    let stream = TcpStream::from_std(client).expect("a socket");
    assert_eq!(yield_!(stream.read(&mut [0; 32])).expect("an answer"), 6);
}

#[co::test(virtual_clock)]
fn a_shutdown_waits_for_the_handlers() {
    let events = Events::new();
    let noted = events.clone();
    let server = serve(move |stream, _| {
        let noted = noted.clone();
        IoLoop::current().spawn(async move {
            let _stream = stream;
            co::sleep(Duration::from_secs(3)).await;
            noted.note("done");
        })
    });
    let _client = visit(local(&server));
    while server.connections() == 0 {
        yield_!(co::moment());
    }
    assert_eq!(yield_!(server.shutdown(Duration::from_secs(60))), 0);
    assert_eq!(events.take(), ["done"]);
}

#[co::test(virtual_clock)]
fn a_shutdown_cancels_the_handlers_that_take_too_long() {
    let events = Events::new();
    let noted = events.clone();
    let server = serve(move |stream, _| {
        let on_drop = noted.note_on_drop("cancelled");
        IoLoop::current().spawn(async move {
            let _kept = (stream, on_drop);
            std::future::pending::<()>().await;
        })
    });
    let clients = [visit(local(&server)), visit(local(&server))];
    while server.connections() < 2 {
        yield_!(co::moment());
    }
    let before = IoLoop::current().time();
    assert_eq!(yield_!(server.shutdown(Duration::from_secs(60))), 2);
    assert_eq!(IoLoop::current().time() - before, Duration::from_secs(60));
    assert_eq!(events.take(), ["cancelled", "cancelled"]);
    for client in clients {
        assert_eq!(yield_!(rest(client)), b"");
    }
}

#[co::test(virtual_clock)]
fn a_shutdown_closes_the_streams_that_handlers_have_given_away() {
    #[co::coroutine]
    fn talk(stream: Rc<IoStream>) -> Result<(), StreamError> {
        loop {
            let line = yield_!(stream.read_until(b"\n", 100))?;
            yield_!(stream.write(line))?;
        }
    }

    #[co::coroutine]
    fn delegate(stream: IoStream, _peer: SocketAddr) -> Result<(), StreamError> {
        let outcome = yield_!(talk(Rc::new(stream)).outcome());
        outcome.unwrap_or(Ok(()))
    }

    let server = serve(delegate);
    let client = visit(local(&server));
    while server.connections() == 0 {
        yield_!(co::moment());
    }
    assert_eq!(yield_!(server.shutdown(Duration::from_secs(1))), 1);
    assert_eq!(yield_!(rest(client)), b"");
}

#[test]
fn a_loop_that_shuts_down_accepts_nothing_more() {
    with_loop(|io_loop| {
        let server = TcpServer::new(|_, _| ());
        server.listen("127.0.0.1:0").expect("a free port");
        let address = local(&server);
        turns(&io_loop, 3);
        io_loop.request_shutdown();
        let report = io_loop.close_within(Duration::from_secs(5));
        assert!(report.is_ok_and(|report| report.is_clean()));
        assert!(net::TcpStream::connect(address).is_err());
    });
}

#[co::test]
fn closing_all_connections_leaves_those_that_come_later() {
    let server = serve(wait);
    let first = visit(local(&server));
    while server.connections() == 0 {
        yield_!(co::moment());
    }
    assert_eq!(server.close_all_connections(), 1);
    assert_eq!(server.connections(), 0);
    assert_eq!(yield_!(rest(first)), b"");
    let mut second = visit(local(&server));
    while server.connections() == 0 {
        yield_!(co::moment());
    }
    for _ in 0..5 {
        yield_!(co::moment());
    }
    assert_eq!(server.connections(), 1);
    second.write_all(b"x").expect("room");
    while server.connections() == 1 {
        yield_!(co::moment());
    }
}

#[test]
fn closing_the_loop_ends_the_server_and_its_handlers() {
    with_loop(|io_loop| {
        let server = serve(wait);
        let mut client = visit(local(&server));
        while server.connections() == 0 {
            turns(&io_loop, 1);
        }
        io_loop.close();
        assert_eq!(client.read(&mut [0]).expect("an end"), 0);
        let error = net::TcpStream::connect(local(&server)).expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[co::test]
fn a_dropped_server_goes_on_serving() {
    let server = serve(shout);
    let mut client = visit(local(&server));
    drop(server);
    client.write_all(b"there?\n").expect("room");
    let stream = TcpStream::from_std(client).expect("a socket");
    assert_eq!(yield_!(stream.read(&mut [0; 32])).expect("an answer"), 7);
}

#[co::test]
fn a_taken_port_is_an_error_that_names_the_address() {
    let (_listener, address) = listener();
    let error = TcpServer::new(shout).listen(address).expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[co::test]
fn what_is_no_address_is_an_error_that_names_it() {
    let error = TcpServer::new(shout).listen("nonsense").expect_err("none");
    assert!(error.to_string().contains("`nonsense`"), "{error}");
}

fn addresses(sockets: &[net::TcpListener]) -> Vec<SocketAddr> {
    let address = |socket: &net::TcpListener| socket.local_addr().expect("it is bound");
    sockets.iter().map(address).collect()
}

#[co::test]
fn a_port_alone_is_one_of_both_families_and_each_peer_has_an_address_of_its_own() -> io::Result<()>
{
    let sockets = bind_sockets(0, &BindOptions::new())?;
    let addresses = addresses(&sockets);
    let port = addresses[0].port();
    assert!(addresses.iter().all(|address| address.port() == port));
    let peers = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&peers);
    let server = TcpServer::new(move |_, peer: SocketAddr| seen.borrow_mut().push(peer.ip()));
    server.add_sockets(sockets)?;
    let mut expected = Vec::new();
    for address in &addresses {
        let loopback: IpAddr = match address {
            SocketAddr::V4(_) => [127, 0, 0, 1].into(),
            SocketAddr::V6(_) => net::Ipv6Addr::LOCALHOST.into(),
        };
        yield_!(rest(visit((loopback, port).into())));
        expected.push(loopback);
    }
    assert_eq!(*peers.borrow(), expected);
    Ok(())
}

#[test]
fn several_sockets_listen_at_one_port_if_all_of_them_say_so() {
    let shared = BindOptions::new().address("127.0.0.1").reuse_port(true);
    let first = bind_sockets(0, &shared).expect("a free port");
    let port = addresses(&first)[0].port();
    assert_eq!(bind_sockets(port, &shared).expect("shared").len(), 1);
    let alone = BindOptions::new().address("127.0.0.1");
    let error = bind_sockets(port, &alone).expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[test]
fn a_name_is_bound_at_all_of_its_addresses_at_one_port() {
    let options = BindOptions::new().address("localhost");
    let addresses = addresses(&bind_sockets(0, &options).expect("a free port"));
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
    assert!(
        addresses
            .iter()
            .all(|address| address.port() == addresses[0].port())
    );
}

#[co::test]
fn sockets_that_were_bound_on_another_thread_can_be_served() {
    let bind = || bind_sockets(0, &BindOptions::new().address("127.0.0.1"));
    let sockets = std::thread::spawn(bind).join().expect("no panic");
    let server = TcpServer::new(shout);
    server
        .add_sockets(sockets.expect("a free port"))
        .expect("sockets");
    let mut client = visit(local(&server));
    client.write_all(b"hello\n").expect("room");
    let stream = TcpStream::from_std(client).expect("a socket");
    assert_eq!(yield_!(stream.read(&mut [0; 32])).expect("an answer"), 6);
}

#[co::test]
fn a_handler_that_ends_at_once_is_not_kept() {
    let server = serve(|_, _| -> Future<()> { IoLoop::current().spawn(async {}) });
    yield_!(rest(visit(local(&server))));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_listener_that_can_accept_nothing_is_logged_once_and_tried_again_at_times() {
    let log = log_of(|io_loop| {
        let (listener, _) = listener();
        socket2::SockRef::from(&listener)
            .shutdown(net::Shutdown::Read)
            .expect("it listens");
        let handler = add_accept_handler(listener, |_, _| unreachable!("nobody can come"));
        turns(&io_loop, 10);
        handler.remove();
    });
    assert_one_message(&log, &["cannot accept a connection"]);
}
