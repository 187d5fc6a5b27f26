use coroutine_core as co;

use std::rc::Rc;

struct Counter(u32);

impl Counter {
    #[co::coroutine]
    fn get(self: &Rc<Self>) -> u32 {
        self.0
    }
}

fn main() {}
