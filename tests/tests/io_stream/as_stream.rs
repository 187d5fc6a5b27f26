//! A buffered stream through the traits of futures-io.

use super::*;

#[co::test]
fn what_was_read_ahead_is_read_through_the_trait_first() -> io::Result<()> {
    let (one, mut other) = pair();
    drop(one.write("line\nahead"));
    assert_eq!(yield_!(other.read_until(b"\n", LIMIT))?, b"line\n");
    drop(one.write(" and after"));
    drop(one.finish());
    let mut all = String::new();
    yield_!(other.read_to_string(&mut all))?;
    assert_eq!(all, "ahead and after");
    Ok(())
}

#[co::test]
fn large_transfers_through_the_traits_are_complete() -> io::Result<()> {
    const SIZE: usize = 1 << 20;
    let (mut one, mut other) = pair();
    // Neither the watch for the end nor a small limit is in the way.
    other.set_close_callback(|| {});
    one.set_max_write_buffer_size(10_000);
    let bytes = vec![7; SIZE];
    let send = async {
        one.write_all(&bytes).await?;
        AsyncWriteExt::close(&mut one).await?;
        // Once more is harmless.
        AsyncWriteExt::close(&mut one).await
    };
    let mut all = Vec::new();
    let (sent, received) = yield_!(join(send, other.read_to_end(&mut all)));
    sent?;
    assert_eq!(received?, SIZE);
    Ok(())
}

#[co::test]
fn writing_through_the_trait_waits_for_the_peer() -> io::Result<()> {
    let (mut one, other) = pair();
    let writing = IoLoop::current().spawn(async move {
        one.write_all(&[7; 16 << 20]).await?;
        one.flush().await
    });
    yield_!(co::moment());
    assert!(!writing.done());
    drop(yield_!(other.read_bytes(16 << 20))?);
    yield_!(writing)
}

#[co::test]
fn errors_come_through_the_traits() -> io::Result<()> {
    let (stream, peer) = half_connection();
    let mut stream = stream;
    reset(peer);
    let error = yield_!(stream.read(&mut [0; 8])).expect_err("it was reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = yield_!(stream.write_all(b"late")).expect_err("it was reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    Ok(())
}
