//! cargo run -p coroutine-examples --example signals
//!
//! A program that counts, tells how far it is when it gets SIGHUP, and ends in good order at Ctrl-C. It sends itself both.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::signal::{self, SignalKind};
use coroutine_core::{self as co, IoLoop};

#[co::coroutine]
fn count(counter: Rc<Cell<u32>>) {
    loop {
        yield_!(co::sleep(Duration::from_millis(10)));
        counter.set(counter.get() + 1);
    }
}

/// As if somebody had typed `kill -HUP`, twice, and pressed Ctrl-C.
#[co::coroutine]
fn pretend_to_be_a_user() -> io::Result<()> {
    for kind in [
        SignalKind::HANGUP,
        SignalKind::HANGUP,
        SignalKind::INTERRUPT,
    ] {
        yield_!(co::sleep(Duration::from_millis(200)));
        println!("sending {kind}");
        signal::raise(kind)?;
    }
    Ok(())
}

#[co::main]
fn main() -> io::Result<()> {
    let counter = Rc::new(Cell::new(0));
    let counting = count(Rc::clone(&counter));

    // As a callback. A coroutine would call `signal::signal` and yield its `recv`.
    let told = Rc::clone(&counter);
    let tell = move || println!("counted to {}", told.get());
    let handler = IoLoop::current().add_signal_handler(SignalKind::HANGUP, tell)?;

    let pressed = signal::ctrl_c();
    drop(pretend_to_be_a_user());
    yield_!(pressed)?;

    counting.cancel();
    handler.remove();
    println!("ending in good order, after counting to {}", counter.get());
    Ok(())
}
