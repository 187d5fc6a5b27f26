use coroutine_core as co;

#[co::coroutine]
const WAITS: u32 = 5;

fn main() {}
