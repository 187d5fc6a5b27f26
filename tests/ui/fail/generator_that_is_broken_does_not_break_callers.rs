use std::pin::pin;

use coroutine_core as co;
use futures_util::StreamExt;

#[co::generator]
fn missing<'a>(text: &'a str) -> Result<usize, String> {
    yield_!(text.to_owned());
    Ok(text.len())
}

#[co::generator(yield = u32, eager)]
fn unknown() -> u32 {
    yield_!(1);
    2
}

#[co::generator(yield = u32)]
fn iterator() -> impl Iterator<Item = u32> {
    yield_!(1);
}

#[co::generator(yield = u32)]
async fn stream() -> impl Stream<Item = u32> {
    yield_!(1);
}

fn main() {
    let missing = pin!(missing("text"));
    let (mut missing, first) = missing.start();
    drop(first);
    let _ = missing.send(());
    let number: u32 = pin!(unknown()).chain(pin!(iterator())).sum();
    println!("{number}");
    let mut numbers = pin!(stream());
    let _ = numbers.next();
}
