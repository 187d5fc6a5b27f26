//! Buffered streams.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use co::net::{TcpListener, TcpStream, UnixStream};
use co::{Future, IoLoop, IoStream, StreamError};
use coroutine_core as co;
use coroutine_tests::{Events, assert_one_message, logged, loop_with, turns, with_loop};
use futures_util::future::{Either, join, select};
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use regex::bytes::Regex;

const LIMIT: usize = 1000;

/// Two ends of a connection.
async fn connection() -> io::Result<(IoStream, IoStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((IoStream::new(client), IoStream::new(server)))
}

/// A connection, one end of which is the standard library's and blocks.
fn half_connection() -> (IoStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = std::net::TcpStream::connect(address).expect("it listens");
    let (server, _) = listener.accept().expect("one comes");
    let client = TcpStream::from_std(client).expect("it can be watched");
    (IoStream::new(client), server)
}

/// Two streams that are connected.
fn pair() -> (IoStream, IoStream) {
    let (one, other) = UnixStream::pair().expect("descriptors");
    (IoStream::new(one), IoStream::new(other))
}

/// Closes a connection so that the peer sees it as reset.
fn reset(peer: std::net::TcpStream) {
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .expect("it can");
    drop(peer);
}

/// Starts a read, which waits from now on.
fn start<T: 'static>(
    read: impl std::future::Future<Output = Result<T, StreamError>> + 'static,
) -> Future<Result<T, StreamError>> {
    IoLoop::current().spawn(read)
}

fn is_reset(error: &StreamError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|source: &io::Error| source.kind() == ErrorKind::ConnectionReset)
}

/// A transport that gives one piece at a read, and takes what is written.
#[derive(Default)]
struct Script {
    pieces: RefCell<VecDeque<Vec<u8>>>,
    /// Whether the stream ends after the last piece; otherwise it is silent.
    ends: Cell<bool>,
    /// How many bytes were taken.
    taken: Cell<usize>,
    /// How many bytes too many it claims to have read or written.
    lies: Cell<usize>,
    /// Called within each poll.
    meddle: RefCell<Option<Box<dyn FnMut()>>>,
}

impl Script {
    fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Rc<Self> {
        let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
        Rc::new(Self {
            pieces: RefCell::new(pieces),
            ..Self::default()
        })
    }

    fn stream(self: &Rc<Self>) -> IoStream {
        IoStream::new(Scripted(Rc::clone(self)))
    }

    fn meddle(&self) {
        if let Some(meddle) = &mut *self.meddle.borrow_mut() {
            meddle();
        }
    }
}

struct Scripted(Rc<Script>);

impl AsyncRead for Scripted {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.meddle();
        let mut pieces = self.0.pieces.borrow_mut();
        let Some(mut piece) = pieces.pop_front() else {
            return match self.0.ends.get() {
                true => Poll::Ready(Ok(0)),
                false => Poll::Pending,
            };
        };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        piece.drain(..count);
        if !piece.is_empty() {
            pieces.push_front(piece);
        }
        self.0.taken.set(self.0.taken.get() + count);
        Poll::Ready(Ok(count + self.0.lies.get()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.meddle();
        Poll::Ready(Ok(bytes.len() + self.0.lies.get()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// Reading.

#[co::test]
fn lines_are_read_as_they_were_written() -> io::Result<()> {
    let (client, server) = yield_!(connection())?;
    drop(client.write("one\ntwo\nthree"));
    assert_eq!(yield_!(server.read_until(b"\n", LIMIT))?, b"one\n");
    assert_eq!(yield_!(server.read_until(b"\n", LIMIT))?, b"two\n");
    client.close();
    let error = yield_!(server.read_until(b"\n", LIMIT)).expect_err("it has ended");
    assert!(error.is_end(), "{error:?}");
    assert_eq!(yield_!(server.read_until_close())?, b"three");
    Ok(())
}

#[co::test]
fn so_many_bytes_are_read_as_were_asked_for() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("abcdefgh"));
    assert_eq!(yield_!(other.read_bytes(3))?, b"abc");
    assert_eq!(yield_!(other.read_bytes(0))?, b"");
    assert_eq!(yield_!(other.read_bytes(5))?, b"defgh");
    Ok(())
}

#[co::test]
fn a_read_waits_for_the_last_of_its_bytes() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("ab"));
    let reading = start(other.read_bytes(3));
    yield_!(co::moment());
    assert!(!reading.done());
    drop(one.write("cd"));
    assert_eq!(yield_!(reading)?, b"abc");
    Ok(())
}

#[co::test]
fn a_partial_read_gives_what_there_is() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("abc"));
    assert_eq!(yield_!(other.read_bytes_partial(100))?, b"abc");
    drop(one.write("defg"));
    assert_eq!(yield_!(other.read_bytes_partial(2))?, b"de");
    assert_eq!(yield_!(other.read_bytes_partial(2))?, b"fg");
    Ok(())
}

