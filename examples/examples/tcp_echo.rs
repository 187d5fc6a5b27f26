//! cargo run -p coroutine-examples --example tcp_echo
//!
//! A server that sends back what it gets, one coroutine a connection, and three clients that talk to it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use coroutine_core::net::{TcpClient, TcpServer};
use coroutine_core::{self as co, IoStream, StreamError};

#[co::coroutine]
fn echo(stream: IoStream, peer: SocketAddr) -> Result<(), StreamError> {
    loop {
        match yield_!(stream.read_bytes_partial(1024)) {
            // Yielded, so that a client that does not read is not read from either.
            Ok(bytes) => yield_!(stream.write(bytes))?,
            Err(error) if error.is_end() => break,
            // The server logs it.
            Err(error) => return Err(error),
        }
    }
    println!("server: {peer} has left");
    Ok(())
}

#[co::coroutine]
fn talk(name: &'static str, port: u16) -> io::Result<()> {
    let stream = yield_!(TcpClient::new().connect("127.0.0.1", port))?;
    for word in ["one", "two", "three"] {
        yield_!(stream.write(format!("{name} says {word}\n")))?;
        let line = yield_!(stream.read_until(b"\n", 64))?;
        print!("{}", String::from_utf8_lossy(&line));
    }
    Ok(())
}

#[co::main]
fn main() -> io::Result<()> {
    // It goes on when a handler fails, and when there are no descriptors for a while.
    let server = TcpServer::new(echo);
    server.listen("127.0.0.1:0")?;
    let port = server.local_addrs()[0].port();
    let clients: Vec<_> = ["ann", "ben", "cat"].map(|name| talk(name, port)).into();
    yield_!(clients).into_iter().collect::<io::Result<()>>()?;
    yield_!(server.shutdown(Duration::from_secs(1)));
    Ok(())
}
