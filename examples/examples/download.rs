//! cargo run --release -p coroutine-examples --example download -- --once
//!
//! A file of 64 MiB is fetched whole, then in part, then not at all since it has not changed; little of it is in memory at a time. Without `--once` it
//! goes on serving.

use std::cell::Cell;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::rc::Rc;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, AsyncHttpClient, Bytes, HttpError, HttpRequest, StaticFiles};

/// As many lines of 16 bytes, each with its number.
fn lines(from: usize) -> impl Iterator<Item = u8> {
    let lines = (from / 16..4 << 20).map(|number| format!("{number:15}\n"));
    lines.flat_map(String::into_bytes).skip(from % 16)
}

/// Fetches, and checks each byte as it comes.
#[co::coroutine]
fn fetch(request: HttpRequest, start: usize) -> Result<Option<String>, HttpError> {
    let (mut expected, count) = (lines(start), Rc::new(Cell::new(0)));
    let counted = Rc::clone(&count);
    let request = request.streaming_callback(move |chunk: Bytes| {
        counted.set(counted.get() + chunk.len());
        assert!(chunk.iter().all(|byte| expected.next() == Some(*byte)));
    });
    let response = yield_!(AsyncHttpClient::new().fetch(request.raise_error(false)))?;
    let range = response.header("Content-Range").unwrap_or("no range");
    println!(
        "{}, {range}: {} bytes, as they should be",
        response.code(),
        count.get()
    );
    Ok(response.header("ETag").map(str::to_owned))
}

#[co::coroutine]
fn demonstrate(url: String) -> Result<(), HttpError> {
    let request = || HttpRequest::new(&url);
    let etag = yield_!(fetch(request(), 0))?.unwrap_or_default();
    let part = request().header("Range", "bytes=50000000-");
    yield_!(fetch(part.header("If-Range", &*etag), 50_000_000))?;
    yield_!(fetch(request().header("If-None-Match", &*etag), 0))?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("download-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let mut file = BufWriter::new(File::create(directory.join("large.txt"))?);
    lines(0).try_for_each(|byte| file.write_all(&[byte]))?;
    file.flush()?;
    let files = StaticFiles::new(&directory);
    let server = Application::new()
        .static_files("/files/", files)
        .listen("127.0.0.1:0")?;
    let url = format!("http://{}/files/large.txt", server.local_addr());
    let asked = url.clone();
    let demonstrated = IoLoop::current().run_sync(move || demonstrate(asked));
    println!(
        "peak memory of client and server: {}",
        coroutine_examples::peak_memory()
    );
    if std::env::args().all(|argument| argument != "--once") {
        println!("serving: curl -r 0-99 {url}");
        IoLoop::current().start()?;
    }
    fs::remove_dir_all(directory)?;
    Ok(demonstrated??)
}
