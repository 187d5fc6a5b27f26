//! cargo run -p coroutine-examples --example callbacks
//!
//! The loop without coroutines: callbacks, timers, a descriptor, and another thread.

use std::error::Error;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use coroutine_core::{Interest, IoLoop};

fn main() -> Result<(), Box<dyn Error>> {
    let io_loop = IoLoop::current();
    io_loop.add_callback(|| println!("a callback runs on the next turn"));
    io_loop.call_later(Duration::from_millis(30), || {
        println!("a timer, 30 ms later");
    });
    let cancelled = io_loop.call_later(Duration::from_millis(10), || println!("never printed"));
    io_loop.remove_timeout(&cancelled);

    let (mut reader, mut writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    let on_loop = io_loop.clone();
    io_loop.add_handler(reader.as_raw_fd(), Interest::READABLE, move |fd, _ready| {
        let mut text = String::new();
        // It is non-blocking, so this ends with `WouldBlock`, or with the end of the stream.
        let _ = reader.read_to_string(&mut text);
        println!("a descriptor was ready: {text}");
        on_loop.remove_handler(fd);
    })?;

    let handle = io_loop.handle();
    let thread = std::thread::spawn(move || {
        let written = writer.write_all(b"written by a thread");
        handle.add_callback(move || println!("a callback from a thread: {written:?}"));
    });
    io_loop.start()?; // returns when the timer, the handler and the handle are gone
    thread.join().map_err(|_| "the thread panicked")?;
    Ok(())
}
