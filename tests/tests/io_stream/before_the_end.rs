//! What came before the end is read.

use super::*;

#[co::test]
fn bytes_that_the_kernel_holds_are_delivered_before_the_close() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    peer.write_all(&[7; 100_000])?;
    drop(peer);
    for _ in 0..10 {
        assert_eq!(yield_!(stream.read_bytes(10_000))?, [7; 10_000]);
    }
    let error = yield_!(stream.read_bytes(1)).expect_err("it has ended");
    assert!(error.is_end() && stream.closed() && stream.error().is_none());
    Ok(())
}

#[co::test]
fn a_read_that_waits_gets_the_bytes_that_come_together_with_the_close() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let reading = start(stream.read_bytes(50_000));
    yield_!(co::moment());
    peer.write_all(&[7; 50_000])?;
    drop(peer);
    assert_eq!(yield_!(reading)?.len(), 50_000);
    Ok(())
}

#[co::test]
fn a_delimiter_that_arrives_together_with_the_end_is_found() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let reading = start(stream.read_until(b"\n", LIMIT));
    yield_!(co::moment());
    peer.write_all(b"last\n")?;
    drop(peer);
    assert_eq!(yield_!(reading)?, b"last\n");
    Ok(())
}

#[co::test]
fn what_was_sent_before_a_reset_is_read_and_then_the_reset_is_the_error() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    peer.write_all(b"one\ntwo")?;
    reset(peer);
    assert_eq!(yield_!(stream.read_until(b"\n", LIMIT))?, b"one\n");
    let error = yield_!(stream.read_until(b"\n", LIMIT)).expect_err("it was reset");
    assert!(is_reset(&error), "{error:?}");
    assert!(stream.error().is_some_and(|error| is_reset(&error)));
    assert_eq!(yield_!(stream.read_bytes(3))?, b"two");
    Ok(())
}

#[co::test]
fn reading_to_the_close_fails_when_the_connection_does() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let reading = start(stream.read_until_close());
    peer.write_all(b"not all")?;
    yield_!(co::moment());
    reset(peer);
    let error = yield_!(reading).expect_err("it was reset");
    assert!(is_reset(&error), "{error:?}");
    Ok(())
}

#[co::test]
fn everything_up_to_the_close_is_read() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let peer = thread::spawn(move || peer.write_all(&[1; 3 << 20]));
    assert_eq!(yield_!(stream.read_until_close())?.len(), 3 << 20);
    peer.join().expect("it does not panic")?;
    let again = yield_!(stream.read_until_close())?;
    assert_eq!(again, b"");
    Ok(())
}
