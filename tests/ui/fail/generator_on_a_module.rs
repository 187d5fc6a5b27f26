use coroutine_core as co;

#[co::generator(yield = u32)]
mod numbers {}

fn main() {}
