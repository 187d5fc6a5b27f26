use coroutine_core as co;

use std::cell::Ref;

#[co::coroutine]
fn get(value: Ref<'_, u32>) -> u32 {
    *value
}

fn main() {}