#[co::test]
fn a_read_into_a_buffer_fills_it_from_what_was_read_ahead_and_from_the_peer() -> io::Result<()> {
    let (one, other) = pair();
    drop(one.write("line\nab"));
    assert_eq!(yield_!(other.read_until(b"\n", LIMIT))?, b"line\n");
    drop(one.write("cdef"));
    let mut buffer = [0; 4];
    yield_!(other.read_into(&mut buffer))?;
    assert_eq!(&buffer, b"abcd");
    let mut buffer = [0; 4];
    assert_eq!(yield_!(other.read_into_partial(&mut buffer))?, 2);
    assert_eq!(&buffer, b"ef\0\0");
    Ok(())
}

#[co::test]
fn a_delimiter_is_found_across_pieces() -> io::Result<()> {
    let pieces: [&[u8]; 4] = [b"head\r", b"\n\r", b"\nbo", b"dy"];
    let stream = Script::new(pieces).stream();
    assert_eq!(
        yield_!(stream.read_until(b"\r\n\r\n", LIMIT))?,
        b"head\r\n\r\n"
    );
    assert_eq!(yield_!(stream.read_bytes(4))?, b"body");
    Ok(())
}

#[co::test]
fn a_delimiter_that_begins_like_itself_is_found() -> io::Result<()> {
    let pieces: [&[u8]; 3] = [b"aaa", b"aab", b"c"];
    let stream = Script::new(pieces).stream();
    assert_eq!(yield_!(stream.read_until(b"aab", LIMIT))?, b"aaaaab");
    Ok(())
}

#[co::test]
fn a_match_of_a_regular_expression_is_read() -> io::Result<()> {
    let pieces: [&[u8]; 3] = [b"key: 1\n", b"\nre", b"st"];
    let stream = Script::new(pieces).stream();
    let end = Regex::new(r"\r?\n\r?\n").expect("it is well-formed");
    assert_eq!(
        yield_!(stream.read_until_regex(&end, LIMIT))?,
        b"key: 1\n\n"
    );
    assert_eq!(yield_!(stream.read_bytes(4))?, b"rest");
    Ok(())
}

#[co::test]
fn a_match_that_is_there_is_found_though_the_peer_pauses() -> io::Result<()> {
    // The second piece does not double what is there, so the search waits for the pause.
    let pieces: [&[u8]; 2] = [b"0123456789", b"end"];
    let script = Script::new(pieces);
    let end = Regex::new("end").expect("it is well-formed");
    let reading = start(script.stream().read_until_regex(&end, LIMIT));
    assert!(reading.done());
    assert_eq!(yield_!(reading)?, b"0123456789end");
    Ok(())
}

#[co::test]
fn a_regular_expression_has_its_limit() {
    let script = Script::new([&[b'x'; 2 * LIMIT][..]]);
    let stream = script.stream();
    let end = Regex::new("end").expect("it is well-formed");
    let error = yield_!(stream.read_until_regex(&end, LIMIT)).expect_err("it is too long");
    assert!(error.is_unsatisfiable(), "{error:?}");
    assert_eq!(script.taken.get(), LIMIT);
}

#[co::test]
fn searching_takes_no_quadratic_time() -> io::Result<()> {
    const SIZE: usize = 300_000;
    let pieces = std::iter::repeat_n(&b"ab"[..], SIZE).chain([&b"aa"[..]]);
    let stream = Script::new(pieces).stream();
    assert_eq!(
        yield_!(stream.read_until(b"aa", usize::MAX))?.len(),
        2 * SIZE + 2
    );
    Ok(())
}

#[co::test]
fn many_lines_that_came_in_one_piece_are_taken_in_linear_time() -> io::Result<()> {
    const LINES: usize = 100_000;
    let text = b"line\n".repeat(LINES);
    let script = Script::new([&*text]);
    script.ends.set(true);
    let stream = script.stream();
    for _ in 0..LINES {
        assert_eq!(yield_!(stream.read_until(b"\n", LIMIT))?, b"line\n");
    }
    assert_eq!(yield_!(stream.read_until_close())?, b"");
    Ok(())
}

// What came before the end.

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

// Limits.

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
    assert_eq!(script.taken.get(), LIMIT);
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

// One read at a time.

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

// Writing.

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

// Closing.

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

// The close callback.

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

// As a plain stream.

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

// Transports that do as they please.

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
        assert_one_message(&lines, &["spawned future", "io_stream.rs", "no way"]);
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
