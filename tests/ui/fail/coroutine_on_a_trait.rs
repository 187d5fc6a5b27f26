use coroutine_core as co;

#[co::coroutine]
trait Waits {}

fn main() {}
