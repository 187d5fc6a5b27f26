use coroutine_core as co;

#[co::coroutine(lazy)]
fn length(text: &str) -> usize {
    text.len()
}

fn start() -> impl Future<Output = usize> {
    let text = String::from("text");
    length(&text)
}

fn main() {}
