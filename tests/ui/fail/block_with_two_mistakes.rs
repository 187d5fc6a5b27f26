use coroutine_core as co;

fn main() {
    let future = co::block::coroutine! {
        yield_!();
        let wait = || yield co::moment();
        wait();
    };
    co::block::coroutine! { yield future };
}
