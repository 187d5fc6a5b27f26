//! An HTTP server that says "Hello, world": hyper here against hyper there, and what can be had without it.

use std::convert::Infallible;
use std::io::{self, Write};
use std::time::SystemTime;

use bytes::Bytes;
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, RequestHandler};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use crate::child::{ANY_PORT, announce};
use crate::work::{Contest, Contestant, Goal, Load, Protocol, RUNTIMES, Unavailable, Work};
use crate::{raw_mio, runtimes};

pub const WORK: Work = Work {
    name: "http",
    what: "HTTP hello, keep-alive, 50 connections",
    unit: "CPU us/request",
    columns: RUNTIMES,
    goal: Goal::Against(&[(Contestant::Tokio, 1.0)]),
    remark: Some("tokio is hyper on tokio; raw-mio is mio with httparse"),
    contest: Contest::Served(
        Load {
            protocol: Protocol::Http,
            connections: 50,
            requests: 300_000,
        },
        &[
            (Contestant::Ours, ours),
            (Contestant::Tokio, tokio),
            (Contestant::Mio, raw_mio),
        ],
    ),
};

const HELLO: &str = "Hello, world";

fn ours() -> Result<(), Unavailable> {
    let server = Application::new().get("/", our_hello).listen(ANY_PORT)?;
    announce(server.local_addr());
    Ok(IoLoop::current().start()?)
}

#[co::coroutine]
fn our_hello(mut handler: RequestHandler) {
    handler.write(HELLO);
}

fn tokio() -> Result<(), Unavailable> {
    runtimes::tokio_io(async {
        let listener = tokio::net::TcpListener::bind(ANY_PORT).await?;
        announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(hello));
            tokio::spawn(connection);
        }
    })?
}

async fn hello(_: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(
        HELLO.as_bytes(),
    ))))
}

/// What HTTP costs at least: a parser, and a reply that is ready made but for its date.
fn raw_mio() -> Result<(), Unavailable> {
    let mut reply = Reply::default();
    raw_mio::serve(move |stream, input: &mut Vec<u8>, bytes| {
        input.extend_from_slice(bytes);
        while let Some(len) = request_len(input)? {
            input.drain(..len);
            stream.write_all(reply.now())?;
        }
        Ok(())
    })
}

/// The reply, whose date is written anew every second, as hyper does it.
#[derive(Default)]
struct Reply {
    second: u64,
    bytes: Vec<u8>,
}

impl Reply {
    fn now(&mut self) -> &[u8] {
        let now = SystemTime::now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let second = since.map_or(0, |since| since.as_secs());
        if second != self.second {
            self.second = second;
            self.bytes = reply(now).into_bytes();
        }
        &self.bytes
    }
}

fn reply(now: SystemTime) -> String {
    let (length, date) = (HELLO.len(), httpdate::fmt_http_date(now));
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ndate: {date}\r\n\r\n{HELLO}")
}

/// The length of the request at the beginning, if it is complete; none of them has a body.
fn request_len(input: &[u8]) -> io::Result<Option<usize>> {
    if input.is_empty() {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    match httparse::Request::new(&mut headers)
        .parse(input)
        .map_err(io::Error::other)?
    {
        httparse::Status::Complete(len) => Ok(Some(len)),
        httparse::Status::Partial => Ok(None),
    }
}
