use coroutine_core as co;

#[co::coroutine]
fn count(calls: &mut u32) {
    *calls += 1;
}

fn main() {}
