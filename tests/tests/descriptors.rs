//! What streams leave behind: nothing. The only test of its file, since it counts the descriptors of the whole process.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use co::net::TcpListener;
use co::{IoLoop, IoStream, StreamError};
use coroutine_core as co;
use coroutine_tests::with_loop;

const CONNECTIONS: usize = 2000;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// How many coroutines are suspended, as the loop shows it.
fn suspended(io_loop: &IoLoop) -> String {
    let shown = format!("{io_loop:?}");
    let at = shown.find("suspended: ").expect("it is shown");
    shown[at..].to_owned()
}

#[co::coroutine]
fn serve(stream: IoStream) {
    stream.set_close_callback(|| {});
    // Clients leave when they like, which is an error for whoever reads or writes.
    let _ = yield_!(talk(&stream));
}

#[co::coroutine(lazy)]
fn talk(stream: &IoStream) -> Result<(), StreamError> {
    let line = yield_!(stream.read_until(b"\n", 100))?;
    if line == b"flood\n" {
        yield_!(stream.write(vec![0; 8 << 20]))?;
    }
    yield_!(stream.write(line))?;
    yield_!(stream.read_until_close()).map(drop)
}

/// Comes, says something, and leaves in one of several ways.
fn visit(address: SocketAddr, number: usize) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(address)?;
    match number % 20 {
        // It leaves without a word.
        0..=4 => return Ok(()),
        // It does not take all that it gets.
        5 => {
            stream.write_all(b"flood\n")?;
            stream.read_exact(&mut [0; 100])?;
        }
        _ => {
            stream.write_all(b"hello\n")?;
            stream.read_exact(&mut [0; 6])?;
        }
    }
    if number % 2 == 1 {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    }
    Ok(())
}

#[co::coroutine]
fn accept(listener: TcpListener, connections: usize) -> io::Result<()> {
    let mut serving = Vec::new();
    for _ in 0..connections {
        let (stream, _) = yield_!(listener.accept())?;
        serving.push(serve(IoStream::new(stream)));
        serving.retain(|serving| !serving.done());
    }
    drop(yield_!(serving));
    Ok(())
}

#[test]
fn connections_that_come_and_go_leave_neither_descriptors_nor_coroutines() {
    with_loop(|io_loop| {
        let round = |connections| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("it is bound");
            let visits = std::thread::spawn(move || {
                (0..connections).try_for_each(|number| visit(address, number))
            });
            let result = io_loop.run_sync(move || accept(listener, connections));
            result.expect("it ends").expect("it accepts");
            visits.join().expect("it ends").expect("it connects");
            // Coroutines that were told of a close end on the next turns.
            io_loop.start().expect("nobody is left");
        };
        round(8);
        let before = (descriptors(), suspended(&io_loop));
        round(CONNECTIONS);
        assert_eq!((descriptors(), suspended(&io_loop)), before);
    });
}
