//! What can go wrong with running a loop.

use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::dump::Dump;
use crate::loop_core::LoopCore;
use crate::site::Suspension;

/// Why a loop did not run, or ended before it was done.
///
/// Its `Debug` reads as its `Display`, since that is what a `main` prints which returns it.
pub struct LoopError {
    kind: Kind,
}

enum Kind {
    Running,
    Closed,
    Stopped,
    TimedOut(Duration, Box<Stuck>),
    Deadlock(Box<Stuck>),
    Poll(io::Error),
}

/// The coroutines that did not end.
pub(crate) struct Stuck {
    suspended: Vec<Suspension>,
    dump: Dump,
}

impl Stuck {
    pub(crate) fn new(io_loop: &Rc<LoopCore>) -> Box<Self> {
        Box::new(Self {
            suspended: io_loop.live().suspensions(),
            dump: Dump::of(io_loop),
        })
    }
}

impl LoopError {
    pub(crate) fn running() -> Self {
        Self::from(Kind::Running)
    }

    pub(crate) fn closed() -> Self {
        Self::from(Kind::Closed)
    }

    pub(crate) fn stopped() -> Self {
        Self::from(Kind::Stopped)
    }

    pub(crate) fn timed_out(after: Duration, stuck: Box<Stuck>) -> Self {
        Self::from(Kind::TimedOut(after, stuck))
    }

    pub(crate) fn deadlock(stuck: Box<Stuck>) -> Self {
        Self::from(Kind::Deadlock(stuck))
    }

    pub(crate) fn poll(error: io::Error) -> Self {
        Self::from(Kind::Poll(error))
    }

    /// Whether the loop was running already: a loop cannot be started from within itself.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.kind, Kind::Running)
    }

    /// Whether the loop was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed)
    }

    /// Whether the loop was stopped before the coroutine of `run_sync` had ended.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self.kind, Kind::Stopped)
    }

    /// Whether the coroutine of `run_sync` took longer than it was given.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::TimedOut(..))
    }

    /// Whether coroutines are suspended that nothing can ever wake.
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        matches!(self.kind, Kind::Deadlock(_))
    }

    /// Where each coroutine of the loop is suspended, if nothing can ever wake it or the time has passed; empty for other errors.
    #[must_use]
    pub fn suspended(&self) -> &[Suspension] {
        match &self.kind {
            Kind::Deadlock(stuck) | Kind::TimedOut(_, stuck) => &stuck.suspended,
            _ => &[],
        }
    }

    /// What the loop's coroutines waited for, if nothing can ever wake them or the time has passed. The error's text has it too.
    #[must_use]
    pub fn dump(&self) -> Option<&Dump> {
        match &self.kind {
            Kind::Deadlock(stuck) | Kind::TimedOut(_, stuck) => Some(&stuck.dump),
            _ => None,
        }
    }
}

impl From<Kind> for LoopError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for LoopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Running => write!(
                f,
                "the loop is running already; in a coroutine yield the future, in a callback use `add_future`"
            ),
            Kind::Closed => write!(f, "the loop is closed"),
            Kind::Stopped => write!(f, "the loop was stopped before the coroutine ended"),
            Kind::TimedOut(after, stuck) => {
                write!(f, "the coroutine did not end within {after:?}")?;
                fmt_suspended(stuck, f)
            }
            Kind::Poll(_) => write!(f, "the loop cannot wait for events"),
            Kind::Deadlock(stuck) => fmt_deadlock(stuck, f),
        }
    }
}

fn fmt_deadlock(stuck: &Stuck, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "the loop can never wake: no callback, timer, descriptor, handle or waker is left"
    )?;
    if stuck.suspended.is_empty() {
        return write!(
            f,
            ", and the future that it was to run is not ready; one of another loop is for that loop to run"
        );
    }
    fmt_suspended(stuck, f)
}

fn fmt_suspended(stuck: &Stuck, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match stuck.suspended.len() {
        0 => Ok(()),
        1 => write!(f, ", and a coroutine is suspended:"),
        count => write!(f, ", and {count} coroutines are suspended:"),
    }?;
    stuck.dump.write_tree(f)
}

impl fmt::Debug for LoopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self.source() {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for LoopError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Poll(error) => Some(error),
            _ => None,
        }
    }
}
