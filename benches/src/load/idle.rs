//! Connections that are there and silent. The process says `idle` when all of them are, and holds them until it is killed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::{ECHO, Outcome, PATIENCE, source};
use crate::child;

pub fn hold(address: SocketAddr, count: usize) -> Outcome<()> {
    child::need_descriptors(count)?;
    let open = |number| open(address, number);
    let connections: Vec<_> = (0..count).map(open).collect::<Outcome<_>>()?;
    child::say("idle");
    io::stdin().read_line(&mut String::new())?;
    drop(connections);
    Ok(())
}

/// A connection that has been served once.
fn open(address: SocketAddr, number: usize) -> Outcome<TcpStream> {
    let socket = source::socket(number)?;
    socket.connect(&address.into())?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(ECHO)?;
    let mut reply = [0; ECHO.len()];
    stream.read_exact(&mut reply)?;
    match &reply == ECHO {
        true => Ok(stream),
        false => Err("a reply is not what it should be".into()),
    }
}
