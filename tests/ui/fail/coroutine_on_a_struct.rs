use coroutine_core as co;

#[co::coroutine]
struct Waits;

fn main() {}
