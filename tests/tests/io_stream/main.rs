//! Buffered streams.

mod as_stream;
mod before_the_end;
mod close_callback;
mod closing;
mod limits;
mod one_read;
mod one_way;
mod reading;
mod script;
mod transports;
mod writing;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use co::net::{TcpListener, TcpStream, UnixStream};
use co::{Future, IoLoop, IoStream, StreamError};
use coroutine_core as co;
use coroutine_tests::{Events, assert_one_message, logged, loop_with, turns, with_loop};
use futures_util::future::{Either, join, select};
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use regex::bytes::Regex;

use script::Script;

const LIMIT: usize = 1000;

/// Two ends of a connection.
async fn connection() -> io::Result<(IoStream, IoStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((IoStream::new(client), IoStream::new(server)))
}

/// A connection, one end of which is the standard library's and blocks.
fn half_connection() -> (IoStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = std::net::TcpStream::connect(address).expect("it listens");
    let (server, _) = listener.accept().expect("one comes");
    let client = TcpStream::from_std(client).expect("it can be watched");
    (IoStream::new(client), server)
}

/// Two streams that are connected.
fn pair() -> (IoStream, IoStream) {
    let (one, other) = UnixStream::pair().expect("descriptors");
    (IoStream::new(one), IoStream::new(other))
}

/// Closes a connection so that the peer sees it as reset.
fn reset(peer: std::net::TcpStream) {
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .expect("it can");
    drop(peer);
}

/// Starts a read, which waits from now on.
fn start<T: 'static>(
    read: impl std::future::Future<Output = Result<T, StreamError>> + 'static,
) -> Future<Result<T, StreamError>> {
    IoLoop::current().spawn(read)
}

fn is_reset(error: &StreamError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|source: &io::Error| source.kind() == ErrorKind::ConnectionReset)
}
