//! Transports that do as they please.

use super::*;

#[co::test]
fn a_transport_may_close_its_stream_while_it_is_read() {
    let script = Script::new([&b"abc"[..]]);
    let stream = Rc::new(script.stream());
    let weak: Weak<IoStream> = Rc::downgrade(&stream);
    *script.meddle.borrow_mut() = Some(Box::new(move || {
        if let Some(stream) = weak.upgrade() {
            stream.close();
        }
    }));
    assert_eq!(
        yield_!(stream.read_bytes(3)).expect("they were read"),
        b"abc"
    );
    assert!(yield_!(stream.read_bytes(1)).is_err());
    // The stream has let its transport go.
    assert_eq!(Rc::strong_count(&script), 1);
}

#[co::test]
fn a_transport_may_use_its_stream_while_it_is_polled() {
    let script = Script::new([&b"abc"[..]]);
    let stream = Rc::new(script.stream());
    let weak: Weak<IoStream> = Rc::downgrade(&stream);
    *script.meddle.borrow_mut() = Some(Box::new(move || {
        if let Some(stream) = weak.upgrade() {
            let read = start(stream.read_bytes(1));
            assert!(read.done());
            let _ = (stream.closed(), stream.set_nodelay(true), stream.error());
        }
    }));
    assert_eq!(
        yield_!(stream.read_bytes(3)).expect("they were read"),
        b"abc"
    );
}

#[test]
fn a_transport_that_panics_ends_its_stream_alone() {
    with_loop(|io_loop| {
        let script = Script::new([]);
        let stream = script.stream();
        *script.meddle.borrow_mut() = Some(Box::new(|| panic!("no way")));
        let lines = logged(|| {
            let writing = stream.write("hello");
            assert!(writing.done() && stream.closed());
            turns(&io_loop, 2);
        });
        assert_one_message(&lines, &["stream writer", "transports.rs", "no way"]);
        let error = stream.error().expect("it has failed");
        assert!(format!("{error:?}").contains("panicked"), "{error:?}");
    });
}

#[co::test]
fn a_transport_that_miscounts_ends_its_stream_with_an_error() {
    let script = Script::new([&b"abc"[..], b"abc", b"abc"]);
    script.lies.set(1 << 20);
    let miscounts = |error: StreamError| format!("{error:?}").contains("miscounted");
    let stream = script.stream();
    assert!(yield_!(stream.read_bytes(1)).is_err_and(miscounts));
    let stream = script.stream();
    assert!(yield_!(stream.read_into(&mut [0; 8])).is_err_and(miscounts));
    let stream = script.stream();
    assert!(yield_!(stream.write("abc")).is_err_and(miscounts));
}

#[co::test]
fn nodelay_is_set_where_there_is_tcp() -> io::Result<()> {
    let (client, _server) = yield_!(connection())?;
    client.set_nodelay(true)?;
    assert!(client.peer_addr()?.ip().is_loopback());
    let (one, _other) = pair();
    one.set_nodelay(true)?;
    one.close();
    assert_eq!(
        one.set_nodelay(true).map_err(|error| error.kind()),
        Err(ErrorKind::NotConnected)
    );
    Ok(())
}
