//! A server on mio alone: the least that an event loop can do.

use std::io::{self, ErrorKind, Read};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::child::{ANY_PORT, announce};
use crate::work::Unavailable;

const LISTENER: Token = Token(usize::MAX);

/// How much is read at once.
const BUFFER: usize = 1024;

struct Server<T> {
    poll: Poll,
    listener: TcpListener,
    /// Each at its token; none where it has ended.
    connections: Vec<Option<Connection<T>>>,
    /// Where there is none. An event that is left over from the one before finds nothing to read.
    free: Vec<usize>,
}

struct Connection<T> {
    stream: TcpStream,
    state: T,
}

/// Serves for ever. Whatever a connection sends is given to `receive`, with the stream to answer on and the
/// connection's own state.
pub fn serve<T: Default>(
    mut receive: impl FnMut(&mut TcpStream, &mut T, &[u8]) -> io::Result<()>,
) -> Result<(), Unavailable> {
    let mut server = Server::bind()?;
    let mut events = Events::with_capacity(1024);
    announce(server.listener.local_addr()?);
    loop {
        server.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => server.accept_all()?,
                Token(index) => server.read(index, &mut receive),
            }
        }
    }
}

impl<T: Default> Server<T> {
    fn bind() -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(ANY_PORT)?;
        let registry = poll.registry();
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
        })
    }

    fn accept_all(&mut self) -> io::Result<()> {
        while let Some((mut stream, _)) = unless_blocked(self.listener.accept())? {
            stream.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            let registry = self.poll.registry();
            registry.register(&mut stream, Token(index), Interest::READABLE)?;
            let state = T::default();
            let connection = Some(Connection { stream, state });
            match self.connections.get_mut(index) {
                Some(place) => *place = connection,
                None => self.connections.push(connection),
            }
        }
        Ok(())
    }

    /// Reads what is there, and closes the connection if it has ended or failed.
    fn read(
        &mut self,
        index: usize,
        receive: &mut impl FnMut(&mut TcpStream, &mut T, &[u8]) -> io::Result<()>,
    ) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        if !connection.read(receive).unwrap_or(false) {
            self.connections[index] = None;
            self.free.push(index);
        }
    }
}

impl<T> Connection<T> {
    /// Whether more may come.
    fn read(
        &mut self,
        receive: &mut impl FnMut(&mut TcpStream, &mut T, &[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let mut buffer = [0; BUFFER];
        while let Some(count) = unless_blocked(self.stream.read(&mut buffer))? {
            if count == 0 {
                return Ok(false);
            }
            receive(&mut self.stream, &mut self.state, &buffer[..count])?;
            // A short read has emptied the socket: the next bytes come with an event of their own.
            if count < BUFFER {
                break;
            }
        }
        Ok(true)
    }
}

fn unless_blocked<V>(result: io::Result<V>) -> io::Result<Option<V>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
