use coroutine_core as co;

fn main() {
    let _bytes = co::block::generator! { |text: &str| {
        for byte in text.bytes() {
            yield byte;
        }
    } };
}
