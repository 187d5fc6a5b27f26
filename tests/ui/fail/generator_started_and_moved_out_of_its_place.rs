use std::pin::pin;

use coroutine_core::{self as co, Started};

#[co::generator(yield = u32)]
fn one() {
    yield_!(1);
}

fn started() -> Started<impl co::Home<Argument = ()>> {
    let generator = pin!(one());
    generator.start().0
}

fn main() {
    drop(started());
}
