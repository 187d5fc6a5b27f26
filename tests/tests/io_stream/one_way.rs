//! Streams that have one direction.

use co::net::pipe;

use super::*;

/// The two ends of a pipe.
fn piped() -> (IoStream, IoStream) {
    let (sender, receiver) = pipe::new().expect("descriptors");
    (IoStream::writer(sender), IoStream::reader(receiver))
}

#[co::test]
fn a_pipe_is_read_line_by_line() {
    let (input, output) = piped();
    yield_!(input.write("one\ntwo\nrest")).expect("there is room");
    drop(input);
    for line in [&b"one\n"[..], b"two\n"] {
        assert_eq!(
            yield_!(output.read_until(b"\n", LIMIT)).expect("a line"),
            line
        );
    }
    let last = yield_!(output.read_until(b"\n", LIMIT));
    assert!(last.expect_err("no more lines").is_end());
    assert_eq!(
        yield_!(output.read_until_close()).expect("the end"),
        b"rest"
    );
}

#[co::test]
fn a_reader_that_is_written_to_says_so_and_stays_as_it_is() {
    let (input, output) = piped();
    let error = yield_!(output.write("abc")).expect_err("it is for reading");
    assert!(error.is_unsupported() && !error.is_closed(), "{error}");
    assert!(error.to_string().contains("written to"), "{error}");
    assert_eq!(io::Error::from(error).kind(), ErrorKind::Unsupported);
    assert!(!output.closed() && output.error().is_none());
    yield_!(input.write("abc")).expect("there is room");
    assert_eq!(yield_!(output.read_bytes(3)).expect("three bytes"), b"abc");
}

#[co::test]
fn a_writer_that_is_read_from_says_so_and_stays_as_it_is() {
    let (input, output) = piped();
    input.set_max_buffer_size(2);
    let errors = [
        yield_!(input.read_until(b"\n", LIMIT)),
        yield_!(input.read_bytes(3)),
        yield_!(input.read_into(&mut [0; 3])).map(|()| Vec::new()),
    ];
    for error in errors {
        let error = error.expect_err("it is for writing");
        assert!(error.is_unsupported() && !error.is_closed(), "{error}");
        assert!(error.to_string().contains("read from"), "{error}");
    }
    assert!(!input.closed() && input.error().is_none());
    yield_!(input.write("abc")).expect("there is room");
    assert_eq!(yield_!(output.read_bytes(3)).expect("three bytes"), b"abc");
}

#[co::test]
fn the_traits_give_the_same_errors() {
    let (mut input, mut output) = piped();
    let read = yield_!(input.read(&mut [0; 3])).map_err(|error| error.kind());
    assert_eq!(read, Err(ErrorKind::Unsupported));
    let written = yield_!(output.write_all(b"abc")).map_err(|error| error.kind());
    assert_eq!(written, Err(ErrorKind::Unsupported));
    yield_!(AsyncWriteExt::close(&mut output)).expect("there is nothing to do");
}

#[co::test]
fn a_reader_has_nothing_to_finish_and_goes_on() {
    let (input, output) = piped();
    yield_!(output.finish()).expect("there is nothing to do");
    yield_!(input.write("abc")).expect("there is room");
    assert_eq!(yield_!(output.read_bytes(3)).expect("three bytes"), b"abc");
    output.close();
    assert!(output.closed() && output.error().is_none());
    yield_!(output.finish()).expect("there is nothing to do");
}

#[co::test]
fn a_writer_that_is_finished_is_closed_once_everything_is_sent() {
    let (input, output) = piped();
    // More than a pipe holds.
    let sent = vec![7; 1 << 20];
    let writing = input.write(&sent);
    let finished = start(input.finish());
    assert!(!finished.done() && !input.closed());
    assert!(yield_!(output.read_until_close()).expect("the end") == sent);
    yield_!(writing).expect("it was read");
    yield_!(finished).expect("it was read");
    assert!(input.closed() && input.error().is_none());
    yield_!(input.finish()).expect("it was finished");
    assert!(
        yield_!(input.write("more"))
            .expect_err("the end")
            .is_closed()
    );
}

#[co::test]
fn a_writer_tells_that_its_reader_has_gone_when_it_writes() {
    let (input, output) = piped();
    let (promise, called) = co::promise();
    input.set_close_callback(move || promise.set_result(()));
    drop(output);
    yield_!(co::moment());
    assert!(!input.closed() && !called.done());
    let error = yield_!(input.write("abc")).expect_err("nobody reads");
    let kind = error.io_error().map(io::Error::kind);
    assert_eq!(kind, Some(ErrorKind::BrokenPipe));
    yield_!(called);
}

#[co::test]
fn a_reader_tells_that_its_writer_has_gone() {
    let (input, output) = piped();
    let (promise, called) = co::promise();
    output.set_close_callback(move || promise.set_result(()));
    drop(input);
    yield_!(called);
    assert!(output.closed() && output.error().is_none());
}

#[co::test]
fn tls_wants_both_directions() {
    let (input, output) = piped();
    let config = co::tls::client_config();
    for stream in [input, output] {
        let error = yield_!(stream.start_tls_client(config.clone(), "localhost"));
        assert!(error.expect_err("one direction").is_unsupported());
        assert!(!stream.closed());
    }
}
