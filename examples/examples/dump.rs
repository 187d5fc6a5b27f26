//! cargo run -p coroutine-examples --example dump
//!
//! Where every coroutine is, and what it waits for. `kill -USR1` has the same logged at any time.

use std::error::Error;
use std::io;
use std::time::Duration;

use coroutine_core::locks::{Event, Lock};
use coroutine_core::net::TcpListener;
use coroutine_core::signal::SignalKind;
use coroutine_core::{self as co, Future, IoLoop};

const HOUR: Duration = Duration::from_secs(3600);

#[co::coroutine(name = "cook {dish}")]
fn cook(dish: &'static str, ordered: Event, stove: Lock) {
    yield_!(ordered.wait());
    let _mine = yield_!(stove.acquire());
    yield_!(co::sleep(Duration::from_secs(60)));
    println!("{dish} is ready");
}

#[co::coroutine]
fn next_guest() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    yield_!(co::with_timeout(HOUR, listener.accept()))??;
    Ok(())
}

#[co::coroutine]
fn evening(dishes: Vec<Future<()>>) {
    yield_!(dishes);
}

#[co::main]
fn main() -> io::Result<()> {
    let io_loop = IoLoop::current();
    io_loop.dump_on_signal(SignalKind::USER_1)?.forget();
    let stove = Lock::new(());
    let orders = [Event::new(), Event::new(), Event::new()];
    let dishes = ["soup", "fish", "cake"].into_iter().zip(&orders);
    let dishes = dishes.map(|(dish, ordered)| cook(dish, ordered.clone(), stove.clone()));
    let _evening = evening(dishes.collect());
    let _guest = next_guest();
    orders[..2].iter().for_each(Event::set);
    yield_!(co::sleep(Duration::from_millis(100)));
    println!("{}", io_loop.dump());
    Ok(())
}
