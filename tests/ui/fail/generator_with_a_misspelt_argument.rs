use coroutine_core as co;

#[co::generator(yields = u32)]
fn numbers() {
    yield_!(1);
}

fn main() {
    for number in numbers() {
        println!("{number}");
    }
}
