//! Connecting to hosts by their names.

use std::io::{self, ErrorKind};
use std::net::{self, IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use co::net::{
    AddressFamily, OverrideResolver, Resolver, SystemResolver, TcpClient, TcpListener, TcpServer,
    TcpStream,
};
use co::tls::rustls::pki_types::PrivatePkcs8KeyDer;
use co::tls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use co::{Future, IoLoop, IoStream, tls};
use coroutine_core as co;
use coroutine_tests::Events;
use socket2::{Domain, Socket, Type};

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// An address at which nobody listens.
fn nobody() -> SocketAddr {
    listener().1
}

/// An address that does not answer: its queue is full, so that the kernel drops what comes. It does as long as the sockets are there.
fn silent() -> (SocketAddr, impl Sized) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).expect("a port");
    socket.listen(0).expect("a queue");
    let address = socket.local_addr().expect("it is bound");
    let filler = net::TcpStream::connect(address.as_socket().expect("of TCP"));
    let address = address.as_socket().expect("of TCP");
    (address, (socket, filler.expect("room for one")))
}

/// Finds the same addresses for all names.
fn finding(
    addresses: Vec<SocketAddr>,
) -> impl Fn(String, u16) -> Future<io::Result<Vec<SocketAddr>>> {
    move |_, _| {
        let addresses = addresses.clone();
        IoLoop::current().spawn(async { Ok(addresses) })
    }
}

/// Never finds anything.
fn waiting(_host: String, _port: u16) -> Future<io::Result<Vec<SocketAddr>>> {
    IoLoop::current().spawn(std::future::pending())
}

#[co::test]
fn a_client_connects_to_a_name() -> io::Result<()> {
    let (listener, address) = listener();
    let stream = yield_!(TcpClient::new().connect("localhost", address.port()))?;
    let (server, peer) = yield_!(listener.accept())?;
    yield_!(stream.write("hello"))?;
    let mut buffer = [0; 8];
    assert_eq!(yield_!(server.read(&mut buffer))?, 5);
    assert_eq!(stream.peer_addr()?, address);
    assert!(peer.ip().is_loopback());
    Ok(())
}

#[co::test]
fn a_client_connects_to_an_address_without_a_look_up() -> io::Result<()> {
    let (_listener, address) = listener();
    let stream = yield_!(TcpClient::new().connect_tcp("127.0.0.1", address.port()))?;
    assert_eq!(stream.peer_addr()?, address);
    Ok(())
}

#[co::coroutine]
fn find_after_a_turn(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    yield_!(co::moment());
    assert_eq!(host, "any.example");
    Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
}

#[co::test]
fn a_coroutine_is_a_resolver() -> io::Result<()> {
    let (_listener, address) = listener();
    let client = TcpClient::new().resolver(find_after_a_turn);
    let stream = yield_!(client.connect("any.example", address.port()))?;
    assert_eq!(stream.peer_addr()?, address);
    Ok(())
}

#[co::test]
fn an_overridden_name_is_another_host_and_others_stay() -> io::Result<()> {
    let resolver = OverrideResolver::new(SystemResolver)
        .host("a.example", "127.0.0.2")
        .host_and_port("a.example", 443, "127.0.0.3", 1443);
    let find = |host: &str, port| resolver.resolve(host.to_owned(), port);
    let found = [
        yield_!(find("a.example", 80))?,
        yield_!(find("a.example", 443))?,
        yield_!(find("127.0.0.4", 443))?,
    ];
    let found = found.map(|addresses| addresses[0].to_string());
    assert_eq!(found, ["127.0.0.2:80", "127.0.0.3:1443", "127.0.0.4:443"]);
    Ok(())
}

#[co::test]
fn a_name_without_addresses_is_an_error_that_names_it() {
    let name = format!("{}.invalid", "x".repeat(64));
    let error = yield_!(TcpClient::new().connect(&name, 80)).expect_err("no such name");
    assert!(error.to_string().contains(&name), "{error}");
}

#[co::test]
fn a_resolver_that_finds_nothing_is_an_error_that_names_the_host() {
    let client = TcpClient::new().resolver(finding(Vec::new()));
    let error = yield_!(client.connect("a.example", 80)).expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("`a.example:80`"), "{error}");
}

#[co::test]
fn a_refused_connection_is_an_error_that_names_host_and_address() {
    let address = nobody();
    let client = TcpClient::new().resolver(finding(vec![address]));
    let error = yield_!(client.connect("a.example", 80)).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(
        text.contains("a.example:80") && text.contains(&address.to_string()),
        "{text}"
    );
}

#[co::test(virtual_clock)]
fn an_address_that_refuses_costs_no_time() -> io::Result<()> {
    let (_listener, address) = listener();
    let before = IoLoop::current().time();
    let client = TcpClient::new().resolver(finding(vec![nobody(), address]));
    let stream = yield_!(client.connect("a.example", 80))?;
    assert_eq!(stream.peer_addr()?, address);
    assert_eq!(IoLoop::current().time(), before);
    Ok(())
}

