//! The client of the servers: the same for everybody, on mio alone, on a core of its own.
//!
//! Each connection is a closed loop: it sends the next request as soon as the reply to the last one is complete. The
//! process says `warm` when the server's caches are, waits for a line, does its requests, and says `done NUMBER`.
//! Other clients stand in `idle` and `visits`.

mod idle;
mod source;
mod visits;

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::child::{self, Core};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub const ECHO: &[u8; 64] = b"The same sixty-four bytes go there and come back, again & again.";
const HTTP: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// A server that is silent for so long has lost a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The subcommand `load`: `echo` and `http` want a number of requests, `visits` of connections over all, `wrk` of seconds.
pub fn run(kind: &str, port: &str, connections: &str, amount: &str) -> ExitCode {
    child::die_with_parent();
    child::pin_to(Core::Last);
    child::raise_limits();
    let outcome = drive(kind, port, connections, amount);
    if let Err(reason) = &outcome {
        child::say(&format!("unavailable {reason}"));
    }
    ExitCode::from(u8::from(outcome.is_err()))
}

fn drive(kind: &str, port: &str, connections: &str, amount: &str) -> Outcome<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse()?));
    let (connections, amount): (usize, usize) = (connections.parse()?, amount.parse()?);
    match kind {
        "idle" => idle::hold(address, connections),
        "visits" => {
            let mut visits = visits::Visits::new(address, connections)?;
            warm_and_go(amount, |count| visits.make(count))
        }
        "wrk" => warm_and_go(amount, |seconds| wrk(address, connections, seconds)),
        _ => {
            let exchange = Exchange::new(kind, address)?;
            let mut client = Client::connect(address, connections, exchange)?;
            warm_and_go(amount, |requests| client.exchange(requests))
        }
    }
}

/// Does a tenth of the work, and all of it when the parent is ready; says how many requests that were.
fn warm_and_go(amount: usize, mut work: impl FnMut(usize) -> Outcome<usize>) -> Outcome<()> {
    work((amount / 10).max(1))?;
    child::say("warm");
    io::stdin().read_line(&mut String::new())?;
    let requests = work(amount)?;
    child::say(&format!("done {requests}"));
    Ok(())
}

/// What goes there and what must come back.
struct Exchange {
    request: &'static [u8],
    /// How a reply begins.
    reply_start: &'static [u8],
    /// Bytes of a whole reply.
    reply_len: usize,
}

impl Exchange {
    fn new(kind: &str, address: SocketAddr) -> Outcome<Self> {
        match kind {
            "echo" => Ok(Self {
                request: ECHO,
                reply_start: ECHO,
                reply_len: ECHO.len(),
            }),
            "http" => Ok(Self {
                request: HTTP,
                reply_start: b"HTTP/1.1 200 OK\r\n",
                reply_len: http_len(address)?,
            }),
            other => Err(format!("no such load: {other}").into()),
        }
    }
}

/// The length of the server's reply: it is the same every time, so the client need not parse each one.
fn http_len(address: SocketAddr) -> Outcome<usize> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(HTTP)?;
    let mut reply = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Err("the server closed the connection amid its reply".into()),
            n => reply.extend_from_slice(&buffer[..n]),
        }
        if let Some(len) = reply_len(&reply)?.filter(|&len| reply.len() >= len) {
            return Ok(len);
        }
    }
}

/// Bytes of the reply, once its head is complete.
fn reply_len(reply: &[u8]) -> Outcome<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(reply)? else {
        return Ok(None);
    };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body: usize =
        std::str::from_utf8(length.ok_or("the reply has no Content-Length")?.value)?.parse()?;
    Ok(Some(head + body))
}

/// Many connections in closed loops.
struct Client {
    poll: Poll,
    connections: Vec<Connection>,
    exchange: Exchange,
}

struct Connection {
    stream: TcpStream,
    /// Bytes of the current reply that have come.
    received: usize,
}

impl Client {
    fn connect(address: SocketAddr, count: usize, exchange: Exchange) -> Outcome<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(index), Interest::READABLE)?;
            connections.push(Connection {
                stream,
                received: 0,
            });
        }
        Ok(Self {
            poll,
            connections,
            exchange,
        })
    }

    /// Sends so many requests, over all connections, and takes their replies.
    fn exchange(&mut self, requests: usize) -> Outcome<usize> {
        let mut to_send = requests;
        let mut to_come = requests;
        for connection in self.connections.iter_mut().take(requests) {
            connection.send(&self.exchange)?;
            to_send -= 1;
        }
        let mut events = Events::with_capacity(1024);
        while to_come > 0 {
            wait(&mut self.poll, &mut events)?;
            for event in &events {
                let connection = &mut self.connections[event.token().0];
                if connection.receive(&self.exchange)? {
                    to_come -= 1;
                    if to_send > 0 {
                        connection.send(&self.exchange)?;
                        to_send -= 1;
                    }
                }
            }
        }
        Ok(requests)
    }
}

/// Waits for events, but not for ever.
fn wait(poll: &mut Poll, events: &mut Events) -> Outcome<()> {
    match poll.poll(events, Some(PATIENCE)) {
        Ok(()) if events.is_empty() => Err("the server fell silent".into()),
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error.into()),
        _ => Ok(()),
    }
}

impl Connection {
    /// Sends a request, which is so short that it fits into a socket which has nothing else to send.
    fn send(&mut self, exchange: &Exchange) -> Outcome<()> {
        match self.stream.write(exchange.request)? {
            n if n == exchange.request.len() => Ok(()),
            _ => Err("a request was cut".into()),
        }
    }

    /// Takes what has come, and tells whether the reply is complete now.
    fn receive(&mut self, exchange: &Exchange) -> Outcome<bool> {
        let mut buffer = [0; 4096];
        loop {
            let n = match self.stream.read(&mut buffer) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            if self.received == 0 && !common_start(&buffer[..n], exchange.reply_start) {
                return Err("a reply is not what it should be".into());
            }
            self.received += n;
            if self.received >= exchange.reply_len {
                return self.finish(exchange);
            }
            // A short read has emptied the socket: the next bytes come with an event of their own.
            if n < buffer.len() {
                return Ok(false);
            }
        }
    }

    fn finish(&mut self, exchange: &Exchange) -> Outcome<bool> {
        match std::mem::take(&mut self.received) == exchange.reply_len {
            true => Ok(true),
            false => Err("a reply is longer than the first one".into()),
        }
    }
}

fn common_start(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// Lets `wrk` load the server, and returns how many requests it says it has made.
fn wrk(address: SocketAddr, connections: usize, seconds: usize) -> Outcome<usize> {
    let mut command = Command::new("wrk");
    command.args([
        "-t1",
        &format!("-c{connections}"),
        &format!("-d{seconds}s"),
        &format!("http://{address}/"),
    ]);
    let output = command
        .output()
        .map_err(|error| format!("wrk cannot be started: {error}"))?;
    let report = [output.stdout, output.stderr].concat();
    let report = String::from_utf8_lossy(&report);
    let faulty = ["Socket errors", "Non-2xx"]
        .iter()
        .any(|fault| report.contains(fault));
    if faulty || !output.status.success() {
        let lines: Vec<_> = report.lines().map(str::trim).collect();
        return Err(format!("wrk, {}: {}", output.status, lines.join("; ")).into());
    }
    let (before, _) = report
        .split_once(" requests in")
        .ok_or("wrk did not say how many requests it made")?;
    Ok(before
        .rsplit([' ', '\n'])
        .next()
        .unwrap_or(before)
        .parse()?)
}
