use coroutine_core as co;

#[co::coroutine]
fn sum(count: u32, _: ...) -> u32 {
    count
}

fn main() {}
