//! Signals of the operating system, for coroutines and as callbacks.
//!
//! Several may listen to one signal, also on several loops of a process: each of them learns of it. Signals that come before their listener looks are
//! not lost, but several of one kind may count as one, as they do for the system.
//!
//! # What becomes of the default action
//!
//! Most signals end the process by default. From the first time that somebody listens to a signal, they do so no more, for the rest of the process: also when
//! nobody listens any longer. A program that listens to Ctrl-C must end by itself. Programs that it starts begin with the default actions.

use std::fmt;
use std::future::Future as StdFuture;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use rustix::process::{getpid, kill_process};
use signal_hook::SigId;
use signal_hook::consts::FORBIDDEN;
use signal_hook::low_level::{pipe, signal_name, unregister};

use crate::dump::Dump;
use crate::handler::Interest;
use crate::io_loop::IoLoop;
use crate::log;
use crate::loop_core::{LoopCore, drop_handler};
use crate::net::watched::Watched;
use crate::poller::Purpose;

/// A signal's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// `SIGHUP`: the terminal has gone; a server reads its settings anew, by custom.
    pub const HANGUP: Self = Self::of(rustix::process::Signal::HUP);
    /// `SIGINT`: Ctrl-C.
    pub const INTERRUPT: Self = Self::of(rustix::process::Signal::INT);
    /// `SIGQUIT`: Ctrl-\\.
    pub const QUIT: Self = Self::of(rustix::process::Signal::QUIT);
    /// `SIGKILL`, to be sent: nobody can listen to it.
    pub const KILL: Self = Self::of(rustix::process::Signal::KILL);
    /// `SIGUSR1`.
    pub const USER_1: Self = Self::of(rustix::process::Signal::USR1);
    /// `SIGUSR2`.
    pub const USER_2: Self = Self::of(rustix::process::Signal::USR2);
    /// `SIGALRM`: a timer of the system's.
    pub const ALARM: Self = Self::of(rustix::process::Signal::ALARM);
    /// `SIGTERM`: the process is to end.
    pub const TERMINATE: Self = Self::of(rustix::process::Signal::TERM);
    /// `SIGCHLD`: a child has ended or stopped.
    pub const CHILD: Self = Self::of(rustix::process::Signal::CHILD);
    /// `SIGWINCH`: the terminal has another size.
    pub const WINDOW_CHANGE: Self = Self::of(rustix::process::Signal::WINCH);

    const fn of(signal: rustix::process::Signal) -> Self {
        Self(signal.as_raw())
    }

    /// The signal with this number, if there is one.
    #[must_use]
    pub fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The signal's number.
    #[must_use]
    pub fn as_raw(self) -> i32 {
        self.0
    }

    /// As what is sent.
    pub(crate) fn to_send(self) -> io::Result<rustix::process::Signal> {
        let signal = rustix::process::Signal::from_named_raw(self.0);
        signal.ok_or_else(|| self.is_none("send"))
    }

    fn is_none(self, what: &str) -> io::Error {
        let text = format!("{self} is no signal that one can {what}");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    }
}

impl fmt::Display for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match signal_name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Listens to a signal, on the current loop.
///
/// # Errors
///
/// Fails when nobody can listen to the signal, and when the operating system gives no descriptors for it.
///
/// ```
/// use coroutine_core::{IoLoop, signal::{self, SignalKind}};
///
/// let hangup = signal::signal(SignalKind::HANGUP)?;
/// signal::raise(SignalKind::HANGUP)?;
/// IoLoop::current().run_sync(move || async move { hangup.recv().await })??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let (pipe, registration) = listen(kind)?;
    Ok(Signal {
        registration,
        pipe: Watched::with_purpose(mio::net::UnixStream::from_std(pipe), Purpose::Signal(kind))?,
    })
}

/// Waits for Ctrl-C (`SIGINT`), also for one that comes between the call and the yield.
///
/// # Errors
///
/// Fails when the operating system gives no descriptors for it.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, signal::{self, SignalKind}};
///
/// #[co::coroutine]
/// fn wait() -> std::io::Result<()> {
///     let pressed = signal::ctrl_c();
///     signal::raise(SignalKind::INTERRUPT)?; // as if by the user
///     yield_!(pressed)
/// }
///
/// IoLoop::current().run_sync(wait)??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn ctrl_c() -> impl StdFuture<Output = io::Result<()>> {
    let listening = signal(SignalKind::INTERRUPT);
    async move { listening?.recv().await }
}

/// Sends a signal to this process.
///
/// # Errors
///
/// Fails when there is no such signal.
pub fn raise(kind: SignalKind) -> io::Result<()> {
    Ok(kill_process(getpid(), kind.to_send()?)?)
}

/// Somebody who listens to a signal. Dropping it ends that.
pub struct Signal {
    /// Dropped first, so that no signal finds its pipe closed.
    registration: Registration,
    pipe: Watched<mio::net::UnixStream>,
}

