//! Reads, and what they wait for.

use super::*;

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
