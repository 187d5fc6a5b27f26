//! Other processes, and more than one core.
//!
//! - [`Subprocess`] runs another program, and waits for its end without blocking the loop.
//! - [`fork_processes`] runs this program several times over, with the same listening sockets.
//! - [`run_on_each_core`] runs a loop on a thread for each core.

mod anew;
mod cores;
mod exit;
mod fork;
mod inherited;
mod left;
mod orphans;
#[cfg(target_os = "linux")]
mod pidfd;
#[cfg(not(target_os = "linux"))]
#[path = "no_pidfd.rs"]
mod pidfd;
mod program;
mod subprocess;
mod supervisor;

#[doc(hidden)]
pub use anew::execute_anew;
pub(crate) use anew::take_kept;
pub use cores::{CoreError, run_on_each_core};
pub use fork::{ForkError, ForkOptions, Worker, fork_processes};
pub use inherited::task_id;
pub use subprocess::Subprocess;
