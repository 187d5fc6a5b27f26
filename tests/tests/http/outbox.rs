//! Small responses of several connections in one turn, which are sent together, and clients that leave meanwhile.

use std::cell::Cell;
use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::IoLoop;
use coroutine_http::{
    Application, HttpServer, Message, RequestHandler, WebSocket, WebSocketHandler, bind_unix_socket,
};
use coroutine_tests::{OnDrop, watchdog};

use super::support::{deserted, serve, until};

/// More than the outbox and the buffers of a connection hold.
const LARGE: usize = 300_000;

const SMALL: &str = "GET /small HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &str = "GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[co::coroutine]
fn stream(mut handler: RequestHandler) {
    for part in ["[one]", "[two]"] {
        handler.write(part);
        let _ = yield_!(handler.flush());
        yield_!(co::moment());
    }
}

fn application() -> Application {
    Application::new()
        .get("/small", |mut handler: RequestHandler| {
            handler.write("[small]");
        })
        .get("/large", |mut handler: RequestHandler| {
            handler.write(vec![b'x'; LARGE]);
            handler.write("[large]");
        })
        .get("/stream", stream)
}

/// Connections that are not of the loop.
fn connect(server: &HttpServer, count: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let stream = TcpStream::connect(server.local_addr()).expect("a server");
        let limit = Some(Duration::from_secs(5));
        stream.set_read_timeout(limit).expect("a limit");
        stream
    };
    (0..count).map(connect).collect()
}

/// As many connections as make a crowd, which the server has accepted.
#[co::coroutine]
fn crowd(server: Rc<HttpServer>, count: usize) -> Vec<TcpStream> {
    let before = server.connections();
    let clients = connect(&server, count);
    let accepted = move || server.connections() == before + count;
    yield_!(until(accepted));
    // Each has looked for a request, and waits.
    for _ in 0..3 {
        yield_!(co::moment());
    }
    clients
}

/// Sends all of them the same, before the loop looks for any of it.
fn say(clients: &mut [TcpStream], bytes: &str) {
    for client in clients {
        client.write_all(bytes.as_bytes()).expect("a server");
    }
}

/// What comes until the end, while the loop goes on.
fn rest(client: impl Read + AsFd + 'static) -> co::Future<String> {
    read_until(client, |_| false)
}

/// What comes until it is `enough`, or the end.
#[co::coroutine]
fn read_until(mut client: impl Read + AsFd + 'static, enough: fn(&str) -> bool) -> String {
    rustix::io::ioctl_fionbio(&client, true).expect("a socket");
    let (mut all, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match client.read(&mut buffer) {
            Ok(0) => return String::from_utf8_lossy(&all).into_owned(),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => yield_!(co::moment()),
            Err(error) => panic!("{error} after {} bytes", all.len()),
        }
        let text = String::from_utf8_lossy(&all);
        if enough(&text) {
            return text.into_owned();
        }
    }
}

