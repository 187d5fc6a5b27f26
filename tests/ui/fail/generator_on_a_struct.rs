use coroutine_core as co;

#[co::generator(yield = u32)]
struct Numbers;

fn main() {}
