use coroutine_core as co;

#[co::coroutine]
fn first(words: Vec<&str>) -> usize {
    words.len()
}

fn main() {}
