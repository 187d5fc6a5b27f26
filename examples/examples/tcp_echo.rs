//! cargo run -p coroutine-examples --example tcp_echo
//!
//! A server that sends back what it gets, one coroutine a connection, and three clients that talk to it.

use std::io;
use std::net::SocketAddr;

use coroutine_core as co;
use coroutine_core::net::{TcpListener, TcpStream};

#[co::coroutine]
fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, peer) = yield_!(listener.accept())?;
        // Its future is dropped, so it goes on by itself; an error of it is logged.
        echo(stream, peer);
    }
}

#[co::coroutine]
fn echo(stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let count = yield_!(stream.read(&mut buffer))?;
        if count == 0 {
            println!("server: {peer} has left");
            return Ok(());
        }
        yield_!(stream.write_all(&buffer[..count]))?;
    }
}

#[co::coroutine]
fn talk(name: &'static str, server: SocketAddr) -> io::Result<()> {
    let stream = yield_!(TcpStream::connect(server))?;
    let mut buffer = [0; 64];
    for word in ["one", "two", "three"] {
        yield_!(stream.write_all(format!("{name} says {word}").as_bytes()))?;
        let count = yield_!(stream.read(&mut buffer))?;
        println!("{}", String::from_utf8_lossy(&buffer[..count]));
    }
    Ok(())
}

#[co::main]
fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = serve(listener);
    let clients: Vec<_> = ["ann", "ben", "cat"].map(|name| talk(name, address)).into();
    yield_!(clients).into_iter().collect::<io::Result<()>>()?;
    server.cancel();
    Ok(())
}
