use coroutine_core as co;

fn main() {
    co::block::coroutine! {
        yield;
    };
}
