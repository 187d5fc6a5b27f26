//! Closing, and what becomes of whoever waits.

use super::*;

#[co::test]
fn nothing_is_orphaned_when_the_stream_is_closed() {
    let (one, _other) = pair();
    let reading = start(one.read_bytes(1));
    let writing = one.write(vec![1; 16 << 20]);
    yield_!(co::moment());
    one.close();
    let read = yield_!(reading).expect_err("it is closed");
    let written = yield_!(writing).expect_err("it is closed");
    for error in [read, written] {
        assert!(error.is_closed() && !error.is_end(), "{error:?}");
        assert!(error.io_error().is_none());
    }
    assert!(one.error().is_none());
}

#[co::test]
fn nothing_is_orphaned_when_the_stream_is_dropped() {
    let (one, _other) = pair();
    let reading = start(one.read_bytes(1));
    let writing = one.write(vec![1; 16 << 20]);
    yield_!(co::moment());
    drop(one);
    assert!(yield_!(reading).expect_err("it is closed").is_closed());
    assert!(yield_!(writing).expect_err("it is closed").is_closed());
}

#[co::test]
fn what_was_read_ahead_can_be_taken_after_closing() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("one\ntwo\nthree"));
    drop(yield_!(other.read_until(b"\n", LIMIT))?);
    other.close();
    assert_eq!(yield_!(other.read_until(b"\n", LIMIT))?, b"two\n");
    let error = yield_!(other.read_until(b"\n", LIMIT)).expect_err("it is closed");
    assert!(error.is_closed());
    Ok(())
}

#[co::test]
fn closing_twice_is_harmless() {
    let (one, other) = pair();
    one.close();
    one.close();
    assert!(one.closed());
    assert!(yield_!(other.read_bytes(1)).is_err_and(|error| error.is_end()));
}

#[co::test]
fn an_error_turns_into_one_of_io() {
    let (one, other) = pair();
    drop(one);
    let error = yield_!(other.read_bytes(1)).expect_err("it has ended");
    let error = io::Error::from(error);
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the peer has ended the stream");
}

#[test]
fn closing_the_loop_ends_a_write_that_waits() {
    with_loop(|_| {
        let io_loop = loop_with(co::SystemClock);
        let (one, _other) = io_loop
            .run_sync(|| IoLoop::current().spawn(async { pair() }))
            .expect("it runs");
        let writing = one.write(vec![1; 16 << 20]);
        assert!(!writing.done() && !one.closed());
        io_loop.close();
        assert!(writing.done() && one.closed());
        let error = one.error().expect("it has failed");
        assert!(format!("{error:?}").contains("loop is closed"), "{error:?}");
    });
}

#[test]
fn a_stream_that_nobody_reads_does_not_keep_the_loop_running() {
    with_loop(|io_loop| {
        let (one, other) = pair();
        let reading = start(one.read_bytes(1));
        turns(&io_loop, 2);
        reading.cancel();
        io_loop.start().expect("it ends");
        drop((one, other));
    });
}

#[test]
fn a_read_that_can_never_end_is_reported() {
    with_loop(|io_loop| {
        let stream = Script::new([]).stream();
        let read = io_loop.spawn(stream.read_bytes(1));
        let error = io_loop.start().expect_err("nothing can wake it");
        assert!(error.is_deadlock(), "{error}");
        drop((read, stream));
    });
}
