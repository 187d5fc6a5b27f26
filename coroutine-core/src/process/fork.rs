//! This program, several times over.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::TcpListener;

use super::cores::cores;
use super::inherited::{take_sockets, task_id};
use super::program::take_name;
use super::supervisor::supervise;

/// How often children may be started again, unless told otherwise; Tornado's number.
const MAX_RESTARTS: usize = 100;

/// How many processes [`fork_processes`] starts, and how often again. A number of processes will do.
#[derive(Clone, Debug)]
pub struct ForkOptions {
    pub(super) processes: usize,
    pub(super) max_restarts: usize,
}

impl ForkOptions {
    /// So many processes; zero stands for as many as there are cores.
    #[must_use]
    pub fn new(processes: usize) -> Self {
        Self {
            processes: if processes == 0 { cores() } else { processes },
            max_restarts: MAX_RESTARTS,
        }
    }

    /// How often processes that have died are started again, all of them together: 100 times unless set here.
    #[must_use]
    pub fn max_restarts(mut self, restarts: usize) -> Self {
        self.max_restarts = restarts;
        self
    }
}

impl From<usize> for ForkOptions {
    fn from(processes: usize) -> Self {
        Self::new(processes)
    }
}

/// What a process that was started by [`fork_processes`] has.
#[derive(Debug)]
#[non_exhaustive]
pub struct Worker {
    /// Its number, from zero. One that takes the place of another has the same.
    pub task_id: usize,
    /// The sockets, in the order in which they were bound. All processes accept from the same ones. They are for
    /// [`TcpServer::add_sockets`](crate::net::TcpServer::add_sockets), or `serve_sockets` of a web application.
    pub sockets: Vec<TcpListener>,
}

/// Runs this program in several processes that share listening sockets. Tornado's `fork_processes`.
///
/// The first process calls `bind` and starts the others: each executes this program anew, with the same arguments, and comes to this call in its turn. There
/// the call does not bind, but returns at once, with the [`Worker`] that the process is. The first process stays in the call, and looks after the others:
///
/// - One that ends with an error or by a signal is started again, up to [`max_restarts`](ForkOptions::max_restarts) times in all. One that ends with
///   status zero is not. On Linux it runs the same program even if the file was replaced or deleted meanwhile; elsewhere, what is at the program's path then.
/// - The signals `SIGTERM`, `SIGINT`, `SIGQUIT`, `SIGHUP`, `SIGUSR1` and `SIGUSR2` are passed on to all. After the first three nothing is started again.
///   (Ctrl-C in a terminal reaches all processes by itself as well, so that they see two.)
///
/// When all have ended, the call returns `None` there. What comes before the call runs in each process; so call it early, and before threads are started.
///
/// # Errors
///
/// Fails where `bind` does, where no process can be started, when one dies too often, and in a worker that calls it a second time. The processes that
/// are left are told to end (`SIGTERM`), and waited for.
///
/// ```no_run
/// use coroutine_core::IoLoop;
/// use coroutine_core::net::{BindOptions, TcpServer, bind_sockets};
/// use coroutine_core::process::fork_processes;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let bind = || bind_sockets(8889, &BindOptions::new());
///     let Some(worker) = fork_processes(0, bind)? else {
///         return Ok(()); // the first process, when all others have ended
///     };
///     let server = TcpServer::new(move |_stream, peer| {
///         println!("{peer} came to process {}", worker.task_id);
///     });
///     server.add_sockets(worker.sockets)?;
///     IoLoop::current().start()?;
///     Ok(())
/// }
/// ```
pub fn fork_processes(
    options: impl Into<ForkOptions>,
    bind: impl FnOnce() -> io::Result<Vec<TcpListener>>,
) -> Result<Option<Worker>, ForkError> {
    let Some(task_id) = task_id() else {
        let sockets = bind().map_err(|error| ForkError(Kind::Bind(error)))?;
        return supervise(&options.into(), sockets).map(|()| None);
    };
    match take_sockets() {
        Ok(Some(sockets)) => {
            take_name();
            Ok(Some(Worker { task_id, sockets }))
        }
        Ok(None) => Err(ForkError(Kind::Twice)),
        Err(error) => Err(ForkError(Kind::Inherit(error))),
    }
}

/// Why [`fork_processes`] failed.
pub struct ForkError(pub(super) Kind);

pub(super) enum Kind {
    Bind(io::Error),
    Start(io::Error),
    /// The sockets are not where they are said to be.
    Inherit(io::Error),
    /// There was no loop, or it failed.
    Supervise(Box<dyn Error + Send + Sync>),
    TooManyRestarts(usize),
    Twice,
}

impl ForkError {
    /// Whether processes have died more often than they may be started again.
    #[must_use]
    pub fn is_too_many_restarts(&self) -> bool {
        matches!(self.0, Kind::TooManyRestarts(_))
    }
}

impl fmt::Display for ForkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Bind(_) => write!(f, "the sockets cannot be bound"),
            Kind::Start(_) => write!(f, "a process cannot be started"),
            Kind::Inherit(_) => write!(f, "this process has not got its sockets"),
            Kind::Supervise(_) => write!(f, "the processes cannot be looked after"),
            Kind::TooManyRestarts(restarts) => write!(
                f,
                "a process has died after processes were started again {restarts} times, which is the limit"
            ),
            Kind::Twice => write!(f, "this process is a worker that has its sockets already"),
        }
    }
}

impl fmt::Debug for ForkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self.source() {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for ForkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Bind(error) | Kind::Start(error) | Kind::Inherit(error) => Some(error),
            Kind::Supervise(error) => Some(&**error),
            Kind::TooManyRestarts(_) | Kind::Twice => None,
        }
    }
}
