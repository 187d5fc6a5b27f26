use coroutine_core as co;

#[co::coroutine]
fn number() -> u32 {
    yield_!(5)
}

fn main() {}
