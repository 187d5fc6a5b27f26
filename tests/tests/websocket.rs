//! WebSockets: what both sides say, and what they do with peers that do not keep to the rules.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_tungstenite::tungstenite;
use co::net::{TcpListener, TcpStream};
use co::tls::rustls::RootCertStore;
use co::tls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use co::{IoLoop, IoStream, tls};
use coroutine_core as co;
use coroutine_http::{
    Application, Bytes, HttpRequest, HttpServer, Message, RequestHandler, WebSocket,
    WebSocketError, WebSocketRequest, WebSocketUpgrade, websocket_connect,
};
use coroutine_tests::logged;
use futures_util::StreamExt;

/// What a server has heard, and how it ended.
#[derive(Clone, Default)]
struct Heard(Rc<RefCell<Vec<String>>>);

impl Heard {
    fn note(&self, text: impl Into<String>) {
        self.0.borrow_mut().push(text.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

#[co::coroutine]
fn echo(
    handler: RequestHandler,
    set: fn(WebSocketUpgrade) -> WebSocketUpgrade,
    heard: Heard,
) -> Result<(), WebSocketError> {
    let socket = yield_!(set(handler.websocket()))?;
    loop {
        match yield_!(socket.read_message()) {
            Ok(Some(message)) => {
                heard.note(String::from_utf8_lossy(message.as_bytes()));
                // The peer may be gone.
                let _ = yield_!(socket.write_message(message));
            }
            Ok(None) => break,
            Err(error) => heard.note(format!("error: {error}")),
        }
    }
    let (code, reason) = (socket.close_code(), socket.close_reason());
    heard.note(format!("closed: {code:?} {reason:?}"));
    Ok(())
}

fn serve_with(set: fn(WebSocketUpgrade) -> WebSocketUpgrade) -> (Rc<HttpServer>, Heard) {
    let heard = Heard::default();
    let to_hear = heard.clone();
    let application = Application::new()
        .get("/", move |handler| echo(handler, set, to_hear.clone()))
        .idle_connection_timeout(Duration::from_secs(2));
    let server = application.listen("127.0.0.1:0").expect("a free port");
    (Rc::new(server), heard)
}

fn serve() -> (Rc<HttpServer>, Heard) {
    serve_with(|socket| socket)
}

fn url(server: &HttpServer) -> String {
    format!("ws://{}/", server.local_addr())
}

#[co::coroutine]
fn open(server: Rc<HttpServer>) -> WebSocket {
    yield_!(websocket_connect(url(&server))).expect("a server that agrees")
}

#[co::coroutine]
fn gone(server: Rc<HttpServer>) {
    while server.connections() > 0 {
        yield_!(co::sleep(Duration::from_millis(1)));
    }
}

#[co::coroutine]
fn read_text(socket: WebSocket) -> String {
    let message = yield_!(socket.read_message()).expect("a peer that keeps to the rules");
    let message = message.expect("a message");
    message.text().expect("a text").to_owned()
}

#[co::test]
fn texts_and_bytes_go_both_ways() {
    let (server, heard) = serve();
    let socket = yield_!(open(server));
    yield_!(socket.write_message("grüß dich")).expect("an open connection");
    yield_!(socket.write_message(vec![0, 255])).expect("an open connection");
    assert_eq!(yield_!(read_text(socket.clone())), "grüß dich");
    let bytes = yield_!(socket.read_message()).expect("an open connection");
    assert_eq!(bytes, Some(Message::Binary(Bytes::from_static(&[0, 255]))));
    assert_eq!(heard.take()[0], "grüß dich");
}

#[co::test]
fn one_coroutine_reads_while_another_writes() {
    let (server, _) = serve();
    let socket = yield_!(open(server));
    let reader = socket.clone();
    let reading = IoLoop::current().spawn(async move {
        let mut lengths = Vec::new();
        for _ in 0..20 {
            let message = reader.read_message().await.expect("no error");
            lengths.push(message.expect("a message").as_bytes().len());
        }
        lengths
    });
    for length in 0..20 {
        let message = vec![7; length * 10_000];
        yield_!(socket.write_message(message)).expect("an open connection");
    }
    let expected: Vec<_> = (0..20).map(|length| length * 10_000).collect();
    assert_eq!(yield_!(reading), expected);
}

#[co::test]
fn messages_are_a_stream() {
    let (server, _) = serve();
    let mut socket = yield_!(open(server));
    drop(socket.write_message("one"));
    drop(socket.write_message("two"));
    let first = yield_!(socket.next())
        .expect("a message")
        .expect("no error");
    assert_eq!(first, "one".into());
    let second = yield_!(socket.next())
        .expect("a message")
        .expect("no error");
    assert_eq!(second, "two".into());
    socket.close(None, "");
    assert!(yield_!(socket.next()).is_none());
    assert!(yield_!(socket.next()).is_none());
}

#[co::test]
fn a_read_that_is_dropped_takes_no_message() {
    let (server, _) = serve();
    let socket = yield_!(open(server));
    let waiting = IoLoop::current().spawn(socket.read_message());
    yield_!(co::moment());
    waiting.cancel();
    yield_!(socket.write_message("kept")).expect("an open connection");
    assert_eq!(yield_!(read_text(socket)), "kept");
}

#[co::test]
fn a_client_closes_with_a_code_and_a_reason() {
    let (server, heard) = serve();
    let socket = yield_!(open(server.clone()));
    drop(socket.write_message("last"));
    socket.close(4001, "enough");
    // What comes after that is dropped, and the end is told to everybody who asks.
    for _ in 0..2 {
        assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    }
    assert_eq!(socket.close_code(), Some(4001));
    assert!(socket.closed());
    let error = yield_!(socket.write_message("late")).expect_err("it is closed");
    assert!(error.is_closed());
    yield_!(gone(server));
    assert_eq!(
        heard.take(),
        ["last", "closed: Some(4001) Some(\"enough\")"]
    );
}

#[co::coroutine]
fn close_at_once(handler: RequestHandler) -> Result<(), WebSocketError> {
    let socket = yield_!(handler.websocket())?;
    drop(socket.write_message("goodbye"));
    socket.close(1000, &"ü".repeat(100));
    assert_eq!(yield_!(socket.read_message())?, None);
    assert_eq!(socket.close_code(), Some(1000));
    Ok(())
}

#[co::test]
fn a_server_closes_after_what_it_has_written() {
    let application = Application::new().get("/", close_at_once);
    let server = Rc::new(application.listen("127.0.0.1:0").expect("a free port"));
    let socket = yield_!(open(server.clone()));
    assert_eq!(yield_!(read_text(socket.clone())), "goodbye");
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(1000));
    // A reason has room for 123 bytes, and none of its characters is cut.
    assert_eq!(socket.close_reason(), Some("ü".repeat(61)));
    yield_!(gone(server));
}

#[co::test]
fn dropping_the_last_clone_closes() {
    let (server, heard) = serve();
    let socket = yield_!(open(server.clone()));
    drop(socket.clone());
    yield_!(socket.write_message("still here")).expect("an open connection");
    drop(socket);
    yield_!(gone(server));
    assert_eq!(
        heard.take(),
        ["still here", "closed: Some(1000) Some(\"\")"]
    );
}

#[co::test]
#[should_panic(expected = "1005 is no code to close with")]
fn a_code_that_may_not_be_sent_is_a_panic() {
    let (server, _) = serve();
    let socket = yield_!(open(server));
    socket.close(1005, "");
}

#[co::test(virtual_clock)]
fn an_idle_websocket_stays_open() {
    let (server, _) = serve();
    let socket = yield_!(open(server));
    yield_!(co::sleep(Duration::from_secs(3600)));
    yield_!(socket.write_message("still here")).expect("an open connection");
    assert_eq!(yield_!(read_text(socket)), "still here");
}

#[co::test]
fn a_server_that_shuts_down_tells_and_waits() {
    let (server, heard) = serve();
    let socket = yield_!(open(server.clone()));
    let cut = server.shutdown(Duration::from_secs(5));
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(1001));
    assert_eq!(yield_!(cut), 0);
    assert_eq!(heard.take(), ["closed: Some(1001) Some(\"\")"]);
}

#[co::test]
fn a_peer_that_does_not_read_holds_up_the_writer_alone() {
    let (server, _) = serve();
    let mut peer = yield_!(raw(&server));
    let mut length = 0;
    // The echo of it does not fit into the system's buffers.
    for _ in 0..40 {
        let message = frame(0x82, &vec![1; 500_000]);
        length += message.len();
        let written = co::with_timeout(Duration::from_millis(200), peer.write_all(&message));
        if yield_!(written).is_err() {
            break;
        }
    }
    assert!(length < 40 * 500_000, "the server has taken in everything");
    let socket = yield_!(open(server));
    yield_!(socket.write_message("others")).expect("an open connection");
    assert_eq!(yield_!(read_text(socket)), "others");
    peer = yield_!(raw_to(peer.peer_addr().expect("an address"), HEAD));
    drop(peer);
}

/// Waits for what never comes, and reads nothing.
#[co::coroutine]
fn never_read(handler: RequestHandler, closed: Heard) -> Result<(), WebSocketError> {
    let socket = yield_!(handler.websocket())?;
    while !socket.closed() {
        yield_!(co::sleep(Duration::from_millis(10)));
    }
    while let Some(message) = yield_!(socket.read_message())? {
        closed.note(message.text().unwrap_or_default());
    }
    closed.note(format!("{:?}", socket.close_code()));
    Ok(())
}

fn unread() -> (HttpServer, Heard) {
    let heard = Heard::default();
    let closed = heard.clone();
    let application =
        Application::new().get("/", move |handler| never_read(handler, closed.clone()));
    (
        application.listen("127.0.0.1:0").expect("a free port"),
        heard,
    )
}

#[co::test(virtual_clock)]
fn pings_and_the_end_are_answered_while_nobody_reads() {
    let (server, heard) = unread();
    let stream = Rc::new(yield_!(raw(&server)));
    for text in ["one", "two"] {
        yield_!(stream.write_all(&frame(0x81, text.as_bytes()))).expect("it reads");
    }
    yield_!(stream.write_all(&frame(0x89, b"here?"))).expect("it reads");
    assert_eq!(yield_!(read_exactly(stream.clone(), 7)), b"\x8a\x05here?");
    assert_eq!(heard.take(), Vec::<String>::new());
    let before = IoLoop::current().time();
    let goodbye = frame(0x88, &1000_u16.to_be_bytes());
    yield_!(stream.write_all(&goodbye)).expect("it reads");
    assert_eq!(yield_!(read_exactly(stream.clone(), 4)), close_frame(1000));
    // So long there might have been an answer to what came before.
    let waited = (IoLoop::current().time() - before).as_secs();
    assert!(waited >= 5, "{waited}");
    yield_!(gone(Rc::new(server)));
    assert_eq!(heard.take(), ["one", "two", "Some(1000)"]);
}

#[co::test(timeout = 10)]
fn what_nobody_reads_is_taken_in_up_to_a_limit() {
    let (server, _) = unread();
    let stream = yield_!(raw(&server));
    let message = frame(0x82, &vec![1; 100_000]);
    let mut count = 0;
    loop {
        let written = co::with_timeout(Duration::from_millis(200), stream.write_all(&message));
        if yield_!(written).is_err() {
            break;
        }
        count += 1;
        // What the system's buffers take.
        assert!(count < 200, "the server has taken in everything");
    }
}

#[co::coroutine]
fn read_exactly(stream: Rc<TcpStream>, count: usize) -> Vec<u8> {
    let mut all = vec![0; count];
    let mut length = 0;
    while length < count {
        let read = yield_!(stream.read(&mut all[length..])).expect("an answer");
        assert!(read > 0, "the end, after {:?}", &all[..length]);
        length += read;
    }
    all
}

// Handshakes.

#[co::test]
fn the_first_subprotocol_that_both_speak_is_chosen() {
    let (server, _) = serve_with(|socket| socket.subprotocols(["v3", "v2", "v1"]));
    for (ours, chosen) in [
        (vec!["v1", "v2"], Some("v2")),
        (vec!["v0"], None),
        (vec![], None),
    ] {
        let request = WebSocketRequest::new(url(&server)).subprotocols(ours);
        let socket = yield_!(websocket_connect(request)).expect("a server that agrees");
        assert_eq!(socket.subprotocol(), chosen);
    }
}

#[co::coroutine]
fn impose(mut handler: RequestHandler) -> Result<(), WebSocketError> {
    handler.set_header("Sec-WebSocket-Protocol", "v9");
    yield_!(handler.websocket())?;
    Ok(())
}

#[co::test]
fn a_subprotocol_that_was_not_offered_is_refused() {
    let server = Application::new().get("/", impose).listen("127.0.0.1:0");
    let server = server.expect("a free port");
    for offered in [vec![], vec!["v1", "v2"]] {
        let request = WebSocketRequest::new(url(&server)).subprotocols(offered);
        let error = yield_!(websocket_connect(request)).expect_err("an error");
        assert!(error.is_handshake(), "{error}");
    }
    let request = WebSocketRequest::new(url(&server)).subprotocols(["v1", "v9"]);
    yield_!(websocket_connect(request)).expect("one that was offered");
}

#[co::test]
fn a_page_of_another_origin_is_refused() {
    let (server, _) = serve();
    let here = server.local_addr();
    let origins = [
        (format!("http://{here}"), true),
        (format!("https://{here}"), true),
        ("http://127.0.0.1".to_owned(), false),
        (format!("http://localhost:{}", here.port()), false),
        ("null".to_owned(), false),
    ];
    for (origin, is_allowed) in origins {
        let request = WebSocketRequest::new(url(&server)).header("Origin", origin.as_str());
        let result = yield_!(websocket_connect(request));
        assert_eq!(result.is_ok(), is_allowed, "{origin}");
        if let Err(error) = result {
            assert_eq!(error.status().expect("an answer").as_u16(), 403);
        }
    }
}

#[co::test]
fn origins_can_be_allowed() {
    let (server, _) = serve_with(|socket| {
        socket.check_origin(|origin, request| {
            origin.ends_with("example.org") && request.path() == "/"
        })
    });
    for (origin, is_allowed) in [
        ("https://example.org", true),
        ("https://example.com", false),
    ] {
        let request = WebSocketRequest::new(url(&server)).header("Origin", origin);
        assert_eq!(yield_!(websocket_connect(request)).is_ok(), is_allowed);
    }
}

const HEAD: &str = "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn what_is_no_handshake_is_answered_and_not_logged() {
    let cases = [
        ("Upgrade: websocket\r\n", "", "400"),
        ("websocket", "h2c", "400"),
        ("keep-alive, Upgrade", "close", "400"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400"),
        ("Version: 13", "Version: 8", "426"),
        ("GET", "HEAD", "400"),
    ];
    let lines = logged(|| {
        let refuse = move || {
            co::block::coroutine! {
                let (server, _) = serve();
                for (good, bad, status) in cases {
                    let head = HEAD.replacen(good, bad, 1);
                    let answer = yield answer(&server, head);
                    assert_eq!(answer.split(' ').nth(1), Some(status), "{bad}: {answer}");
                    let has_version = answer.contains("sec-websocket-version: 13");
                    let has_upgrade = answer.contains("upgrade: websocket");
                    assert_eq!((has_version, has_upgrade), (status == "426", status == "426"), "{answer}");
                }
            }
        };
        let io_loop = IoLoop::new().expect("descriptors");
        io_loop.run_sync(refuse).expect("an end");
    });
    // But for the lines of the access log.
    let is_complaint = |line: &String| line.starts_with("ERROR");
    assert!(!lines.iter().any(is_complaint), "{lines:#?}");
}

/// What the server answers to a head, up to the end of its own.
#[co::coroutine]
fn answer_to(to: std::net::SocketAddr, head: String) -> String {
    let stream = yield_!(TcpStream::connect(to)).expect("a connection");
    yield_!(stream.write_all(head.as_bytes())).expect("a server that reads");
    let stream = IoStream::new(stream);
    let answer = yield_!(stream.read_until(b"\r\n\r\n", 10_000)).expect("an answer");
    String::from_utf8(answer).expect("text")
}

fn answer(server: &HttpServer, head: String) -> co::Future<String> {
    answer_to(server.local_addr(), head)
}

#[co::test]
fn a_server_that_does_not_agree_is_an_error_with_its_status() {
    let application =
        Application::new().get("/", |mut handler: RequestHandler| handler.write("no"));
    let server = application.listen("127.0.0.1:0").expect("a free port");
    let error = yield_!(websocket_connect(url(&server))).expect_err("an error");
    assert!(error.is_handshake());
    assert_eq!(error.status().expect("an answer").as_u16(), 200);
}

#[co::test]
fn urls_that_cannot_be_opened_are_errors() {
    for url in ["no url", "http://127.0.0.1/", "ws:"] {
        let error = yield_!(websocket_connect(url)).expect_err("an error");
        assert!(error.is_request(), "{error}");
    }
    let unused = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("ws://{}", unused.expect("an address"));
    let error = yield_!(websocket_connect(url)).expect_err("nobody listens");
    assert!(error.is_connect(), "{error}");
}

#[co::test(virtual_clock)]
fn a_server_that_is_silent_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let request = WebSocketRequest::new(url).connect_timeout(Duration::from_secs(3));
    let error = yield_!(websocket_connect(request)).expect_err("nobody answers");
    assert!(error.is_timeout(), "{error}");
}

