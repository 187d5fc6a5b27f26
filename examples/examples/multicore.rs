//! cargo run --release -p coroutine-examples --example multicore -- --once
//!
//! A web application in two processes, which share the port (`--workers 0` for one on each core). The first process looks after the others: kill one, and it is
//! started again. With `--once` clients ask until all workers have answered; without it goes on serving.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::id;
use std::thread;
use std::time::{Duration, Instant};

use coroutine_core::IoLoop;
use coroutine_core::net::{BindOptions, bind_sockets};
use coroutine_core::process::{Worker, fork_processes};
use coroutine_core::signal::SignalKind;
use coroutine_http::{Application, RequestHandler};

/// Serves until the signal comes that the first process passes on.
fn serve(worker: Worker) -> Result<(), Box<dyn Error>> {
    let (task, io_loop) = (worker.task_id, IoLoop::current());
    let stop = io_loop.clone();
    let stopping = io_loop.add_signal_handler(SignalKind::TERMINATE, move || stop.stop())?;
    let server = Application::new()
        .get("/", move |mut handler: RequestHandler| {
            handler.write(format!("{task}"));
        })
        .serve_sockets(worker.sockets)?;
    println!(
        "worker {task} (process {}) serves at http://{}/",
        id(),
        server.local_addr()
    );
    io_loop.start()?;
    stopping.remove();
    Ok(())
}

/// Asks on a connection of its own, so that any worker may take it.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer
        .rsplit("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .to_owned())
}

/// Asks from several threads at once until each worker has answered, then has all of them end.
fn demonstrate(address: SocketAddr, workers: usize) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut answers = BTreeMap::<String, usize>::new();
    while answers.len() < workers && Instant::now() < end {
        let clients: Vec<_> = (0..8)
            .map(|_| thread::spawn(move || ask(address)))
            .collect();
        for client in clients {
            if let Ok(Ok(worker)) = client.join() {
                *answers.entry(worker).or_default() += 1;
            }
        }
    }
    println!("answers of each worker: {answers:?}");
    coroutine_core::signal::raise(SignalKind::TERMINATE).expect("a signal to this process");
}

fn main() -> Result<(), Box<dyn Error>> {
    let stated = std::env::args()
        .skip_while(|word| word != "--workers")
        .nth(1);
    let workers = stated.map_or(Ok(2), |number| number.parse())?;
    let once = std::env::args().any(|argument| argument == "--once");
    // In the first process alone.
    let bind = move || -> io::Result<Vec<TcpListener>> {
        let sockets = bind_sockets(
            if once { 0 } else { 8889 },
            &BindOptions::new().address("127.0.0.1"),
        )?;
        let address = sockets[0].local_addr()?;
        if once {
            let workers = if workers == 0 {
                thread::available_parallelism()?.get()
            } else {
                workers
            };
            thread::spawn(move || demonstrate(address, workers));
        }
        Ok(sockets)
    };
    match fork_processes(workers, bind)? {
        Some(worker) => serve(worker),
        None => Ok(()), // the first process, when all others have ended
    }
}
