use coroutine_core as co;

fn main() {
    let wait = co::block::coroutine! { async || yield co::moment() };
    wait();
}