#[co::test]
fn a_wrong_answer_to_the_key_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let opening = websocket_connect(url);
    let stream = IoStream::new(yield_!(listener.accept()).expect("a client").0);
    yield_!(stream.read_until(b"\r\n\r\n", 10_000)).expect("a request");
    drop(stream.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ));
    let error = yield_!(opening).expect_err("an error");
    assert!(
        error.is_handshake() && error.to_string().contains("Accept"),
        "{error}"
    );
}

#[co::test]
fn wss_is_encrypted_and_the_certificate_is_checked() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("it is one");
    let config = tls::server_config(vec![certificate], key).expect("the key fits");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("wss://localhost:{port}/");
    let serving = IoLoop::current().spawn(secure_echo(listener, config));
    let trusting = WebSocketRequest::new(&url).tls_config(tls::client_config_trusting(roots));
    let socket = yield_!(websocket_connect(trusting)).expect("a server that is trusted");
    drop(socket.write_message("secret"));
    assert_eq!(yield_!(read_text(socket)), "secret");
    let error = yield_!(websocket_connect(url)).expect_err("nobody vouches for it");
    assert!(
        error.is_connect() && format!("{error:?}").contains("UnknownIssuer"),
        "{error:?}"
    );
    serving.cancel();
}

#[co::test]
fn a_server_that_encrypts_has_websockets_as_well() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("it is one");
    let config = tls::server_config(vec![certificate], key).expect("the key fits");
    let application = Application::new().ssl_options(config);
    let application = application.get("/", |handler| {
        echo(handler, |socket| socket, Heard::default())
    });
    let server = application.listen("127.0.0.1:0").expect("a free port");
    let url = format!("wss://localhost:{}/", server.local_addr().port());
    let trusting = WebSocketRequest::new(url).tls_config(tls::client_config_trusting(roots));
    let socket = yield_!(websocket_connect(trusting)).expect("a server that is trusted");
    drop(socket.write_message("secret"));
    assert_eq!(yield_!(read_text(socket.clone())), "secret");
    socket.close(1000, "");
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
    assert_eq!(socket.close_code(), Some(1000));
}

