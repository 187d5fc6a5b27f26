use std::rc::Rc;

use coroutine_core::{self as co, IoLoop, block::coroutine};

#[co::coroutine]
fn answer<T: 'static>(value: T) -> T {
    yield_!(co::moment());
    value
}

pub(crate) fn main() {
    let shared = Rc::new(5);
    let started = coroutine! {
        let number = yield answer(*shared);
        if number == 0 {
            return Err("zero");
        }
        Ok(number + yield_!(answer(1)) + answer(1).await)
    };
    assert_eq!(
        IoLoop::current().run_sync(|| started).expect("it ends"),
        Ok(7)
    );

    let double = coroutine! { |number: u32| -> u32 { (yield answer(number)) * 2 } };
    let show = co::block::coroutine! { move |text, _: u32| yield answer(text) };
    let sum = coroutine! { || -> Result<u32, std::num::ParseIntError> {
        let mut sum = 0;
        for number in [yield double(1), double(2).await] {
            sum += number;
        }
        println!("{}", yield show("text", 1));
        sum += "1".parse::<u32>()?;
        Ok(sum)
    } };
    assert_eq!(IoLoop::current().run_sync(sum).expect("it ends"), Ok(7));
    let _empty: co::Future<()> = coroutine! {};
}
