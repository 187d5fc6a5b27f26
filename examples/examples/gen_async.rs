//! cargo run --release -p coroutine-examples --example gen_async -- --once
//!
//! `/` is answered while `/gen_async/` waits for an upstream, then for five seconds. Without `--once` it goes on serving at port 8889: edit it, build it, and the
//! next request is answered by the new program.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use coroutine_core::{self as co, IoLoop, net::TcpListener};
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

#[co::coroutine]
fn demonstrate(server: SocketAddr) -> Result<(), HttpError> {
    let (client, began) = (AsyncHttpClient::new(), Instant::now());
    let row = |text: String| println!("{:5.2} s  {text}", began.elapsed().as_secs_f64());
    row("/gen_async/  asked".to_owned());
    let waiting = client.fetch(format!("http://{server}/gen_async/"));
    let mut slowest = Duration::ZERO;
    while !waiting.done() {
        for _ in 0..100 {
            let asked = Instant::now();
            yield_!(client.fetch(format!("http://{server}/")))?;
            slowest = slowest.max(asked.elapsed());
        }
        row(format!(
            "/            answered 100 times, the slowest so far in {slowest:.1?}"
        ));
        yield_!(co::sleep(Duration::from_millis(500)));
    }
    row(format!("/gen_async/  {}", yield_!(waiting)?.text()));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let upstream = Application::new().route("/", slow_upstream);
    let upstream = upstream.listen("127.0.0.1:0")?.local_addr();
    let listener = TcpListener::bind("127.0.0.1:8889").or_else(|error| {
        println!("{error}; taking another port");
        TcpListener::bind("127.0.0.1:0")
    })?;
    let application = Application::new()
        .route("/", index)
        .route("/gen_async/", move |handler| gen_async(handler, upstream))
        .autoreload(true);
    let server = application.serve(listener)?.local_addr();
    IoLoop::current().run_sync(move || demonstrate(server))??;
    if std::env::args().all(|argument| argument != "--once") {
        println!("serving: curl http://{server}/ and curl http://{server}/gen_async/");
        IoLoop::current().start()?;
    }
    Ok(())
}
