//! The client over TLS.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use coroutine_core::net::TcpListener;
use coroutine_core::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use coroutine_core::tls::rustls::server::WebPkiClientVerifier;
use coroutine_core::tls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use coroutine_core::{self as co, IoStream, tls};
use coroutine_http::{AsyncHttpClient, HttpRequest};

use super::client_support::{HELLO, Script, fetch};

/// A certificate that vouches for itself, and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// Both as PEM in a folder.
    folder: Folder,
}

/// A folder that goes when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Identity {
    fn new(test: &str, name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a key");
        let pid = std::process::id();
        let folder = Folder(std::env::temp_dir().join(format!("client-tls-{pid}-{test}-{name}")));
        fs::create_dir_all(&folder.0).expect("a folder");
        fs::write(folder.file("cert.pem"), made.cert.pem()).expect("a file");
        fs::write(folder.file("key.pem"), made.signing_key.serialize_pem()).expect("a file");
        Self {
            certificate: made.cert.der().clone(),
            key: made.signing_key.serialize_der(),
            folder,
        }
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("it is one");
        roots
    }

    fn server(&self) -> Arc<ServerConfig> {
        tls::server_config(vec![self.certificate.clone()], self.key()).expect("the key fits")
    }

    fn client(&self) -> Arc<ClientConfig> {
        tls::client_config_trusting(self.roots())
    }
}

/// A server of `localhost` that says hello.
struct Serving {
    url: String,
    accepting: co::Future<()>,
}

impl Serving {
    fn new(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        Self {
            url: format!("https://localhost:{port}/"),
            accepting: accept(listener, config),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.cancel();
    }
}

#[co::coroutine]
fn accept(listener: TcpListener, config: Arc<ServerConfig>) {
    loop {
        let (stream, _) = yield_!(listener.accept()).expect("a client");
        drop(say_hello(Rc::new(IoStream::new(stream)), config.clone()));
    }
}

/// Says hello, and how many times before on this connection.
#[co::coroutine]
fn say_hello(stream: Rc<IoStream>, config: Arc<ServerConfig>) {
    if yield_!(stream.start_tls_server(config)).is_err() {
        return;
    }
    let mut times = 0;
    while yield_!(stream.read_until(b"\r\n\r\n", 4096)).is_ok() {
        let head = format!("X-Times: {times}\r\nContent-Length: 5");
        let answer = HELLO.replace("Content-Length: 5", &head);
        if yield_!(stream.write(answer)).is_err() {
            return;
        }
        times += 1;
    }
}

#[co::test(timeout = 10)]
fn https_is_fetched_and_its_connection_kept() {
    let identity = Identity::new("kept", "localhost");
    let serving = Serving::new(identity.server());
    let config = identity.client();
    for times in ["0", "1", "2"] {
        let request = HttpRequest::new(&serving.url).ssl_options(config.clone());
        let response = yield_!(fetch(request)).expect("an answer");
        assert_eq!(response.text(), "hello");
        assert_eq!(response.header("X-Times"), Some(times));
        let took = response.time_info();
        assert_eq!(took.appconnect() > Duration::ZERO, times == "0");
    }
    assert_eq!(AsyncHttpClient::new().idle_connections(), 1);
    // Another configuration is another trust.
    let request = HttpRequest::new(&serving.url).ssl_options(identity.client());
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.header("X-Times"), Some("0"));
}

/// Answers the first request of each connection, and says goodbye to the second one.
#[co::coroutine]
fn answer_once_each(listener: TcpListener, config: Arc<ServerConfig>) {
    loop {
        let (stream, _) = yield_!(listener.accept()).expect("a client");
        let stream = IoStream::new(stream);
        yield_!(stream.start_tls_server(config.clone())).expect("a client that trusts");
        yield_!(stream.read_until(b"\r\n\r\n", 4096)).expect("a request");
        yield_!(stream.write(HELLO)).expect("a client that reads");
        yield_!(stream.read_until(b"\r\n\r\n", 4096)).expect("a request");
        stream.close();
    }
}

