//! cargo run --release -p coroutine-examples --example webspider
//!
//! Ten workers crawl a site through one queue. Each of its 200 pages takes 20 ms; the program serves it itself.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::time::{Duration, Instant};

use coroutine_core::{self as co, IoLoop, queues::Queue};
use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler, Url};

#[co::coroutine]
fn page(mut handler: RequestHandler) {
    let number = handler.path_argument("number").unwrap_or_default();
    let number: u32 = number.parse().unwrap_or(0);
    yield_!(co::sleep(Duration::from_millis(20)));
    for link in [2 * number, 2 * number + 1, number / 2] {
        handler.write(format!("<a href=\"/page/{}\">a page</a>\n", link % 200));
    }
}

#[co::coroutine(lazy)]
fn links_of(client: &AsyncHttpClient, url: &Url) -> Result<Vec<Url>, HttpError> {
    let response = yield_!(client.fetch(url.clone()))?;
    let text = response.text();
    let links = text.split("href=\"").skip(1);
    let links = links.filter_map(|link| url.join(link.split('"').next()?).ok());
    Ok(links.collect())
}

#[co::coroutine]
fn work(queue: Queue<Url>) {
    let client = AsyncHttpClient::new();
    loop {
        let url = yield_!(queue.get());
        match yield_!(links_of(&client, &url)) {
            Ok(links) => links.into_iter().for_each(|link| visit(&queue, link)),
            Err(error) => println!("{url}: {error}"),
        }
        queue.task_done().expect("it was got from the queue");
    }
}

thread_local! {
    static SEEN: RefCell<BTreeSet<Url>> = const { RefCell::new(BTreeSet::new()) };
}

fn visit(queue: &Queue<Url>, url: Url) {
    if SEEN.with_borrow_mut(|seen| seen.insert(url.clone())) {
        queue.put_nowait(url).expect("the queue has no bound");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let site = Application::new().route("/page/{number}", page);
    let start = format!("http://{}/page/1", site.listen("127.0.0.1:0")?.local_addr());
    let (queue, began) = (Queue::new(0), Instant::now());
    visit(&queue, Url::parse(&start)?);
    let _workers: Vec<_> = (0..10).map(|_| work(queue.clone())).collect();
    let crawled = move || co::with_timeout(Duration::from_secs(10), queue.join());
    IoLoop::current().run_sync(crawled)??;
    let pages = SEEN.with_borrow(BTreeSet::len);
    println!("{pages} pages in {:.2?}", began.elapsed());
    Ok(())
}
