//! Finding out that a peer has left, without reading, and writing what goes at once.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream as StdUnixStream;

use co::net::{TcpStream, UnixStream};
use coroutine_core as co;

/// A connection, one end of which is the standard library's and blocks.
fn connection() -> io::Result<(TcpStream, std::net::TcpStream)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    Ok((TcpStream::from_std(client)?, server))
}

#[co::test]
fn a_hang_up_is_seen_by_who_does_not_read() -> io::Result<()> {
    let (stream, peer) = connection()?;
    let mut waiting = poll_fn(|cx| stream.poll_hang_up(cx));
    let early = yield_!(co::with_timeout(
        std::time::Duration::ZERO,
        poll_fn(|cx| stream.poll_hang_up(cx))
    ));
    assert!(early.is_err(), "the peer is there");
    drop(peer);
    yield_!(&mut waiting);
    Ok(())
}

#[co::test]
fn what_is_unread_hides_a_hang_up_until_it_is_read() -> io::Result<()> {
    let (stream, mut peer) = connection()?;
    peer.write_all(b"last words")?;
    drop(peer);
    let early = yield_!(co::with_timeout(
        std::time::Duration::from_millis(5),
        poll_fn(|cx| stream.poll_hang_up(cx))
    ));
    assert!(early.is_err(), "there is something to read");
    let mut buffer = [0; 64];
    assert_eq!(yield_!(stream.read(&mut buffer))?, 10);
    yield_!(poll_fn(|cx| stream.poll_hang_up(cx)));
    assert_eq!(yield_!(stream.read(&mut buffer))?, 0);
    Ok(())
}

#[co::test]
fn a_unix_peer_that_leaves_is_seen_as_well() -> io::Result<()> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let stream = UnixStream::from_std(ours)?;
    drop(theirs);
    yield_!(poll_fn(|cx| stream.poll_hang_up(cx)));
    Ok(())
}

#[co::test]
fn what_the_kernel_does_not_take_at_once_is_not_waited_for() -> io::Result<()> {
    let (stream, mut peer) = connection()?;
    let chunk = vec![7; 64 * 1024];
    let mut sent = 0;
    let refused = loop {
        match stream.try_write(&chunk) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).map(|_| all)
    });
    // What waits for room is woken when there is some.
    yield_!(stream.write_all(b"the end"))?;
    drop(stream);
    let all = reader.join().expect("it does not panic")?;
    assert_eq!(all.len(), sent + 7);
    assert!(all.ends_with(b"the end"));
    Ok(())
}
