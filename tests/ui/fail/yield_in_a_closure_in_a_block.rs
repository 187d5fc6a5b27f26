use coroutine_core as co;

fn main() {
    co::block::coroutine! {
        let wait = || yield co::moment();
        wait();
    };
}
