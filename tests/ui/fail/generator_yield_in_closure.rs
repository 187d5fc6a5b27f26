use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    [1, 2].iter().for_each(|number| yield_!(*number));
}

fn main() {}
