use coroutine_core as co;

use std::rc::Rc;

trait Handler {
    #[co::coroutine]
    fn get(self: Rc<Self>) -> u32;
}

struct Five;

impl Handler for Five {
    #[co::coroutine]
    fn get(self: Rc<Self>) -> u64 {
        5
    }
}

fn main() {}
