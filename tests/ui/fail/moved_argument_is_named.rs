use coroutine_core as co;

#[co::coroutine]
fn twice(text: String) {
    drop(text);
    drop(text);
}

fn main() {
    twice(String::new());
}
