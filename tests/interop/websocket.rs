//! One side of `websocket.sh`: a server that echoes, or a client that asks one.

use std::error::Error;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{
    Application, Message, RequestHandler, WebSocketError, WebSocketRequest, websocket_connect,
};

#[co::coroutine]
fn echo(handler: RequestHandler) -> Result<(), WebSocketError> {
    let upgrade = handler.websocket().subprotocols(["echo"]);
    let socket = yield_!(upgrade.ping_interval(Duration::from_millis(100)))?;
    while let Some(message) = yield_!(socket.read_message())? {
        match message.text() {
            Some("close") => socket.close(4000, "as you wish"),
            _ => yield_!(socket.write_message(message))?,
        }
    }
    eprintln!("the client has closed with {:?}", socket.close_code());
    Ok(())
}

#[co::coroutine]
fn ask(url: String) -> Result<(), WebSocketError> {
    let request = WebSocketRequest::new(url).subprotocols(["echo"]);
    let socket = yield_!(websocket_connect(
        request.ping_interval(Duration::from_millis(100))
    ))?;
    assert_eq!(socket.subprotocol(), Some("echo"));
    let messages: [Message; 3] = ["grüß dich".into(), vec![0; 1_000_000].into(), "".into()];
    for message in messages {
        yield_!(socket.write_message(message.clone()))?;
        assert_eq!(yield_!(socket.read_message())?, Some(message));
    }
    // Several pings.
    yield_!(co::sleep(Duration::from_millis(500)));
    yield_!(socket.write_message("close"))?;
    assert_eq!(yield_!(socket.read_message())?, None);
    assert_eq!(socket.close_code(), Some(4000));
    assert_eq!(socket.close_reason().as_deref(), Some("as you wish"));
    println!("this client, Tornado's server: as expected");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(url) = std::env::args().nth(1) {
        return Ok(IoLoop::current().run_sync(|| ask(url))??);
    }
    let server = Application::new().get("/", echo).listen("127.0.0.1:0")?;
    println!("{}", server.local_addr());
    IoLoop::current().start()?;
    Ok(())
}
