use coroutine_core as co;

fn main() {
    co::block::coroutine! {
        matches!(yield co::moment(), () if true)
    };
}
