//! TLS on buffered streams.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use async_tungstenite::tungstenite::Message;
use async_tungstenite::{accept_async, client_async};
use co::net::{TcpListener, TcpStream, UnixStream};
use co::tls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use co::tls::rustls::{self, CertificateError, ClientConfig, RootCertStore, ServerConfig};
use co::tls::{self, HandshakeError};
use co::{IoLoop, IoStream, StreamError};
use coroutine_core as co;
use futures_util::StreamExt;
use futures_util::future::{Either, join, select};

/// What both sides need: a certificate for `localhost` that vouches for itself, and trust in it.
fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("it is one");
    let server = tls::server_config(vec![certificate], key).expect("the key fits");
    (server, tls::client_config_trusting(roots))
}

fn pair() -> (IoStream, IoStream) {
    let (one, other) = UnixStream::pair().expect("descriptors");
    (IoStream::new(one), IoStream::new(other))
}

/// Two ends of a stream that is encrypted.
async fn encrypted(client: &IoStream, server: &IoStream) -> Result<(), StreamError> {
    let (server_config, client_config) = configs();
    let (client, server) = join(
        client.start_tls_client(client_config, "localhost"),
        server.start_tls_server(server_config),
    )
    .await;
    client.and(server)
}

async fn encrypted_pair() -> Result<(IoStream, IoStream), StreamError> {
    let (client, server) = pair();
    encrypted(&client, &server).await?;
    Ok((client, server))
}

/// The error of rustls that an error of a stream comes from.
fn of_rustls(error: &StreamError) -> Option<&rustls::Error> {
    let handshake = error.io_error()?.get_ref()?;
    handshake.downcast_ref::<HandshakeError>()?;
    handshake.source()?.downcast_ref()
}

#[co::test]
fn encrypted_streams_carry_messages_both_ways() -> Result<(), StreamError> {
    let (client, server) = yield_!(encrypted_pair())?;
    drop(client.write("question\n"));
    assert_eq!(yield_!(server.read_until(b"\n", 100))?, b"question\n");
    drop(server.write("answer\n"));
    assert_eq!(yield_!(client.read_until(b"\n", 100))?, b"answer\n");
    Ok(())
}

#[co::test(timeout = 20)]
fn large_transfers_are_complete_both_ways() -> Result<(), StreamError> {
    const SIZE: usize = 1 << 20;
    let (client, server) = yield_!(encrypted_pair())?;
    let writes = [client.write(vec![1; SIZE]), server.write(vec![2; SIZE])];
    let (at_server, at_client) = yield_!(join(server.read_bytes(SIZE), client.read_bytes(SIZE)));
    assert!(at_server? == vec![1; SIZE] && at_client? == vec![2; SIZE]);
    for write in writes {
        yield_!(write)?;
    }
    Ok(())
}

#[co::test]
fn a_stream_turns_to_tls_in_the_middle() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = IoStream::new(yield_!(TcpStream::connect(listener.local_addr()?))?);
    let server = IoStream::new(yield_!(listener.accept())?.0);
    drop(client.write("STARTTLS\n"));
    assert_eq!(yield_!(server.read_until(b"\n", 100))?, b"STARTTLS\n");
    drop(server.write("go ahead\n"));
    assert_eq!(yield_!(client.read_until(b"\n", 100))?, b"go ahead\n");
    yield_!(encrypted(&client, &server))?;
    drop(client.write("secret\n"));
    assert_eq!(yield_!(server.read_until(b"\n", 100))?, b"secret\n");
    // The connection at the bottom can still be reached.
    client.set_nodelay(true)?;
    assert_eq!(client.peer_addr()?, listener.local_addr()?);
    Ok(())
}

#[co::test]
fn what_the_peer_sent_ahead_is_its_part_of_the_handshake() -> Result<(), StreamError> {
    let (server_config, client_config) = configs();
    let (client, server) = pair();
    drop(client.write("STARTTLS\n"));
    let starting = IoLoop::current().spawn(client.start_tls_client(client_config, "localhost"));
    yield_!(co::moment());
    // This takes in what follows the line as well.
    assert_eq!(yield_!(server.read_until(b"\n", 10_000))?, b"STARTTLS\n");
    yield_!(server.start_tls_server(server_config))?;
    yield_!(starting)?;
    drop(client.write("secret"));
    assert_eq!(yield_!(server.read_bytes(6))?, b"secret");
    Ok(())
}

#[co::test]
fn what_is_written_during_the_handshake_is_encrypted() -> Result<(), StreamError> {
    let (server_config, client_config) = configs();
    let (client, server) = pair();
    drop(client.write("clear"));
    let starting = IoLoop::current().spawn(client.start_tls_client(client_config, "localhost"));
    let early = client.write("secret");
    yield_!(co::moment());
    assert!(!early.done());
    assert_eq!(yield_!(server.read_bytes(5))?, b"clear");
    yield_!(server.start_tls_server(server_config))?;
    yield_!(starting)?;
    yield_!(early)?;
    assert_eq!(yield_!(server.read_bytes(6))?, b"secret");
    Ok(())
}

