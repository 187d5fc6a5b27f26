use coroutine_core as co;

#[co::coroutine]
fn length(text: &str) -> usize {
    text.len()
}

fn main() {}
