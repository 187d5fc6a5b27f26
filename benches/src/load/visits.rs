//! Connections that come, have one message echoed, and leave: each in one of several ways, and the next one comes.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::Socket;

use super::{ECHO, Outcome, source, wait};

/// How a connection leaves: a tenth by a reset.
enum Leaving {
    /// It takes the reply, and closes.
    Politely,
    /// It takes the reply, and resets: the server is reading.
    Resetting,
    /// It resets as soon as it has sent: the server has yet to read, or to write.
    AtOnce,
    /// It sends much, takes nothing, and resets when the server has waited for long to write.
    AmidReply,
}

impl Leaving {
    fn of(number: usize) -> Self {
        match number {
            _ if number % 1_000 == 999 => Self::AmidReply,
            _ if number % 20 == 19 => Self::AtOnce,
            _ if number % 10 == 9 => Self::Resetting,
            _ => Self::Politely,
        }
    }
}

/// More than the server can send to one that takes nothing and has such small segments and buffers.
const MUCH: usize = 256 * 1024;
const SMALL_SEGMENT: u32 = 536;
const SMALL_BUFFER: usize = 2 * 1024;

pub struct Visits {
    address: SocketAddr,
    poll: Poll,
    /// Those that wait for a reply, each at its token.
    visitors: Vec<Option<Visitor>>,
    /// One that takes no reply: it leaves when the next of its kind comes, a thousand visits later.
    deaf: Option<Socket>,
    /// How many have come so far.
    come: usize,
}

struct Visitor {
    stream: TcpStream,
    /// Bytes of the reply that have come.
    received: usize,
}

impl Visits {
    /// So many at once.
    pub fn new(address: SocketAddr, at_once: usize) -> Outcome<Self> {
        Ok(Self {
            address,
            poll: Poll::new()?,
            visitors: (0..at_once).map(|_| None).collect(),
            deaf: None,
            come: 0,
        })
    }

    /// Makes so many visits, to their end.
    pub fn make(&mut self, count: usize) -> Outcome<usize> {
        let last = self.come + count;
        for place in 0..self.visitors.len() {
            self.fill(place, last)?;
        }
        let mut events = Events::with_capacity(1024);
        while self.visitors.iter().any(Option::is_some) {
            wait(&mut self.poll, &mut events)?;
            for event in &events {
                self.receive(event.token().0, last)?;
            }
        }
        self.deaf = None;
        Ok(count)
    }

    /// Lets visitors come, up to the one that stays for its reply.
    fn fill(&mut self, place: usize, last: usize) -> Outcome<()> {
        while self.visitors[place].is_none() && self.come < last {
            let number = self.come;
            self.come += 1;
            match Leaving::of(number) {
                Leaving::Politely => self.visitors[place] = Some(self.visit(place, number)?),
                Leaving::Resetting => {
                    let visitor = self.visit(place, number)?;
                    socket2::SockRef::from(&visitor.stream).set_linger(Some(Duration::ZERO))?;
                    self.visitors[place] = Some(visitor);
                }
                Leaving::AtOnce => {
                    let mut socket = self.connect(source::socket(number)?)?;
                    socket.set_linger(Some(Duration::ZERO))?;
                    send(&mut socket)?;
                }
                Leaving::AmidReply => self.deaf = Some(self.shout(number)?),
            }
        }
        Ok(())
    }

    /// One that has sent its message and waits for the reply.
    fn visit(&self, place: usize, number: usize) -> Outcome<Visitor> {
        let socket = self.connect(source::socket(number)?)?;
        let mut stream = TcpStream::from_std(socket.into());
        let registry = self.poll.registry();
        registry.register(&mut stream, Token(place), Interest::READABLE)?;
        send(&mut stream)?;
        let received = 0;
        Ok(Visitor { stream, received })
    }

    /// One that sends as much as it can and takes nothing. It resets when it is dropped.
    fn shout(&self, number: usize) -> Outcome<Socket> {
        let socket = source::socket(number)?;
        socket.set_tcp_mss(SMALL_SEGMENT)?;
        socket.set_recv_buffer_size(SMALL_BUFFER)?;
        socket.set_send_buffer_size(MUCH)?;
        socket.set_linger(Some(Duration::ZERO))?;
        let mut socket = self.connect(socket)?;
        // All that fits. Half of it may come back before the server has to wait.
        match socket.write(&[b'!'; MUCH])? {
            n if n >= MUCH / 2 => Ok(socket),
            n => Err(format!("a socket takes {n} bytes, too few to have the server wait").into()),
        }
    }

    fn connect(&self, socket: Socket) -> Outcome<Socket> {
        socket.connect(&self.address.into())?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Takes what has come for a visitor, and has it leave and others come when that was all.
    fn receive(&mut self, place: usize, last: usize) -> Outcome<()> {
        let Some(visitor) = &mut self.visitors[place] else {
            return Ok(());
        };
        if visitor.receive()? {
            self.visitors[place] = None;
            self.fill(place, last)?;
        }
        Ok(())
    }
}

impl Visitor {
    /// Whether the reply is complete now.
    fn receive(&mut self) -> Outcome<bool> {
        let mut buffer = [0; ECHO.len()];
        while self.received < ECHO.len() {
            let rest = &ECHO[self.received..];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(n) if rest.starts_with(&buffer[..n]) => self.received += n,
                Ok(_) => return Err("a reply is not what it should be".into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

/// Sends the message, which is so short that it fits into a new socket.
fn send(stream: &mut impl Write) -> Outcome<()> {
    match stream.write(ECHO)? {
        n if n == ECHO.len() => Ok(()),
        _ => Err("a message was cut".into()),
    }
}
