//! Crates that bring protocols of their own, over this project's streams: those that want the traits of futures-io as they are, those that want tokio's through `tokio_util::compat`.

use std::io;
use std::net::SocketAddr;

use async_tungstenite::tungstenite::{self, Message};
use async_tungstenite::{accept_async, client_async};
use co::net::{TcpListener, TcpStream, UnixStream};
use co::{IoLoop, IoStream};
use coroutine_core as co;
use futures_util::StreamExt;
use futures_util::future::join;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};
use tokio_util::compat::FuturesAsyncReadCompatExt;

// WebSocket.

#[co::coroutine]
fn echo_messages(listener: TcpListener) -> Result<usize, tungstenite::Error> {
    let (stream, _) = yield_!(listener.accept())?;
    let mut socket = yield_!(accept_async(stream))?;
    let mut count = 0;
    loop {
        match yield_!(socket.next()) {
            Some(message) => {
                let message = message?;
                if !message.is_close() {
                    count += 1;
                    yield_!(socket.send(message))?;
                }
            }
            None => return Ok(count),
        }
    }
}

#[co::coroutine]
fn talk(address: SocketAddr) -> Result<Vec<Message>, tungstenite::Error> {
    let stream = yield_!(TcpStream::connect(address))?;
    let (mut socket, _) = yield_!(client_async("ws://localhost/", stream))?;
    let mut answers = Vec::new();
    for message in [
        Message::text("hello"),
        Message::binary(vec![7; 1 << 20]),
        Message::text(""),
    ] {
        yield_!(socket.send(message))?;
        answers.extend(yield_!(socket.next()).transpose()?);
    }
    yield_!(socket.close(None))?;
    Ok(answers)
}

#[co::test(timeout = 20)]
fn web_sockets_run_over_tcp_streams() -> Result<(), tungstenite::Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (echoed, answers) = yield_!(join(echo_messages(listener), talk(address)));
    assert_eq!(echoed?, 3);
    assert_eq!(
        answers?,
        [
            Message::text("hello"),
            Message::binary(vec![7; 1 << 20]),
            Message::text("")
        ]
    );
    Ok(())
}

// PostgreSQL, whose crate wants tokio's traits.

/// A message of the server's: its letter, its length, and what it says.
fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("it is short");
    [&[letter][..], &length.to_be_bytes(), body].concat()
}

/// Takes a message of the client's that has no letter.
#[co::coroutine(lazy)]
fn read_start_up(stream: &IoStream) -> Result<Vec<u8>, co::StreamError> {
    let length = yield_!(stream.read_bytes(4))?;
    let length = u32::from_be_bytes(length.try_into().expect("it is so long"));
    yield_!(stream.read_bytes(length as usize - 4))
}

/// Lets a client in and answers one query with a row.
#[co::coroutine]
fn serve_one_query(stream: IoStream) -> Result<(String, String), co::StreamError> {
    let start_up = yield_!(read_start_up(&stream))?;
    let ready = message(b'Z', b"I");
    yield_!(stream.write([message(b'R', &[0; 4]), ready.clone()].concat()))?;
    assert_eq!(yield_!(stream.read_bytes(1))?, b"Q");
    let query = yield_!(read_start_up(&stream))?;
    let column = [
        b"\0\x01answer\0".as_slice(),
        &[0; 6],
        &[0, 0, 0, 25, 255, 255],
        &[255; 4],
        &[0; 2],
    ];
    let row = b"\0\x01\0\0\0\x0242";
    let answer = [
        message(b'T', &column.concat()),
        message(b'D', row),
        message(b'C', b"SELECT 1\0"),
        ready,
    ];
    yield_!(stream.write(answer.concat()))?;
    // The client says goodbye.
    assert_eq!(yield_!(stream.read_until_close())?, message(b'X', b""));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&start_up), text(&query)))
}

#[co::coroutine]
fn ask(stream: UnixStream) -> Result<Option<String>, tokio_postgres::Error> {
    let mut config = Config::new();
    config.user("somebody").dbname("something");
    let (client, connection) = yield_!(config.connect_raw(stream.compat(), NoTls))?;
    let connection = IoLoop::current().spawn(connection);
    let messages = yield_!(client.simple_query("SELECT 42 AS answer"))?;
    let answer = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get("answer").map(str::to_owned),
        _ => None,
    });
    drop(client);
    yield_!(connection)?;
    Ok(answer)
}

#[co::test]
fn a_postgres_client_runs_over_a_stream_through_tokios_traits() -> io::Result<()> {
    let (client, server) = UnixStream::pair()?;
    let serving = serve_one_query(IoStream::new(server));
    let answer = yield_!(ask(client)).expect("it is answered");
    assert_eq!(answer.as_deref(), Some("42"));
    let (start_up, query) = yield_!(serving)?;
    assert!(start_up.contains("user\0somebody\0") && start_up.contains("something"));
    assert_eq!(query, "SELECT 42 AS answer\0");
    Ok(())
}

#[co::coroutine]
fn refuse(stream: IoStream) -> Result<(), co::StreamError> {
    yield_!(read_start_up(&stream)).map(drop)?;
    let error = message(b'E', b"SFATAL\0C28000\0Mnot you\0\0");
    yield_!(stream.write(error))
}

#[co::test]
fn a_refusal_of_a_postgres_server_is_an_error_of_its_crate() -> io::Result<()> {
    let (client, server) = UnixStream::pair()?;
    let (refused, asked) = yield_!(join(refuse(IoStream::new(server)), ask(client)));
    refused?;
    let error = asked.expect_err("it was refused");
    let error = error.as_db_error().expect("the server says so");
    assert_eq!((error.code().code(), error.message()), ("28000", "not you"));
    Ok(())
}

#[co::test]
fn a_postgres_server_that_leaves_is_an_error_of_its_crate() -> io::Result<()> {
    let (client, server) = UnixStream::pair()?;
    let leave = async move {
        let server = IoStream::new(server);
        read_start_up(&server).await
    };
    let (left, asked) = yield_!(join(leave, ask(client)));
    drop(left?);
    assert!(asked.is_err_and(|error| error.is_closed()));
    Ok(())
}
