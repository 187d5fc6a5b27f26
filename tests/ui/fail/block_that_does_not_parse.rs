use coroutine_core as co;

fn main() {
    co::block::coroutine! { let = 5; };
}
