//! TCP sockets.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use co::net::{TcpListener, TcpStream, lookup_host};
use co::{BoxedJob, Future, IoLoop};
use coroutine_core as co;
use coroutine_tests::{Events, turns, with_loop};
use futures_util::future::{join, try_join};
use futures_util::{AsyncReadExt, AsyncWriteExt};

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// Two ends of a connection.
async fn connection() -> (TcpStream, TcpStream) {
    let (listener, address) = listener();
    let client = TcpStream::connect(address).await.expect("it listens");
    let (server, _) = listener.accept().await.expect("one comes");
    (client, server)
}

/// A connection, one end of which is the standard library's and blocks.
fn half_connection() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = std::net::TcpStream::connect(address).expect("it listens");
    let (server, _) = listener.accept().expect("one comes");
    let client = TcpStream::from_std(client).expect("it can be watched");
    (client, server)
}

async fn read_to_end(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

#[co::coroutine]
fn echo(stream: TcpStream) -> io::Result<usize> {
    let mut buffer = [0; 1024];
    let mut total = 0;
    loop {
        let count = yield_!(stream.read(&mut buffer))?;
        if count == 0 {
            return Ok(total);
        }
        total += count;
        yield_!(stream.write_all(&buffer[..count]))?;
    }
}

#[co::coroutine]
fn serve_echo(listener: TcpListener, connections: usize) -> io::Result<()> {
    for _ in 0..connections {
        let (stream, _) = yield_!(listener.accept())?;
        drop(echo(stream));
    }
    Ok(())
}

#[co::test(timeout = 10)]
fn an_echo_server_echoes() -> io::Result<()> {
    let (listener, address) = listener();
    let serving = serve_echo(listener, 1);
    let stream = yield_!(TcpStream::connect(address))?;
    yield_!(stream.write_all(b"hello"))?;
    stream.shutdown(Shutdown::Write)?;
    assert_eq!(yield_!(read_to_end(&stream))?, b"hello");
    yield_!(serving)
}

#[co::test(timeout = 10)]
fn both_ends_know_each_others_address() -> io::Result<()> {
    let (client, server) = yield_!(connection());
    assert_eq!(client.local_addr()?, server.peer_addr()?);
    assert_eq!(client.peer_addr()?, server.local_addr()?);
    Ok(())
}

#[co::test(timeout = 10)]
fn a_refused_connection_is_an_error() {
    let (listener, address) = listener();
    drop(listener);
    let error = yield_!(TcpStream::connect(address)).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[co::test(timeout = 10)]
fn the_error_of_a_refused_connection_names_the_address() {
    let (listener, address) = listener();
    drop(listener);
    let error = yield_!(TcpStream::connect(address)).expect_err("nobody listens");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[co::test(timeout = 10)]
fn a_reset_connection_is_an_error_for_the_reader() {
    let (stream, peer) = half_connection();
    let reading = IoLoop::current().spawn(async move { stream.read(&mut [0; 8]).await });
    yield_!(co::moment());
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .expect("it can");
    drop(peer);
    let error = yield_!(reading).expect_err("it was reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[co::test(timeout = 10)]
fn a_reset_connection_is_an_error_for_the_writer() {
    let (stream, peer) = half_connection();
    let writing = IoLoop::current().spawn(async move {
        let bytes = vec![7; 1 << 20];
        loop {
            stream.write_all(&bytes).await?;
        }
        #[expect(unreachable_code, reason = "it gives the type")]
        io::Result::Ok(())
    });
    yield_!(co::moment());
    assert!(!writing.done());
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .expect("it can");
    drop(peer);
    let error = yield_!(writing).expect_err("it was reset");
    assert!(
        [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()),
        "{error}"
    );
}

#[co::test(timeout = 10)]
fn writing_to_a_peer_that_has_gone_is_an_error_in_the_end() {
    let (stream, peer) = half_connection();
    drop(peer);
    let failed = yield_!(async {
        loop {
            if let Err(error) = stream.write_all(b"hello").await {
                return error;
            }
            co::moment().await;
        }
    });
    assert!(
        [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&failed.kind()),
        "{failed}"
    );
}

#[co::test(timeout = 10)]
fn a_direction_that_was_ended_leaves_the_other_one() -> io::Result<()> {
    let (client, server) = yield_!(connection());
    client.shutdown(Shutdown::Write)?;
    assert_eq!(yield_!(server.read(&mut [0]))?, 0);
    yield_!(server.write_all(b"still here"))?;
    drop(server);
    assert_eq!(yield_!(read_to_end(&client))?, b"still here");
    Ok(())
}

#[co::test(timeout = 10)]
fn the_end_of_a_stream_is_read_again_and_again() -> io::Result<()> {
    let (client, server) = yield_!(connection());
    drop(server);
    for _ in 0..3 {
        assert_eq!(yield_!(client.read(&mut [0]))?, 0);
    }
    Ok(())
}

#[co::test(timeout = 10)]
fn data_that_arrives_together_with_the_end_is_read_completely() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let reading = IoLoop::current().spawn(async move { read_to_end(&stream).await });
    yield_!(co::moment());
    peer.write_all(&[1; 10_000])?;
    drop(peer);
    assert_eq!(yield_!(reading)?.len(), 10_000);
    Ok(())
}

#[co::test(timeout = 10)]
fn an_end_that_arrives_after_a_short_read_is_noticed() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    peer.write_all(b"abc")?;
    let mut buffer = [0; 8];
    assert_eq!(yield_!(stream.read(&mut buffer))?, 3);
    let reading = IoLoop::current().spawn(async move { stream.read(&mut [0; 8]).await });
    yield_!(co::moment());
    assert!(!reading.done());
    drop(peer);
    assert_eq!(yield_!(reading)?, 0);
    Ok(())
}

#[co::test(timeout = 10)]
fn data_is_read_in_pieces_of_any_size() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    peer.write_all(b"abcdefghi")?;
    peer.shutdown(Shutdown::Write)?;
    let mut read = Vec::new();
    for size in [1, 2, 3, 1] {
        let mut buffer = vec![0; size];
        let count = yield_!(stream.read(&mut buffer))?;
        read.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(read, b"abcdefg");
    assert_eq!(yield_!(read_to_end(&stream))?, b"hi");
    Ok(())
}

#[co::test(timeout = 20)]
fn large_transfers_in_both_directions_are_complete() -> io::Result<()> {
    const SIZE: usize = 8 << 20;

    async fn exchange(stream: TcpStream, byte: u8) -> io::Result<(usize, bool)> {
        let send = async {
            stream.write_all(&vec![byte; SIZE]).await?;
            stream.shutdown(Shutdown::Write)
        };
        let ((), received) = try_join(send, read_to_end(&stream)).await?;
        Ok((received.len(), received.iter().all(|&other| other != byte)))
    }

    let (client, server) = yield_!(connection());
    let io_loop = IoLoop::current();
    let all = yield_!(vec![
        io_loop.spawn(exchange(client, 1)),
        io_loop.spawn(exchange(server, 2)),
    ]);
    for received in all {
        assert_eq!(received?, (SIZE, true));
    }
    Ok(())
}

#[co::test(timeout = 20)]
fn many_connections_are_served_at_once() -> io::Result<()> {
    #[co::coroutine]
    fn talk(address: SocketAddr, number: usize) -> io::Result<()> {
        let stream = yield_!(TcpStream::connect(address))?;
        let message = format!("client {number}");
        for _ in 0..3 {
            yield_!(stream.write_all(message.as_bytes()))?;
            let mut buffer = vec![0; message.len()];
            yield_!((&stream).read_exact(&mut buffer))?;
            assert_eq!(buffer, message.as_bytes());
        }
        Ok(())
    }

    let (listener, address) = listener();
    let serving = serve_echo(listener, 200);
    let clients: Vec<_> = (0..200).map(|number| talk(address, number)).collect();
    for result in yield_!(clients) {
        result?;
    }
    yield_!(serving)
}

#[co::test(timeout = 10)]
fn two_readers_of_one_stream_both_get_their_data() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    let stream = Rc::new(stream);
    let events = Events::new();
    let readers: Vec<_> = ["first", "second"]
        .into_iter()
        .map(|name| {
            let (stream, events) = (Rc::clone(&stream), events.clone());
            IoLoop::current().spawn(async move {
                let mut byte = [0];
                let count = stream.read(&mut byte).await?;
                events.note(format!("{name} {}", byte[0] as char));
                io::Result::Ok(count)
            })
        })
        .collect();
    yield_!(co::moment());
    peer.write_all(b"a")?;
    yield_!(co::sleep(Duration::from_millis(20)));
    assert_eq!(events.take(), ["first a"]);
    peer.write_all(b"b")?;
    for count in yield_!(readers) {
        assert_eq!(count?, 1);
    }
    assert_eq!(events.take(), ["second b"]);
    Ok(())
}

#[co::test(timeout = 10)]
fn two_readers_of_one_stream_both_learn_of_its_end() -> io::Result<()> {
    let (stream, peer) = half_connection();
    let stream = Rc::new(stream);
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let stream = Rc::clone(&stream);
            IoLoop::current().spawn(async move { stream.read(&mut [0]).await })
        })
        .collect();
    yield_!(co::moment());
    drop(peer);
    for count in yield_!(readers) {
        assert_eq!(count?, 0);
    }
    Ok(())
}

