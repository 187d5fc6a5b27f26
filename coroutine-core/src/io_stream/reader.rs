//! Reads: futures that fill a stream's buffer until what they wait for is there.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::error::{Reason, StreamError};
use super::goal::Goal;
use super::lent::Lent;
use super::shared::{self, Shared};

/// The right to read, which one read has at a time.
pub(super) struct Claim {
    shared: Rc<Shared>,
}

/// Why filling the buffer stopped.
enum Stop {
    /// It is time to look at what is there.
    Due,
    /// There is nothing more for now.
    Pending,
    /// As many bytes are there as may be.
    Full,
    Over(Reason),
}

impl Claim {
    pub(super) fn new(shared: &Rc<Shared>) -> Result<Self, StreamError> {
        shared.ways.check_reading()?;
        match shared.reading.replace(true) {
            true => Err(StreamError::busy()),
            false => Ok(Self {
                shared: Rc::clone(shared),
            }),
        }
    }

    /// How many bytes were read that nobody has taken.
    pub(super) fn buffered(&self) -> usize {
        Lent::new(&self.shared.input).len()
    }

    /// Reads more into the buffer, which holds at most `limit` bytes then.
    pub(super) fn poll_fill(&self, cx: &mut Context<'_>, limit: usize) -> Poll<Result<(), Reason>> {
        let mut input = Lent::new(&self.shared.input);
        let room = limit.saturating_sub(input.len());
        let read = self.shared.poll_read(cx, input.room(room));
        if read.is_pending() {
            input.rest();
        }
        read.map_ok(|count| input.add(count))
    }

    /// Ends the stream because a read has met its limit.
    fn give_up(&self, limit: usize) -> StreamError {
        StreamError::over(self.shared.close(&Reason::Unsatisfiable(limit)))
    }

    fn poll_goal(
        &self,
        goal: &mut impl Goal,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Vec<u8>, StreamError>> {
        let limit = goal.limit().min(self.shared.max_buffer_size.get());
        // Where the end completes the read, one byte more shows that it has not come at the limit.
        let most = limit.saturating_add(goal.ends_with_stream().into());
        let mut stop = Stop::Due;
        loop {
            if let Some(taken) = self.find(goal) {
                return Poll::Ready(Ok(taken));
            }
            match stop {
                Stop::Due => stop = self.fill(goal, most, cx),
                Stop::Pending => return Shared::wait(&self.shared.reader, cx),
                Stop::Full => return Poll::Ready(Err(self.give_up(limit))),
                Stop::Over(reason) => return Poll::Ready(self.at_end(goal, reason)),
            }
        }
    }

    /// Takes what the read waits for, if it is there.
    fn find(&self, goal: &mut impl Goal) -> Option<Vec<u8>> {
        let mut input = Lent::new(&self.shared.input);
        let count = goal.find(input.bytes())?;
        Some(input.take(count))
    }

    /// Fills the buffer until it is worth looking at.
    fn fill(&self, goal: &impl Goal, limit: usize, cx: &mut Context<'_>) -> Stop {
        loop {
            if self.buffered() >= limit {
                return Stop::Full;
            }
            match self.poll_fill(cx, limit) {
                Poll::Pending => return Stop::Pending,
                Poll::Ready(Err(reason)) => return Stop::Over(reason),
                Poll::Ready(Ok(())) if goal.is_due(self.buffered()) => return Stop::Due,
                Poll::Ready(Ok(())) => {}
            }
        }
    }

    /// What is not there now never will be.
    fn at_end(&self, goal: &impl Goal, reason: Reason) -> Result<Vec<u8>, StreamError> {
        match reason {
            Reason::Ended if goal.ends_with_stream() => {
                let mut input = Lent::new(&self.shared.input);
                let all = input.len();
                Ok(input.take(all))
            }
            reason => Err(StreamError::over(reason)),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shared.reading.set(false);
        shared::wake(&self.shared.watcher);
    }
}

/// Reads what `goal` wants.
pub(super) async fn read(shared: Rc<Shared>, mut goal: impl Goal) -> Result<Vec<u8>, StreamError> {
    let claim = Claim::new(&shared)?;
    poll_fn(|cx| claim.poll_goal(&mut goal, cx)).await
}

/// Reads so many bytes.
pub(super) async fn read_count(shared: Rc<Shared>, count: usize) -> Result<Vec<u8>, StreamError> {
    let limit = shared.max_buffer_size.get();
    if count > limit {
        return Err(Claim::new(&shared)?.give_up(limit));
    }
    read(shared, super::goal::Count(count)).await
}

/// Fills `buffer`, or at least a part of it where `partial` says so, and gives the number of bytes.
pub(super) async fn read_into(
    shared: Rc<Shared>,
    buffer: &mut [u8],
    partial: bool,
) -> Result<usize, StreamError> {
    let mut filling = Filling {
        claim: Claim::new(&shared)?,
        buffer,
        count: 0,
    };
    poll_fn(|cx| filling.poll(cx, partial)).await?;
    Ok(std::mem::take(&mut filling.count))
}

/// A read into a user's buffer. What is read goes there without a detour; where the read is not completed, it goes back.
struct Filling<'a> {
    claim: Claim,
    buffer: &'a mut [u8],
    count: usize,
}

impl Filling<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, partial: bool) -> Poll<Result<(), StreamError>> {
        let shared = &self.claim.shared;
        self.count += Lent::new(&shared.input).take_into(&mut self.buffer[self.count..]);
        while self.count < self.buffer.len() && !(partial && self.count > 0) {
            match shared.poll_read(cx, &mut self.buffer[self.count..]) {
                Poll::Pending => return Shared::wait(&shared.reader, cx),
                Poll::Ready(Err(reason)) => {
                    return Poll::Ready(Err(StreamError::over(reason)));
                }
                Poll::Ready(Ok(count)) => self.count += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        Lent::new(&self.claim.shared.input).put_back(&self.buffer[..self.count]);
    }
}
