//! Connections that come and go, a tenth of them by a reset: what accepting one, serving it once and letting it go costs, and
//! for ours, whether anything is left of it.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::IoLoop;
use coroutine_core::net::{TcpServer, pipe};

use super::{echo, idle};
use crate::child::{ANY_PORT, announce, say};
use crate::measure::open_descriptors;
use crate::work::{Contest, Contestant, Goal, Load, Protocol, RUNTIMES, Unavailable, Work};

pub const WORK: Work = Work {
    name: "connects",
    what: "100,000 TCP connections, 64 B echoed on each",
    unit: "CPU us/connection",
    columns: RUNTIMES,
    goal: Goal::Open,
    remark: None,
    contest: Contest::Served(
        Load {
            protocol: Protocol::Visits,
            connections: 50,
            requests: 100_000,
        },
        &[
            (Contestant::Ours, ours),
            (Contestant::Tokio, echo::tokio),
            (Contestant::AsyncExecutor, echo::async_executor),
            (Contestant::Monoio, echo::monoio),
            (Contestant::Glommio, echo::glommio),
            (Contestant::Mio, echo::raw_mio),
        ],
    ),
};

/// How long the server may take to notice that the last connections have gone.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Serves until a line comes, and then says `clean` if nothing is left of all those connections: no descriptor, no handler,
/// and no coroutine that the loop still has when the server has stopped.
fn ours() -> Result<(), Unavailable> {
    let io_loop = IoLoop::current();
    io_loop.run_sync(serve_until_told)??;
    let report = io_loop.close_within(PATIENCE)?;
    match report.dropped() {
        [] => say("clean"),
        [one, rest @ ..] => {
            let more = rest.len();
            return Err(format!("a coroutine and {more} others are left: {one}").into());
        }
    }
    Ok(())
}

#[co::coroutine]
fn serve_until_told() -> Result<(), Unavailable> {
    let told = pipe::Receiver::from_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let server = TcpServer::new(|stream, _| idle::our_echo(stream));
    server.listen(ANY_PORT)?;
    let before = Open::of(&server)?;
    announce(server.local_addrs()[0]);
    yield_!(told.read(&mut [0; 16]))?;
    let deadline = IoLoop::current().time() + PATIENCE;
    let mut after = Open::of(&server)?;
    while after != before && IoLoop::current().time() < deadline {
        yield_!(co::sleep(LOOK_EVERY));
        after = Open::of(&server)?;
    }
    server.stop();
    match after == before {
        true => Ok(()),
        false => Err(format!("at the end it has {after}, at first it had {before}").into()),
    }
}

/// What the server has open.
#[derive(PartialEq, Eq)]
struct Open {
    descriptors: usize,
    handlers: usize,
}

impl Open {
    fn of(server: &TcpServer) -> io::Result<Self> {
        Ok(Self {
            descriptors: open_descriptors()?,
            handlers: server.connections(),
        })
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            descriptors,
            handlers,
        } = self;
        write!(f, "{descriptors} descriptors and {handlers} handlers")
    }
}
