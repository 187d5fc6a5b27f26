use std::rc::Rc;

use coroutine_core as co;

struct Counter {
    count: u32,
}

impl Counter {
    #[co::coroutine]
    fn new(count: u32) -> Self {
        yield_!(co::moment());
        Self { count }
    }

    #[co::coroutine]
    fn by_value(mut self) -> u32 {
        yield_!(co::moment());
        self.count += 1;
        self.count
    }

    #[co::coroutine]
    fn by_box(self: Box<Self>) -> u32 {
        yield_!(co::moment());
        self.count
    }

    #[co::coroutine]
    fn by_rc(self: Rc<Self>, more: u32) -> u32 {
        yield_!(co::moment());
        self.count + more
    }
}

#[co::main]
pub(crate) fn main() {
    assert_eq!(yield_!(yield_!(Counter::new(1)).by_value()), 2);
    assert_eq!(yield_!(Box::new(Counter { count: 3 }).by_box()), 3);
    assert_eq!(yield_!(Rc::new(Counter { count: 3 }).by_rc(1)), 4);
}
