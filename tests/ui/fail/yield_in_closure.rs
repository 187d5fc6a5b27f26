use coroutine_core as co;

#[co::coroutine]
fn each(numbers: Vec<u32>) -> Vec<()> {
    numbers.iter().map(|_| yield_!(co::moment())).collect()
}

fn main() {}
