use coroutine_core as co;

use std::borrow::Cow;

#[co::coroutine]
fn length<'a>(text: Cow<'a, str>) -> usize {
    text.len()
}

fn main() {}