#[co::test]
fn a_certificate_that_nobody_vouches_for_is_a_clear_error() {
    let (server_config, _) = configs();
    let (client, server) = pair();
    let (at_client, at_server) = yield_!(join(
        client.start_tls_client(tls::client_config(), "localhost"),
        server.start_tls_server(server_config),
    ));
    let error = at_client.expect_err("nobody knows it");
    assert!(
        matches!(
            of_rustls(&error),
            Some(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer
            ))
        ),
        "{error:?}"
    );
    let shown = format!("{error:?}");
    assert!(
        shown.contains("cannot start TLS: invalid peer certificate"),
        "{shown}"
    );
    assert!(client.closed() && client.error().is_some());
    // The server is told.
    let error = at_server.expect_err("the client has refused");
    assert!(
        matches!(of_rustls(&error), Some(rustls::Error::AlertReceived(_))),
        "{error:?}"
    );
}

#[co::test]
fn a_certificate_for_another_name_is_a_clear_error() {
    let (server_config, client_config) = configs();
    let (client, server) = pair();
    let (error, _) = yield_!(join(
        client.start_tls_client(client_config, "elsewhere.example"),
        server.start_tls_server(server_config),
    ));
    let error = error.expect_err("it is for localhost");
    assert!(
        format!("{error:?}").contains("elsewhere.example"),
        "{error:?}"
    );
}

#[co::test]
fn a_name_that_is_none_is_a_clear_error() {
    let (_, client_config) = configs();
    let (client, _server) = pair();
    let error = yield_!(client.start_tls_client(client_config, "no name")).expect_err("a blank");
    assert!(format!("{error:?}").contains("`no name`"), "{error:?}");
    assert_eq!(
        error.io_error().map(io::Error::kind),
        Some(ErrorKind::InvalidInput)
    );
}

#[co::test]
fn a_peer_that_speaks_no_tls_is_a_clear_error() {
    let (server_config, _) = configs();
    let (client, server) = pair();
    drop(client.write("GET / HTTP/1.1\r\n\r\n"));
    let error = yield_!(server.start_tls_server(server_config)).expect_err("it is no TLS");
    assert!(of_rustls(&error).is_some(), "{error:?}");
    assert!(server.closed());
}

#[co::test]
fn a_peer_that_leaves_during_the_handshake_is_a_clear_error() {
    let (_, client_config) = configs();
    let (client, server) = pair();
    let starting = IoLoop::current().spawn(client.start_tls_client(client_config, "localhost"));
    yield_!(co::moment());
    drop(yield_!(server.read_bytes_partial(10_000)).expect("the beginning"));
    drop(server);
    let error = yield_!(starting).expect_err("it has gone");
    assert_eq!(
        error.io_error().map(io::Error::kind),
        Some(ErrorKind::UnexpectedEof),
        "{error:?}"
    );
}

#[co::test]
fn closing_ends_a_handshake() {
    let (_, client_config) = configs();
    let (client, _server) = pair();
    let starting = IoLoop::current().spawn(client.start_tls_client(client_config, "localhost"));
    let writing = client.write("secret");
    yield_!(co::moment());
    client.close();
    assert!(yield_!(starting).expect_err("it is closed").is_closed());
    assert!(yield_!(writing).expect_err("it is closed").is_closed());
}

#[co::test]
fn a_handshake_that_was_given_up_closes_the_stream() {
    let (_, client_config) = configs();
    let (client, server) = pair();
    {
        let starting = Box::pin(client.start_tls_client(client_config, "localhost"));
        let pause = Box::pin(co::moment());
        assert!(matches!(yield_!(select(starting, pause)), Either::Right(_)));
    }
    assert!(client.closed());
    let error = yield_!(client.read_bytes(1)).expect_err("it is closed");
    assert!(format!("{error:?}").contains("given up"), "{error:?}");
    assert!(yield_!(client.write("late")).is_err());
    drop(server);
}

#[co::test]
fn a_handshake_is_a_read_of_which_there_is_one() {
    let (server_config, _) = configs();
    let (client, server) = pair();
    let reading = IoLoop::current().spawn(server.read_bytes(1));
    let error = yield_!(server.start_tls_server(server_config)).expect_err("there is a read");
    assert!(error.is_busy(), "{error:?}");
    assert!(!server.closed());
    drop(client.write("a"));
    assert_eq!(yield_!(reading).expect("it goes on"), b"a");
}

