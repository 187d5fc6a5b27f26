use coroutine_core as co;

#[co::coroutine]
fn answer<T: 'static>(value: T) -> T {
    yield_!(co::moment());
    value
}

#[co::coroutine]
fn early(stop: bool) -> u32 {
    if yield_!(answer(stop)) {
        return 1;
    }
    2
}

#[co::coroutine]
fn only_return() -> u32 {
    return yield_!(answer(3));
}

#[co::coroutine]
fn only_panic(number: u32) -> u32 {
    panic!("{number}")
}

#[co::coroutine]
fn for_ever() {
    loop {
        yield_!(co::moment());
    }
}

#[co::coroutine]
fn question(text: &'static str) -> Result<u32, Box<dyn std::error::Error>> {
    let number: u32 = yield_!(answer(text)).parse()?;
    let number = yield_!(answer(Ok::<_, std::fmt::Error>(number)))?;
    Ok(number + answer(Some(1)).await.ok_or("none")?)
}

#[co::coroutine]
fn loops(limit: u32) -> u32 {
    let mut count = 0;
    'outer: loop {
        while yield_!(answer(count < limit)) {
            count += 1;
            if count == 7 {
                break 'outer;
            }
            if count % 2 == 0 {
                continue 'outer;
            }
        }
        break;
    }
    let labelled = 'block: {
        if yield_!(answer(count)) > 3 {
            break 'block 100;
        }
        0
    };
    count + labelled
}

#[co::coroutine]
fn matches(number: Option<u32>) -> &'static str {
    let Some(number) = yield_!(answer(number)) else {
        return "none";
    };
    match yield_!(answer(number)) {
        0 => yield_! { answer("zero") },
        n if yield_!(answer(n)) == 1 => "one",
        _ => yield_! { answer("many") },
    }
}

#[co::main]
pub(crate) fn main() {
    assert_eq!((yield_!(early(true)), yield_!(early(false))), (1, 2));
    assert_eq!(yield_!(only_return()), 3);
    assert_eq!(yield_!(question("4")).ok(), Some(5));
    assert!(yield_!(question("four")).is_err());
    assert_eq!((yield_!(loops(3)), yield_!(loops(10))), (3, 107));
    assert_eq!(yield_!(matches(None)), "none");
    assert_eq!(yield_!(matches(Some(1))), "one");
    assert_eq!(yield_!(matches(Some(2))), "many");
    assert_eq!(yield_!(answer(yield_!(answer(yield_!(answer(7)))))), 7);
    assert_eq!(yield_!(answer(|number| number + 1))(7), 8);
    assert_eq!(-yield_!(answer([1, 2]))[1] as i64, -2);
    assert!(!*yield_!(answer(&false)) && yield_!(answer((1, 2))).1 == 2);
    for number in yield_!(answer(0..3)) {
        assert!(number < 3);
    }
    if yield_!(answer(false)) {
        yield_!(for_ever());
        yield_!(only_panic(1));
    }
}
