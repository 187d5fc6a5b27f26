use coroutine_core as co;

#[co::coroutine]
enum Waits {
    Long,
}

fn main() {}
