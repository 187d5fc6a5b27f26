//! A server for Tornado's client. It prints its address, and serves until its input ends.

use std::error::Error;
use std::io::{self, Read};
use std::time::Duration;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{
    Application, HttpInputError, RequestHandler, StatusCode, StreamClosedError, WebSocketError,
    stream_request_body,
};

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let server = application().listen("127.0.0.1:0")?;
    println!("{}", server.local_addr());
    let read = IoLoop::current().run_in_executor(|| io::stdin().read_to_end(&mut Vec::new()));
    IoLoop::current().run_sync(move || read)??;
    Ok(())
}

fn application() -> Application {
    let mut application = Application::new()
        .compress_response(true)
        .get("/hello", hello)
        .route("/redirect", redirect)
        .get("/large", large)
        .get("/text", text)
        .get("/slow", slow)
        .get("/auth", auth)
        .get("/status/{code}", status)
        .get("/fails", fails)
        .post("/small", stream_request_body(small))
        .get("/socket", socket);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let method = method.parse().expect("a method");
        application = application.route_method(method, "/echo", echo);
    }
    application
}

fn hello(mut handler: RequestHandler) {
    let name = handler.argument("name").unwrap_or("world".to_owned());
    handler.write(format!("Hello, {name}"));
}

fn echo(mut handler: RequestHandler) {
    let method = handler.request().method().to_string();
    let framing = handler
        .request()
        .header("Transfer-Encoding")
        .unwrap_or("length")
        .to_owned();
    handler.set_header("X-Method", method);
    handler.set_header("X-Framing", framing);
    let body = handler.request().body().clone();
    handler.write(body);
}

fn redirect(mut handler: RequestHandler) {
    let number = |name| handler.argument(name)?.parse::<u16>().ok();
    let (left, code) = (number("left").unwrap_or(0), number("code").unwrap_or(302));
    if left > 0 {
        let target = format!("/redirect?left={}", left - 1);
        return handler.redirect_with(StatusCode::from_u16(code).expect("a status"), target);
    }
    let method = handler.request().method().to_string();
    handler.write(format!("arrived by {method}"));
}

#[co::coroutine]
fn large(mut handler: RequestHandler) -> Result<(), StreamClosedError> {
    for _ in 0..80 {
        handler.write(vec![b'x'; 65536]);
        yield_!(handler.flush())?;
    }
    Ok(())
}

fn text(mut handler: RequestHandler) {
    handler.set_header("Content-Type", "text/plain");
    handler.write("all work and no play\n".repeat(5000));
}

#[co::coroutine]
fn slow(_handler: RequestHandler) {
    yield_!(co::sleep(Duration::from_secs(5)));
}

fn auth(mut handler: RequestHandler) {
    let known = Some(("ada".to_owned(), "s3cret".to_owned()));
    if handler.basic_auth() == known {
        return handler.write("welcome");
    }
    handler.set_status(401);
    handler.set_header("WWW-Authenticate", "Basic realm=\"here\"");
}

fn status(mut handler: RequestHandler) {
    let code = handler
        .path_argument("code")
        .and_then(|code| code.parse::<u16>().ok());
    handler.set_status(code.unwrap_or(400));
}

fn fails(_handler: RequestHandler) -> Result<(), io::Error> {
    Err(io::Error::other("as it is meant to"))
}

/// Takes a body of a thousand bytes at most, and refuses a longer one before it is sent.
#[co::coroutine]
fn small(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    handler.set_max_body_size(1000);
    while yield_!(handler.read_chunk())?.is_some() {}
    Ok(())
}

#[co::coroutine]
fn socket(handler: RequestHandler) -> Result<(), WebSocketError> {
    let socket = yield_!(handler.websocket())?;
    while let Some(message) = yield_!(socket.read_message())? {
        yield_!(socket.write_message(message))?;
    }
    Ok(())
}
