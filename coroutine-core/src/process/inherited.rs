//! What a worker gets from the process that started it: its number and its sockets. An environment variable says which descriptors these are.
//!
//! Sockets are closed by default when another program is executed, so a worker's are told not to be, between its birth and its execution: at no time does another
//! child of this process inherit them.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Command, id};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::left::{self, Socket};

/// `parent:task:descriptor=inode,descriptor=inode`
const VARIABLE: &str = "COROUTINE_WORKER";

struct Inherited {
    task: usize,
    sockets: Vec<Socket>,
}

/// Read once.
static INHERITED: LazyLock<Option<Inherited>> =
    LazyLock::new(|| parse(&std::env::var(VARIABLE).ok()?, parent_id()));

/// What the variable says, if the process that has set it is this one's parent. Programs that a worker starts find the variable as well, and are no workers.
fn parse(value: &str, parent: u32) -> Option<Inherited> {
    let mut parts = value.splitn(3, ':');
    if parts.next()?.parse() != Ok(parent) {
        return None;
    }
    let task = parts.next()?.parse().ok()?;
    let sockets = left::parse(parts.next()?)?;
    Some(Inherited { task, sockets })
}

/// The number of this process among the workers of [`fork_processes`](super::fork_processes), from zero; none in any other process.
#[must_use]
pub fn task_id() -> Option<usize> {
    INHERITED.as_ref().map(|inherited| inherited.task)
}

/// Takes the sockets of a worker; once.
pub(super) fn take_sockets() -> io::Result<Option<Vec<TcpListener>>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    match &*INHERITED {
        Some(inherited) if !TAKEN.swap(true, Ordering::Relaxed) => {
            let sockets = inherited.sockets.iter().copied().map(Socket::take);
            sockets.collect::<io::Result<_>>().map(Some)
        }
        _ => Ok(None),
    }
}

/// Has a command leave the sockets to the worker that it starts. They are to stay open as long as the command is used.
pub(super) fn leave(command: &mut Command, task: usize, sockets: &[TcpListener]) -> io::Result<()> {
    let sockets: Vec<Socket> = sockets.iter().map(Socket::of).collect::<io::Result<_>>()?;
    command.env(
        VARIABLE,
        format!("{}:{task}:{}", id(), left::text(&sockets)),
    );
    let keep = move || sockets.iter().try_for_each(Socket::keep);
    // SAFETY: between fork and exec this makes system calls alone, which neither allocate nor take a lock.
    unsafe { command.pre_exec(keep) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_whose_parent_says_so() {
        let worker = parse("7:2:3=30,4=40", 7).expect("a worker");
        assert_eq!(worker.task, 2);
        let sockets = worker.sockets.iter();
        let sockets: Vec<_> = sockets
            .map(|socket| (socket.descriptor, socket.inode))
            .collect();
        assert_eq!(sockets, [(3, 30), (4, 40)]);
        assert!(parse("7:2:", 7).is_some_and(|worker| worker.sockets.is_empty()));
    }

    #[test]
    fn what_finds_the_variable_of_another_or_nonsense_is_no_worker() {
        for value in [
            "8:2:3=30",
            "",
            "7",
            "7:x:",
            "7:2",
            "7:2:3",
            "7:2:3=",
            "7:2:3=30,,x",
        ] {
            assert!(parse(value, 7).is_none(), "{value}");
        }
    }
}
