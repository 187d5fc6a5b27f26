//! The process that starts the others, and looks after them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::env;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::rc::Rc;

use super::fork::{ForkError, ForkOptions, Kind};
use super::inherited::leave;
use super::program::program;
use super::subprocess::Subprocess;
use crate::io_loop::IoLoop;
use crate::log;
use crate::signal::{SignalHandler, SignalKind};

/// The signals that are passed on; after the first three no process is started again.
const PASSED_ON: [SignalKind; 6] = [
    SignalKind::TERMINATE,
    SignalKind::INTERRUPT,
    SignalKind::QUIT,
    SignalKind::HANGUP,
    SignalKind::USER_1,
    SignalKind::USER_2,
];
const STOPPING: usize = 3;

struct Supervisor {
    /// What is executed.
    program: PathBuf,
    sockets: Vec<TcpListener>,
    /// Those that run, by number.
    running: RefCell<BTreeMap<usize, Subprocess>>,
    /// How often processes may still be started again.
    restarts: Cell<usize>,
    max_restarts: usize,
    /// Nothing is started any more.
    is_stopping: Cell<bool>,
}

/// Runs the processes until all have ended.
pub(super) fn supervise(options: &ForkOptions, sockets: Vec<TcpListener>) -> Result<(), ForkError> {
    let supervisor = Rc::new(Supervisor {
        program: program().map_err(|error| ForkError(Kind::Start(error)))?,
        sockets,
        running: RefCell::default(),
        restarts: Cell::new(options.max_restarts),
        max_restarts: options.max_restarts,
        is_stopping: Cell::new(false),
    });
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| ForkError(Kind::Supervise(error));
    let io_loop = IoLoop::new().map_err(|error| failed(error.into()))?;
    let processes = options.processes;
    let run = move || run_all(supervisor, processes);
    io_loop
        .run_sync(run)
        .map_err(|error| failed(error.into()))?
}

#[crate::coroutine(crate = crate, name = "fork_processes")]
fn run_all(supervisor: Rc<Supervisor>, processes: usize) -> Result<(), ForkError> {
    // First, so that no signal ends this process and leaves the others alone.
    let handlers = supervisor.pass_signals_on();
    let handlers = handlers.map_err(|error| ForkError(Kind::Supervise(error.into())))?;
    let run = |task| run_one(Rc::clone(&supervisor), task);
    let all: Vec<_> = (0..processes).map(run).collect();
    let ended = yield_!(all);
    handlers.into_iter().for_each(SignalHandler::remove);
    ended.into_iter().collect()
}

/// Runs one process until it ends in good order.
#[crate::coroutine(crate = crate, name = "worker process")]
fn run_one(supervisor: Rc<Supervisor>, task: usize) -> Result<(), ForkError> {
    while !supervisor.is_stopping.get() {
        let status = match supervisor.start(task) {
            Ok(exited) => yield_!(exited),
            Err(error) => Err(error),
        };
        supervisor.running.borrow_mut().remove(&task);
        let is_over = match status {
            Ok(status) => supervisor.is_over(task, status),
            Err(error) => Err(ForkError(Kind::Start(error))),
        };
        match is_over {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => {
                supervisor.stop(SignalKind::TERMINATE);
                return Err(error);
            }
        }
    }
    Ok(())
}

impl Supervisor {
    fn pass_signals_on(self: &Rc<Self>) -> io::Result<Vec<SignalHandler>> {
        let pass_on = |(number, &kind): (usize, &SignalKind)| {
            let supervisor = Rc::clone(self);
            let io_loop = IoLoop::current();
            io_loop.add_signal_handler(kind, move || match number < STOPPING {
                true => supervisor.stop(kind),
                false => supervisor.send(kind),
            })
        };
        PASSED_ON.iter().enumerate().map(pass_on).collect()
    }

    /// Starts a process, and gives its end to be waited for.
    fn start(
        &self,
        task: usize,
    ) -> io::Result<impl Future<Output = io::Result<ExitStatus>> + use<>> {
        let mut arguments = env::args_os();
        let mut command = Command::new(&self.program);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        command.args(arguments);
        leave(&mut command, task, &self.sockets)?;
        let process = Subprocess::spawn(&mut command)?;
        let exited = process.wait_for_exit();
        self.running.borrow_mut().insert(task, process);
        Ok(exited)
    }

    /// Whether a process that has ended is not to be started again.
    fn is_over(&self, task: usize, status: ExitStatus) -> Result<bool, ForkError> {
        if status.success() || self.is_stopping.get() {
            return Ok(true);
        }
        let Some(left) = self.restarts.get().checked_sub(1) else {
            return Err(ForkError(Kind::TooManyRestarts(self.max_restarts)));
        };
        self.restarts.set(left);
        log::warn(format_args!(
            "worker process {task} has died, and is started again: {status}"
        ));
        Ok(false)
    }

    /// Starts nothing more, and has all processes end.
    fn stop(&self, kind: SignalKind) {
        self.is_stopping.set(true);
        self.send(kind);
    }

    fn send(&self, kind: SignalKind) {
        for (task, process) in &*self.running.borrow() {
            if let Err(error) = process.send_signal(kind) {
                // It has ended, which is noticed soon.
                tracing::debug!("cannot send {kind} to worker process {task}: {error}");
            }
        }
    }
}
