use coroutine_core as co;

#[co::generator(yield = &'static str)]
fn texts(text: &str) {
    yield_!(text);
}

fn main() {}
