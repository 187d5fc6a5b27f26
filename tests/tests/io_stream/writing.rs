//! Writes.

use super::*;

#[co::test]
fn a_write_is_sent_though_its_future_was_dropped() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write(vec![1; 1 << 20]));
    assert_eq!(yield_!(other.read_bytes(1 << 20))?.len(), 1 << 20);
    Ok(())
}

#[co::test]
fn a_write_waits_until_the_peer_has_room() -> io::Result<()> {
    let (one, other) = pair();
    let writing = one.write(vec![1; 8 << 20]);
    yield_!(co::moment());
    assert!(!writing.done());
    let (read, written) = yield_!(join(other.read_bytes(8 << 20), writing));
    written?;
    assert_eq!(read?.len(), 8 << 20);
    Ok(())
}

#[co::test]
fn writes_are_sent_in_order() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write(vec![0; 1 << 20]));
    for number in 1..=100_u8 {
        drop(one.write([number]));
    }
    drop(yield_!(other.read_bytes(1 << 20))?);
    assert_eq!(
        yield_!(other.read_bytes(100))?,
        (1..=100).collect::<Vec<u8>>()
    );
    Ok(())
}

#[co::test]
fn a_write_of_nothing_waits_for_those_before_it() -> io::Result<()> {
    let (one, other) = pair();
    assert!(one.write("").done());
    drop(one.write(vec![1; 8 << 20]));
    let nothing = one.write("");
    assert!(!nothing.done());
    let (read, nothing) = yield_!(join(other.read_bytes(8 << 20), nothing));
    nothing?;
    read.map(drop)?;
    Ok(())
}

#[co::test]
fn a_write_that_would_exceed_the_limit_fails_and_changes_nothing() -> io::Result<()> {
    let (one, other) = pair();
    one.set_max_write_buffer_size(4 << 20);
    drop(one.write(vec![1; 4 << 20]));
    let error = yield_!(one.write(vec![2; 4 << 20])).expect_err("there is no room");
    assert!(error.is_buffer_full() && !error.is_closed(), "{error:?}");
    drop(yield_!(other.read_bytes(4 << 20))?);
    yield_!(one.write("still here"))?;
    assert_eq!(yield_!(other.read_bytes(10))?, b"still here");
    Ok(())
}

#[co::test]
fn everything_is_sent_before_the_end_that_finish_makes() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write(vec![1; 2 << 20]));
    let finished = one.finish();
    let refused = yield_!(one.write("late")).expect_err("nothing can follow");
    assert!(refused.is_closed(), "{refused:?}");
    let (read, finished) = yield_!(join(other.read_until_close(), finished));
    finished?;
    assert_eq!(read?.len(), 2 << 20);
    yield_!(one.finish())?;
    drop(other.write("an answer"));
    assert_eq!(yield_!(one.read_bytes(9))?, b"an answer");
    Ok(())
}

#[co::test]
fn a_stream_that_this_side_has_finished_is_not_closed_until_the_peer_leaves() -> io::Result<()> {
    let (one, other) = pair();
    let (promise, called) = co::promise();
    one.set_close_callback(move || promise.set_result(()));
    yield_!(one.finish())?;
    yield_!(co::moment());
    assert!(!one.closed() && !called.done());
    drop(other);
    yield_!(called);
    assert!(one.closed());
    Ok(())
}

#[co::test]
fn a_peer_that_has_ended_its_own_direction_gets_an_answer() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    peer.write_all(b"question")?;
    peer.shutdown(Shutdown::Write)?;
    assert_eq!(yield_!(stream.read_until_close())?, b"question");
    assert!(stream.closed());
    yield_!(stream.write("answer"))?;
    drop(stream);
    let mut answer = String::new();
    peer.read_to_string(&mut answer)?;
    assert_eq!(answer, "answer");
    Ok(())
}

#[co::test]
fn a_reset_in_the_middle_of_a_write_is_its_error() -> io::Result<()> {
    let (stream, peer) = half_connection();
    let writing = stream.write(vec![1; 16 << 20]);
    let nothing = stream.write("");
    yield_!(co::moment());
    assert!(!writing.done());
    reset(peer);
    let error = yield_!(writing).expect_err("it was reset");
    assert!(is_reset(&error), "{error:?}");
    assert!(yield_!(nothing).is_err_and(|error| is_reset(&error)));
    assert!(yield_!(stream.write("late")).is_err_and(|error| is_reset(&error)));
    assert!(yield_!(stream.read_bytes(1)).is_err_and(|error| is_reset(&error)));
    Ok(())
}

#[co::test]
fn what_the_peer_sent_can_be_read_after_a_failed_write() -> io::Result<()> {
    let (one, other) = pair();
    drop(other.write("too large\n"));
    drop(one.write(vec![1; 16 << 20]));
    drop(other);
    let error = yield_!(one.write("more")).expect_err("the peer has gone");
    assert_eq!(
        error.io_error().map(io::Error::kind),
        Some(ErrorKind::BrokenPipe)
    );
    assert_eq!(yield_!(one.read_until(b"\n", LIMIT))?, b"too large\n");
    let error = yield_!(one.read_bytes(1)).expect_err("it has ended");
    assert!(error.io_error().is_some(), "{error:?}");
    Ok(())
}
