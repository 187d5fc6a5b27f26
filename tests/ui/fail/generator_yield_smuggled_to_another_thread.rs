use coroutine_core as co;

fn is_send(_: impl Send) {}

macro_rules! smuggle {
    ($point:expr) => {
        is_send(async move { $point })
    };
}

#[co::generator(yield = u32)]
fn smuggler() {
    smuggle!(yield_!(1));
}

fn main() {}
