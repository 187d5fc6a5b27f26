use coroutine_core as co;

#[co::coroutine]
fn forever() -> ! {
    loop {
        yield_!(co::moment());
    }
}

fn main() {}
