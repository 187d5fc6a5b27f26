use coroutine_core as co;

#[co::coroutine]
fn number() -> u32 {
    let number: u32 = yield_!(co::moment());
    number
}

fn main() {}
