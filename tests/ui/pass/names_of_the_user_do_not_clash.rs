#![allow(dead_code)]

use coroutine_core as co;

mod core {}
mod std {}
struct Option;
struct Some;
struct None;
struct Future;

#[co::coroutine]
fn answer(value: u32, start: u32) -> u32 {
    yield_!(co::moment());
    value + start
}

#[co::coroutine]
fn r#match(r#type: u32) -> u32 {
    assert_eq!(format!("{type}"), "5");
    yield_!(answer(r#type, 1))
}

#[co::generator(yield = u32)]
fn generator(yielder: u32, value: u32) {
    yield_!(yielder);
    let yielder = yielder + value;
    yield_!(yielder);
}

#[co::main]
pub(crate) fn main() {
    let numbers: Vec<_> = generator(1, 2).boxed().collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(yield_!(r#match(5)), 6);
}
