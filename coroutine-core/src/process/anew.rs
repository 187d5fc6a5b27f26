//! This process with another program: what its file holds now.
//!
//! The sockets at which it listens stay open meanwhile, and connections wait in them. The program that comes next finds them by their addresses.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsString, c_char};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::id;
use std::ptr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::left::{self, Socket};
use crate::net::doors;

/// `process:descriptor=inode,descriptor=inode`
const VARIABLE: &str = "COROUTINE_LISTENING";

/// How long a socket is kept for a program that does not ask for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Executes the program in the file in the place of this one, with the same arguments, and leaves it the sockets at which the loop of this thread accepts. It
/// returns where that fails, and nothing has changed then.
///
/// It is the same process, but nothing of what it had runs on: no other thread, and no destructor.
pub fn execute_anew(program: &Path) -> io::Error {
    match execute(program) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn execute(program: &Path) -> io::Result<Infallible> {
    let sockets: Vec<OwnedFd> = doors::sockets()?;
    let left: Vec<Socket> = sockets.iter().map(Socket::of).collect::<io::Result<_>>()?;
    left.iter().try_for_each(Socket::keep)?;
    let program = CString::new(program.as_os_str().as_bytes())?;
    let arguments: Vec<CString> = texts(env::args_os().map(OsString::into_vec))?;
    let left = format!("{VARIABLE}={}:{}", id(), left::text(&left));
    let others = env::vars_os().filter(|(name, _)| name != VARIABLE);
    let others = others.map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let environment = texts(others.chain([left.into_bytes()]))?;
    // SAFETY: all are pointers to texts that end in zero, and the lists end in null. They live until the call is over.
    unsafe {
        libc::execve(
            program.as_ptr(),
            pointers(&arguments).as_ptr(),
            pointers(&environment).as_ptr(),
        );
    }
    // The standard library's `exec` would have run a file that is no program by the shell.
    Err(io::Error::last_os_error())
}

fn texts(all: impl Iterator<Item = Vec<u8>>) -> io::Result<Vec<CString>> {
    Ok(all.map(CString::new).collect::<Result<_, _>>()?)
}

fn pointers(all: &[CString]) -> Vec<*const c_char> {
    let pointers = all.iter().map(|text| text.as_ptr());
    pointers.chain([ptr::null()]).collect()
}

/// Those that were left, until somebody asks for them. Read once.
static KEPT: LazyLock<Mutex<Vec<TcpListener>>> = LazyLock::new(|| {
    let sockets = env::var(VARIABLE).ok().and_then(|text| parse(&text, id()));
    let sockets = sockets.unwrap_or_default().into_iter();
    let kept: Vec<TcpListener> = sockets.filter_map(|socket| socket.take().ok()).collect();
    if !kept.is_empty() {
        close_later();
    }
    Mutex::new(kept)
});

/// What the variable says, if this process has set it, as another program. Programs that it starts find the variable as well, and have no such sockets.
fn parse(text: &str, process: u32) -> Option<Vec<Socket>> {
    let (left_to, sockets) = text.split_once(':')?;
    match left_to.parse() == Ok(process) {
        true => left::parse(sockets),
        false => None,
    }
}

fn kept() -> MutexGuard<'static, Vec<TcpListener>> {
    // Nothing panics while it is locked.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The socket that the program before has left at this address.
pub(crate) fn take_kept(address: SocketAddr) -> Option<TcpListener> {
    let mut kept = kept();
    let is_there = |socket: &TcpListener| socket.local_addr().is_ok_and(|found| found == address);
    let index = kept.iter().position(is_there)?;
    Some(kept.swap_remove(index))
}

/// Closes what nobody asks for: connections would wait there for ever. A thread does it, since there may be no loop, or one that is busy.
fn close_later() {
    let close = || {
        thread::sleep(PATIENCE);
        kept().clear();
    };
    // Where there is no thread, they stay.
    let _ = thread::Builder::new()
        .name("kept sockets".to_owned())
        .spawn(close);
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sockets_are_left_to_the_process_that_says_so() {
        let sockets = parse("7:3=30,4=40", 7).expect("sockets");
        assert_eq!(sockets.len(), 2);
        for text in ["8:3=30", "", "7", "7:3", "x:3=30"] {
            assert!(parse(text, 7).is_none(), "{text}");
        }
    }
}
