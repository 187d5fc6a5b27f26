use std::thread;

use coroutine_core as co;

#[co::generator(yield = u32)]
fn one() {
    yield_!(1);
}

fn main() {
    let mut generator = one().boxed();
    thread::spawn(move || generator.next());
}
