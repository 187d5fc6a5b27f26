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

#[co::main]
fn main() {
    assert_eq!(yield_!(r#match(5)), 6);
}
