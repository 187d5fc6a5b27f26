use coroutine_core as co;

#[co::coroutine]
fn number() -> u32 {
    5.await
}

fn main() {}
