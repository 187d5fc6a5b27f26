//! A web application that answers `/` while `/gen_async/` waits for an upstream and then for five seconds.
//!
//! ```text
//! cargo run --release -p coroutine-examples --example gen_async -- --once
//! ```
//!
//! Without `-- --once` it goes on serving until Ctrl-C.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use coroutine_core::net::TcpListener;
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler};

#[co::coroutine]
fn index(mut handler: RequestHandler) {
    handler.write("hello from /\n");
}

#[co::coroutine]
fn gen_async(mut handler: RequestHandler, upstream: SocketAddr) -> Result<(), HttpError> {
    let response = yield_!(AsyncHttpClient::new().fetch(format!("http://{upstream}/")))?;
    yield_!(co::sleep(Duration::from_secs(5))); // this request waits; no other does
    handler.write(response.body());
    Ok(())
}

#[co::coroutine]
fn slow_upstream(mut handler: RequestHandler) {
    yield_!(co::sleep(Duration::from_millis(300)));
    handler.write("news from upstream\n");
}

/// Port 8889, or another if that one is taken.
fn listener() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 8889)).or_else(|error| {
        println!("{error}; taking another port");
        TcpListener::bind(("127.0.0.1", 0))
    })
}

#[co::coroutine]
fn demonstrate(server: SocketAddr) -> Result<(), HttpError> {
    let (client, began) = (AsyncHttpClient::new(), Instant::now());
    let row = |text: String| println!("{:5.2} s  {text}", began.elapsed().as_secs_f64());
    row("/gen_async/  asked".to_owned());
    let waiting = client.fetch(format!("http://{server}/gen_async/"));
    let mut slowest = Duration::ZERO;
    while !waiting.done() {
        let mut slowest_here = Duration::ZERO;
        for _ in 0..100 {
            let asked = Instant::now();
            yield_!(client.fetch(format!("http://{server}/")))?;
            slowest_here = slowest_here.max(asked.elapsed());
        }
        row(format!(
            "/            asked and answered 100 times, the slowest in {slowest_here:.1?}"
        ));
        slowest = slowest.max(slowest_here);
        yield_!(co::sleep(Duration::from_millis(500)));
    }
    let response = yield_!(waiting)?;
    row(format!(
        "/gen_async/  answered: {}",
        response.text().trim_end()
    ));
    println!("the slowest / of all took {slowest:.1?}");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let upstream = Application::new()
        .route("/", slow_upstream)
        .listen(("127.0.0.1", 0))?;
    let upstream = upstream.local_addr();
    let server = Application::new()
        .route("/", index)
        .route("/gen_async/", move |handler| gen_async(handler, upstream))
        .serve(listener()?)?;
    let address = server.local_addr();
    let io_loop = IoLoop::current();
    io_loop.run_sync(move || demonstrate(address))??;
    if std::env::args().all(|argument| argument != "--once") {
        println!(
            "serving until Ctrl-C; try\n  curl -i http://{address}/\n  curl -i http://{address}/gen_async/"
        );
        io_loop.start()?;
    }
    Ok(())
}
