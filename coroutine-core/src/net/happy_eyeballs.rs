//! Connecting to whichever of several addresses answers first (RFC 8305).

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::sleep::{Sleep, sleep};

/// How long one address has for itself before the next one is tried beside it. Tornado's; RFC 8305 recommends 250 ms, and 2 s at most.
const HEAD_START: Duration = Duration::from_millis(300);

/// Connects to the first address that answers, and gives up on the others then. One that is refused makes way for the next at once.
///
/// `connect` connects to one address; what it gives is dropped where it is not needed any more, which closes the socket.
pub(super) async fn race<S, F>(
    addresses: Vec<SocketAddr>,
    connect: impl FnMut(SocketAddr) -> F,
) -> io::Result<S>
where
    F: StdFuture<Output = io::Result<S>>,
{
    let mut race = Race {
        connect,
        waiting: interleaved(addresses),
        running: Vec::new(),
        head_start: sleep(HEAD_START),
        errors: Vec::new(),
    };
    poll_fn(|cx| race.poll(cx)).await
}

/// The families by turns, beginning with that of the first address (RFC 8305, section 4).
fn interleaved(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (ours, others): (VecDeque<_>, VecDeque<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut all = VecDeque::new();
    loop {
        let pair = [ours.next(), others.next()];
        if pair == [None, None] {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

struct Race<C, F> {
    connect: C,
    /// Those that have not been tried.
    waiting: VecDeque<SocketAddr>,
    running: Vec<(SocketAddr, Pin<Box<F>>)>,
    /// When the next one is tried.
    head_start: Sleep,
    errors: Vec<(SocketAddr, io::Error)>,
}

impl<S, F, C> Race<C, F>
where
    F: StdFuture<Output = io::Result<S>>,
    C: FnMut(SocketAddr) -> F,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<S>> {
        loop {
            let failures = self.errors.len();
            if let Some(stream) = self.poll_running(cx) {
                return Poll::Ready(Ok(stream));
            }
            let none = self.running.is_empty();
            let makes_way = none || self.errors.len() > failures;
            if self.waiting.is_empty() {
                return match none {
                    true => Poll::Ready(Err(self.failure())),
                    false => Poll::Pending,
                };
            }
            if !makes_way && Pin::new(&mut self.head_start).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.start_next();
        }
    }

    fn start_next(&mut self) {
        let Some(address) = self.waiting.pop_front() else {
            return;
        };
        self.head_start = sleep(HEAD_START);
        let connecting = Box::pin((self.connect)(address));
        self.running.push((address, connecting));
    }

    /// The first connection that is made, if one is. Those that have failed are taken out.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Option<S> {
        let mut at = 0;
        while let Some((address, connecting)) = self.running.get_mut(at) {
            match connecting.as_mut().poll(cx) {
                Poll::Ready(Ok(stream)) => return Some(stream),
                Poll::Ready(Err(error)) => {
                    self.errors.push((*address, error));
                    drop(self.running.remove(at));
                }
                Poll::Pending => at += 1,
            }
        }
        None
    }

    /// What all of them say, with the kind of the first.
    fn failure(&mut self) -> io::Error {
        let errors = std::mem::take(&mut self.errors);
        let Some((_, first)) = errors.first() else {
            return io::Error::new(io::ErrorKind::NotFound, "there is no address");
        };
        io::Error::new(first.kind(), Attempts(errors))
    }
}

/// What happened at each address; there is one at least. Its source is the first error, as the operating system gave it.
#[derive(Debug)]
struct Attempts(Vec<(SocketAddr, io::Error)>);

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (address, error)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{error} at {address}")?;
        }
        Ok(())
    }
}

impl Error for Attempts {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let (_, first) = self.0.first()?;
        Some(first)
    }
}
