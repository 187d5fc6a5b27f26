use coroutine_core as co;

#[co::coroutine]
async fn length(text: String) -> usize {
    let wait = || yield_!(co::moment());
    wait();
    text.len()
}

fn main() {}
