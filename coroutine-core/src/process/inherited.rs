//! What a worker gets from the process that started it: its number and its sockets. An environment variable says which descriptors these are.
//!
//! Sockets are closed by default when another program is executed, so a worker's are told not to be, between its birth and its execution: at no time does another
//! child of this process inherit them.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Command, id};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{FdFlags, fcntl_setfd};

/// `parent:task:descriptor=inode,descriptor=inode`
const VARIABLE: &str = "COROUTINE_WORKER";

/// Where the system shows this process's descriptors.
const DESCRIPTORS: &str = if cfg!(target_os = "linux") {
    "/proc/self/fd"
} else {
    "/dev/fd"
};

struct Inherited {
    task: usize,
    sockets: Vec<Socket>,
}

#[derive(Clone, Copy)]
struct Socket {
    descriptor: RawFd,
    /// Which socket it is, among all.
    inode: u64,
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
    let sockets = parts.next()?.split(',').filter(|part| !part.is_empty());
    let sockets: Option<_> = sockets.map(parse_socket).collect();
    Some(Inherited {
        task,
        sockets: sockets?,
    })
}

fn parse_socket(text: &str) -> Option<Socket> {
    let (descriptor, inode) = text.split_once('=')?;
    Some(Socket {
        descriptor: descriptor.parse().ok()?,
        inode: inode.parse().ok()?,
    })
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
    let text = |socket: &Socket| format!("{}={}", socket.descriptor, socket.inode);
    let texts: Vec<String> = sockets.iter().map(text).collect();
    command.env(VARIABLE, format!("{}:{task}:{}", id(), texts.join(",")));
    let keep = move || {
        let mut descriptors = sockets.iter().map(|socket| socket.descriptor);
        descriptors.try_for_each(|descriptor| set_flags(descriptor, FdFlags::empty()))
    };
    // SAFETY: between fork and exec this makes system calls alone, which neither allocate nor take a lock.
    unsafe { command.pre_exec(keep) };
    Ok(())
}

impl Socket {
    fn of(socket: &TcpListener) -> io::Result<Self> {
        let descriptor = socket.as_raw_fd();
        Ok(Self {
            descriptor,
            inode: inode(descriptor)?,
        })
    }

    fn take(self) -> io::Result<TcpListener> {
        let found = inode(self.descriptor);
        if !found.is_ok_and(|inode| inode == self.inode) {
            let text = format!(
                "descriptor {} is not the socket that was left",
                self.descriptor
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        set_flags(self.descriptor, FdFlags::CLOEXEC)?;
        // SAFETY: the descriptor is open, and is the socket that the parent process has left, as its inode shows. Nothing in this process has made it, so
        // nothing owns it, and it is taken once.
        Ok(unsafe { OwnedFd::from_raw_fd(self.descriptor) }.into())
    }
}

fn inode(descriptor: RawFd) -> io::Result<u64> {
    fs::metadata(format!("{DESCRIPTORS}/{descriptor}")).map(|metadata| metadata.ino())
}

/// Says whether a descriptor is closed when a program is executed.
fn set_flags(descriptor: RawFd, flags: FdFlags) -> io::Result<()> {
    // SAFETY: the caller knows it to be open: it was just looked at, or whoever calls `leave` keeps it so.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok(fcntl_setfd(descriptor, flags)?)
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

    #[test]
    fn a_descriptor_that_is_another_socket_is_not_taken() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut left = Socket::of(&socket).expect("a socket");
        left.inode += 1;
        left.take().expect_err("another socket");
    }
}
