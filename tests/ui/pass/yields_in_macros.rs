use coroutine_core as co;

#[co::coroutine]
fn answer<T: 'static>(value: T) -> T {
    yield_!(co::moment());
    value
}

macro_rules! twice {
    ($operand:expr) => {
        ($operand, $operand)
    };
    (now $operand:expr) => {
        $operand
    };
}

macro_rules! coroutine_of {
    ($name:ident, $value:expr) => {
        #[co::coroutine]
        fn $name() -> u32 {
            yield_!(answer($value)) + 1
        }
    };
}

macro_rules! coroutine_with {
    ($name:ident($argument:ident: $ty:ty) $body:block) => {
        #[co::coroutine]
        fn $name($argument: $ty, second: u32) -> $ty {
            yield_!(answer($argument));
            assert_eq!(second, 1);
            $body
        }
    };
}

coroutine_of!(six, 2 + 3);
coroutine_with!(twice(number: u32) { yield_!(answer(number)) * 2 });

#[co::main]
pub(crate) fn main() {
    println!("{} {number}", yield_!(answer(1)), number = answer(2).await);
    assert!(yield_!(answer(true)), "it is {}", yield_!(answer("false")));
    assert_eq!(co::yield_!(answer(3)), answer(3).await);
    assert!(matches!(yield_!(answer(Some(4))), Some(4)));
    assert!(matches!(yield_!(answer(Some(4))), Some(n) if n > 3));
    assert_eq!(vec![yield_!(answer(5)); 2], vec![yield_!(answer(5)), 5]);
    assert_eq!(format!("{:?}", dbg!(yield_!(answer(Some(6))))), "Some(6)");
    assert_eq!(twice!(yield_!(answer(7))), (7, 7));
    assert_eq!(twice!(now yield_!(answer(8))), 8);
    assert_eq!(yield_!(six()), 6);
    assert_eq!(yield_!(twice(4, 1)), 8);
    yield_! { co::moment() }
    yield_![co::moment()]
}
