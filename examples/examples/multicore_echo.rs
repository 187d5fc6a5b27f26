//! cargo run --release -p coroutine-examples --example multicore_echo -- --cores 2
//!
//! An echo server with a loop for each core. It is asked for a second by threads of its own, which take half of the machine; to see what the loops can do by
//! themselves, run it with `--serve`, which goes on until Ctrl-C, and send the load from another machine, or from other cores (`taskset -c 0,1` for the server).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use coroutine_core as co;
use coroutine_core::net::{BindOptions, TcpServer, bind_sockets};
use coroutine_core::process::run_on_each_core;
use coroutine_core::signal::{self, SignalKind};
use coroutine_core::{IoStream, StreamError};

#[co::coroutine]
fn echo(stream: IoStream, _peer: SocketAddr) -> Result<(), StreamError> {
    while let Ok(bytes) = yield_!(stream.read_bytes_partial(1024)) {
        yield_!(stream.write(bytes))?;
    }
    Ok(())
}

/// What runs on each core. The loops share nothing; the system spreads the connections over their sockets.
#[co::coroutine]
fn serve(socket: Option<TcpListener>) -> io::Result<()> {
    let pressed = signal::ctrl_c();
    let server = TcpServer::new(echo);
    server.add_sockets(socket)?;
    yield_!(pressed)?;
    yield_!(server.shutdown(Duration::from_secs(1)));
    Ok(())
}

/// Sends short messages, each when the one before has come back, and counts them.
fn load(address: SocketAddr) -> io::Result<u32> {
    let mut stream = TcpStream::connect(address)?;
    let (end, mut count) = (Instant::now() + Duration::from_secs(1), 0);
    while Instant::now() < end {
        stream.write_all(b"hello")?;
        stream.read_exact(&mut [0; 5])?;
        count += 1;
    }
    Ok(count)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let stated = arguments
        .iter()
        .skip_while(|word| *word != "--cores")
        .nth(1);
    let cores = stated.map_or(Ok(2), |number| number.parse())?;
    let shared = BindOptions::new().address("127.0.0.1").reuse_port(true);
    let mut sockets = bind_sockets(0, &shared)?;
    let address = sockets[0].local_addr()?;
    for _ in 1..cores {
        sockets.extend(bind_sockets(address.port(), &shared)?);
    }
    println!("{cores} loops at {address}");
    let sockets = Arc::new(Mutex::new(sockets));
    let take = move || sockets.lock().ok()?.pop();
    let loops = thread::spawn(move || run_on_each_core(cores, move |_| serve(take())));
    if !arguments.contains(&"--serve".to_owned()) {
        let clients: Vec<_> = (0..4 * cores)
            .map(|_| thread::spawn(move || load(address)))
            .collect();
        let counts = clients.into_iter().filter_map(|client| client.join().ok());
        println!("{} messages in a second", counts.sum::<io::Result<u32>>()?);
        signal::raise(SignalKind::INTERRUPT)?;
    }
    let ended = loops.join().map_err(|_| "a panic")?;
    ended.into_iter().try_for_each(|result| Ok(result??))
}