#[co::test(timeout = 10)]
fn a_request_that_meets_the_goodbye_of_tls_is_sent_again() {
    let identity = Identity::new("goodbye", "localhost");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let serving = answer_once_each(listener, identity.server());
    let config = identity.client();
    for _ in 0..2 {
        let url = format!("https://localhost:{port}/");
        let request = HttpRequest::new(url).ssl_options(config.clone());
        let response = yield_!(fetch(request)).expect("an answer");
        assert_eq!(response.text(), "hello");
    }
    serving.cancel();
}

#[co::test(timeout = 10)]
fn a_certificate_that_nobody_vouches_for_is_an_error() {
    let serving = Serving::new(Identity::new("nobody", "localhost").server());
    let error = yield_!(fetch(HttpRequest::new(&serving.url))).expect_err("no trust");
    assert!(
        error.is_tls() && error.is_connect() && !error.is_request(),
        "{error}"
    );
    assert!(error.to_string().contains("localhost:"), "{error}");
    assert!(error.source().is_some());
}

#[co::test(timeout = 10)]
fn a_certificate_for_another_name_is_an_error() {
    let identity = Identity::new("name", "elsewhere");
    let serving = Serving::new(identity.server());
    let request = HttpRequest::new(&serving.url).ssl_options(identity.client());
    assert!(yield_!(fetch(request)).expect_err("another name").is_tls());
}

#[co::test(timeout = 10)]
fn authorities_come_from_a_file_and_the_client_keeps_what_it_made_of_them() {
    let identity = Identity::new("authorities", "localhost");
    let serving = Serving::new(identity.server());
    let path = identity.folder.file("cert.pem");
    for times in ["0", "1"] {
        let request = HttpRequest::new(&serving.url).ca_certs(&path);
        let response = yield_!(fetch(request)).expect("an answer");
        assert_eq!(response.header("X-Times"), Some(times));
    }
    let key = identity.folder.file("key.pem");
    for bad in [key, identity.folder.file("nothing")] {
        let request = HttpRequest::new(&serving.url).ca_certs(bad);
        let error = yield_!(fetch(request)).expect_err("no certificate");
        assert!(error.is_request() && error.source().is_some(), "{error}");
    }
}

#[co::test(timeout = 10)]
fn a_certificate_is_not_looked_at_where_the_request_says_so() {
    let serving = Serving::new(Identity::new("unlooked", "elsewhere").server());
    let request = HttpRequest::new(&serving.url).validate_cert(false);
    let response = yield_!(fetch(request)).expect("an answer");
    assert_eq!(response.text(), "hello");
    // That holds for this request alone.
    assert!(yield_!(fetch(HttpRequest::new(&serving.url))).is_err());
}

#[co::test(timeout = 10)]
fn a_client_can_prove_who_it_is() {
    let (server, client) = (
        Identity::new("proves", "localhost"),
        Identity::new("proves", "client"),
    );
    let provider = Arc::new(tls::rustls::crypto::ring::default_provider());
    let roots = Arc::new(client.roots());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(vec![server.certificate.clone()], server.key())
        .expect("the key fits");
    let serving = Serving::new(Arc::new(config));
    let request = |url: &str| HttpRequest::new(url).ca_certs(server.folder.file("cert.pem"));
    yield_!(fetch(request(&serving.url))).expect_err("no proof");
    let proving_at = |url: &str| {
        let (certificate, key) = (
            client.folder.file("cert.pem"),
            client.folder.file("key.pem"),
        );
        request(url).client_cert(certificate, key)
    };
    let proving = || proving_at(&serving.url);
    assert_eq!(
        yield_!(fetch(proving())).expect("an answer").text(),
        "hello"
    );
    // A server that is another one must not learn who the client is by sending it here.
    let location = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        serving.url
    );
    let script = Script::new(&[location.leak()]);
    let error = yield_!(fetch(proving_at(&script.url))).expect_err("no proof");
    assert!(error.status().is_none(), "{error}");
    assert_eq!(script.seen.borrow().len(), 1);
}

#[co::test(timeout = 10)]
fn a_server_that_says_nothing_is_a_timeout_that_names_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let request = HttpRequest::new(format!("https://localhost:{port}/"))
        .connect_timeout(Duration::from_millis(40));
    let error = yield_!(fetch(request)).expect_err("silence");
    assert!(error.is_timeout() && error.is_connect(), "{error}");
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("TLS"), "{cause}");
}
