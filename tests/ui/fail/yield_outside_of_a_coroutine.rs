use coroutine_core as co;

fn waits() {
    co::yield_!(co::moment());
}

fn main() {}