#[co::test]
fn an_end_in_good_order_is_an_end() -> Result<(), StreamError> {
    let (client, server) = yield_!(encrypted_pair())?;
    yield_!(client.write("all"))?;
    drop(client);
    assert_eq!(yield_!(server.read_until_close())?, b"all");
    assert!(server.error().is_none());
    Ok(())
}

#[co::test]
fn each_direction_ends_by_itself() -> Result<(), StreamError> {
    let (client, server) = yield_!(encrypted_pair())?;
    drop(client.write("question"));
    drop(client.finish());
    assert_eq!(yield_!(server.read_until_close())?, b"question");
    drop(server.write("answer"));
    drop(server.finish());
    assert_eq!(yield_!(client.read_until_close())?, b"answer");
    Ok(())
}

#[co::test]
fn an_end_without_a_goodbye_is_an_error() -> Result<(), StreamError> {
    let (client, server) = yield_!(encrypted_pair())?;
    // With this the client reads what the server's side of TLS has sent by itself.
    drop(server.write("a"));
    assert_eq!(yield_!(client.read_bytes(1))?, b"a");
    drop(client.write(vec![1; 8 << 20]));
    // There is room for a goodbye after this, and most is not sent yet: this runs before the coroutine that sends. The peer must not take what it gets for the whole.
    drop(yield_!(server.read_bytes(200_000))?);
    yield_!(co::moment());
    client.close();
    let error = yield_!(server.read_until_close()).expect_err("it is cut off");
    assert_eq!(
        error.io_error().map(io::Error::kind),
        Some(ErrorKind::UnexpectedEof)
    );
    Ok(())
}

#[co::test]
fn a_protocol_of_another_crate_runs_over_an_encrypted_stream() -> Result<(), Box<dyn Error>> {
    let (client, server) = yield_!(encrypted_pair())?;
    let serving = IoLoop::current().spawn(async move {
        let mut socket = accept_async(server).await?;
        let question = socket.next().await.transpose()?;
        socket.send(question.unwrap_or(Message::text("none"))).await
    });
    let (mut socket, _) = yield_!(client_async("wss://localhost/", client))?;
    let question = Message::binary(vec![7; 300_000]);
    yield_!(socket.send(question.clone()))?;
    assert_eq!(yield_!(socket.next()).transpose()?, Some(question));
    Ok(yield_!(serving)?)
}

#[co::test]
fn the_close_callback_of_an_encrypted_stream_is_called() -> Result<(), StreamError> {
    let (client, server) = pair();
    let (promise, called) = co::promise();
    server.set_close_callback(move || promise.set_result(()));
    yield_!(encrypted(&client, &server))?;
    drop(client.write("a"));
    assert_eq!(yield_!(server.read_bytes(1))?, b"a");
    assert!(!called.done());
    drop(client);
    yield_!(called);
    Ok(())
}

#[co::test]
fn a_goodbye_is_said_however_much_was_sent_and_received_before() -> Result<(), Box<dyn Error>> {
    // Some number of operations uses up what a coroutine may do at a stretch, and leaves nothing.
    for operations in 126..=130 {
        let (client, server) = yield_!(encrypted_pair())?;
        let (other, _peer) = UnixStream::pair()?;
        // With this the client reads what the server's side of TLS has sent by itself.
        drop(server.write("a"));
        assert_eq!(yield_!(client.read_bytes(1))?, b"a");
        yield_!(client.write("all"))?;
        yield_!(co::moment());
        for _ in 0..operations {
            yield_!(other.write(b"x"))?;
        }
        drop(client);
        assert_eq!(yield_!(server.read_until_close())?, b"all");
    }
    Ok(())
}

#[co::test]
fn what_is_written_while_the_handshake_waits_for_earlier_writes_is_encrypted()
-> Result<(), StreamError> {
    const MUCH: usize = 4 << 20;
    let (client, server) = pair();
    let (server_config, client_config) = configs();
    drop(client.write(vec![1; MUCH]));
    let handshake = client.start_tls_client(client_config, "localhost");
    let handshake = IoLoop::current().spawn(handshake);
    drop(client.write("secret"));
    assert_eq!(yield_!(server.read_bytes(MUCH))?.len(), MUCH);
    yield_!(server.start_tls_server(server_config))?;
    yield_!(handshake)?;
    assert_eq!(yield_!(server.read_bytes(6))?, b"secret");
    Ok(())
}

#[co::test]
fn a_handshake_that_is_given_up_while_it_waits_for_earlier_writes_closes_the_stream() {
    let (client, _server) = pair();
    drop(client.write(vec![1; 4 << 20]));
    let handshake = client.start_tls_client(configs().1, "localhost");
    let handshake = IoLoop::current().spawn(handshake);
    assert!(!client.closed());
    handshake.cancel();
    assert!(client.closed());
}