impl Signal {
    /// Waits for the signal, unless it has come since the last time. A loop on which somebody waits for a signal can be woken.
    ///
    /// Of several that wait at one listener, one learns of it: make a listener for each.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error.
    pub fn recv(&self) -> impl StdFuture<Output = io::Result<()>> + '_ {
        self.pipe.when_ready(self.pipe.reader(), |pipe| drain(pipe))
    }

    /// Waits until `look` gives something; it looks again after each signal. Several may wait so at one listener.
    pub(crate) fn recv_until<R>(
        &self,
        look: impl Fn() -> io::Result<Option<R>>,
    ) -> impl StdFuture<Output = io::Result<R>> {
        self.pipe.when_ready(self.pipe.reader(), move |pipe| {
            loop {
                match look()? {
                    Some(found) => return Ok(found),
                    None => drain(pipe)?,
                }
            }
        })
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal")
            .field(&self.registration.kind)
            .finish()
    }
}

/// Signals as callbacks.
impl IoLoop {
    /// Calls `handler` on the loop after each signal, until it is [removed](SignalHandler::remove); until then the loop can be woken, and does not end by
    /// itself. A handler that panics is logged.
    ///
    /// # Errors
    ///
    /// As [`signal`].
    ///
    /// ```
    /// use coroutine_core::{IoLoop, signal::{self, SignalKind}};
    ///
    /// let io_loop = IoLoop::current();
    /// let stopped = io_loop.clone();
    /// let _handler = io_loop.add_signal_handler(SignalKind::TERMINATE, move || stopped.stop())?;
    /// signal::raise(SignalKind::TERMINATE)?;
    /// io_loop.start()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn add_signal_handler(
        &self,
        kind: SignalKind,
        mut handler: impl FnMut() + 'static,
    ) -> io::Result<SignalHandler> {
        let (pipe, registration) = listen(kind)?;
        let fd = pipe.as_raw_fd();
        self.add_handler(fd, Interest::READABLE, move |_, _| {
            let _listening = &registration;
            if drain(&pipe).is_ok() {
                handler();
            }
        })?;
        Ok(SignalHandler {
            io_loop: Rc::clone(self.core()),
            fd,
            kind,
        })
    }
}

/// Seeing what goes on from outside.
impl IoLoop {
    /// Has the loop log its [dump](Self::dump) after each signal, as a warning: `kill -USR1`, or Ctrl-\\ where it is [`SignalKind::QUIT`]. One call when the program begins:
    ///
    /// ```
    /// use coroutine_core::{IoLoop, signal::SignalKind};
    ///
    /// let io_loop = IoLoop::current();
    /// io_loop.dump_on_signal(SignalKind::QUIT)?.forget();
    /// io_loop.start()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Unlike another handler it does not keep the loop going: one that has nothing else left to wait for ends, and one that can never wake says so. It runs as a
    /// callback does, so a loop that is held by another one says nothing before that is done; who holds it, a [watchdog](Self::set_blocking_log_threshold) tells.
    ///
    /// # Errors
    ///
    /// As [`signal`].
    #[track_caller]
    pub fn dump_on_signal(&self, kind: SignalKind) -> io::Result<SignalHandler> {
        let io_loop = Rc::downgrade(self.core());
        let handler = self.add_signal_handler(kind, move || {
            if let Some(io_loop) = io_loop.upgrade() {
                log::warn(format_args!("{kind}: {}", Dump::of(&io_loop)));
            }
        })?;
        if let Some(added) = self.core().poller().handler(handler.fd) {
            added.set_background();
        }
        Ok(handler)
    }
}

/// A signal's handler that was added. Dropping it leaves the handler as it is.
#[must_use = "a handler that nobody can remove keeps its loop going"]
pub struct SignalHandler {
    io_loop: Rc<LoopCore>,
    /// It is open for as long as the handler is there.
    fd: RawFd,
    kind: SignalKind,
}

impl SignalHandler {
    /// Leaves the handler as it is, for as long as its loop is there.
    pub fn forget(self) {}

    /// Removes the handler, which is not called any more, also when the signal has come already.
    pub fn remove(self) {
        let removed = self.io_loop.poller().remove_handler(self.fd);
        if let Some(handler) = removed {
            drop_handler(&handler);
        }
    }
}

impl fmt::Debug for SignalHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignalHandler").field(&self.kind).finish()
    }
}

/// That somebody listens.
struct Registration {
    kind: SignalKind,
    id: SigId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        unregister(self.id);
    }
}

/// Gives what becomes readable when the signal comes.
fn listen(kind: SignalKind) -> io::Result<(UnixStream, Registration)> {
    if FORBIDDEN.contains(&kind.0) {
        return Err(kind.is_none("listen to"));
    }
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    let id = pipe::register(kind.0, writer)?;
    Ok((reader, Registration { kind, id }))
}

/// Takes note of the signals that have come, which are one at least unless it would block.
fn drain(mut pipe: impl Read) -> io::Result<()> {
    match pipe.read(&mut [0; 1024])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
