//! The close callback.

use super::*;

#[co::test]
fn the_close_callback_is_called_when_the_peer_leaves_while_nobody_reads() {
    let (one, other) = pair();
    let (promise, called) = co::promise();
    one.set_close_callback(move || promise.set_result(()));
    yield_!(co::moment());
    assert!(!called.done() && !one.closed());
    drop(other);
    yield_!(called);
    assert!(one.closed() && one.error().is_none());
}

#[co::test]
fn the_close_callback_is_called_on_a_reset() {
    let (stream, peer) = half_connection();
    let (promise, called) = co::promise();
    stream.set_close_callback(move || promise.set_result(()));
    reset(peer);
    yield_!(called);
    assert!(stream.error().is_some_and(|error| is_reset(&error)));
}

#[co::test]
fn the_close_callback_is_called_once_on_a_later_turn() {
    let (one, _other) = pair();
    let events = Events::new();
    one.set_close_callback(events.noting("called"));
    one.close();
    one.close();
    assert!(events.take().is_empty());
    yield_!(co::moment());
    drop(one);
    yield_!(co::moment());
    assert_eq!(events.take(), ["called"]);
}

#[co::test]
fn a_close_callback_that_comes_too_late_is_called() {
    let (one, _other) = pair();
    one.close();
    let events = Events::new();
    one.set_close_callback(events.noting("called"));
    assert!(events.take().is_empty());
    yield_!(co::moment());
    assert_eq!(events.take(), ["called"]);
}

#[co::test]
fn what_came_before_the_end_is_read_before_the_close_callback_is_called() -> io::Result<()> {
    let (one, other) = pair();
    let (promise, called) = co::promise();
    one.set_close_callback(move || promise.set_result(()));
    drop(other.write("first second"));
    drop(other);
    yield_!(co::sleep(Duration::from_millis(5)));
    assert!(!called.done());
    assert_eq!(yield_!(one.read_bytes(5))?, b"first");
    assert!(!called.done());
    assert_eq!(yield_!(one.read_bytes(7))?, b" second");
    yield_!(called);
    Ok(())
}

#[co::test]
fn a_stream_with_a_close_callback_reads_what_comes() -> io::Result<()> {
    let (one, other) = pair();
    one.set_close_callback(|| {});
    for number in 0..100_u8 {
        drop(other.write([number, number + 1]));
        yield_!(co::moment());
        let reading = start(one.read_bytes(2));
        assert_eq!(yield_!(reading)?, [number, number + 1]);
    }
    Ok(())
}

#[co::test]
fn a_stream_is_watched_no_longer_once_it_is_dropped() {
    let (one, other) = pair();
    let events = Events::new();
    let gone = events.note_on_drop("dropped");
    one.set_close_callback(move || drop(gone));
    drop(one);
    yield_!(co::moment());
    yield_!(co::moment());
    assert_eq!(events.take(), ["dropped"]);
    assert!(!format!("{:?}", IoLoop::current()).contains("suspended: 2"));
    drop(other);
}
