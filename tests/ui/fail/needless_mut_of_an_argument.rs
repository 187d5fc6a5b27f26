#![deny(unused_mut)]

use coroutine_core as co;

#[co::coroutine]
pub fn double(mut number: u32) -> u32 {
    number * 2
}

fn main() {}
