use coroutine_core as co;

#[co::coroutine]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

fn main() {}
