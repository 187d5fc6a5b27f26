//! cargo run --release -p coroutine-examples --example inspect -- --once
//!
//! A program whose coroutines wait for all kinds of things, and which shows what they do at <http://127.0.0.1:8889/debug/coroutines>. With `--once` it asks itself.

use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::locks::Lock;
use coroutine_core::net::{TcpListener, TcpStream};
use coroutine_core::queues::Queue;
use coroutine_core::{self as co, IoLoop, promise};
use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler, inspect};

const HOUR: Duration = Duration::from_secs(3600);

#[co::coroutine]
fn index(mut handler: RequestHandler) {
    handler.write("look at <a href='/debug/coroutines'>/debug/coroutines</a>");
}

#[co::coroutine(lazy)]
fn pay(amount: u32, bank: Rc<Lock<()>>) -> Result<u32, std::io::Error> {
    let _bank = yield_!(bank.acquire());
    yield_!(co::sleep(HOUR));
    Ok(amount)
}

#[co::coroutine]
fn order(number: u32, bank: Rc<Lock<()>>) -> Result<(), std::io::Error> {
    let mut left = 3;
    while left > 0 {
        match yield_!(co::with_timeout(2 * HOUR, pay(number, bank.clone()))) {
            Ok(paid) => left -= paid?.min(left),
            Err(_) => yield_!(co::sleep(Duration::from_secs(60))),
        }
    }
    yield_!(ship(number));
    Ok(())
}

#[co::coroutine]
fn ship(_number: u32) {
    yield_!(co::sleep(HOUR));
}

#[co::coroutine]
fn worker(jobs: Rc<Queue<u32>>) {
    loop {
        let job = yield_!(jobs.get());
        yield_!(co::sleep(Duration::from_millis(300 * u64::from(job % 5))));
        jobs.task_done().expect("a job that was taken");
    }
}

#[co::coroutine]
fn producer(jobs: Rc<Queue<u32>>) {
    for job in 0.. {
        yield_!(jobs.put(job));
        yield_!(co::sleep(Duration::from_millis(400)));
    }
}

#[co::coroutine]
fn descend(depth: u32) {
    match depth {
        0 => yield_!(co::sleep(HOUR)),
        depth => yield_!(descend(depth - 1)),
    }
}

#[co::coroutine]
fn gather(forgotten: co::Future<()>) {
    let both = (forgotten, vec![descend(3), ship(7)]);
    yield_!(both);
}

#[co::coroutine]
fn listen(listener: TcpListener) {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let mut buffer = [0; 64];
    while yield_!(stream.read(&mut buffer)).is_ok_and(|count| count > 0) {}
}

#[co::coroutine]
fn connect(to: SocketAddr) {
    let stream = yield_!(TcpStream::connect(to)).expect("a server");
    yield_!(stream.read(&mut [0])).expect("a byte, which never comes");
}

#[co::coroutine(name = "idle visitor")]
fn visitor() {
    yield_!(co::sleep(HOUR));
}

fn busy() -> Result<Box<dyn std::any::Any>, Box<dyn Error>> {
    let (bank, jobs, (promise, forgotten)) =
        (Rc::new(Lock::new(())), Rc::new(Queue::new(2)), promise());
    drop((
        order(1, bank.clone()),
        order(2, bank.clone()),
        order(3, bank),
    ));
    drop((worker(jobs.clone()), worker(jobs.clone()), producer(jobs)));
    drop((gather(forgotten), descend(40)));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    drop((listen(listener), connect(address)));
    (0..10_000).for_each(|_| drop(visitor()));
    Ok(Box::new(promise))
}

#[co::coroutine]
fn demonstrate(server: SocketAddr) -> Result<(), HttpError> {
    yield_!(co::sleep(Duration::from_millis(100)));
    let (client, base) = (
        AsyncHttpClient::new(),
        format!("http://{server}/debug/coroutines"),
    );
    let tree = yield_!(client.fetch(format!("{base}.txt")))?
        .text()
        .into_owned();
    tree.lines().take(60).for_each(|line| println!("{line}"));
    let page = yield_!(client.fetch(format!("{base}?filter=order")))?
        .text()
        .into_owned();
    let of = page
        .split("?filter=order&amp;of=")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let picture = format!("{base}/graph.svg?of={}", of.unwrap_or_default());
    let svg = yield_!(client.fetch(picture))?;
    println!(
        "... and so on\nthe page: {} bytes, a picture of `order`: {} bytes",
        page.len(),
        svg.body().len()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let application = Application::new()
        .route("/", index)
        .nest("/debug", inspect::application());
    let once = std::env::args().any(|argument| argument == "--once");
    let port = if once { 0 } else { 8889 };
    let server = application
        .listen(format!("127.0.0.1:{port}"))?
        .local_addr();
    let _promise = busy()?;
    if once {
        return Ok(IoLoop::current().run_sync(move || demonstrate(server))??);
    }
    println!("look at http://{server}/debug/coroutines");
    Ok(IoLoop::current().start()?)
}
