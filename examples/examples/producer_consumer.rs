//! cargo run -p coroutine-examples --example producer_consumer
//!
//! A consumer that is a generator, and a producer that sends it tasks. No loop is involved.

use std::error::Error;
use std::pin::{Pin, pin};

use coroutine_core::{self as co, Generator, GeneratorState};

#[co::generator(yield = &'static str, resume = u32)]
fn consumer() {
    let mut r = "i am start now!!!";
    loop {
        let i = yield_!(r);
        println!("consuming task {i}");
        r = "200 Done";
    }
}

fn producer<F>(consumer: Pin<&mut Generator<&'static str, u32, F>>) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = ()>,
{
    let (mut consumer, start_up) = consumer.start();
    if let GeneratorState::Yielded(start_up) = start_up {
        println!("start_up is {start_up}");
    }
    for i in 1..=5 {
        println!("producing task is {i}");
        if let GeneratorState::Yielded(res) = consumer.send(i)? {
            println!("consumer done, res: {res}");
        }
    }
    consumer.close(); // no more tasks
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    producer(pin!(consumer()))
}
