use coroutine_core as co;

fn main() {
    let _numbers = #[co::generator(yield = u32)] || yield_!(1);
}
