use coroutine_core as co;

use std::fmt::Display;

#[co::coroutine]
fn show<T: Display>(value: T) -> String {
    value.to_string()
}

fn main() {}
