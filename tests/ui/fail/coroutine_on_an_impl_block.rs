use coroutine_core as co;

struct Waits;

#[co::coroutine]
impl Waits {}

fn main() {}
