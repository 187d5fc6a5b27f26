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

thread_local! {
    static LOOKED_AT: RefCell<Option<Rc<IoStream>>> = const { RefCell::new(None) };
    static LOOKS: Cell<u32> = const { Cell::new(0) };
}

/// The cause of an error, whose destructor looks at the stream that has failed.
#[derive(Debug)]
struct Curious;

impl Drop for Curious {
    fn drop(&mut self) {
        if let Some(stream) = LOOKED_AT.with_borrow_mut(Option::take) {
            assert!(stream.closed() && stream.error().is_none());
            LOOKS.set(LOOKS.get() + 1);
        }
    }
}

impl std::fmt::Display for Curious {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a cause")
    }
}

impl Error for Curious {}

#[co::test]
fn the_destructor_of_an_error_may_look_at_the_stream() {
    let script = Script::new([]);
    let stream = Rc::new(script.stream());
    let closed = Rc::clone(&stream);
    LOOKED_AT.set(Some(Rc::clone(&stream)));
    *script.meddle.borrow_mut() = Some(Box::new(move || closed.close()));
    *script.fails.borrow_mut() = Some(io::Error::other(Curious));
    let error = yield_!(stream.write("abc")).expect_err("it was closed");
    assert!(error.is_closed() && error.io_error().is_none(), "{error:?}");
    assert_eq!(LOOKS.get(), 1);
    drop(script.meddle.take());
}

/// It is silent, and its destructor panics.
struct Brittle;

impl AsyncRead for Brittle {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl AsyncWrite for Brittle {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("it breaks");
    }
}

#[co::test]
fn a_transport_whose_destructor_panics_leaves_nobody_waiting() {
    let stream = IoStream::new(Brittle);
    let (promise, called) = co::promise();
    stream.set_close_callback(move || promise.set_result(()));
    let (reading, writing) = (start(stream.read_bytes(1)), stream.write("abc"));
    let closing = catch_unwind(AssertUnwindSafe(|| stream.close()));
    assert!(closing.is_err());
    assert!(yield_!(reading).expect_err("it is closed").is_closed());
    assert!(yield_!(writing).expect_err("it is closed").is_closed());
    yield_!(called);
}
