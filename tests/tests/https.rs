//! A server that speaks TLS.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use co::IoStream;
use co::net::TcpStream;
use co::tls;
use co::tls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use co::tls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use coroutine_core as co;
use coroutine_http::{Application, AsyncHttpClient, HttpServer, RequestHandler};
use coroutine_tests::logged;

fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("it is one");
    let server = tls::server_config(vec![certificate], key).expect("the key fits");
    (server, tls::client_config_trusting(roots))
}

fn serve() -> (Rc<HttpServer>, Arc<ClientConfig>) {
    let (server, client) = configs();
    let application = Application::new()
        .get("/", |mut handler: RequestHandler| {
            let protocol = handler.request().protocol();
            handler.write(format!("[{protocol}]"));
        })
        .get("/big", |mut handler: RequestHandler| {
            handler.write("a".repeat(1 << 20));
        })
        .ssl_options(server);
    let server = application.listen("127.0.0.1:0").expect("a free port");
    (Rc::new(server), client)
}

#[co::coroutine]
fn connect(server: Rc<HttpServer>, config: Arc<ClientConfig>) -> IoStream {
    let stream = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let stream = IoStream::new(stream);
    yield_!(stream.start_tls_client(config, "localhost")).expect("a handshake");
    stream
}

#[co::coroutine]
fn ask(stream: IoStream, path: &'static str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    yield_!(stream.write(request)).expect("a server that reads");
    let answer = yield_!(stream.read_until_close()).expect("a goodbye");
    String::from_utf8(answer.to_vec()).expect("text")
}

#[co::test(timeout = 10)]
fn requests_are_answered_over_tls() {
    let (server, config) = serve();
    let answer = yield_!(ask(yield_!(connect(server.clone(), config.clone())), "/"));
    assert!(answer.ends_with("[https]"), "{answer}");
    let answer = yield_!(ask(yield_!(connect(server, config)), "/big"));
    assert!(answer.ends_with(&"a".repeat(1 << 20)));
}

#[co::coroutine]
fn name_protocol(mut handler: RequestHandler, count: Rc<Cell<u32>>) {
    count.set(count.get() + 1);
    handler.write(format!("[{}]", handler.request().protocol()));
}

#[co::test(timeout = 10)]
fn one_application_can_be_served_with_tls_and_without() {
    let (config, trusting) = configs();
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    let application =
        Application::new().get("/", move |handler| name_protocol(handler, counted.clone()));
    let open = application.clone().listen("127.0.0.1:0");
    let secure = application.ssl_options(config).listen("127.0.0.1:0");
    let secure = Rc::new(secure.expect("a free port"));
    let url = format!("http://{}/", open.expect("a free port").local_addr());
    let answer = yield_!(AsyncHttpClient::new().fetch(url)).expect("an answer");
    assert_eq!(answer.text(), "[http]");
    let answer = yield_!(ask(yield_!(connect(secure, trusting)), "/"));
    assert!(answer.ends_with("[https]"), "{answer}");
    assert_eq!(count.get(), 2);
}

#[co::test(timeout = 10)]
fn a_connection_over_tls_is_kept() {
    let (server, config) = serve();
    let stream = yield_!(connect(server.clone(), config));
    for _ in 0..3 {
        yield_!(stream.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).expect("it reads");
        yield_!(stream.read_until(b"[https]", 4096)).expect("an answer");
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_failed_handshake_is_no_more_than_a_line_for_debugging_and_others_are_served() {
    let lines = coroutine_tests::watchdog(coroutine_tests::LIMIT, || {
        logged(|| {
            let io_loop = co::IoLoop::new().expect("descriptors for a loop");
            let body = || {
                co::block::coroutine! {
                    let (server, config) = serve();
                    // One that says nothing holds up nobody.
                    let _silent = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
                    let plain = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
                    yield_!(plain.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")).expect("room");
                    let mut buffer = [0; 1024];
                    while !matches!(yield_!(plain.read(&mut buffer)), Ok(0) | Err(_)) {}
                    let answer = yield_!(ask(yield_!(connect(server, config)), "/"));
                    assert!(answer.ends_with("[https]"), "{answer}");
                }
            };
            io_loop.run_sync(body).expect("an end");
        })
    });
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("DEBUG no TLS with 127.0.0.1:")),
        "{lines:#?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.starts_with("WARN") || line.starts_with("ERROR")),
        "{lines:#?}"
    );
}

#[co::test(timeout = 10)]
fn a_shutdown_closes_idle_connections_and_handshakes_that_are_under_way() {
    let (server, config) = serve();
    let _silent = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    let idle = yield_!(connect(server.clone(), config));
    let shutdown = server.shutdown(Duration::from_secs(9));
    let rest = yield_!(idle.read_until_close()).expect("a goodbye");
    assert!(rest.is_empty());
    idle.close();
    assert_eq!(yield_!(shutdown), 0);
}

#[co::test(timeout = 10)]
fn the_client_is_told_which_protocols_are_spoken() {
    let (server, config) = serve();
    for (offered, answer) in [("http/1.1", "HTTP/1.1"), ("h2", "\0\0")] {
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = vec![offered.into()];
        let stream = yield_!(connect(server.clone(), Arc::new(config)));
        if offered == "http/1.1" {
            yield_!(stream.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).expect("it reads");
        }
        let begin = yield_!(stream.read_bytes(answer.len())).expect("an answer");
        assert_eq!(begin, answer.as_bytes());
    }
}
