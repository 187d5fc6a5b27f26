//! Child processes, and one loop for each core.

use std::io::{self, ErrorKind};
use std::net;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use co::net::{BindOptions, TcpServer, bind_sockets};
use co::process::{Subprocess, run_on_each_core};
use co::signal::SignalKind;
use co::{Future, IoLoop};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, wait_until, watchdog};
use futures_util::AsyncReadExt;
use rustix::process::{Pid, test_kill_process};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn spawn(script: &str) -> Subprocess {
    Subprocess::spawn(&mut shell(script)).expect("a shell")
}

/// Whether there is such a process, also one that has ended and was not waited for.
fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    test_kill_process(pid.expect("a number")).is_ok()
}

#[co::test]
fn a_child_is_written_to_and_read_from() -> io::Result<()> {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Subprocess::spawn(&mut command)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (stdin, mut stdout) = (stdin.expect("piped"), stdout.expect("piped"));
    // More than a pipe holds.
    let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
    let expected = sent.clone();
    let writing = IoLoop::current().spawn(async move { stdin.write_all(&sent).await });
    let mut received = Vec::new();
    yield_!(stdout.read_to_end(&mut received))?;
    yield_!(writing)?;
    assert!(received == expected);
    assert!(yield_!(child.wait_for_exit())?.success());
    Ok(())
}

#[co::test]
fn what_a_child_writes_as_errors_is_a_stream_of_its_own() -> io::Result<()> {
    let mut command = shell("echo out; echo err >&2");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Subprocess::spawn(&mut command)?;
    let (mut out, mut err) = (String::new(), String::new());
    yield_!(child.stdout.take().expect("piped").read_to_string(&mut out))?;
    yield_!(child.stderr.take().expect("piped").read_to_string(&mut err))?;
    assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
    assert!(child.stdin.is_none());
    Ok(())
}

#[co::test]
fn the_status_of_a_child_is_its_code_or_the_signal_that_ended_it() -> io::Result<()> {
    let code = yield_!(spawn("exit 7").wait_for_exit())?;
    assert_eq!((code.code(), code.signal()), (Some(7), None));
    let signal = yield_!(spawn("kill -TERM $$").wait_for_exit())?;
    assert_eq!((signal.code(), signal.signal()), (None, Some(15)));
    Ok(())
}

#[co::test]
fn a_child_that_has_ended_long_ago_can_be_waited_for() -> io::Result<()> {
    let child = spawn("exit 7");
    while child.try_wait()?.is_none() {
        yield_!(co::sleep(Duration::from_millis(1)));
    }
    for _ in 0..2 {
        assert_eq!(yield_!(child.wait_for_exit())?.code(), Some(7));
    }
    Ok(())
}

#[co::test]
fn several_wait_for_one_child_and_one_that_gives_up_disturbs_nobody() -> io::Result<()> {
    let child = spawn("exec sleep 60");
    let wait = |_| IoLoop::current().spawn(child.wait_for_exit());
    let waiting: Vec<_> = (0..3).map(wait).collect();
    yield_!(co::moment());
    waiting[0].cancel();
    child.send_signal(SignalKind::TERMINATE)?;
    for future in waiting.into_iter().skip(1) {
        assert_eq!(yield_!(future)?.signal(), Some(15));
    }
    Ok(())
}

#[co::test]
fn the_loop_goes_on_while_a_child_is_waited_for() -> io::Result<()> {
    let child = spawn("sleep 0.05");
    let exited = IoLoop::current().spawn(child.wait_for_exit());
    let mut turns = 0;
    while !exited.done() {
        turns += 1;
        yield_!(co::sleep(Duration::from_millis(1)));
    }
    assert!(turns > 1);
    Ok(())
}

#[test]
fn a_loop_on_which_somebody_waits_for_a_child_can_be_woken() {
    watchdog(LIMIT, || {
        let wait = || async { spawn("sleep 0.05; exit 7").wait_for_exit().await };
        let status = IoLoop::current().run_sync(wait).expect("no deadlock");
        assert_eq!(status.expect("a status").code(), Some(7));
    });
}

#[co::test]
fn an_exit_callback_is_called_with_the_status_on_a_later_turn() -> io::Result<()> {
    let (events, child) = (Events::new(), spawn("exit 7"));
    let noted = events.clone();
    while child.try_wait()?.is_none() {
        yield_!(co::sleep(Duration::from_millis(1)));
    }
    child.set_exit_callback(move |status| noted.note(status.code().unwrap_or(0)));
    yield_!(co::moment());
    yield_!(co::moment());
    assert_eq!(events.take(), ["7"]);
    Ok(())
}

#[co::test]
fn an_exit_callback_is_called_although_the_subprocess_was_dropped() {
    let (promise, exited) = co::promise();
    let child = spawn("exit 7");
    child.set_exit_callback(move |status| promise.set_result(status.code()));
    drop(child);
    assert_eq!(yield_!(exited), Some(7));
}

