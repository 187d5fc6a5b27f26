#![deny(unused_must_use)]

use std::time::Duration;

use co::WaitIterator;
use coroutine_core as co;

#[co::coroutine]
fn waits_for_nobody() {
    co::multi((async { Ok::<u8, String>(1) },));
    co::with_timeout(Duration::ZERO, co::moment());
    WaitIterator::new([co::moment()]);
    WaitIterator::new([co::moment()]).next();
}

fn main() {}
