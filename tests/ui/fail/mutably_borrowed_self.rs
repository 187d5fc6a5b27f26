use coroutine_core as co;

struct Counter(u32);

impl Counter {
    #[co::coroutine]
    fn count(&mut self) {
        self.0 += 1;
    }
}

fn main() {}
