#![deny(warnings, unused_qualifications)]

use coroutine_core::{self as co, Future};

#[co::coroutine]
fn only_return(number: u32) -> u32 {
    return number;
}

#[co::coroutine]
fn only_panic() -> u32 {
    panic!("it does")
}

#[co::coroutine]
fn only_loop() -> u32 {
    loop {
        yield_!(co::moment());
    }
}

#[co::coroutine]
fn nothing(_unused: u32, _: u32) {}

#[co::coroutine]
fn one_expression((number, _): (u32, u32)) -> u32 {
    number
}

#[co::coroutine]
fn named_in_a_format_string(number: u32) {
    println!("{number}");
}

#[co::coroutine(lazy)]
fn lazily(number: &mut u32) {
    *number += 1;
}

#[co::coroutine]
fn unit(number: u32) -> () {
    yield_!(lazily(&mut { number }))
}

fn future() -> Future<u32> {
    only_return(1)
}

#[co::main]
pub(crate) fn main() {
    yield_!(nothing(1, 2));
    assert_eq!(yield_!(one_expression((3, 4))) + yield_!(future()), 4);
    yield_!(named_in_a_format_string(5));
    yield_!(unit(1));
    if false {
        yield_!(only_panic());
        yield_!(only_loop());
    }
}