async fn secure_echo(listener: TcpListener, config: Arc<tls::rustls::ServerConfig>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a client");
        let stream = IoStream::new(stream);
        if stream.start_tls_server(config.clone()).await.is_ok() {
            let socket = async_tungstenite::accept_async(stream).await;
            let mut socket = socket.expect("a handshake");
            let message = socket.next().await.expect("a message").expect("a frame");
            socket.send(message).await.expect("a client that reads");
        }
    }
}

/// Tells what a client says of itself, then waits for its end.
#[co::coroutine]
fn repeat_headers(handler: RequestHandler) -> Result<(), WebSocketError> {
    let (name, password) = handler.basic_auth().unwrap_or_default();
    let token = handler.request().header("X-Token").unwrap_or_default();
    let text = format!("{name}:{password} {token}");
    let socket = yield_!(handler.websocket())?;
    yield_!(socket.write_message(text))?;
    yield_!(socket.read_message())?;
    Ok(())
}

#[co::test(timeout = 10)]
fn a_request_of_the_client_can_be_made_a_websocket() {
    let application = Application::new().get("/", repeat_headers);
    let server = application.listen("127.0.0.1:0").expect("a free port");
    let request = HttpRequest::new(url(&server)).header("X-Token", "7");
    let socket = yield_!(websocket_connect(request.auth("Ada", "sesame"))).expect("a server");
    assert_eq!(yield_!(read_text(socket)), "Ada:sesame 7");
    let with_name = format!("ws://Eve:p%40ss@{}/", server.local_addr());
    let socket = yield_!(websocket_connect(with_name)).expect("a server");
    assert_eq!(yield_!(read_text(socket)), "Eve:p@ss ");
    let post = HttpRequest::post(url(&server), "x");
    let error = yield_!(websocket_connect(post)).expect_err("it is no GET");
    assert!(error.is_request(), "{error}");
}

