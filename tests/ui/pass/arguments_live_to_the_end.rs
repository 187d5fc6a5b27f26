use std::cell::RefCell;
use std::rc::Rc;

use coroutine_core as co;

type Log = Rc<RefCell<Vec<&'static str>>>;

struct Noisy(&'static str, Log);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

struct Pair {
    used: Noisy,
    _left: Noisy,
}

#[co::coroutine]
fn ends(log: Log, first: Noisy, _: Noisy, Pair { used, .. }: Pair, _unused: Noisy) {
    yield_!(co::moment());
    log.borrow_mut().push("body");
    let _local = Noisy("local", log.clone());
    let _ = (&first, &used);
}

pub(crate) fn main() {
    let log = Log::default();
    let [first, second, used, left, unused] =
        ["first", "second", "used", "left", "unused"].map(|name| Noisy(name, log.clone()));
    let pair = Pair { used, _left: left };
    let coroutine = ends(log.clone(), first, second, pair, unused);
    co::IoLoop::current()
        .run_sync(|| coroutine)
        .expect("no value");
    assert_eq!(
        *log.borrow(),
        ["body", "local", "used", "unused", "left", "second", "first"]
    );
}