#[co::test(timeout = 10)]
fn a_reader_and_a_writer_use_one_stream_side_by_side() -> io::Result<()> {
    let (client, server) = yield_!(connection());
    let mut buffer = [0; 4];
    let (read, written) = yield_!(join(client.read(&mut buffer), async {
        client.write_all(b"ping").await?;
        let mut request = [0; 4];
        (&server).read_exact(&mut request).await?;
        server.write_all(b"pong").await
    }));
    written?;
    assert_eq!((read?, &buffer), (4, b"pong"));
    Ok(())
}

#[co::test(timeout = 10)]
fn a_dropped_read_takes_no_data() -> io::Result<()> {
    let (stream, mut peer) = half_connection();
    for _ in 0..3 {
        let mut buffer = [0; 8];
        let read = std::pin::pin!(stream.read(&mut buffer));
        let moment = co::moment();
        yield_!(futures_util::future::select(read, moment));
    }
    peer.write_all(b"abc")?;
    drop(peer);
    assert_eq!(yield_!(read_to_end(&stream))?, b"abc");
    Ok(())
}

#[co::test(timeout = 10)]
fn the_traits_read_and_write() -> io::Result<()> {
    let (mut client, mut server) = yield_!(connection());
    yield_!(AsyncWriteExt::write_all(&mut client, b"exactly"))?;
    yield_!(client.flush())?;
    yield_!(client.close())?;
    let mut text = String::new();
    yield_!(server.read_to_string(&mut text))?;
    assert_eq!(text, "exactly");
    Ok(())
}