#[co::test(virtual_clock)]
fn the_times_of_a_request_count() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let request = HttpRequest::new(url).request_timeout(Duration::from_secs(3));
    let before = IoLoop::current().time();
    let error = yield_!(websocket_connect(request)).expect_err("nobody answers");
    assert!(error.is_timeout(), "{error}");
    assert_eq!((IoLoop::current().time() - before).as_secs(), 3);
}

#[co::test(timeout = 10)]
fn a_request_says_whom_it_trusts() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = tls::server_config(vec![made.cert.der().clone()], key).expect("the key fits");
    let application = Application::new().get("/", repeat_headers);
    let server = application.ssl_options(config).listen("127.0.0.1:0");
    let server = server.expect("a free port");
    let url = format!("wss://localhost:{}/", server.local_addr().port());
    let blind = HttpRequest::new(&url).validate_cert(false);
    let socket = yield_!(websocket_connect(blind)).expect("a server");
    assert_eq!(yield_!(read_text(socket)), ": ");
    let lost = HttpRequest::new(&url).ca_certs("/no such file");
    let error = yield_!(websocket_connect(lost)).expect_err("there is none");
    assert!(error.is_request(), "{error}");
    let error = yield_!(websocket_connect(url)).expect_err("nobody vouches for it");
    assert!(error.is_connect(), "{error}");
}

