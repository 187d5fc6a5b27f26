use coroutine_core as co;

#[co::coroutine]
fn number() -> u32 {
    let = 5;
    yield_!(async { 5 })
}

#[co::coroutine]
fn caller() -> u32 {
    yield_!(number())
}

fn main() {}
