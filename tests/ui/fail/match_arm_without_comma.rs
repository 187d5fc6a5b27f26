use coroutine_core as co;

#[co::coroutine]
fn number(zero: bool) -> u32 {
    match zero {
        true => yield_!(async { 0 })
        false => yield_!(async { 1 })
    }
}

#[co::coroutine]
fn caller() -> u32 {
    yield_!(number(true))
}

fn main() {}
