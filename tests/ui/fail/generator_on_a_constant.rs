use coroutine_core as co;

#[co::generator(yield = u32)]
const NUMBER: u32 = 1;

fn main() {}
