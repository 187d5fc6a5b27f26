#![deny(warnings)]

use std::pin::pin;

use coroutine_core as co;

macro_rules! function {
    ($name:ident, $yields:ty, $($value:expr),*) => {
        #[co::generator(yield = $yields)]
        fn $name() {
            $(yield_!($value);)*
        }
    };
}

macro_rules! block {
    ($($value:expr),*) => {
        co::block::generator! { $(yield $value;)* }
    };
}

function!(numbers, u8, 1, 1 + 1);

pub(crate) fn main() {
    assert_eq!(pin!(numbers()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pin!(block!(3, 2 + 2)).collect::<Vec<_>>(), [3, 4]);
}
