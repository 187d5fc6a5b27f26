use std::pin::pin;

use coroutine_core as co;

#[co::generator(yield = &'a str)]
fn words<'a>(text: &'a str) {
    for word in text.split(' ') {
        yield_!(word);
    }
}

fn main() {
    let first = {
        let text = String::from("two words");
        let first = pin!(words(&text)).next();
        first
    };
    println!("{first:?}");
}
