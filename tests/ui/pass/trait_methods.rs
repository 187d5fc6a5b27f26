use std::rc::Rc;

use coroutine_core as co;

trait Handler {
    #[co::coroutine]
    fn get(self: Rc<Self>, path: String) -> String;

    #[co::coroutine]
    fn head(self: Rc<Self>, path: String) -> usize
    where
        Self: 'static,
    {
        yield_!(self.get(path)).len()
    }
}

struct Echo;

impl Handler for Echo {
    #[co::coroutine]
    fn get(self: Rc<Self>, path: String) -> String {
        yield_!(co::moment());
        path
    }
}

struct Hand;

impl Handler for Hand {
    fn get(self: Rc<Self>, path: String) -> co::Future<String> {
        Rc::new(Echo).get(path + "!")
    }
}

#[co::main]
pub(crate) fn main() {
    let handlers: [Rc<dyn Handler>; 2] = [Rc::new(Echo), Rc::new(Hand)];
    let mut lengths = Vec::new();
    for handler in handlers {
        lengths.push(yield_!(handler.head("path".to_owned())));
    }
    assert_eq!(lengths, [4, 5]);
}