#[co::test(virtual_clock)]
fn an_address_that_does_not_answer_costs_its_head_start() -> io::Result<()> {
    let ((_listener, address), (silent, _sockets)) = (listener(), silent());
    let before = IoLoop::current().time();
    let client = TcpClient::new().resolver(finding(vec![silent, address]));
    let stream = yield_!(client.connect("a.example", 80))?;
    assert_eq!(stream.peer_addr()?, address);
    assert_eq!(
        IoLoop::current().time() - before,
        Duration::from_millis(300)
    );
    Ok(())
}

#[co::test(virtual_clock)]
fn a_connection_that_takes_too_long_is_an_error_that_names_the_host() {
    let (silent, _sockets) = silent();
    let before = IoLoop::current().time();
    let client = TcpClient::new()
        .resolver(finding(vec![silent]))
        .timeout(Duration::from_secs(7));
    let error = yield_!(client.connect("a.example", 80)).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(IoLoop::current().time() - before, Duration::from_secs(7));
    let text = error.to_string();
    assert!(
        text.contains("`a.example:80`") && text.contains("7s"),
        "{text}"
    );
}

#[co::test(virtual_clock)]
fn a_look_up_that_takes_too_long_is_an_error_as_well() {
    let client = TcpClient::new()
        .resolver(waiting)
        .timeout(Duration::from_secs(7));
    let error = yield_!(client.connect("a.example", 80)).expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[co::test]
fn a_connection_is_made_from_the_address_that_was_asked_for() -> io::Result<()> {
    let (listener, address) = listener();
    let source: SocketAddr = "127.0.0.2:0".parse().expect("an address");
    let client = TcpClient::new().source_address(source);
    let _stream = yield_!(client.connect("127.0.0.1", address.port()))?;
    let (_server, peer) = yield_!(listener.accept())?;
    assert_eq!(peer.ip(), source.ip());
    Ok(())
}

#[co::test]
fn addresses_of_another_family_than_the_source_are_passed_over() -> io::Result<()> {
    let (_listener, address) = listener();
    let other = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), address.port());
    let client = TcpClient::new()
        .resolver(finding(vec![other, address]))
        .source_address("127.0.0.1:0".parse().expect("an address"));
    let stream = yield_!(client.connect("a.example", 80))?;
    assert_eq!(stream.peer_addr()?, address);
    Ok(())
}

#[co::test]
fn a_host_without_an_address_of_the_family_is_an_error_that_says_so() {
    let client = TcpClient::new().family(AddressFamily::V6);
    let error = yield_!(client.connect("127.0.0.1", 80)).expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("IPv6"), "{error}");
}

#[co::test]
fn giving_a_connection_up_ends_the_look_up() {
    let events = Events::new();
    let noted = events.clone();
    let resolver = move |_: String, _: u16| -> Future<io::Result<Vec<SocketAddr>>> {
        let on_drop = noted.note_on_drop("ended");
        IoLoop::current().spawn(async move {
            let _kept = on_drop;
            std::future::pending().await
        })
    };
    let client = TcpClient::new().resolver(resolver);
    let connecting = IoLoop::current().spawn(client.connect("a.example", 80));
    connecting.cancel();
    assert_eq!(events.take(), ["ended"]);
}

#[co::test]
fn a_connection_to_any_of_several_addresses_is_to_the_one_that_answers() -> io::Result<()> {
    let (_listener, address) = listener();
    let stream = yield_!(TcpStream::connect_any(vec![nobody(), address]))?;
    assert_eq!(stream.peer_addr()?, address);
    let error = yield_!(TcpStream::connect_any(Vec::new())).expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    Ok(())
}

#[co::test]
fn a_client_connects_with_tls_to_a_host_of_the_certificates_name() -> io::Result<()> {
    let (server_config, client_config) = tls_configs("a.example");
    let server = TcpServer::new(move |stream: IoStream, _| greet(stream, server_config.clone()));
    server.listen("127.0.0.1:0")?;
    let client = TcpClient::new().resolver(finding(server.local_addrs()));
    let stream = yield_!(client.connect_tls("a.example", 443, client_config.clone()))?;
    assert_eq!(yield_!(stream.read_bytes(5))?, b"hello");
    let error = yield_!(client.connect_tls("b.example", 443, client_config)).expect_err("another");
    let text = error.to_string();
    assert!(
        text.contains("`b.example:443`") && text.contains("certificate"),
        "{text}"
    );
    Ok(())
}

/// Its error, about a client that does not trust the certificate, is nobody's business.
#[co::coroutine]
fn greet(stream: IoStream, config: Arc<ServerConfig>) {
    if yield_!(stream.start_tls_server(config)).is_ok() {
        drop(yield_!(stream.write("hello")));
    }
}

/// What both sides need: a certificate that vouches for itself, and trust in it.
fn tls_configs(name: &str) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("it is one");
    let server = tls::server_config(vec![certificate], key).expect("the key fits");
    (server, tls::client_config_trusting(roots))
}
