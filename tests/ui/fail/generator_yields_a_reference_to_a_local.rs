use coroutine_core as co;

#[co::generator(yield = &'static str)]
fn texts() {
    let text = String::new();
    yield_!(&text);
}

fn main() {}
