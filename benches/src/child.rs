//! Contestants as processes of their own: starting them, and what they say on standard output.
//!
//! A contestant prints one line: `value FIGURE` if it has measured itself, `port NUMBER` once it serves, or
//! `unavailable REASON`.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::panic;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use crate::work::{Contest, Contestant, Scale, Unavailable, Work};
use crate::works;

/// Where a server is to listen: on this machine, at whatever port is free.
pub const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// The longest time that a contestant may take for one round, in seconds.
const LONGEST_RUN: u32 = 120;

/// Descriptors that a process has besides those of its connections, at most.
const SOME: usize = 100;

/// The subcommand `run`: be one contestant of one work.
pub fn run(work: &str, contestant: &str, scale: &str) -> ExitCode {
    die_with_parent();
    pin_to(Core::First);
    raise_limits();
    end_after(LONGEST_RUN);
    say_panics();
    let outcome = perform(work, contestant, scale);
    if let Err(reason) = &outcome {
        say(&format!("unavailable {reason}"));
    }
    ExitCode::from(u8::from(outcome.is_err()))
}

fn perform(work: &str, contestant: &str, scale: &str) -> Result<(), Unavailable> {
    let work = works::ALL
        .iter()
        .find(|candidate| candidate.name == work)
        .ok_or("no such work")?;
    let scale = Scale::parse(scale).ok_or("no such scale")?;
    match &work.contest {
        Contest::Measured(contestants) => {
            let figure = find(contestants, contestant)?(scale)?;
            say(&format!("value {figure}"));
            Ok(())
        }
        Contest::Served(_, contestants) => find(contestants, contestant)?(),
    }
}

fn find<T: Copy>(contestants: &[(Contestant, T)], name: &str) -> Result<T, Unavailable> {
    let found = contestants
        .iter()
        .find(|(contestant, _)| contestant.name() == name);
    Ok(found.ok_or("it does not take part")?.1)
}

/// Makes a panic, of a peer's too, the reason why there is no figure.
fn say_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        say(&format!(
            "unavailable panic: {}",
            message.replace('\n', " ")
        ));
    }));
}

/// Tells the parent that this server works, and where it listens.
pub fn announce(address: SocketAddr) {
    say(&format!("port {}", address.port()));
}

/// Prints a line for the parent. Nobody is left to tell if the parent is gone.
pub fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// A child process and what it says. It ends when this is dropped.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts this binary with other arguments.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().expect("it is piped");
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Starts a contestant.
    pub fn contestant(work: &Work, contestant: Contestant, scale: Scale) -> io::Result<Self> {
        Self::start(&["run", work.name, contestant.name(), scale.name()])
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that begins with the word, and returns the rest of that line. Any other line is the error.
    pub fn expect(&mut self, word: &str) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line
            .trim_end()
            .split_once(' ')
            .unwrap_or((line.trim_end(), ""))
        {
            ("", _) => Err(format!("it ended without a word: {}", self.child.wait()?).into()),
            (first, rest) if first == word => Ok(rest.to_string()),
            ("unavailable", reason) => Err(reason.into()),
            _ => Err(format!("it said `{}`", line.trim_end()).into()),
        }
    }

    /// Sends a line.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let input = self.input.as_mut().expect("it is piped");
        writeln!(input, "{line}")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The core a process is to stay on: contestants on one, their load on another.
#[derive(Clone, Copy)]
pub enum Core {
    First,
    Last,
}

/// Binds this process, and what it will start, to one of the cores that it may use.
pub fn pin_to(core: Core) {
    // SAFETY: a cpu_set_t is a bit mask, for which all zeros is a value; the calls read and write only that set, whose
    // size they are given, and CPU_ISSET and CPU_SET stay within it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        let mut allowed = (0..libc::CPU_SETSIZE as usize).filter(|&cpu| libc::CPU_ISSET(cpu, &set));
        let chosen = match core {
            Core::First => allowed.next(),
            Core::Last => allowed.next_back(),
        };
        libc::CPU_ZERO(&mut set);
        libc::CPU_SET(chosen.expect("a process may use a core"), &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set);
    }
}

/// Has the kernel end this process when its parent ends, however that comes about.
pub fn die_with_parent() {
    // SAFETY: this option takes a signal number and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Has the kernel end this process after so many seconds, so that one that hangs costs a cell and not the table.
fn end_after(seconds: u32) {
    // SAFETY: alarm has no preconditions; nobody here handles its signal, whose default is to end the process.
    unsafe { libc::alarm(seconds) };
}

/// Fails where this process may not have so many descriptors, besides some that everybody has.
pub fn need_descriptors(count: usize) -> io::Result<()> {
    let (need, limit) = (count + SOME, descriptors_allowed());
    match need as u64 <= limit {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "it takes {need} descriptors, and a process may have {limit} (`ulimit -Hn`)"
        ))),
    }
}

/// Allows as many descriptors as the kernel lets us have, and as much locked memory, in which glommio keeps its rings.
pub fn raise_limits() {
    for resource in [libc::RLIMIT_NOFILE, libc::RLIMIT_MEMLOCK] {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: `limit` is a valid place to read from and write to during the calls.
        unsafe {
            libc::getrlimit(resource, &mut limit);
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(resource, &limit);
        }
    }
}

fn descriptors_allowed() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place to write to during the call.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit.rlim_cur
}
