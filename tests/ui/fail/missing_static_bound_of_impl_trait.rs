use coroutine_core as co;

use std::fmt::Display;

#[co::coroutine]
fn show(times: usize, value: impl Display) -> String {
    value.to_string().repeat(times)
}

fn main() {}