/// In which order these are in a text that has each of them once.
fn assert_order(text: &str, parts: &[&str]) {
    let places: Vec<_> = parts
        .iter()
        .map(|part| {
            assert_eq!(text.matches(part).count(), 1, "{part} in {text:.500}");
            text.find(part)
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[co::test(timeout = 10)]
fn each_of_a_crowd_gets_its_response() {
    let server = Rc::new(serve(application()));
    // More than are sent in a row.
    let mut clients = yield_!(crowd(server.clone(), 50));
    for _ in 0..3 {
        say(&mut clients, SMALL);
    }
    say(&mut clients, LAST);
    for client in clients {
        let text = yield_!(rest(client));
        assert_eq!(text.matches("[small]").count(), 4, "{text}");
    }
    yield_!(deserted(server));
}

#[co::test(timeout = 10)]
fn what_follows_a_small_response_comes_behind_it() {
    let server = Rc::new(serve(application()));
    for (path, parts) in [
        ("/large", &["[small]", "[large]"][..]),
        ("/stream", &["[small]", "[one]", "[two]"]),
        ("/nowhere", &["[small]", "404: Not Found</body>"]),
    ] {
        let mut clients = yield_!(crowd(server.clone(), 6));
        let next = LAST.replace("/small", path);
        say(&mut clients, &format!("{SMALL}{next}"));
        for client in clients {
            assert_order(&yield_!(rest(client)), parts);
        }
    }
}

#[co::test(timeout = 10)]
fn a_crowd_that_speaks_no_http_is_told_so() {
    let server = Rc::new(serve(application()));
    let mut clients = yield_!(crowd(server.clone(), 8));
    say(&mut clients, "GET /small\0 HTTP/1.1\r\n\r\n");
    for client in clients {
        client.shutdown(Shutdown::Write).expect("a socket");
        let text = yield_!(rest(client));
        assert!(text.starts_with("HTTP/1.1 400 "), "{text:?}");
    }
}

#[co::test(timeout = 10)]
fn requests_before_a_half_close_are_all_answered() {
    let server = Rc::new(serve(application()));
    for count in [1, 8] {
        let mut clients = yield_!(crowd(server.clone(), count));
        say(&mut clients, &SMALL.repeat(5));
        for client in &clients {
            client.shutdown(Shutdown::Write).expect("a socket");
        }
        for client in clients {
            let text = yield_!(rest(client));
            assert_eq!(text.matches("[small]").count(), 5, "{text}");
        }
        yield_!(deserted(server.clone()));
    }
}

#[co::test(timeout = 10)]
fn a_handler_that_panics_keeps_nobody_from_a_response() {
    let application =
        application().get("/panic", |_: RequestHandler| -> () { panic!("on purpose") });
    let server = Rc::new(serve(application));
    let mut clients = yield_!(crowd(server.clone(), 6));
    say(&mut clients[..3], LAST);
    say(&mut clients[3..4], &LAST.replace("/small", "/panic"));
    say(&mut clients[4..], LAST);
    for (index, client) in clients.into_iter().enumerate() {
        let text = yield_!(rest(client));
        let status = if index == 3 { "500" } else { "200" };
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
    }
}

#[co::coroutine]
fn ask_for_the_end(clients: Rc<Cell<Vec<TcpStream>>>, end: fn(&IoLoop)) {
    let application = application().get("/end", move |mut handler: RequestHandler| {
        end(&IoLoop::current());
        handler.write("[small]");
    });
    let server = Rc::new(serve(application));
    let mut all = yield_!(crowd(server, 6));
    say(&mut all[..3], SMALL);
    say(&mut all[3..4], &SMALL.replace("/small", "/end"));
    say(&mut all[4..], SMALL);
    clients.set(all);
    yield_!(co::sleep(LONG));
}

/// What a crowd gets where a handler ends the loop in the turn in which all are answered.
fn answered_in_the_last_turn(end: fn(&IoLoop)) {
    watchdog(Duration::from_secs(10), move || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let clients = Rc::new(Cell::new(Vec::new()));
        let asked = clients.clone();
        io_loop.add_callback(move || drop(ask_for_the_end(asked, end)));
        io_loop.start().expect("a loop that runs");
        for mut client in clients.take() {
            // The loop is there still, and so may be the connection.
            let mut buffer = [0; 1000];
            let count = client.read(&mut buffer).expect("a response");
            assert_order(&String::from_utf8_lossy(&buffer[..count]), &["[small]"]);
        }
    });
}

#[test]
fn a_loop_that_stops_sends_the_responses_of_its_last_turn() {
    answered_in_the_last_turn(IoLoop::stop);
}

#[test]
fn a_loop_that_closes_sends_the_responses_of_its_last_turn() {
    answered_in_the_last_turn(|io_loop| {
        io_loop.close();
        io_loop.stop();
    });
}

#[test]
fn a_loop_that_is_embedded_answers_a_crowd() {
    watchdog(Duration::from_secs(10), || {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let served = Rc::new(Cell::new(false));
        let told = served.clone();
        io_loop.add_callback(move || {
            drop(serve_a_crowd_and_tell(told));
        });
        while !served.get() {
            io_loop
                .turn(Some(Duration::from_millis(5)))
                .expect("a turn");
        }
    });
}

#[co::coroutine]
fn serve_a_crowd_and_tell(served: Rc<Cell<bool>>) {
    yield_!(serve_a_crowd());
    served.set(true);
}

#[co::test(virtual_clock, timeout = 10)]
fn a_crowd_is_answered_under_a_virtual_clock() {
    yield_!(serve_a_crowd());
}

/// A loop that runs while another one does.
fn within(body: impl FnOnce() -> co::Future<()> + 'static) {
    let inner = IoLoop::new().expect("descriptors for a loop");
    inner.run_sync(body).expect("an end");
}

#[co::coroutine]
fn serve_a_crowd() {
    let server = Rc::new(serve(application()));
    let mut clients = yield_!(crowd(server, 6));
    say(&mut clients, LAST);
    for client in clients {
        assert_order(&yield_!(rest(client)), &["[small]"]);
    }
}

#[co::test(timeout = 10)]
fn a_loop_within_a_handler_answers_a_crowd_of_its_own() {
    let application = application().get("/within", |mut handler: RequestHandler| {
        within(serve_a_crowd);
        handler.write("[within]");
    });
    let server = Rc::new(serve(application));
    let mut clients = yield_!(crowd(server.clone(), 7));
    let last = clients.len() - 1;
    say(&mut clients[..last], LAST);
    say(&mut clients[last..], &LAST.replace("/small", "/within"));
    for (index, client) in clients.into_iter().enumerate() {
        let part = if index == last { "[within]" } else { "[small]" };
        assert_order(&yield_!(rest(client)), &[part]);
    }
}

struct Greeter;

impl WebSocketHandler for Greeter {
    #[co::coroutine(lazy)]
    fn open(&self, socket: WebSocket, _: RequestHandler) -> Result<(), Box<dyn Error>> {
        yield_!(socket.write_message("[hello]"))?;
        socket.close(None, "");
        Ok(())
    }

    #[co::coroutine(lazy)]
    fn on_message(&self, _: WebSocket, _: Message) -> Result<(), Box<dyn Error>> {
        Ok(())
    }
}

#[co::test(timeout = 10)]
fn a_websocket_speaks_behind_the_responses_before_it() {
    let server = Rc::new(serve(application().websocket("/socket", || Greeter)));
    let handshake = "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let mut clients = yield_!(crowd(server.clone(), 6));
    say(&mut clients, &format!("{SMALL}{handshake}"));
    for client in clients {
        let text = yield_!(read_until(client, |text| text.contains("[hello]")));
        assert_order(&text, &["[small]", " 101 ", "[hello]"]);
    }
}

/// Clients that send many requests at once, and take nothing, of a server that is at a standstill for their sake.
struct Idlers {
    server: Rc<HttpServer>,
    clients: Vec<UnixStream>,
    _path: OnDrop,
}

/// Their responses are more than the system keeps for a Unix socket.
const MANY: usize = 2000;

#[co::coroutine]
fn idlers(name: &'static str, count: usize, idle: Duration) -> Idlers {
    let calls = Rc::new(Cell::new(0));
    let counted = calls.clone();
    let application = Application::new().idle_connection_timeout(idle).get(
        "/{number}",
        move |mut handler: RequestHandler| {
            counted.set(counted.get() + 1);
            let number = handler.path_argument("number").expect("one").to_owned();
            handler.write(format!("[{number}]"));
        },
    );
    let path = std::env::temp_dir().join(format!("coroutine-outbox-{}-{name}", std::process::id()));
    let listener = bind_unix_socket(&path, 0o600).expect("a socket");
    let server = application.serve_unix(listener).expect("a server");
    let requests: String = (0..MANY)
        .map(|number| format!("GET /{number} HTTP/1.1\r\nHost:\r\n\r\n"))
        .collect();
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = UnixStream::connect(&path).expect("a server");
        client.write_all(requests.as_bytes()).expect("room");
        clients.push(client);
    }
    let mut before = 0;
    while before == 0 || before != calls.get() {
        before = calls.get();
        for _ in 0..50 {
            yield_!(co::moment());
        }
    }
    assert!(before < count * MANY, "nobody stands still");
    let remove = move || fs::remove_file(path).expect("no file");
    Idlers {
        server: Rc::new(server),
        clients,
        _path: OnDrop::new(remove),
    }
}

fn assert_all_came(text: &str) {
    let numbers: Vec<usize> = text
        .split('[')
        .skip(1)
        .map(|part| {
            part.split(']')
                .next()
                .expect("an end")
                .parse()
                .expect("a number")
        })
        .collect();
    assert_eq!(numbers, (0..MANY).collect::<Vec<_>>());
}

const LONG: Duration = Duration::from_secs(60);

#[co::test(timeout = 10)]
fn who_takes_nothing_for_a_while_gets_all_of_it_later() {
    for count in [1, 6] {
        let idlers = yield_!(idlers("later", count, LONG));
        for client in idlers.clients {
            client.shutdown(Shutdown::Write).expect("a socket");
            assert_all_came(&yield_!(rest(client)));
        }
        yield_!(deserted(idlers.server));
    }
}

#[co::test(timeout = 10)]
fn who_takes_nothing_is_given_up_when_it_takes_too_long() {
    let idlers = yield_!(idlers("idle", 6, Duration::from_millis(40)));
    yield_!(deserted(idlers.server));
}

#[co::test(timeout = 10)]
fn a_shutdown_waits_for_who_takes_nothing_as_long_as_it_may() {
    let idlers = yield_!(idlers("shutdown", 6, LONG));
    assert_eq!(
        yield_!(idlers.server.shutdown(Duration::from_millis(40))),
        6
    );
}
