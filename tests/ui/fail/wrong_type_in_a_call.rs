use coroutine_core as co;

#[co::coroutine]
fn double(number: u32) -> u32 {
    number * 2
}

#[co::coroutine]
fn caller() -> u32 {
    yield_!(double("5"))
}

fn main() {}
