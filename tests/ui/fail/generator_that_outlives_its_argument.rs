use coroutine_core as co;

#[co::generator(yield = &str)]
fn words(text: &str) {
    for word in text.split(' ') {
        yield_!(word);
    }
}

fn main() {
    let words = {
        let text = "two words".to_owned();
        words(&text).boxed()
    };
    words.for_each(drop);
}