// Peers that do as they like.

/// A connection that has become a WebSocket, and whose frames are made by hand.
#[co::coroutine]
fn raw_to(to: std::net::SocketAddr, head: &'static str) -> TcpStream {
    let stream = yield_!(TcpStream::connect(to)).expect("a connection");
    yield_!(stream.write_all(head.as_bytes())).expect("a server that reads");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        assert_eq!(yield_!(stream.read(&mut byte)).expect("an answer"), 1);
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).expect("text");
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    stream
}

fn raw(server: &HttpServer) -> co::Future<TcpStream> {
    raw_to(server.local_addr(), HEAD)
}

/// A masked frame; the mask leaves the payload as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).expect("it is short")),
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Sends bytes, and gives what comes until the server closes.
#[co::coroutine]
fn send_raw(server: Rc<HttpServer>, bytes: Vec<u8>) -> Vec<u8> {
    let stream = yield_!(raw(&server));
    yield_!(stream.write_all(&bytes)).expect("a server that reads");
    let mut all = Vec::new();
    let mut room = [0; 1000];
    loop {
        match yield_!(stream.read(&mut room)).expect("a server that does not reset") {
            0 => return all,
            count => all.extend_from_slice(&room[..count]),
        }
    }
}

fn close_frame(code: u16) -> Vec<u8> {
    let mut frame = vec![0x88, 2];
    frame.extend_from_slice(&code.to_be_bytes());
    frame
}

