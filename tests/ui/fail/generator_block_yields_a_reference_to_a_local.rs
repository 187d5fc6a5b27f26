use coroutine_core as co;

fn main() {
    let mut texts = co::block::generator! {
        let text = String::from("local");
        yield text.as_str();
    }
    .boxed();
    let _text = texts.next();
}
