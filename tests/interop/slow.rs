//! The server that `slow.sh` besieges: with TLS and without, and with what slow clients like to ask for.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use co::tls;
use co::tls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{
    Application, HttpInputError, RequestHandler, StaticFiles, WebSocketError, stream_request_body,
};

/// A body without an end.
#[co::coroutine]
fn endless(mut handler: RequestHandler) {
    loop {
        handler.write(vec![b'x'; 16 * 1024]);
        if yield_!(handler.flush()).is_err() {
            return;
        }
    }
}

#[co::coroutine]
fn upload(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    let mut length = 0;
    while let Some(chunk) = yield_!(handler.read_chunk())? {
        length += chunk.len();
    }
    handler.write(format!("{length}\n"));
    Ok(())
}

#[co::coroutine]
fn shout(handler: RequestHandler) -> Result<(), WebSocketError> {
    let upgrade = handler.websocket().ping_interval(Duration::from_secs(2));
    let socket = yield_!(upgrade)?;
    loop {
        yield_!(socket.write_message(vec![0; 16 * 1024]))?;
    }
}

fn application(files: PathBuf) -> Application {
    Application::new()
        .get("/", |mut handler: RequestHandler| handler.write("hello\n"))
        .post("/", |mut handler: RequestHandler| {
            let length = handler.request().body().len();
            handler.write(format!("{length}\n"));
        })
        .get("/endless", endless)
        .get("/long", |mut handler: RequestHandler| {
            handler.write(vec![b'x'; 1 << 20]);
        })
        .post("/upload", stream_request_body(upload))
        .get("/shout", shout)
        .static_files("/static/", StaticFiles::new(files))
        .idle_connection_timeout(Duration::from_secs(4))
}

fn config() -> Result<std::sync::Arc<tls::rustls::ServerConfig>, Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let certificate = made.cert.der().clone();
    Ok(tls::server_config(
        vec![certificate],
        PrivateKeyDer::from(key),
    )?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = std::env::args_os().nth(1).expect("a directory");
    let plain = application(files.clone().into()).listen("127.0.0.1:0")?;
    let encrypted = application(files.into())
        .ssl_options(config()?)
        .listen("127.0.0.1:0")?;
    println!("{} {}", plain.local_addr(), encrypted.local_addr());
    IoLoop::current().start()?;
    Ok(())
}
