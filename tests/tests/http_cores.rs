//! HTTP on more than one core: a process each, or a thread each.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use coroutine_core as co;
use coroutine_core::IoLoop;
use coroutine_core::net::{BindOptions, bind_sockets};
use coroutine_core::process::run_on_each_core;
use coroutine_http::{Application, RequestHandler};
use coroutine_tests::{LIMIT, watchdog};
use rustix::process::{Pid, Signal, kill_process};

/// The body of an answer.
fn ask(port: u16) -> String {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .expect("room");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    body.to_owned()
}

/// Asks until both have answered.
fn both_answer(port: u16) {
    let mut answers = HashSet::new();
    while answers.len() < 2 {
        answers.insert(ask(port));
    }
    assert!(
        answers.contains("[0]") && answers.contains("[1]"),
        "{answers:?}"
    );
}

fn start() -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forking"));
    command
        .arg("http")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().expect("it can be run")
}

#[test]
fn every_forked_process_answers_and_ends_in_good_order() {
    watchdog(LIMIT, || {
        let mut program = start();
        let mut lines = BufReader::new(program.stdout.take().expect("piped")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let port = next()
            .strip_prefix("port ")
            .and_then(|port| port.parse().ok());
        let started: HashSet<_> = (0..4).map(|_| next()).collect();
        assert!(started.contains("worker 0 serves") && started.contains("worker 1 serves"));
        both_answer(port.expect("a number"));
        let pid = i32::try_from(program.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a number"), Signal::TERM).expect("it runs");
        let mut ended = [next(), next()];
        ended.sort();
        assert_eq!(
            ended,
            [0, 1].map(|n| format!("worker {n} ends: every coroutine had ended"))
        );
        program.wait().expect("its status");
    });
}

#[co::coroutine]
fn serve(number: usize, port: u16, ready: Sender<co::Handle>) {
    let options = BindOptions::new().address("127.0.0.1").reuse_port(true);
    let sockets = bind_sockets(port, &options).expect("a port that is shared");
    let answer = move |mut handler: RequestHandler| handler.write(format!("[{number}]"));
    let application = Application::new().get("/", answer);
    let server = application.serve_sockets(sockets).expect("sockets");
    ready
        .send(IoLoop::current().handle())
        .expect("a test that waits");
    yield_!(co::shutdown_requested());
    yield_!(server.shutdown(LIMIT));
}

#[test]
fn every_core_answers_at_one_port() {
    watchdog(LIMIT, || {
        let options = BindOptions::new().address("127.0.0.1").reuse_port(true);
        let first = bind_sockets(0, &options).expect("a port").remove(0);
        let port = first.local_addr().expect("its address").port();
        drop(first);
        let (sender, receiver) = channel();
        let serving = thread::spawn(move || {
            run_on_each_core(2, move |number| serve(number, port, sender.clone()))
        });
        let handles: Vec<_> = receiver.iter().take(2).collect();
        both_answer(port);
        handles.iter().for_each(co::Handle::request_shutdown);
        let results = serving.join().expect("no panic");
        assert!(results.into_iter().all(|result| result.is_ok()));
    });
}
