use coroutine_core as co;

#[co::coroutine]
fn waits() {
    fn inner() {
        yield_!(co::moment());
    }
    inner();
}

fn main() {}
