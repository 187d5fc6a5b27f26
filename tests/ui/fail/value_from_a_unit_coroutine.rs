use coroutine_core as co;

#[co::coroutine]
fn number() {
    5
}

fn main() {}
