//! cargo run --release -p coroutine-examples --example proxy -- --once
//!
//! A reverse proxy: it passes each request on to a server behind it, and the answer back, both a chunk after the other and as fast as the slower side takes them, so
//! that little is in memory at a time. Without `--once` it goes on serving; name another server as `-- --to http://127.0.0.1:8000`.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop, net::TcpListener};
use coroutine_examples::peak_memory;
use coroutine_http::header::{self, HeaderName};
use coroutine_http::{
    Application, AsyncHttpClient, BodyStream, BodyWriter, HeaderMap, HttpError, HttpRequest,
    RequestHandler, ResponseStream, stream_request_body,
};

/// What is for one connection alone (RFC 9110, 7.6.1), what each side says by itself, and what only this proxy can know.
const NOT_PASSED_ON: [HeaderName; 11] = [
    header::CONNECTION,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Both may take long.
const PATIENCE: Duration = Duration::from_secs(3600);

type Failure = Box<dyn Error + Send + Sync>;

/// The request for the server behind.
fn passed_on(handler: &mut RequestHandler, to: &str) -> HttpRequest {
    let request = handler.request();
    let client = request.remote_ip();
    let client = client.map_or("unknown".to_owned(), |ip| ip.to_string());
    let mut on = HttpRequest::new(format!("{to}{}", request.uri()))
        .method(request.method().clone())
        .allow_nonstandard_methods(true)
        .decompress_response(false)
        .follow_redirects(false)
        .raise_error(false)
        .max_body_size(usize::MAX)
        .request_timeout(PATIENCE)
        .header("X-Forwarded-For", client);
    for (name, value) in request.headers() {
        if !NOT_PASSED_ON.contains(name) {
            on = on.header(name, value);
        }
    }
    if !has_body(request.headers()) {
        return on;
    }
    handler.set_max_body_size(usize::MAX);
    let mut body = Some(handler.body_stream());
    on.body_producer(move |writer| pass_body(body.take(), writer))
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

#[co::coroutine]
fn pass_body(body: Option<BodyStream>, to: BodyWriter) -> Result<(), Failure> {
    let mut body = body.ok_or("the body has been sent already")?;
    while let Some(chunk) = yield_!(co::next(&mut body)) {
        yield_!(to.write(chunk?))?;
    }
    Ok(())
}

#[co::coroutine]
fn proxy(
    mut handler: RequestHandler,
    client: AsyncHttpClient,
    to: String,
) -> Result<(), Box<dyn Error>> {
    let request = passed_on(&mut handler, &to);
    match yield_!(client.fetch_stream(request)) {
        Ok(response) => yield_!(pass_back(response, handler)),
        Err(error) => {
            println!("{} {error}", handler.request().path());
            handler.send_error(if error.is_timeout() { 504 } else { 502 });
            Ok(())
        }
    }
}

/// An error cuts the connection, so that the client sees that something is missing.
#[co::coroutine]
fn pass_back(
    mut response: ResponseStream,
    mut handler: RequestHandler,
) -> Result<(), Box<dyn Error>> {
    handler.set_status(response.head().status());
    for (name, value) in response.head().headers() {
        if !NOT_PASSED_ON.contains(name) {
            handler.add_header(name, value);
        }
    }
    yield_!(handler.flush())?;
    while let Some(chunk) = yield_!(response.chunk()) {
        handler.write(chunk?);
        yield_!(handler.flush())?;
    }
    Ok(())
}

const MIB: usize = 1 << 20;

/// The server behind: it counts what it is sent, and sends as many MiB as it is asked for.
#[co::coroutine]
fn behind(mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
    handler.set_max_body_size(usize::MAX);
    let mut count = 0;
    while let Some(chunk) = yield_!(handler.read_chunk())? {
        count += chunk.len();
    }
    let request = handler.request();
    let client = request.header("X-Forwarded-For").unwrap_or("nobody");
    let text = format!("{} for {client}: {count} bytes\n", request.uri());
    handler.set_header("X-Behind", text.trim_end());
    handler.write(text);
    for _ in 0..handler.argument_or("mib", 0)? {
        handler.write(vec![b'.'; MIB]);
        yield_!(handler.flush())?;
    }
    Ok(())
}

#[co::coroutine]
fn upload(body: BodyWriter) -> Result<(), HttpError> {
    for _ in 0..64 {
        yield_!(body.write(vec![b'.'; MIB]))?;
    }
    Ok(())
}

#[co::coroutine]
fn demonstrate(proxy: SocketAddr) -> Result<(), HttpError> {
    let client = AsyncHttpClient::new();
    let post = HttpRequest::post(format!("http://{proxy}/up"), "").body_producer(upload);
    print!("{}", yield_!(client.fetch(post))?.text());
    let get = HttpRequest::new(format!("http://{proxy}/down?mib=64")).max_body_size(usize::MAX);
    let mut response = yield_!(client.fetch_stream(get))?;
    println!("{:?}", response.head().header("X-Behind"));
    let mut count = 0;
    while let Some(chunk) = yield_!(response.chunk()) {
        count += chunk?.len();
    }
    println!("{count} bytes came back; all of it took {}", peak_memory());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Application::new()
        .route("/{*path}", stream_request_body(behind))
        .listen("127.0.0.1:0")?;
    let stated = std::env::args().skip_while(|word| word != "--to").nth(1);
    let to = stated.unwrap_or_else(|| format!("http://{}", server.local_addr()));
    let listener =
        TcpListener::bind("127.0.0.1:8888").or_else(|_| TcpListener::bind("127.0.0.1:0"))?;
    let client = AsyncHttpClient::new();
    let pass_on = move |handler| proxy(handler, client.clone(), to.clone());
    let application = Application::new().default_handler(stream_request_body(pass_on));
    let proxy = application.serve(listener)?.local_addr();
    println!("serving at http://{proxy}/");
    if std::env::args().any(|argument| argument == "--once") {
        return Ok(IoLoop::current().run_sync(move || demonstrate(proxy))??);
    }
    IoLoop::current().start()?;
    Ok(())
}
