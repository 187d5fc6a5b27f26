use coroutine_core as co;

fn main() {
    let length = co::block::coroutine! { |text: &str| -> usize { text.len() } };
    length("text");
}
