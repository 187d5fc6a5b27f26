use coroutine_core as co;

struct Counter(u32);

impl Counter {
    #[co::coroutine]
    fn get(&self) -> u32 {
        self.0
    }
}

fn main() {}
