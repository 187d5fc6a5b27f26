//! Limits of reads and of the buffer.

use super::*;

#[co::test]
fn a_match_that_ends_at_the_limit_is_found() -> io::Result<()> {
    let stream = Script::new([&b"12345\n7"[..]]).stream();
    assert_eq!(yield_!(stream.read_until(b"\n", 6))?, b"12345\n");
    Ok(())
}

#[co::test]
fn a_match_beyond_the_limit_fails_and_closes() {
    let stream = Script::new([&b"12345\n7"[..]]).stream();
    let error = yield_!(stream.read_until(b"\n", 5)).expect_err("it is too long");
    assert!(error.is_unsatisfiable() && error.is_closed(), "{error:?}");
    assert!(error.to_string().contains("5 bytes"), "{error}");
    assert!(stream.closed());
    assert!(stream.error().is_some_and(|error| error.is_unsatisfiable()));
    let error = yield_!(stream.write("late")).expect_err("it is closed");
    assert!(error.is_closed());
}

#[co::test]
fn a_match_beyond_the_limit_fails_though_it_was_read_ahead() -> io::Result<()> {
    let stream = Script::new([&b"1\n34567\n"[..]]).stream();
    assert_eq!(yield_!(stream.read_until(b"\n", 10))?, b"1\n");
    let error = yield_!(stream.read_until(b"\n", 3)).expect_err("it is too long");
    assert!(error.is_unsatisfiable(), "{error:?}");
    Ok(())
}

#[co::test]
fn the_reader_never_takes_in_more_than_the_limit_allows() {
    let script = Script::new([&[b'x'; 100 * LIMIT][..]]);
    let stream = script.stream();
    let error = yield_!(stream.read_until(b"\n", LIMIT)).expect_err("it never comes");
    assert!(error.is_unsatisfiable(), "{error:?}");
    assert_eq!(script.taken.get(), LIMIT);
}

#[co::test]
fn a_buffer_takes_in_no_more_than_its_limit() {
    let script = Script::new([&[b'x'; 100 * LIMIT][..]]);
    let stream = script.stream();
    stream.set_max_buffer_size(LIMIT);
    let error = yield_!(stream.read_until_close()).expect_err("it is too much");
    assert!(error.is_unsatisfiable(), "{error:?}");
    // With the byte that shows that there is more.
    assert_eq!(script.taken.get(), LIMIT + 1);
}

#[co::test]
fn what_fills_the_buffer_to_its_limit_is_read_to_the_close() -> io::Result<()> {
    let script = Script::new([&[b'x'; LIMIT][..]]);
    script.ends.set(true);
    let stream = script.stream();
    stream.set_max_buffer_size(LIMIT);
    assert_eq!(yield_!(stream.read_until_close())?.len(), LIMIT);
    Ok(())
}

#[co::test]
fn more_bytes_than_the_buffer_may_hold_are_refused_before_any_is_read() {
    let script = Script::new([&[b'x'; 100 * LIMIT][..]]);
    let stream = script.stream();
    stream.set_max_buffer_size(LIMIT);
    let error = yield_!(stream.read_bytes(LIMIT + 1)).expect_err("they are too many");
    assert!(error.is_unsatisfiable(), "{error:?}");
    assert_eq!(script.taken.get(), 0);
}

#[co::test]
fn a_delimiter_that_never_comes_holds_up_nobody_else() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("no end"));
    let reading = start(other.read_until(b"\n", LIMIT));
    let (third, fourth) = pair();
    drop(third.write("a line\n"));
    assert_eq!(yield_!(fourth.read_until(b"\n", LIMIT))?, b"a line\n");
    assert!(!reading.done());
    drop(one);
    assert!(yield_!(reading).expect_err("it has ended").is_end());
    Ok(())
}
