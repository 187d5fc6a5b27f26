use coroutine_core as co;

#[co::generator(yield = u32)]
trait Numbers {}

fn main() {}
