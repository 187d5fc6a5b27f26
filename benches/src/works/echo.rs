//! A TCP echo server: what a runtime adds to the system calls that raw mio makes.

use std::io::{self, Write};
use std::net::TcpListener;

use async_io::Async;
use coroutine_core as co;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::child::{ANY_PORT, announce};
use crate::work::{Contest, Contestant, Goal, Load, Protocol, RUNTIMES, Serve, Unavailable, Work};
use crate::{raw_mio, runtimes};

pub const FIFTY: Work = Work {
    name: "echo50",
    what: "TCP echo 64 B, 50 connections",
    unit: "CPU us/request",
    columns: RUNTIMES,
    goal: Goal::Against(&[(Contestant::Mio, 1.03)]),
    remark: None,
    contest: Contest::Served(
        Load {
            protocol: Protocol::Echo,
            connections: 50,
            requests: REQUESTS,
        },
        CONTESTANTS,
    ),
};

pub const THOUSAND: Work = Work {
    name: "echo1000",
    what: "TCP echo 64 B, 1,000 connections",
    contest: Contest::Served(
        Load {
            protocol: Protocol::Echo,
            connections: 1_000,
            requests: REQUESTS,
        },
        CONTESTANTS,
    ),
    ..FIFTY
};

const REQUESTS: usize = 400_000;

pub const CONTESTANTS: &[(Contestant, Serve)] = &[
    (Contestant::Ours, ours),
    (Contestant::Tokio, tokio),
    (Contestant::AsyncExecutor, async_executor),
    (Contestant::Monoio, monoio),
    (Contestant::Glommio, glommio),
    (Contestant::Mio, raw_mio),
];

/// Room for a request, for everybody.
pub const BUFFER: usize = 1024;

fn ours() -> Result<(), Unavailable> {
    runtimes::ours(async {
        let listener = co::net::TcpListener::bind(ANY_PORT)?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            our_echo(stream);
        }
    })?
}

#[co::coroutine]
fn our_echo(stream: co::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; BUFFER];
    loop {
        match yield_!(stream.read(&mut buffer))? {
            0 => return Ok(()),
            n => yield_!(stream.write_all(&buffer[..n]))?,
        }
    }
}

pub fn tokio() -> Result<(), Unavailable> {
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
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n]).await?,
        }
    }
}

pub fn async_executor() -> Result<(), Unavailable> {
    runtimes::async_executor(|executor| async move {
        let listener = Async::<TcpListener>::bind(ANY_PORT)?;
        announce(listener.get_ref().local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.get_ref().set_nodelay(true)?;
            executor.spawn(echo(stream)).detach();
        }
    })?
}

pub fn glommio() -> Result<(), Unavailable> {
    runtimes::glommio(async {
        let listener =
            glommio::net::TcpListener::bind(ANY_PORT).map_err(|error| error.to_string())?;
        announce(listener.local_addr().map_err(|error| error.to_string())?);
        loop {
            let stream = listener.accept().await.map_err(|error| error.to_string())?;
            stream
                .set_nodelay(true)
                .map_err(|error| error.to_string())?;
            glommio::spawn_local(echo(stream)).detach();
        }
    })?
}

/// The connection of every runtime whose streams have the traits of `futures-io`.
async fn echo(
    mut stream: impl futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n]).await?,
        }
    }
}

pub fn monoio() -> Result<(), Unavailable> {
    runtimes::monoio(async {
        let listener = monoio::net::TcpListener::bind(ANY_PORT)?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            monoio::spawn(monoio_echo(stream));
        }
    })?
}

/// monoio owns the buffer while the kernel works on it.
async fn monoio_echo(mut stream: monoio::net::TcpStream) -> io::Result<()> {
    use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(BUFFER);
    loop {
        let (read, filled) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        let (written, emptied) = stream.write_all(filled).await;
        written?;
        buffer = emptied;
    }
}

pub fn raw_mio() -> Result<(), Unavailable> {
    raw_mio::serve(|stream, (), bytes| stream.write_all(bytes))
}
