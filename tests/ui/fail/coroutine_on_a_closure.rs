use coroutine_core as co;

fn main() {
    let waits = #[co::coroutine]
    || ();
    waits();
}