#[co::test]
fn a_program_that_is_not_there_is_an_error_that_names_it() {
    let error = Subprocess::spawn(&mut Command::new("/no/such/program")).expect_err("none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("`/no/such/program`"), "{error}");
}

#[co::test]
fn a_signal_to_a_child_that_has_ended_is_an_error() -> io::Result<()> {
    let child = spawn("exit 0");
    yield_!(child.wait_for_exit())?;
    let error = child.kill().expect_err("it has ended");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    Ok(())
}

#[co::test]
fn a_dropped_child_goes_on() -> io::Result<()> {
    let mut command = shell("read line; echo $line");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Subprocess::spawn(&mut command)?;
    let (stdin, mut stdout) = (child.stdin.take(), child.stdout.take().expect("piped"));
    drop(child);
    yield_!(stdin.expect("piped").write_all(b"alive\n"))?;
    let mut output = String::new();
    yield_!(stdout.read_to_string(&mut output))?;
    assert_eq!(output, "alive\n");
    Ok(())
}

#[co::test]
fn a_child_that_is_to_be_killed_is_when_it_is_dropped() -> io::Result<()> {
    let child = spawn("exec sleep 60");
    child.kill_on_drop(true);
    let exited = child.wait_for_exit();
    drop(child);
    assert_eq!(yield_!(exited)?.signal(), Some(9));
    Ok(())
}

#[test]
fn a_dropped_child_that_has_ended_does_not_stay_for_ever() {
    watchdog(LIMIT, || {
        let child = spawn("exec sleep 60");
        child.kill_on_drop(true);
        let pid = child.pid();
        drop(child);
        // Each start of a child looks after the ones before.
        wait_until(|| {
            drop(spawn("exit 0"));
            !exists(pid)
        });
    });
}

#[test]
fn each_core_has_a_loop_and_a_result_of_its_own() {
    let start = |number: usize| async move {
        co::sleep(Duration::from_millis(1)).await;
        (number, thread::current().id())
    };
    let results = watchdog(LIMIT, move || run_on_each_core(3, start));
    let results: Vec<_> = results
        .into_iter()
        .map(|result| result.expect("an end"))
        .collect();
    assert_eq!(
        results
            .iter()
            .map(|(number, _)| *number)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    let threads: std::collections::HashSet<_> = results.iter().map(|(_, thread)| *thread).collect();
    assert_eq!(threads.len(), 3);
}

#[test]
fn no_number_of_loops_is_one_for_each_core() {
    let results = watchdog(LIMIT, || {
        run_on_each_core(0, |number| async move { number })
    });
    let cores = thread::available_parallelism().expect("a number").get();
    assert_eq!(results.len(), cores);
}

#[test]
fn a_panic_on_one_core_is_given_back_and_leaves_the_others() {
    let start = |number: usize| async move {
        assert_ne!(number, 1, "not this one");
        number
    };
    let mut results = watchdog(LIMIT, move || run_on_each_core(3, start)).into_iter();
    let mut next = || results.next().expect("three results");
    assert_eq!(next().expect("an end"), 0);
    let error = next().expect_err("a panic");
    assert!(
        error.is_panicked() && error.to_string().contains("not this one"),
        "{error}"
    );
    assert!(error.into_panic().is_some());
    assert_eq!(next().expect("an end"), 2);
}

#[test]
fn a_core_whose_loop_can_never_wake_gives_the_error() {
    let start = |_| -> Future<()> { IoLoop::current().spawn(std::future::pending()) };
    let results = watchdog(LIMIT, move || run_on_each_core(1, start));
    let error = results
        .into_iter()
        .next()
        .expect("a result")
        .expect_err("a deadlock");
    let source = std::error::Error::source(&error).expect("the loop's error");
    assert!(source.to_string().contains("can never wake"), "{source}");
}

#[test]
fn the_connections_to_a_shared_port_are_spread_over_the_cores() {
    let shared = BindOptions::new().address("127.0.0.1").reuse_port(true);
    let first = bind_sockets(0, &shared).expect("a free port");
    let port = first[0].local_addr().expect("it is bound").port();
    let second = bind_sockets(port, &shared).expect("a shared port");
    let sockets = std::sync::Arc::new(Mutex::new(vec![first, second]));
    let start = move |_| {
        let sockets = sockets.lock().expect("no panic").pop();
        let (promise, visited) = co::promise();
        let promise = std::cell::Cell::new(Some(promise));
        let server = TcpServer::new(move |_, _| {
            if let Some(promise) = promise.take() {
                promise.set_result(());
            }
        });
        server
            .add_sockets(sockets.into_iter().flatten())
            .expect("sockets");
        visited
    };
    watchdog(LIMIT, move || {
        let cores = thread::spawn(move || run_on_each_core(2, start));
        // Each goes to the one or the other by chance.
        while !cores.is_finished() {
            drop(net::TcpStream::connect(("127.0.0.1", port)));
        }
        let results = cores.join().expect("no panic");
        assert!(results.iter().all(Result::is_ok));
    });
}