#[co::test]
fn frames_against_the_rules_are_answered_with_their_code() {
    let cases: [(&str, Vec<u8>, u16, &str); 13] = [
        ("not masked", vec![0x81, 1, b'a'], 1002, "broke"),
        ("a reserved bit", frame(0xC1, b"a"), 1002, "broke"),
        ("a reserved opcode", frame(0x83, b"a"), 1002, "broke"),
        ("a reserved control opcode", frame(0x8B, b""), 1002, "broke"),
        ("a ping in parts", frame(0x09, b"a"), 1002, "broke"),
        ("a long ping", frame(0x89, &[0; 126]), 1002, "broke"),
        ("a part of nothing", frame(0x80, b"a"), 1002, "broke"),
        (
            "a message among parts",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            1002,
            "broke",
        ),
        ("a close of one byte", frame(0x88, &[3]), 1002, "broke"),
        ("no UTF-8", frame(0x81, &[0xFF]), 1007, "UTF-8"),
        (
            "no UTF-8 over two parts",
            [frame(0x01, &[0xE2]), frame(0x80, b"a")].concat(),
            1007,
            "UTF-8",
        ),
        ("too long", frame(0x82, &[0; 1001]), 1009, "1000 bytes"),
        (
            "too long over two parts",
            [frame(0x02, &[0; 600]), frame(0x80, &[0; 600])].concat(),
            1009,
            "1000 bytes",
        ),
    ];
    let (server, heard) = serve_with(|socket| socket.max_message_size(1000));
    for (what, bytes, code, said) in cases {
        let answer = yield_!(send_raw(server.clone(), bytes));
        assert_eq!(answer, close_frame(code), "{what}");
        yield_!(gone(server.clone()));
        let lines = heard.take();
        assert_eq!(lines.len(), 2, "{what}: {lines:?}");
        assert!(lines[0].contains(said), "{what}: {lines:?}");
        assert_eq!(lines[1], "closed: None None", "{what}");
    }
}

