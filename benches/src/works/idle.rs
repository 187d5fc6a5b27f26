//! Connections that are silent: what each takes in the server's memory.

use std::io;

use coroutine_core as co;
use coroutine_core::net::TcpServer;
use coroutine_core::{IoLoop, IoStream};
use tokio::io::AsyncWriteExt;

use super::echo;
use crate::child::{ANY_PORT, announce};
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, Load, Protocol, RUNTIMES, Unavailable, Work};

/// Nobody keeps room for what may come: the peers make it when something does, and our streams share it.
pub const IDLE: Work = Work {
    name: "idle",
    what: "memory, 19,000 idle connections",
    unit: "bytes each",
    columns: RUNTIMES,
    goal: Goal::Open,
    remark: Some(
        "ours is TcpServer with IoStream; nobody keeps a buffer for a connection that is silent",
    ),
    contest: Contest::Served(
        LOAD,
        &[
            (Contestant::Ours, ours),
            (Contestant::Tokio, tokio),
            (Contestant::Monoio, monoio),
            (Contestant::Mio, echo::raw_mio),
        ],
    ),
};

/// The servers of `echo`, where each connection has its buffer, but for raw mio's.
pub const IDLE_PLAIN: Work = Work {
    name: "idle_plain",
    what: "the same with 1,024 B of room for each",
    remark: Some("ours is TcpListener with TcpStream; raw mio has one buffer for all"),
    contest: Contest::Served(LOAD, echo::CONTESTANTS),
    ..IDLE
};

/// As many as fit into 20,000 descriptors, a limit which is often met, with some to spare.
const CONNECTIONS: usize = 19_000;

const LOAD: Load = Load {
    protocol: Protocol::Idle,
    connections: CONNECTIONS,
    requests: CONNECTIONS,
};

fn ours() -> Result<(), Unavailable> {
    let server = TcpServer::new(|stream, _| our_echo(stream));
    server.listen(ANY_PORT)?;
    announce(server.local_addrs()[0]);
    Ok(IoLoop::current().start()?)
}

/// It ends without a word when the peer does, in whatever way.
#[co::coroutine]
pub fn our_echo(stream: IoStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    while let Ok(bytes) = yield_!(stream.read_bytes_partial(echo::BUFFER)) {
        if yield_!(stream.write(bytes)).is_err() {
            return;
        }
    }
}

fn tokio() -> Result<(), Unavailable> {
    runtimes::tokio_io(async {
        let listener = tokio::net::TcpListener::bind(ANY_PORT).await?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(tokio_echo(stream));
        }
    })?
}

async fn tokio_echo(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        stream.readable().await?;
        match tokio_read(&stream) {
            Ok(bytes) if bytes.is_empty() => return Ok(()),
            Ok(bytes) => stream.write_all(&bytes).await?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// A function of its own, so that the buffer does not become a part of the task.
fn tokio_read(stream: &tokio::net::TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; echo::BUFFER];
    let n = stream.try_read(&mut buffer)?;
    Ok(buffer[..n].to_vec())
}

fn monoio() -> Result<(), Unavailable> {
    runtimes::monoio(async {
        let listener = monoio::net::TcpListener::bind(ANY_PORT)?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            monoio::spawn(monoio_echo(stream));
        }
    })?
}

async fn monoio_echo(mut stream: monoio::net::TcpStream) -> io::Result<()> {
    use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
    stream.set_nodelay(true)?;
    loop {
        stream.readable(false).await?;
        let (read, bytes) = stream.read(Vec::with_capacity(echo::BUFFER)).await;
        if read? == 0 {
            return Ok(());
        }
        stream.write_all(bytes).await.0?;
    }
}
