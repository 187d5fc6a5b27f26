//! cargo run --release -p coroutine-examples --example websocket_chat -- --once
//!
//! A chat in the browser: what one page sends, all pages show. Without `--once` it goes on serving; open the printed address in two windows. With a development build the
//! program executes itself anew after `cargo build`, and the pages connect again by themselves.

use std::cell::Cell;
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop, channel::Broadcast, net::TcpListener};
use coroutine_http::{Application, RequestHandler, WebSocket, WebSocketError, websocket_connect};

/// The page speaks to `/chat`.
const PAGE: &str = include_str!("websocket_chat.html");

/// Longer lines are cut off.
const LONGEST: usize = 2000;

#[derive(Clone)]
struct Room {
    lines: Broadcast<String>,
    /// How many are there.
    present: Rc<Cell<usize>>,
}

impl Room {
    fn come_or_go(&self, difference: isize) {
        self.present
            .set(self.present.get().saturating_add_signed(difference));
        self.lines.send(format!("* {} here", self.present.get()));
    }
}

/// Sends one page what all say.
#[co::coroutine]
fn listen(
    socket: WebSocket,
    mut lines: co::channel::Subscriber<String>,
) -> Result<(), WebSocketError> {
    loop {
        match yield_!(lines.recv()) {
            Ok(line) => yield_!(socket.write_message(line.as_str()))?,
            Err(error) if error.is_closed() => return Ok(()),
            Err(_) => yield_!(socket.write_message("* you have missed something"))?,
        }
    }
}

#[co::coroutine]
fn chat(handler: RequestHandler, room: Room) -> Result<(), WebSocketError> {
    let upgrade = handler.websocket().ping_interval(Duration::from_secs(30));
    let socket = yield_!(upgrade.max_message_size(LONGEST))?;
    let listening = listen(socket.clone(), room.lines.subscribe()).quiet();
    room.come_or_go(1);
    while let Ok(Some(line)) = yield_!(socket.read_message()) {
        if let Some(line) = line.text() {
            room.lines.send(line.to_owned());
        }
    }
    listening.cancel();
    room.come_or_go(-1);
    Ok(())
}

#[co::coroutine]
fn demonstrate(server: SocketAddr) -> Result<(), WebSocketError> {
    let url = format!("ws://{server}/chat");
    let ada = yield_!(websocket_connect(&url))?;
    let bob = yield_!(websocket_connect(&url))?;
    yield_!(ada.write_message("Ada: is anybody here?"))?;
    for (name, socket) in [("Ada", ada), ("Bob", bob)] {
        let mut heard = String::new();
        while !heard.starts_with("Ada:") {
            let message = yield_!(socket.read_message())?.expect("an open connection");
            heard = message.text().unwrap_or_default().to_owned();
            println!("{name} sees {heard:?}");
        }
    }
    Ok(())
}

pub(crate) fn application() -> Application {
    let room = Room {
        lines: Broadcast::new(100),
        present: Rc::default(),
    };
    Application::new()
        .get("/", |mut handler: RequestHandler| handler.write(PAGE))
        .get("/chat", move |handler| chat(handler, room.clone()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let application = application().autoreload(cfg!(debug_assertions));
    let listener =
        TcpListener::bind("127.0.0.1:8890").or_else(|_| TcpListener::bind("127.0.0.1:0"))?;
    let server = application.serve(listener)?.local_addr();
    println!("serving at http://{server}/");
    if std::env::args().any(|argument| argument == "--once") {
        return Ok(IoLoop::current().run_sync(move || demonstrate(server))??);
    }
    IoLoop::current().start()?;
    Ok(())
}
