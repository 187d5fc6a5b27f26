use coroutine_core as co;

trait Source {
    #[co::generator(yield = u32)]
    fn numbers(&self);
}

struct Texts;

impl Source for Texts {
    #[co::generator(yield = String)]
    fn numbers(&self) {
        yield_!(String::new());
    }
}

fn main() {}
