//! What `tests/fork_processes.rs` runs in several processes. The first argument says what.
//!
//! Each line that it prints is one write, so that lines of several processes do not mix.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::{Command, ExitCode, exit, id};
use std::time::Duration;

use coroutine_core::net::{BindOptions, TcpServer, bind_sockets};
use coroutine_core::process::{ForkOptions, Worker, fork_processes, task_id};
use coroutine_core::signal::SignalKind;
use coroutine_core::{self as co, IoLoop, IoStream, StreamError};
use coroutine_http::{Application, RequestHandler};

fn say(line: &str) {
    io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .expect("somebody who reads");
}

fn nothing() -> io::Result<Vec<TcpListener>> {
    Ok(Vec::new())
}

/// Says where it listens. In the first process only.
fn bind() -> io::Result<Vec<TcpListener>> {
    let sockets = bind_sockets(0, &BindOptions::new().address("127.0.0.1"))?;
    say(&format!("port {}", sockets[0].local_addr()?.port()));
    Ok(sockets)
}

#[co::coroutine]
fn introduce(stream: IoStream, task_id: usize) -> Result<(), StreamError> {
    yield_!(stream.write(format!("{task_id} {}", id())))
}

/// Serves until it is told to end.
fn serve(worker: Worker) -> Result<(), Box<dyn Error>> {
    let io_loop = IoLoop::current();
    let task_id = worker.task_id;
    let server = TcpServer::new(move |stream, _| introduce(stream, task_id));
    server.add_sockets(worker.sockets)?;
    let stopped = io_loop.clone();
    let _end = io_loop.add_signal_handler(SignalKind::TERMINATE, move || stopped.stop())?;
    let _hangup = io_loop.add_signal_handler(SignalKind::HANGUP, move || {
        say(&format!("worker {task_id} was hung up"));
    })?;
    say(&format!("worker {task_id} serves"));
    io_loop.start()?;
    say(&format!("worker {task_id} ends"));
    Ok(())
}

/// Serves HTTP until it is told to end, and then answers what it has accepted.
fn serve_http(worker: Worker) -> Result<(), Box<dyn Error>> {
    let io_loop = IoLoop::current();
    let task_id = worker.task_id;
    let introduce = move |mut handler: RequestHandler| handler.write(format!("[{task_id}]"));
    let application = Application::new().get("/", introduce).no_keep_alive(true);
    application.serve_sockets(worker.sockets)?;
    let stopped = io_loop.clone();
    let _end =
        io_loop.add_signal_handler(SignalKind::TERMINATE, move || stopped.request_shutdown())?;
    say(&format!("worker {task_id} serves"));
    io_loop.start()?;
    let report = io_loop.close_within(Duration::from_secs(5))?;
    say(&format!("worker {task_id} ends: {report}"));
    Ok(())
}

/// What a worker starts is no worker, although it finds the same environment.
fn ask_a_child() -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(env::current_exe()?);
    let status = child.arg("who").status()?;
    assert!(status.success());
    Ok(())
}

fn run(what: &str) -> Result<(), Box<dyn Error>> {
    let worker = match what {
        "who" => {
            say(&format!("task {:?}", task_id()));
            return Ok(());
        }
        "serve" | "http" => fork_processes(2, bind)?,
        "die" => fork_processes(ForkOptions::new(2).max_restarts(3), nothing)?,
        "cores" => fork_processes(0, nothing)?,
        _ => fork_processes(2, nothing)?,
    };
    let Some(worker) = worker else {
        say("all have ended");
        return Ok(());
    };
    say(&format!("worker {}", worker.task_id));
    match what {
        "serve" => serve(worker),
        "http" => serve_http(worker),
        "die" if worker.task_id == 0 => exit(3),
        // Until it is told to end.
        "die" => Ok(IoLoop::current().run_sync(|| co::sleep(Duration::from_secs(60)))?),
        "ask" => ask_a_child(),
        "twice" => {
            let error = fork_processes(2, nothing).expect_err("it is a worker");
            say(&error.to_string());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn main() -> ExitCode {
    let what = env::args().nth(1).unwrap_or_default();
    match run(&what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
