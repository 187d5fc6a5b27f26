//! cargo run --release -p coroutine-examples --example upload -- --once
//!
//! A form with a file of 256 MiB is written to disk while it arrives; little of it is in memory at a time. Without `--once` it goes on serving.

use std::error::Error;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, AsyncHttpClient, BodyWriter, Bytes, HttpError, HttpRequest};
use coroutine_http::{RequestHandler, stream_request_body};

/// A file that is removed in the end, also where the upload is broken off. The client's own name for it is not to be trusted.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("upload-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a chunk on another thread, since disks may be slow.
fn write(mut file: File, chunk: Bytes) -> co::Future<io::Result<File>> {
    IoLoop::current().run_in_executor(move || file.write_all(&chunk).map(|()| file))
}

#[co::coroutine]
fn upload(mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
    handler.set_max_body_size(1 << 40);
    let mut form = handler.multipart()?;
    while let Some(mut part) = yield_!(form.next_part())? {
        let path = Temporary::new();
        let (mut file, mut hash) = (File::create_new(&path.0)?, DefaultHasher::new());
        while let Some(chunk) = yield_!(part.read_chunk())? {
            hash.write(&chunk);
            file = yield_!(write(file, chunk))?;
        }
        let (name, length, hash) = (part.name(), file.metadata()?.len(), hash.finish());
        handler.write(format!("{name}: {length} bytes on disk, hash {hash:x}\n"));
    }
    Ok(())
}

fn chunks() -> impl Iterator<Item = Vec<u8>> {
    (0..4096).map(|number| vec![(number % 251) as u8; 64 << 10])
}

#[co::coroutine]
fn form(body: BodyWriter) -> Result<(), HttpError> {
    let head = "--xx\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n";
    yield_!(body.write(head))?;
    for chunk in chunks() {
        yield_!(body.write(chunk))?;
    }
    yield_!(body.write("\r\n--xx--\r\n"))
}

#[co::coroutine]
fn demonstrate(url: String) -> Result<(), HttpError> {
    let request = HttpRequest::post(url, "").body_producer(form);
    let request = request.header("Content-Type", "multipart/form-data; boundary=xx");
    let response = yield_!(AsyncHttpClient::new().fetch(request))?;
    let mut hash = DefaultHasher::new();
    chunks().for_each(|chunk| hash.write(&chunk));
    print!("sent a file, hash {:x}\n{}", hash.finish(), response.text());
    println!(
        "peak memory of client and server: {}",
        coroutine_examples::peak_memory()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let application = Application::new().post("/", stream_request_body(upload));
    let server = application.listen("127.0.0.1:0")?;
    let url = format!("http://{}/", server.local_addr());
    let asked = url.clone();
    IoLoop::current().run_sync(move || demonstrate(asked))??;
    if std::env::args().all(|argument| argument != "--once") {
        println!("serving: curl -F file=@some.file {url}");
        IoLoop::current().start()?;
    }
    Ok(())
}
