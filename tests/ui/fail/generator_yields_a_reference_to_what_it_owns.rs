use coroutine_core as co;

#[co::generator(yield = &'a str)]
fn texts<'a>(owned: String, _borrowed: &'a str) {
    yield_!(&owned);
}

fn main() {}
