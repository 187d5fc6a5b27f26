//! A program in several processes: `src/bin/forking.rs`.

use std::io::{self, Read};
use std::net;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use co::IoStream;
use co::process::Subprocess;
use co::signal::SignalKind;
use coroutine_core as co;
use coroutine_tests::{LIMIT, watchdog};
use rustix::process::{Pid, Signal, kill_process};

const FORKING: &str = env!("CARGO_BIN_EXE_forking");

/// Runs `forking` with an argument, and gives what it prints, and its status.
fn forking(what: &str) -> (Vec<String>, bool) {
    let mut command = Command::new(FORKING);
    command.arg(what).stderr(Stdio::null());
    let output = command.output().expect("it can be run");
    let text = String::from_utf8(output.stdout).expect("text");
    (
        text.lines().map(str::to_owned).collect(),
        output.status.success(),
    )
}

fn sorted((mut lines, success): (Vec<String>, bool)) -> (Vec<String>, bool) {
    lines.sort_unstable();
    (lines, success)
}

fn counted(lines: &[String], line: &str) -> usize {
    lines.iter().filter(|other| *other == line).count()
}

#[test]
fn forked_processes_that_end_in_good_order_are_not_started_again() {
    let (lines, success) = watchdog(LIMIT, || sorted(forking("end")));
    assert_eq!(lines, ["all have ended", "worker 0", "worker 1"]);
    assert!(success);
}

#[test]
fn a_forked_process_that_dies_is_started_again_so_often_and_then_all_end() {
    let (lines, success) = watchdog(LIMIT, || forking("die"));
    assert_eq!(counted(&lines, "worker 0"), 4);
    let last = lines.last().expect("an error");
    assert!(
        last.starts_with("error: ") && last.contains("3 times"),
        "{last}"
    );
    assert!(!success);
}

#[test]
fn no_number_of_processes_is_one_for_each_core() {
    let (lines, _) = watchdog(LIMIT, || forking("cores"));
    let cores = thread::available_parallelism().expect("a number").get();
    let workers = lines.iter().filter(|line| line.starts_with("worker"));
    assert_eq!(workers.count(), cores);
}

#[test]
fn what_a_forked_process_starts_is_none() {
    let (lines, _) = watchdog(LIMIT, || forking("ask"));
    assert_eq!(counted(&lines, "task None"), 2);
}

#[test]
fn a_forked_process_cannot_fork_again() {
    let (lines, success) = watchdog(LIMIT, || forking("twice"));
    let refused = lines.iter().filter(|line| line.contains("is a worker"));
    assert_eq!(refused.count(), 2);
    assert!(success);
}

/// Which worker answers: its number, and that of its process.
fn ask(port: u16) -> (usize, u32) {
    let mut answer = String::new();
    let mut client = net::TcpStream::connect(("127.0.0.1", port)).expect("a server");
    client.read_to_string(&mut answer).expect("an answer");
    let (task, pid) = answer.split_once(' ').expect("two numbers");
    (
        task.parse().expect("a number"),
        pid.parse().expect("a number"),
    )
}

/// Kills a worker, and gives its number, and that of its process.
fn kill_one(port: u16) -> io::Result<(usize, u32)> {
    let (task, pid) = ask(port);
    let killed = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(killed.expect("a number"), Signal::KILL)?;
    Ok((task, pid))
}

/// A program that serves, with two workers.
struct Serving {
    supervisor: Subprocess,
    output: IoStream,
    port: u16,
}

#[co::coroutine]
fn serve(program: PathBuf) -> io::Result<Serving> {
    let mut command = Command::new(program);
    command
        .arg("serve")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut supervisor = Subprocess::spawn(&mut command)?;
    supervisor.kill_on_drop(true);
    let output = IoStream::reader(supervisor.stdout.take().expect("piped"));
    let line = yield_!(next_lines(&output, 1))?.remove(0);
    let port = line
        .strip_prefix("port ")
        .and_then(|port| port.parse().ok());
    let serving = Serving {
        port: port.expect("a port"),
        supervisor,
        output,
    };
    let started = yield_!(next_lines(&serving.output, 4))?;
    assert_eq!(
        started,
        ["worker 0", "worker 0 serves", "worker 1", "worker 1 serves"]
    );
    Ok(serving)
}

/// The next lines, in any order.
async fn next_lines(output: &IoStream, count: usize) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for _ in 0..count {
        let line = output.read_until(b"\n", 100).await?;
        lines.push(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
    }
    lines.sort_unstable();
    Ok(lines)
}

#[co::coroutine]
fn end(serving: Serving) -> io::Result<()> {
    serving.supervisor.send_signal(SignalKind::TERMINATE)?;
    let ended = yield_!(next_lines(&serving.output, 3))?;
    assert_eq!(ended, ["all have ended", "worker 0 ends", "worker 1 ends"]);
    assert!(yield_!(serving.supervisor.wait_for_exit())?.success());
    Ok(())
}

#[co::test(timeout = 20)]
fn forked_processes_share_a_port_are_replaced_and_are_told_to_end() -> io::Result<()> {
    let serving = yield_!(serve(FORKING.into()))?;
    let (task, pid) = kill_one(serving.port)?;
    let again = [format!("worker {task}"), format!("worker {task} serves")];
    assert_eq!(yield_!(next_lines(&serving.output, 2))?, again);
    assert!((0..20).all(|_| ask(serving.port).1 != pid));

    serving.supervisor.send_signal(SignalKind::HANGUP)?;
    let hung_up = yield_!(next_lines(&serving.output, 2))?;
    assert_eq!(hung_up, ["worker 0 was hung up", "worker 1 was hung up"]);
    yield_!(end(serving))
}

/// Which program it is that the processes run.
#[cfg(target_os = "linux")]
mod program {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    /// Another name of the program's. A copy would be open for writing in children that other tests start meanwhile, and could not be executed then.
    fn linked(name: &str) -> io::Result<PathBuf> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_file(&path);
        fs::hard_link(FORKING, &path)?;
        Ok(path)
    }

    #[co::test(timeout = 20)]
    fn a_forked_process_runs_the_same_program_again_though_its_file_was_replaced() -> io::Result<()>
    {
        let program = linked("forking-replaced")?;
        let serving = yield_!(serve(program.clone()))?;
        fs::remove_file(&program)?;
        let (task, _) = kill_one(serving.port)?;
        let again = [format!("worker {task}"), format!("worker {task} serves")];
        assert_eq!(yield_!(next_lines(&serving.output, 2))?, again);

        symlink("/bin/false", &program)?;
        let (task, _) = kill_one(serving.port)?;
        let again = [format!("worker {task}"), format!("worker {task} serves")];
        assert_eq!(yield_!(next_lines(&serving.output, 2))?, again);
        fs::remove_file(&program)?;
        yield_!(end(serving))
    }

    #[co::test(timeout = 20)]
    fn a_forked_process_has_the_name_of_the_first_one() -> io::Result<()> {
        let program = linked("forking-named")?;
        let serving = yield_!(serve(program.clone()))?;
        fs::remove_file(&program)?;
        let name = fs::read_to_string(format!("/proc/{}/comm", ask(serving.port).1))?;
        assert_eq!(name, "forking-named\n");
        yield_!(end(serving))
    }
}
