//! WebSockets that are types: the order of their methods, what they say of the handshake, and how they fail.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{
    Application, Bytes, HttpServer, HttpServerRequest, Message, RequestHandler, WebError,
    WebSocket, WebSocketError, WebSocketHandler, WebSocketRequest, websocket_connect,
};
use coroutine_tests::{Events, LIMIT, logged, watchdog};

type Ended = Result<(), Box<dyn Error>>;

/// Notes what happens to it.
struct Noted {
    events: Events,
    messages: Cell<u32>,
}

impl WebSocketHandler for Noted {
    #[co::coroutine(lazy)]
    fn prepare(&self, handler: RequestHandler) -> Ended {
        yield_!(co::moment());
        self.events.note("prepare");
        match handler.argument("do").as_deref() {
            Some("refuse") => Err(WebError::new(403).into()),
            Some("finish") => {
                handler.finish_with("no WebSocket");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    #[co::coroutine(lazy)]
    fn open(&self, socket: WebSocket, handler: RequestHandler) -> Ended {
        self.events.note("open");
        let name = handler.path_argument("name").unwrap_or_default().to_owned();
        let ua = handler.request().header("X-Own").unwrap_or_default();
        let subprotocol = socket.subprotocol().unwrap_or("none");
        yield_!(socket.write_message(format!("hello {name}, {ua}, {subprotocol}")))?;
        // Messages have to wait.
        yield_!(co::sleep(Duration::from_millis(1)));
        self.events.note("opened");
        Ok(())
    }

    #[co::coroutine(lazy)]
    fn on_message(&self, socket: WebSocket, message: Message) -> Ended {
        let text = message.text().unwrap_or("bytes").to_owned();
        self.messages.set(self.messages.get() + 1);
        self.events
            .note(format!("message {}: {text}", self.messages.get()));
        yield_!(co::moment());
        match &*text {
            "fail" => return Err("out of paper".into()),
            "panic" => panic!("out of ink"),
            "close" => socket.close(4001, "asked to"),
            "never" => yield_!(co::locks::Event::new().wait()),
            _ => yield_!(socket.write_message(text.to_uppercase()))?,
        }
        self.events.note("done");
        Ok(())
    }

    fn on_close(&self, socket: WebSocket) {
        let code = socket.close_code();
        self.events
            .note(format!("close {code:?} {:?}", socket.close_reason()));
    }

    fn on_ping(&self, _: WebSocket, payload: Bytes) {
        self.events.note(format!("ping {payload:?}"));
    }

    fn on_pong(&self, _: WebSocket, payload: Bytes) {
        self.events.note(format!("pong {payload:?}"));
    }

    fn check_origin(&self, origin: &str, _: &HttpServerRequest) -> bool {
        origin == "https://friend.example"
    }

    fn select_subprotocol(&self, offered: &[&str]) -> Option<String> {
        offered
            .iter()
            .find(|name| name.ends_with('2'))
            .map(ToString::to_string)
    }

    fn ping_interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn max_message_size(&self) -> usize {
        1000
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.events.note("dropped");
    }
}

fn serve(events: &Events) -> Rc<HttpServer> {
    let events = events.clone();
    let application = Application::new().websocket("/{name}", move || Noted {
        events: events.clone(),
        messages: Cell::new(0),
    });
    Rc::new(application.listen("127.0.0.1:0").expect("a free port"))
}

fn request(server: &HttpServer, path: &str) -> WebSocketRequest {
    WebSocketRequest::new(format!("ws://{}{path}", server.local_addr()))
}

#[co::coroutine]
fn open(server: Rc<HttpServer>) -> WebSocket {
    let socket = yield_!(websocket_connect(request(&server, "/ada"))).expect("a server");
    assert_eq!(yield_!(read(socket.clone())), "hello ada, , none");
    socket
}

#[co::coroutine]
fn read(socket: WebSocket) -> String {
    let message = yield_!(socket.read_message()).expect("no error");
    let message = message.expect("a message");
    message.text().expect("a text").to_owned()
}

/// Notes until this was noted, and gives all of it.
#[co::coroutine]
fn noted(events: Events, last: &'static str) -> Vec<String> {
    let mut all = Vec::new();
    while !all.iter().any(|event: &String| event.starts_with(last)) {
        yield_!(co::sleep(Duration::from_millis(1)));
        all.extend(events.take());
    }
    all
}

#[co::test(timeout = 10)]
fn the_methods_are_called_in_order_one_after_the_other() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket.write_message("one"));
    drop(socket.write_message(vec![1]));
    assert_eq!(yield_!(read(socket.clone())), "ONE");
    assert_eq!(yield_!(read(socket.clone())), "BYTES");
    socket.close(1000, "enough");
    let order = [
        "prepare",
        "open",
        "opened",
        "message 1: one",
        "done",
        "message 2: bytes",
        "done",
        "close Some(1000) Some(\"enough\")",
        "dropped",
    ];
    assert_eq!(yield_!(noted(events, "dropped")), order);
}

#[co::test(timeout = 10)]
fn the_type_chooses_the_subprotocol_and_open_sees_the_request() {
    let server = serve(&Events::new());
    let request = request(&server, "/eve").header("X-Own", "7");
    let request = request.subprotocols(["chat.1", "chat.2"]);
    let socket = yield_!(websocket_connect(request)).expect("a server");
    assert_eq!(socket.subprotocol(), Some("chat.2"));
    assert_eq!(yield_!(read(socket)), "hello eve, 7, chat.2");
}

#[co::test(timeout = 10)]
fn the_type_says_which_origins_are_allowed() {
    let server = serve(&Events::new());
    let from = |origin| request(&server, "/ada").header("Origin", origin);
    let friend = yield_!(websocket_connect(from("https://friend.example")));
    assert!(friend.is_ok());
    let own = format!("http://{}", server.local_addr());
    let error = yield_!(websocket_connect(from(&own))).expect_err("another origin");
    assert_eq!(error.status().expect("an answer").as_u16(), 403);
}

#[co::test(timeout = 10)]
fn prepare_can_answer_and_then_there_is_no_websocket() {
    let events = Events::new();
    let server = serve(&events);
    for (path, status) in [("/ada?do=refuse", 403), ("/ada?do=finish", 200)] {
        let error = yield_!(websocket_connect(request(&server, path))).expect_err("no WebSocket");
        assert_eq!(error.status().expect("an answer").as_u16(), status);
        assert_eq!(
            yield_!(noted(events.clone(), "dropped")),
            ["prepare", "dropped"]
        );
    }
}

#[co::test(timeout = 10)]
fn a_method_may_close() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket.write_message("close"));
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(4001));
    assert_eq!(socket.close_reason().as_deref(), Some("asked to"));
    let all = yield_!(noted(events, "dropped"));
    assert_eq!(
        all[4..],
        ["done", "close Some(4001) Some(\"asked to\")", "dropped"]
    );
}

