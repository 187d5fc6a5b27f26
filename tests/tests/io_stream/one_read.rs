//! One read at a time, which may be dropped at any moment.

use super::*;

#[co::test]
fn a_second_read_is_an_error_and_the_first_goes_on() -> io::Result<()> {
    let (one, other) = pair();
    let first = start(other.read_bytes(3));
    let second = yield_!(other.read_bytes(1)).expect_err("there is one already");
    assert!(second.is_busy() && !second.is_closed(), "{second:?}");
    let into = yield_!(other.read_into(&mut [0])).expect_err("there is one already");
    assert!(into.is_busy(), "{into:?}");
    drop(one.write("abc"));
    assert_eq!(yield_!(first)?, b"abc");
    Ok(())
}

#[co::test]
fn a_read_that_was_not_yielded_is_in_nobodys_way() -> io::Result<()> {
    let (one, other) = pair();
    let unused = other.read_bytes(1);
    drop(one.write("abc"));
    assert_eq!(yield_!(other.read_bytes(3))?, b"abc");
    drop(unused);
    Ok(())
}

#[co::test]
fn a_read_that_was_dropped_loses_no_bytes() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("ab"));
    let reading = start(other.read_bytes(4));
    yield_!(co::moment());
    assert!(reading.cancel());
    drop(one.write("cd"));
    assert_eq!(yield_!(other.read_until(b"d", LIMIT))?, b"abcd");
    Ok(())
}

#[co::test(virtual_clock)]
fn a_read_that_timed_out_loses_no_bytes() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("ab"));
    let read = Box::pin(other.read_until(b"\n", LIMIT));
    let pause = Box::pin(co::sleep(Duration::from_secs(5)));
    match yield_!(select(read, pause)) {
        Either::Right(((), unfinished)) => drop(unfinished),
        Either::Left(_) => panic!("there was no delimiter"),
    }
    drop(one.write("c\n"));
    assert_eq!(yield_!(other.read_until(b"\n", LIMIT))?, b"abc\n");
    Ok(())
}

#[co::test]
fn a_read_into_a_buffer_that_was_dropped_loses_no_bytes() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("a\nb"));
    assert_eq!(yield_!(other.read_until(b"\n", LIMIT))?, b"a\n");
    drop(one.write("cd"));
    let mut buffer = [0; 10];
    match yield_!(select(
        Box::pin(other.read_into(&mut buffer)),
        Box::pin(co::moment())
    )) {
        Either::Right(((), unfinished)) => drop(unfinished),
        Either::Left(_) => panic!("it cannot be full"),
    }
    drop(one.write("e"));
    assert_eq!(yield_!(other.read_bytes(4))?, b"bcde");
    Ok(())
}

#[co::test]
fn a_read_into_a_buffer_that_the_end_cut_short_keeps_the_bytes() -> io::Result<()> {
    let (one, other) = pair();
    yield_!(one.write("abc"))?;
    drop(one);
    let error = yield_!(other.read_into(&mut [0; 10])).expect_err("it has ended");
    assert!(error.is_end(), "{error:?}");
    assert_eq!(yield_!(other.read_until_close())?, b"abc");
    Ok(())
}

#[co::test]
fn large_reads_into_buffers_give_back_what_they_got() -> io::Result<()> {
    let stream = Script::new([&[1; 70_000][..], &[2; 70_000][..]]).stream();
    let mut buffer = vec![0; 200_000];
    let reading = Box::pin(stream.read_into(&mut buffer));
    match yield_!(select(reading, Box::pin(co::moment()))) {
        Either::Right(((), unfinished)) => drop(unfinished),
        Either::Left(_) => panic!("it cannot be full"),
    }
    let all = yield_!(stream.read_bytes(140_000))?;
    assert!(all == [[1; 70_000], [2; 70_000]].concat());
    Ok(())
}
