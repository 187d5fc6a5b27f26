use coroutine_core as co;

#[co::test]
struct Waits;

fn main() {}
