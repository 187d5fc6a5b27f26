//! Servers and clients to test against.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use coroutine_core::net::{TcpListener, TcpStream};
use coroutine_core::{self as co, Handle, IoLoop, Promise, promise};
use coroutine_http::{
    Application, AsyncHttpClient, Bytes, HttpError, HttpRequest, HttpResponse, HttpServer,
};
use coroutine_tests::{LIMIT, logged, watchdog};

/// Serves at a free port of the loopback interface.
pub(crate) fn serve(application: Application) -> HttpServer {
    application.listen("127.0.0.1:0").expect("a free port")
}

pub(crate) fn url(server: &HttpServer, path: &str) -> String {
    format!("http://{}{path}", server.local_addr())
}

/// Fetches a path of the server.
pub(crate) fn get(server: &HttpServer, path: &str) -> co::Future<Result<HttpResponse, HttpError>> {
    AsyncHttpClient::new().fetch(url(server, path))
}

/// Sends `bytes` on a connection of its own, and gives all that comes until the server closes it.
#[co::coroutine]
pub(crate) fn talk(to: SocketAddr, bytes: impl AsRef<[u8]> + 'static) -> String {
    let stream = yield_!(TcpStream::connect(to)).expect("a connection");
    yield_!(stream.write_all(bytes.as_ref())).expect("a server that reads");
    yield_!(read_all(stream))
}

/// What comes until the other side closes the connection.
#[co::coroutine]
pub(crate) fn read_all(stream: TcpStream) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match yield_!(stream.read(&mut buffer)).expect("a server that does not reset") {
            0 => return String::from_utf8_lossy(&all).into_owned(),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Reads until `end` has come, and gives all that came.
#[co::coroutine]
pub(crate) fn read_until(stream: Rc<TcpStream>, end: impl AsRef<str> + 'static) -> String {
    let end = end.as_ref();
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = yield_!(stream.read(&mut buffer)).expect("a server that does not reset");
        all.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&all);
        if text.contains(end) {
            return text.into_owned();
        }
        assert!(count > 0, "`{end}` is missing in `{text}`");
    }
}

/// A server that takes one request and says `answer`, whatever the request is.
#[co::coroutine]
pub(crate) fn say_once(listener: TcpListener, answer: &'static str) -> String {
    let (stream, _) = yield_!(listener.accept()).expect("a client");
    let stream = Rc::new(stream);
    let request = yield_!(read_until(stream.clone(), "\r\n\r\n"));
    yield_!(stream.write_all(answer.as_bytes())).expect("a client that listens");
    request
}

pub(crate) fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    (listener, format!("http://{address}/"))
}

/// The status in the head of a response.
pub(crate) fn status_of(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or("no status")
}

/// Waits until `condition` holds, a turn of the loop after another.
#[co::coroutine]
pub(crate) fn until(condition: impl Fn() -> bool + 'static) {
    while !condition() {
        yield_!(co::moment());
    }
}

/// The promise that a handler waits for.
pub(crate) type Waits = Rc<RefCell<Option<Promise<()>>>>;

/// What a handler yields, to wait until its promise is kept.
pub(crate) fn kept(waits: &Waits) -> co::Future<()> {
    let (promise, future) = promise();
    waits.replace(Some(promise));
    future
}

/// Waits until the handler waits.
pub(crate) fn there(waits: &Waits) -> co::Future<()> {
    let waits = waits.clone();
    until(move || waits.borrow().is_some())
}

/// Has the handler go on.
pub(crate) fn keep(waits: &Waits) {
    waits.take().expect("a handler that waits").set_result(());
}

/// Waits until the server has no connection.
pub(crate) fn deserted(server: Rc<HttpServer>) -> co::Future<()> {
    until(move || server.connections() == 0)
}

/// Runs a coroutine on a fresh loop.
pub(crate) fn run<T: 'static>(body: impl FnOnce() -> co::Future<T> + 'static) {
    let io_loop = IoLoop::new().expect("descriptors for a loop");
    io_loop.run_sync(body).expect("an end");
}

/// Runs a coroutine on a fresh loop, and gives what it logs: errors and warnings.
pub(crate) fn warnings<T: 'static>(
    body: impl FnOnce() -> co::Future<T> + Send + 'static,
) -> Vec<String> {
    watchdog(LIMIT, || {
        let mut lines = logged(|| run(body));
        lines.retain(|line| line.starts_with("ERROR") || line.starts_with("WARN"));
        lines.retain(|line| !is_access(line));
        lines
    })
}

/// Whether a line is one of the access log.
pub(crate) fn is_access(line: &str) -> bool {
    line.ends_with("ms") && line.contains(") ")
}

/// A server on a thread of its own.
pub(crate) struct ServerThread {
    pub(crate) address: SocketAddr,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    pub(crate) fn start(application: impl FnOnce() -> Application + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || {
            let server = serve(application());
            let io_loop = IoLoop::current();
            let told = sender.send((server.local_addr(), io_loop.handle()));
            told.expect("a test that waits");
            io_loop.start().expect("a loop that runs");
        });
        let (address, handle) = receiver.recv().expect("a server that starts");
        Self {
            address,
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a server that did not panic");
        }
    }
}

/// A request for a path of the server.
pub(crate) fn to(server: &HttpServer, path: &str) -> HttpRequest {
    HttpRequest::new(url(server, path))
}

/// A request that posts a body of this type.
pub(crate) fn posting(
    server: &HttpServer,
    path: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> HttpRequest {
    HttpRequest::post(url(server, path), body).header("Content-Type", content_type)
}

/// The answer to a request, whatever its status is.
#[co::coroutine]
pub(crate) fn answer(request: HttpRequest) -> HttpResponse {
    let request = request.raise_error(false).follow_redirects(false);
    yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer")
}

/// Runs a coroutine on a fresh loop, and gives what it logs of requests that are the client's fault.
pub(crate) fn gave_up<T: 'static>(
    body: impl FnOnce() -> co::Future<T> + Send + 'static,
) -> Vec<String> {
    watchdog(LIMIT, || {
        let mut lines = logged(|| run(body));
        lines.retain(|line| line.starts_with("DEBUG 4"));
        lines
    })
}
