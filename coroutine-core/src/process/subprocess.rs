//! A child process.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::panic::Location;
use std::process::{Child, Command, ExitStatus};
use std::rc::Rc;

use rustix::process::{Pid, kill_process};

use super::exit::Exit;
use super::orphans;
use crate::callback;
use crate::coroutine::Descriptor;
use crate::current;
use crate::log;
use crate::net::pipe::{Receiver, Sender};
use crate::signal::SignalKind;
use crate::task;

/// A child process, whose end and output can be yielded. Tornado's `Subprocess`.
///
/// What it is to run is a [`Command`] of the standard library's. Streams that the command has as [`Stdio::piped`](std::process::Stdio::piped) are streams of
/// the current loop's. Put them into an [`IoStream::reader`](crate::IoStream::reader) to read them line by line, and into an
/// [`IoStream::writer`](crate::IoStream::writer) to have writes go on by themselves.
///
/// Dropping it leaves the child as it is, unless it is to be [killed](Self::kill_on_drop) then. A child that ends afterwards keeps its number, as a "zombie" of
/// the system's, until this process starts or drops another one.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, IoStream, process::Subprocess};
/// use std::process::{Command, Stdio};
///
/// #[co::coroutine]
/// fn upper() -> std::io::Result<(Vec<u8>, bool)> {
///     let mut command = Command::new("tr");
///     command.args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
///     let mut child = Subprocess::spawn(&mut command)?;
///     let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
///     yield_!(stdin.write_all(b"hello\nworld\n"))?;
///     drop(stdin); // the end of its input
///     let output = IoStream::reader(stdout);
///     let line = yield_!(output.read_until(b"\n", 100))?; // at most 100 bytes
///     let status = yield_!(child.wait_for_exit())?;
///     Ok((line, status.success()))
/// }
///
/// assert_eq!(IoLoop::current().run_sync(upper)??, (b"HELLO\n".to_vec(), true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subprocess {
    /// What the child reads, if that is piped. Dropping it is the end of the child's input.
    pub stdin: Option<Sender>,
    /// What the child writes, if that is piped.
    pub stdout: Option<Receiver>,
    /// What the child writes as errors, if that is piped.
    pub stderr: Option<Receiver>,
    running: Rc<Running>,
    kill_on_drop: Cell<bool>,
}

/// The child, for as long as somebody has it or waits for it.
struct Running {
    /// There until this is dropped.
    child: RefCell<Option<Child>>,
    exit: Exit,
    pid: u32,
}

impl Subprocess {
    /// Starts a child, on the current loop.
    ///
    /// # Errors
    ///
    /// Fails when there is no such program, it cannot be run, or the system has no descriptors or processes left; the error names the program.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        orphans::bury();
        let spawned = command.spawn().and_then(Self::watch);
        spawned.map_err(|error| {
            let program = command.get_program().display();
            io::Error::new(error.kind(), format!("cannot run `{program}`: {error}"))
        })
    }

    /// Nobody could wait for a child that cannot be watched, so it is ended.
    fn watch(mut child: Child) -> io::Result<Self> {
        match Self::streams_and_exit(&mut child) {
            Ok((stdin, stdout, stderr, exit)) => Ok(Self {
                stdin,
                stdout,
                stderr,
                running: Rc::new(Running {
                    pid: child.id(),
                    child: RefCell::new(Some(child)),
                    exit,
                }),
                kill_on_drop: Cell::new(false),
            }),
            Err(error) => {
                // It fails where the child has ended by itself.
                let _ = child.kill();
                orphans::adopt(child);
                Err(error)
            }
        }
    }

    #[expect(
        clippy::type_complexity,
        reason = "it is taken apart where it is called"
    )]
    fn streams_and_exit(
        child: &mut Child,
    ) -> io::Result<(Option<Sender>, Option<Receiver>, Option<Receiver>, Exit)> {
        let stdin = child.stdin.take().map(Sender::from_fd).transpose()?;
        let stdout = child.stdout.take().map(Receiver::from_fd).transpose()?;
        let stderr = child.stderr.take().map(Receiver::from_fd).transpose()?;
        Ok((stdin, stdout, stderr, Exit::of(child)?))
    }

    /// The child's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.pid
    }

    /// Kills the child when this is dropped before the child has ended.
    pub fn kill_on_drop(&self, kill: bool) {
        self.kill_on_drop.set(kill);
    }
}

/// The child's end.
impl Subprocess {
    /// Waits until the child has ended, and gives how. Several may wait, also when it has ended before. Tornado's `wait_for_exit`.
    ///
    /// A child that was killed by a signal has no code, but a [signal](std::os::unix::process::ExitStatusExt::signal).
    ///
    /// # Errors
    ///
    /// Gives the operating system's error, where somebody else has waited for the child, or the process has children's ends ignored.
    pub fn wait_for_exit(&self) -> impl StdFuture<Output = io::Result<ExitStatus>> + use<> {
        let running = Rc::clone(&self.running);
        async move { running.exit.wait(|| running.try_wait()).await }
    }

    /// How the child has ended, if it has. It never waits.
    ///
    /// # Errors
    ///
    /// As [`wait_for_exit`](Self::wait_for_exit).
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        self.running.try_wait()
    }

    /// Calls `callback` when the child has ended, on the loop that is current now. Tornado's `set_exit_callback`.
    #[track_caller]
    pub fn set_exit_callback(&self, callback: impl FnOnce(ExitStatus) + 'static) {
        let (place, exited, pid) = (Location::caller(), self.wait_for_exit(), self.pid());
        let describe = move || Descriptor::made_at("subprocess", place);
        let waiting = async move {
            match exited.await {
                Ok(status) => callback::call(place, || callback(status)),
                Err(error) => log::error(format_args!("cannot wait for process {pid}: {error}")),
            }
        };
        drop(task::start_hidden(current::core(), describe, waiting));
    }
}

/// Signals to the child.
impl Subprocess {
    /// Sends a signal to the child.
    ///
    /// # Errors
    ///
    /// Fails when there is no such signal, and when the child has ended.
    pub fn send_signal(&self, kind: SignalKind) -> io::Result<()> {
        self.running.send_signal(kind)
    }

    /// Ends the child at once (`SIGKILL`).
    ///
    /// # Errors
    ///
    /// Fails when the child has ended.
    pub fn kill(&self) -> io::Result<()> {
        self.send_signal(SignalKind::KILL)
    }
}

impl Running {
    fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        match &mut *self.child.borrow_mut() {
            Some(child) => child.try_wait(),
            None => Ok(None),
        }
    }

    /// Until somebody has asked for its status, no other process gets the child's number.
    fn send_signal(&self, kind: SignalKind) -> io::Result<()> {
        let signal = kind.to_send()?;
        match (self.try_wait()?, &*self.child.borrow()) {
            (None, Some(child)) => Ok(kill_process(Pid::from_child(child), signal)?),
            _ => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("process {} has ended", self.pid),
            )),
        }
    }
}

impl Drop for Subprocess {
    fn drop(&mut self) {
        if self.kill_on_drop.get() {
            // It fails where the child has ended, and then there is nothing to do.
            let _ = self.kill();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            orphans::adopt(child);
        }
    }
}

impl fmt::Debug for Subprocess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subprocess")
            .field("pid", &self.pid())
            .field("ended", &self.try_wait())
            .finish_non_exhaustive()
    }
}
