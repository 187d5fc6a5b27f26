//! cargo run -p coroutine-examples --example chat
//!
//! A chat over TCP: what one says, all others hear. Three guests come, and leave when they have heard enough.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_core::net::{TcpClient, TcpServer};
use coroutine_core::{IoStream, StreamError};

/// Who is here. All of it is on one thread, so there is nothing to lock.
type Room = Rc<RefCell<BTreeMap<SocketAddr, Rc<IoStream>>>>;

fn tell_others(room: &Room, from: SocketAddr, line: &[u8]) {
    for (guest, stream) in &*room.borrow() {
        if *guest != from {
            // It is sent by itself. A guest who does not listen is not waited for, and misses what there is no room for.
            drop(stream.write(line));
        }
    }
}

#[co::coroutine]
fn host(room: Room, stream: IoStream, guest: SocketAddr) {
    stream.set_max_write_buffer_size(64 << 10);
    let stream = Rc::new(stream);
    room.borrow_mut().insert(guest, Rc::clone(&stream));
    while let Ok(line) = yield_!(stream.read_until(b"\n", 1000)) {
        tell_others(&room, guest, &line);
    }
    room.borrow_mut().remove(&guest);
    println!("the host says goodbye to a guest");
}

#[co::coroutine]
fn visit(port: u16, name: &'static str) -> io::Result<()> {
    let stream = yield_!(TcpClient::new().connect("localhost", port))?;
    // Once all have had the time to come.
    yield_!(co::sleep(std::time::Duration::from_millis(100)));
    yield_!(stream.write(format!("{name} says hello\n")))?;
    for _ in 0..2 {
        let line: Result<_, StreamError> = yield_!(stream.read_until(b"\n", 1000));
        print!("{name} hears: {}", String::from_utf8_lossy(&line?));
    }
    Ok(())
}

#[co::main]
fn main() -> io::Result<()> {
    let room = Room::default();
    let server = TcpServer::new(move |stream, guest| host(Rc::clone(&room), stream, guest));
    server.listen("localhost:0")?;
    let port = server.local_addrs()[0].port();
    let guests: Vec<_> = ["ann", "ben", "cat"].map(|name| visit(port, name)).into();
    yield_!(guests).into_iter().collect::<io::Result<()>>()?;
    yield_!(server.shutdown(std::time::Duration::from_secs(1)));
    Ok(())
}
