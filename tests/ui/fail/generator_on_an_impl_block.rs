use coroutine_core as co;

struct Numbers;

#[co::generator(yield = u32)]
impl Numbers {}

fn main() {}