#[co::test(timeout = 10)]
fn closing_through_the_trait_after_the_peer_has_gone_is_no_error() -> io::Result<()> {
    let (mut stream, peer) = half_connection();
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
    drop(peer);
    let _ = yield_!(stream.read(&mut [0]));
    yield_!(stream.close())
}

#[co::test(timeout = 10)]
fn a_stream_can_be_split_and_copied() -> io::Result<()> {
    let (client, server) = yield_!(connection());
    let echoing = IoLoop::current().spawn(async move {
        let (reader, mut writer) = server.split();
        let copied = futures_util::io::copy(reader, &mut writer).await?;
        writer.close().await?;
        io::Result::Ok(copied)
    });
    let payload = vec![3; 1 << 20];
    let (written, received) = yield_!(join(
        async {
            client.write_all(&payload).await?;
            client.shutdown(Shutdown::Write)
        },
        read_to_end(&client),
    ));
    written?;
    assert_eq!(received?.len(), payload.len());
    assert_eq!(yield_!(echoing)?, payload.len() as u64);
    Ok(())
}

#[co::test(timeout = 10)]
fn vectored_reads_and_writes_fill_several_buffers() -> io::Result<()> {
    let (mut client, mut server) = yield_!(connection());
    let pieces = [io::IoSlice::new(b"ab"), io::IoSlice::new(b"cde")];
    assert_eq!(yield_!(client.write_vectored(&pieces))?, 5);
    let (mut first, mut second) = ([0; 3], [0; 4]);
    let mut buffers = [
        io::IoSliceMut::new(&mut first),
        io::IoSliceMut::new(&mut second),
    ];
    assert_eq!(yield_!(server.read_vectored(&mut buffers))?, 5);
    assert_eq!((&first, &second[..2]), (b"abc", &b"de"[..]));
    Ok(())
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_the_address() {
    with_loop(|_| {
        let (_listener, address) = listener();
        let error = TcpListener::bind(address).expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}

#[test]
fn an_address_that_is_not_this_machines_is_an_error_that_names_it() {
    with_loop(|_| {
        let error = TcpListener::bind("192.0.2.1:80").expect_err("it is not");
        assert!(error.to_string().contains("192.0.2.1:80"), "{error}");
    });
}

#[co::test(timeout = 10)]
fn a_name_that_does_not_resolve_is_an_error_that_names_it() {
    let name = format!("{}.invalid", "x".repeat(64));
    let error = yield_!(lookup_host(&name, 80)).expect_err("a label is too long");
    assert!(error.to_string().contains(&name), "{error}");
}

#[co::test(timeout = 10)]
fn a_name_is_looked_up() -> io::Result<()> {
    let addresses = yield_!(lookup_host("localhost", 80))?;
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
    assert!(addresses.iter().all(|address| address.port() == 80));
    Ok(())
}

#[co::test(timeout = 10)]
fn a_look_up_that_takes_long_does_not_hold_up_the_loop() -> io::Result<()> {
    let io_loop = IoLoop::current();
    let (open, gate) = mpsc::channel::<()>();
    let gate = Cell::new(Some(gate));
    io_loop.set_default_executor(move |job: BoxedJob| {
        let gate = gate.take().expect("one look-up");
        thread::spawn(move || {
            gate.recv().expect("the loop opens it");
            job();
        });
    });
    let looking = io_loop.spawn(lookup_host("localhost", 80));
    for _ in 0..3 {
        yield_!(co::sleep(Duration::from_millis(1)));
    }
    assert!(!looking.done());
    open.send(()).expect("the look-up waits");
    assert!(yield_!(looking)?.iter().all(|it| it.ip().is_loopback()));
    Ok(())
}

#[co::test(timeout = 10)]
fn a_cancelled_look_up_is_harmless() {
    let looking = IoLoop::current().spawn(lookup_host("localhost", 80));
    looking.cancel();
    yield_!(co::sleep(Duration::from_millis(20)));
}

#[co::coroutine]
fn read_all_by_bytes(stream: Rc<TcpStream>, count: usize) -> io::Result<()> {
    for _ in 0..count {
        yield_!(stream.read(&mut [0]))?;
    }
    Ok(())
}

#[co::coroutine]
fn count_turns(events: Events, until: Rc<Future<io::Result<()>>>) {
    while !until.done() {
        yield_!(co::moment());
        events.note("turn");
    }
}

#[test]
fn a_coroutine_whose_socket_is_always_ready_does_not_starve_the_others() {
    with_loop(|io_loop| {
        let (stream, mut peer) = half_connection();
        peer.write_all(&[0; 10_000]).expect("there is room");
        let events = Events::new();
        let reading = Rc::new(read_all_by_bytes(Rc::new(stream), 10_000));
        let _counting = count_turns(events.clone(), Rc::clone(&reading));
        io_loop.start().expect("nothing is suspended in the end");
        assert!(events.take().len() > 10);
    });
}

#[test]
fn a_coroutine_that_reads_through_inner_ones_does_not_starve_the_others() {
    #[co::coroutine]
    fn outer(stream: Rc<TcpStream>, count: usize) -> io::Result<()> {
        for _ in 0..count {
            yield_!(read_all_by_bytes(Rc::clone(&stream), 1))?;
        }
        Ok(())
    }

    with_loop(|io_loop| {
        let (stream, mut peer) = half_connection();
        peer.write_all(&[0; 10_000]).expect("there is room");
        let events = Events::new();
        let reading = Rc::new(outer(Rc::new(stream), 10_000));
        let _counting = count_turns(events.clone(), Rc::clone(&reading));
        io_loop.start().expect("nothing is suspended in the end");
        assert!(events.take().len() > 10);
    });
}

#[test]
fn an_always_ready_listener_does_not_starve_the_others() {
    with_loop(|io_loop| {
        let (listener, address) = listener();
        let clients: Vec<_> = (0..120)
            .map(|_| std::net::TcpStream::connect(address).expect("the backlog has room"))
            .collect();
        let events = Events::new();
        let accepting = io_loop.spawn(async move {
            for _ in 0..120 {
                drop(listener.accept().await?);
            }
            listener.accept().await.map(drop)
        });
        io_loop.add_callback(events.noting("callback"));
        turns(&io_loop, 3);
        assert_eq!(events.take(), ["callback"]);
        assert!(!accepting.done());
        drop(clients);
    });
}

#[test]
fn dropping_a_stream_lets_its_descriptor_go() {
    with_loop(|_| {
        let (stream, mut peer) = half_connection();
        drop(stream);
        assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    });
}

#[test]
fn closing_the_loop_while_a_coroutine_reads_drops_its_stream() {
    with_loop(|io_loop| {
        let (stream, mut peer) = half_connection();
        let reading = io_loop.spawn(async move { stream.read(&mut [0]).await });
        turns(&io_loop, 1);
        io_loop.close();
        assert!(reading.done());
        assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    });
}

#[test]
fn a_stream_may_outlive_its_loop() {
    with_loop(|_| {
        let io_loop = IoLoop::new().expect("descriptors for a loop");
        let streams = io_loop.run_sync(connection).expect("it ends");
        drop(io_loop);
        drop(streams);
    });
}

#[co::test(timeout = 10)]
fn a_slow_peer_holds_up_nobody_else() -> io::Result<()> {
    let (slow, mut slow_peer) = half_connection();
    let waiting = IoLoop::current().spawn(async move { slow.read(&mut [0]).await });
    let (stream, mut peer) = half_connection();
    let thread = thread::spawn(move || -> io::Result<()> {
        let mut request = [0; 4];
        peer.read_exact(&mut request)?;
        peer.write_all(b"pong")
    });
    yield_!(stream.write_all(b"ping"))?;
    let mut answer = [0; 4];
    yield_!((&stream).read_exact(&mut answer))?;
    assert_eq!(&answer, b"pong");
    assert!(!waiting.done());
    slow_peer.write_all(b"x")?;
    assert_eq!(yield_!(waiting)?, 1);
    thread.join().expect("it does not panic")
}
