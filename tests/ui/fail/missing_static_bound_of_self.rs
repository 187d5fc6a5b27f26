use coroutine_core as co;

use std::rc::Rc;

trait Handler {
    #[co::coroutine]
    fn get(self: Rc<Self>) {
        drop(self);
    }
}

fn main() {}