#[co::test(timeout = 10)]
fn pings_and_pongs_are_told_while_a_method_waits() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket.write_message("never"));
    yield_!(noted(events.clone(), "message"));
    drop(socket.ping("you"));
    assert_eq!(yield_!(noted(events, "ping")), ["ping b\"you\""]);
}

#[co::test(virtual_clock)]
fn the_type_says_how_often_a_ping_is_sent() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    let reading = IoLoop::current().spawn(socket.read_message());
    yield_!(co::sleep(Duration::from_secs(100)));
    let pongs = events
        .take()
        .into_iter()
        .filter(|event| event.starts_with("pong"));
    assert_eq!(pongs.count(), 3);
    drop(reading);
}

#[co::test(timeout = 10)]
fn a_peer_that_goes_is_told_to_on_close() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket);
    let all = yield_!(noted(events, "dropped"));
    assert_eq!(all[3..], ["close Some(1000) Some(\"\")", "dropped"]);
}

#[co::test(timeout = 10)]
fn a_message_that_is_too_long_closes() {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket.write_message(vec![0; 1001]));
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(1009));
    let all = yield_!(noted(events, "dropped"));
    assert_eq!(all[3..], ["close None None", "dropped"]);
}

#[co::coroutine]
fn fail(message: &'static str) {
    let events = Events::new();
    let socket = yield_!(open(serve(&events)));
    drop(socket.write_message(message));
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(1011));
    let all = yield_!(noted(events, "dropped"));
    assert!(
        all.contains(&"close Some(1011) Some(\"\")".to_owned()),
        "{all:?}"
    );
}

#[test]
fn a_method_that_fails_is_logged_and_closes_with_1011() {
    for (message, logs) in [("fail", "out of paper"), ("panic", "out of ink")] {
        let lines = watchdog(LIMIT, move || {
            logged(|| {
                let io_loop = IoLoop::new().expect("descriptors for a loop");
                io_loop.run_sync(move || fail(message)).expect("an end");
            })
        });
        let lines: Vec<_> = lines
            .into_iter()
            .filter(|line| line.starts_with("ERROR"))
            .collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains(logs) && lines[0].contains("Noted"),
            "{lines:?}"
        );
    }
}

/// Writes when the peer has gone.
struct Late;

impl WebSocketHandler for Late {
    #[co::coroutine(lazy)]
    fn on_message(&self, socket: WebSocket, _: Message) -> Ended {
        while !socket.closed() {
            yield_!(co::moment());
        }
        yield_!(socket.write_message("too late"))?;
        Ok(())
    }
}

#[co::coroutine]
fn write_late() -> Result<(), WebSocketError> {
    let application = Application::new().websocket("/", || Late);
    let server = application.listen("127.0.0.1:0").expect("a free port");
    let socket = yield_!(websocket_connect(request(&server, "/")))?;
    yield_!(socket.write_message("go"))?;
    drop(socket);
    while server.connections() > 0 {
        yield_!(co::sleep(Duration::from_millis(1)));
    }
    yield_!(co::sleep(Duration::from_millis(5)));
    Ok(())
}

#[test]
fn writing_to_a_peer_that_has_gone_is_not_logged() {
    let lines = watchdog(LIMIT, || {
        logged(|| {
            let io_loop = IoLoop::new().expect("descriptors for a loop");
            let ended = io_loop.run_sync(write_late).expect("an end");
            ended.expect("a server");
        })
    });
    let faults: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("ERROR"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_value_whose_loop_is_closed_is_dropped() {
    watchdog(LIMIT, || {
        let events = Events::new();
        let to_open = events.clone();
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let opened = io_loop.run_sync(move || open(serve(&to_open)));
        let socket = opened.expect("a connection");
        drop(io_loop);
        drop(socket);
        let all = events.take();
        assert_eq!(all.last().map(String::as_str), Some("dropped"), "{all:?}");
    });
}
