use coroutine_core as co;

#[co::generator(yield = u32, name = "count to {end}")]
fn count(end: u32) {
    yield_!(end);
}

fn main() {}
