use coroutine_core as co;

trait Handler {
    #[co::coroutine]
    fn get(&self) -> u32;
}

fn main() {}
