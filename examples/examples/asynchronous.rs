//! cargo run --release -p coroutine-examples --example asynchronous -- --once
//!
//! The older style of callbacks: a handler under `#[asynchronous]` returns at once, and what it has left behind writes and finishes the response. Compare
//! `gen_async`, where a coroutine says the same from top to bottom. Without `--once` it goes on serving.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop, net::TcpListener};
use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler, asynchronous};

#[asynchronous]
fn get(mut handler: RequestHandler, upstream: SocketAddr) {
    let url = format!("http://{upstream}/");
    AsyncHttpClient::new().fetch_with_callback(url, move |response| {
        // What comes of an error has to be said here: there is no `?` that could reach the one who called.
        let Ok(response) = response else {
            return handler.send_error(502);
        };
        IoLoop::current().call_later(Duration::from_millis(500), move || {
            handler.write(response.body());
            handler.finish();
        });
    });
}

/// Forgets the handler, and is answered with 500 at once.
#[asynchronous]
fn forget(handler: RequestHandler) {
    IoLoop::current()
        .add_callback(move || println!("    forgetting {:?}", handler.request().path()));
}

#[co::coroutine]
fn demonstrate(server: SocketAddr) -> Result<(), HttpError> {
    let client = AsyncHttpClient::new();
    let waiting = client.fetch(format!("http://{server}/"));
    println!("asked for /");
    let forgotten = yield_!(client.fetch(format!("http://{server}/forget")));
    println!("/forget: {}", forgotten.expect_err("it is never finished"));
    print!("/: {}", yield_!(waiting)?.text());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let upstream = Application::new().get("/", |mut handler: RequestHandler| {
        handler.write("news from upstream\n");
    });
    let upstream = upstream.listen("127.0.0.1:0")?.local_addr();
    let listener = TcpListener::bind("127.0.0.1:8889").or_else(|error| {
        println!("{error}; taking another port");
        TcpListener::bind("127.0.0.1:0")
    })?;
    let application = Application::new()
        .get("/", move |handler| get(handler, upstream))
        .get("/forget", forget);
    let server = application.serve(listener)?.local_addr();
    IoLoop::current().run_sync(move || demonstrate(server))??;
    if std::env::args().all(|argument| argument != "--once") {
        println!("serving: curl http://{server}/");
        IoLoop::current().start()?;
    }
    Ok(())
}
