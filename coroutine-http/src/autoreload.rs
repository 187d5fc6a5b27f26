//! A program that executes itself anew when its file has changed: edit, `cargo build`, and the next request is answered by the new program. Tornado's
//! `tornado.autoreload`.
//!
//! Most programs set [`Application::autoreload`](crate::Application::autoreload), and nothing else:
//!
//! ```no_run
//! use coroutine_core::IoLoop;
//! use coroutine_http::{Application, RequestHandler};
//!
//! let application = Application::new()
//!     .get("/", |mut handler: RequestHandler| handler.write("Hello, world"))
//!     .autoreload(true);
//! application.listen(8889)?;
//! IoLoop::current().start()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Each half second the file of the program is looked at, and those that are [watched](watch) beside it. When one is another, and stays so for one look more, since a
//! build may be under way,
//!
//! 1. the servers of the thread accept nothing more; connections wait in their sockets;
//! 2. requests that are being answered have three seconds to come to their end; `WebSocket`s are told to go away (1001);
//! 3. the [hooks](add_reload_hook) are called;
//! 4. the file is executed with the same arguments, in the same process. Where it listens at the same addresses as before, it takes over the sockets, so that no
//!    connection is refused. Sockets that it does not ask for within three seconds are closed.
//!
//! Nothing else goes over: no destructor runs, other threads are no more, and what they had is closed. A program with a loop on each of several threads loses what the others are
//! answering. When the file cannot be executed, that is logged, and this program goes on.
//!
//! This is for development. A worker of [`fork_processes`](coroutine_core::process::fork_processes) cannot be reloaded, since all workers share a version.

use std::cell::RefCell;
use std::env;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::process::task_id;

use crate::server::running;

/// How often the files are looked at. Tornado's.
const PERIOD: Duration = Duration::from_millis(500);

/// How long connections that were accepted a moment ago have for their first request.
const ARRIVAL: Duration = Duration::from_millis(100);

/// How long requests may take to come to their end.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is looked after on a thread.
#[derive(Default)]
struct State {
    /// The coroutine that looks.
    watching: Option<co::Future<()>>,
    /// Beside the program.
    files: Vec<Watched>,
    hooks: Vec<Rc<dyn Fn()>>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Begins to look at the file of the program, on the current loop; once is enough. The loop does not end by itself from now on.
///
/// # Errors
///
/// Fails where the file of the program is not to be found, and in a worker of [`fork_processes`](coroutine_core::process::fork_processes).
///
/// ```no_run
/// use coroutine_core::IoLoop;
/// use coroutine_http::autoreload;
///
/// autoreload::watch("templates/index.html");
/// autoreload::add_reload_hook(|| println!("see you soon"));
/// autoreload::start()?;
/// IoLoop::current().start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn start() -> io::Result<()> {
    if let Some(worker) = task_id() {
        let text =
            format!("worker process {worker} cannot be reloaded: use autoreload with one process");
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    let is_watching = |state: &State| {
        state
            .watching
            .as_ref()
            .is_some_and(|watching| !watching.done())
    };
    if STATE.with_borrow(is_watching) {
        return Ok(());
    }
    let program = Watched::new(env::current_exe()?)?;
    let watching = look_after(program);
    let before = STATE.with_borrow_mut(|state| state.watching.replace(watching));
    drop(before);
    Ok(())
}

/// Looks at another file as well, a template for example, on this thread. Tornado's `watch`.
///
/// One that is not there yet counts as changed when it is.
pub fn watch(path: impl Into<PathBuf>) {
    let file = Watched::of(path.into());
    STATE.with_borrow_mut(|state| state.files.push(file));
}

/// Calls `hook` on this thread before the program is executed anew, for what would stay open or unsaved otherwise. Hooks are called in the order of adding; one
/// that panics is logged. Tornado's `add_reload_hook`.
pub fn add_reload_hook(hook: impl Fn() + 'static) {
    STATE.with_borrow_mut(|state| state.hooks.push(Rc::new(hook)));
}

#[co::coroutine(name = "autoreload")]
fn look_after(mut program: Watched) {
    loop {
        yield_!(co::sleep(PERIOD));
        let is_new = program.look();
        let others = STATE.with_borrow_mut(|state| {
            // Each is looked at, whatever the others say.
            let changed = state
                .files
                .iter_mut()
                .filter_map(|file| file.look().then(|| file.path.clone()));
            changed.collect::<Vec<_>>()
        });
        if (is_new || !others.is_empty()) && program.is_executable() {
            let changed = others.first().unwrap_or(&program.path);
            tracing::info!(
                "{} has changed: executing the program anew",
                changed.display()
            );
            let error = yield_!(reload(&program.path));
            if error.kind() == io::ErrorKind::ExecutableFileBusy {
                // Somebody is writing it still.
                program.known = None;
            }
        }
    }
}

/// Comes back only where there is no other program.
async fn reload(program: &Path) -> io::Error {
    // Until this comes back.
    let _paused = co::__private::pause_accepting();
    co::sleep(ARRIVAL).await;
    // Those that take longer are cut.
    let _ = co::with_timeout(PATIENCE, running::drain()).await;
    let hooks = STATE.with_borrow(|state| state.hooks.clone());
    for hook in hooks {
        let called = co::IoLoop::current().spawn(async move { hook() });
        if let Err(outcome) = called.outcome().await {
            co::__private::log_error(format_args!("a hook of autoreload failed: {outcome}"));
        }
    }
    let error = co::__private::execute_anew(program);
    let program = program.display();
    co::__private::log_error(format_args!(
        "cannot execute {program}, and goes on: {error}"
    ));
    error
}

/// A file that may change.
struct Watched {
    path: PathBuf,
    known: Option<Stamp>,
    /// A change that is perhaps not over.
    fresh: Option<Stamp>,
}

/// What differs between two states of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Watched {
    /// One that has to be there.
    fn new(path: PathBuf) -> io::Result<Self> {
        fs::metadata(&path).map_err(|error| {
            let text = format!("cannot watch the program {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        })?;
        Ok(Self::of(path))
    }

    fn of(path: PathBuf) -> Self {
        let known = stamp(&path);
        Self {
            path,
            known,
            fresh: None,
        }
    }

    /// Whether it has changed, and is now as it was at the look before.
    fn look(&mut self) -> bool {
        let now = stamp(&self.path);
        let is_settled = now.is_some() && now != self.known && now == self.fresh;
        self.fresh = now;
        if is_settled {
            self.known = now;
        }
        is_settled
    }

    fn is_executable(&self) -> bool {
        let is_executable =
            |file: Metadata| file.is_file() && file.len() > 0 && file.mode() & 0o111 != 0;
        fs::metadata(&self.path).is_ok_and(is_executable)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some(Stamp {
        device: file.dev(),
        inode: file.ino(),
        size: file.size(),
        modified: (file.mtime(), file.mtime_nsec()),
    })
}
