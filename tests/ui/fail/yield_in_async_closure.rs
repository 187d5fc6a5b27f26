use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let wait = async || yield_!(co::moment());
    wait().await;
}

fn main() {}