#[co::test]
fn parts_of_a_message_are_joined_and_pings_among_them_answered() {
    let (server, heard) = serve();
    let bytes = [
        frame(0x01, "gr\u{fc}".as_bytes()),
        frame(0x89, b"there?"),
        frame(0x00, &[]),
        frame(0x80, b"n"),
        frame(0x88, &1000_u16.to_be_bytes()),
    ];
    let answer = yield_!(send_raw(server.clone(), bytes.concat()));
    let expected = [&[0x8A, 6][..], b"there?", &[0x81, 5], "grün".as_bytes()].concat();
    assert!(answer.starts_with(&expected), "{answer:?}");
    yield_!(gone(server));
    assert_eq!(heard.take(), ["grün", "closed: Some(1000) Some(\"\")"]);
}

#[co::test]
fn a_frame_may_come_byte_by_byte() {
    let (server, heard) = serve();
    let stream = yield_!(raw(&server));
    for byte in frame(0x81, b"slow") {
        yield_!(stream.write_all(&[byte])).expect("a server that reads");
        yield_!(co::moment());
    }
    while heard.0.borrow().is_empty() {
        yield_!(co::moment());
    }
    assert_eq!(heard.take(), ["slow"]);
}

#[co::test]
fn frames_that_come_with_the_handshake_are_not_lost() {
    let (server, heard) = serve();
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let bytes = [HEAD.as_bytes(), &frame(0x81, b"early")].concat();
    yield_!(stream.write_all(&bytes)).expect("a server that reads");
    while heard.0.borrow().is_empty() {
        yield_!(co::moment());
    }
    assert_eq!(heard.take(), ["early"]);
}

#[co::test]
fn a_peer_that_vanishes_is_the_end_without_a_code() {
    let (server, heard) = serve();
    let stream = yield_!(raw(&server));
    drop(stream);
    yield_!(gone(server));
    assert_eq!(heard.take(), ["closed: None None"]);
}

#[co::test(virtual_clock)]
fn a_peer_that_does_not_answer_pings_is_given_up() {
    let (server, heard) = serve_with(|socket| {
        let socket = socket.ping_interval(Duration::from_secs(30));
        socket.ping_timeout(Duration::from_secs(10))
    });
    let before = IoLoop::current().time();
    // It answers none, and closes nothing.
    let stream = yield_!(raw(&server));
    yield_!(gone(server));
    let after = (IoLoop::current().time() - before).as_secs();
    assert!((40..50).contains(&after), "{after}");
    assert_eq!(heard.take(), ["closed: None None"]);
    drop(stream);
}

#[co::test(virtual_clock)]
fn a_peer_that_answers_pings_is_kept() {
    let (server, _) = serve_with(|socket| socket.ping_interval(Duration::from_secs(30)));
    let socket = yield_!(open(server.clone()));
    let reading = IoLoop::current().spawn(socket.read_message());
    yield_!(co::sleep(Duration::from_secs(1000)));
    assert!(!reading.done() && server.connections() == 1);
    drop(socket.write_message("here"));
    assert_eq!(yield_!(reading).expect("no error"), Some("here".into()));
}

#[co::test(virtual_clock)]
fn a_peer_that_does_not_agree_to_close_is_cut() {
    let application = Application::new().get("/", close_at_once_and_end);
    let server = Rc::new(application.listen("127.0.0.1:0").expect("a free port"));
    let before = IoLoop::current().time();
    let stream = yield_!(raw(&server));
    yield_!(gone(server));
    let after = (IoLoop::current().time() - before).as_secs();
    assert_eq!(after, 5);
    drop(stream);
}

#[co::coroutine]
fn close_at_once_and_end(handler: RequestHandler) -> Result<(), WebSocketError> {
    yield_!(handler.websocket())?.close(None, "");
    Ok(())
}

#[co::test]
fn a_client_speaks_to_another_implementation() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let opening = websocket_connect(url);
    let stream = yield_!(listener.accept()).expect("a client").0;
    let mut peer = yield_!(async_tungstenite::accept_async(stream)).expect("a handshake");
    let socket = yield_!(opening).expect("a server that agrees");
    yield_!(peer.send(tungstenite::Message::text("from there"))).expect("a client that reads");
    assert_eq!(yield_!(read_text(socket.clone())), "from there");
    yield_!(socket.write_message("from here")).expect("an open connection");
    let message = yield_!(peer.next()).expect("a message").expect("a frame");
    assert_eq!(message, tungstenite::Message::text("from here"));
    yield_!(peer.close(None)).expect("a client that reads");
    assert_eq!(yield_!(socket.read_message()).expect("no error"), None);
}

#[test]
fn a_panic_of_the_handler_closes_with_1011() {
    #[co::coroutine]
    fn panics(handler: RequestHandler) -> Result<(), WebSocketError> {
        let socket = yield_!(handler.websocket())?;
        yield_!(socket.read_message())?;
        panic!("it cannot go on");
    }
    let lines = logged(|| {
        let talk = || {
            co::block::coroutine! {
                let application = Application::new().get("/", panics);
                let server = application.listen("127.0.0.1:0").expect("a free port");
                let socket = yield open(Rc::new(server));
                drop(socket.write_message("go"));
                assert_eq!((yield socket.read_message()).expect("no error"), None);
                assert_eq!(socket.close_code(), Some(1011));
            }
        };
        let io_loop = IoLoop::new().expect("descriptors");
        io_loop.run_sync(talk).expect("an end");
    });
    let errors: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("ERROR"))
        .collect();
    assert!(
        errors.len() == 1 && errors[0].contains("it cannot go on"),
        "{lines:#?}"
    );
}
