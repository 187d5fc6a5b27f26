//! Unix sockets, UDP sockets and pipes.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net as unix;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use co::net::{UdpSocket, UnixListener, UnixStream, pipe};
use co::{IoLoop, IoStream};
use coroutine_core as co;
use coroutine_tests::OnDrop;
use futures_util::AsyncReadExt;
use futures_util::future::{join, join_all};
use rustix::pipe::PipeFlags;

/// A path for a socket in a folder of its own, which goes with the guard.
fn path(test: &str) -> (PathBuf, OnDrop) {
    let folder = std::env::temp_dir().join(format!("coroutine-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let socket = folder.join("socket");
    let remove = OnDrop::new(move || drop(std::fs::remove_dir_all(folder)));
    (socket, remove)
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

async fn read_to_end(stream: &UnixStream) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut stream = stream;
    stream.read_to_end(&mut all).await?;
    Ok(all)
}

// Unix sockets.

#[co::test]
fn a_listener_at_a_path_takes_connections() -> io::Result<()> {
    let (path, _remove) = path("path");
    let listener = UnixListener::bind(&path)?;
    let client = yield_!(UnixStream::connect(&path))?;
    let (server, _) = yield_!(listener.accept())?;
    yield_!(client.write_all(b"hello"))?;
    client.shutdown(Shutdown::Write)?;
    assert_eq!(yield_!(read_to_end(&server))?, b"hello");
    assert_eq!(client.peer_addr()?.as_pathname(), Some(&*path));
    assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    Ok(())
}

#[co::test]
fn a_listener_at_an_abstract_address_takes_connections() -> io::Result<()> {
    let name = format!("coroutine-tests-{}", std::process::id());
    let address = unix::SocketAddr::from_abstract_name(&name)?;
    let listener = UnixListener::bind_addr(&address)?;
    let client = yield_!(UnixStream::connect_addr(&address))?;
    let (server, _) = yield_!(listener.accept())?;
    yield_!(server.write_all(b"welcome"))?;
    drop(server);
    assert_eq!(yield_!(read_to_end(&client))?, b"welcome");
    assert_eq!(
        client.peer_addr()?.as_abstract_name(),
        Some(name.as_bytes())
    );
    Ok(())
}

#[co::test]
fn the_error_where_nobody_listens_names_the_path() {
    let (path, _remove) = path("nobody");
    let error = yield_!(UnixStream::connect(&path)).expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[co::test]
fn the_error_of_a_path_that_is_taken_names_it() -> io::Result<()> {
    let (path, _remove) = path("taken");
    let _listener = UnixListener::bind(&path)?;
    let error = UnixListener::bind(&path).expect_err("there is one");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains("taken"), "{error}");
    Ok(())
}

#[co::test]
fn a_path_that_is_too_long_is_an_error() {
    let path = "x".repeat(200);
    assert!(yield_!(UnixStream::connect(&path)).is_err());
    assert!(UnixListener::bind(&path).is_err());
}

#[co::test]
fn connecting_waits_while_the_listeners_queue_is_full() -> io::Result<()> {
    let (path, _remove) = path("queue");
    let listener = unix::UnixListener::bind(&path)?;
    let queue = socket2::SockRef::from(&listener);
    queue.listen(1)?;
    let clients: Vec<_> = (0..6)
        .map(|_| IoLoop::current().spawn(UnixStream::connect(path.clone())))
        .collect();
    assert!(clients.iter().any(|client| !client.done()));
    let listener = UnixListener::from_std(listener)?;
    let accepted = async {
        for _ in 0..6 {
            drop(listener.accept().await?);
        }
        io::Result::Ok(())
    };
    let (clients, accepted) = yield_!(join(join_all(clients), accepted));
    accepted?;
    assert!(clients.into_iter().all(|client| client.is_ok()));
    Ok(())
}

#[co::test]
fn large_transfers_over_a_pair_are_complete() -> io::Result<()> {
    const SIZE: usize = 4 << 20;
    let (one, other) = UnixStream::pair()?;
    let send = async {
        one.write_all(&vec![7; SIZE]).await?;
        one.shutdown(Shutdown::Write)
    };
    let (sent, received) = yield_!(join(send, read_to_end(&other)));
    sent?;
    assert_eq!(received?.len(), SIZE);
    Ok(())
}

#[co::test]
fn bytes_behind_a_descriptor_that_was_sent_are_read() -> io::Result<()> {
    let (stream, peer) = unix::UnixStream::pair()?;
    let stream = UnixStream::from_std(stream)?;
    // The kernel ends a read behind bytes that a descriptor came with.
    let descriptors = [peer.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = rustix::net::SendAncillaryBuffer::new(&mut space);
    control.push(rustix::net::SendAncillaryMessage::ScmRights(&descriptors));
    let bytes = [io::IoSlice::new(b"with")];
    let flags = rustix::net::SendFlags::empty();
    rustix::net::sendmsg(&peer, &bytes, &mut control, flags)?;
    (&peer).write_all(b"without")?;
    // The kernel says once that there is something.
    yield_!(co::sleep(Duration::from_millis(1)));
    let mut all = Vec::new();
    while all.len() < 11 {
        let mut buffer = [0; 100];
        let count = yield_!(stream.read(&mut buffer))?;
        all.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(all, b"withwithout");
    Ok(())
}

#[co::test]
fn a_clone_reads_what_the_original_was_sent() -> io::Result<()> {
    let (one, other) = UnixStream::pair()?;
    let clone = other.try_clone()?;
    assert_ne!(clone.as_fd().as_raw_fd(), other.as_fd().as_raw_fd());
    drop(other);
    yield_!(one.write_all(b"hello"))?;
    drop(one);
    assert_eq!(yield_!(read_to_end(&clone))?, b"hello");
    Ok(())
}

// UDP.

#[co::test]
fn datagrams_are_received_one_by_one_with_their_sender() -> io::Result<()> {
    let server = UdpSocket::bind(any_port())?;
    let client = UdpSocket::bind(any_port())?;
    for datagram in [&b"one"[..], b"", b"three"] {
        assert_eq!(
            yield_!(client.send_to(datagram, server.local_addr()?))?,
            datagram.len()
        );
    }
    let mut buffer = [0; 100];
    for datagram in [&b"one"[..], b"", b"three"] {
        let (count, from) = yield_!(server.recv_from(&mut buffer))?;
        assert_eq!((&buffer[..count], from), (datagram, client.local_addr()?));
    }
    Ok(())
}

#[co::test]
fn receiving_waits_for_a_datagram() -> io::Result<()> {
    let server = UdpSocket::bind(any_port())?;
    let address = server.local_addr()?;
    let receiving = IoLoop::current().spawn(async move {
        let mut buffer = [0; 3];
        let count = server.recv(&mut buffer).await?;
        io::Result::Ok(buffer[..count].to_vec())
    });
    yield_!(co::moment());
    assert!(!receiving.done());
    let client = UdpSocket::bind(any_port())?;
    yield_!(client.send_to(b"longer than the buffer", address))?;
    assert_eq!(yield_!(receiving)?, b"lon");
    Ok(())
}

#[co::test]
fn a_connected_socket_talks_to_its_peer_alone() -> io::Result<()> {
    let (one, other, stranger) = (
        UdpSocket::bind(any_port())?,
        UdpSocket::bind(any_port())?,
        UdpSocket::bind(any_port())?,
    );
    one.connect(other.local_addr()?)?;
    assert_eq!(one.peer_addr()?, other.local_addr()?);
    yield_!(stranger.send_to(b"stranger", one.local_addr()?))?;
    yield_!(one.send(b"question"))?;
    let mut buffer = [0; 100];
    let (count, from) = yield_!(other.recv_from(&mut buffer))?;
    assert_eq!(&buffer[..count], b"question");
    yield_!(other.send_to(b"answer", from))?;
    let count = yield_!(one.recv(&mut buffer))?;
    assert_eq!(&buffer[..count], b"answer");
    Ok(())
}

#[co::test]
fn a_datagram_that_was_refused_is_an_error_and_the_socket_goes_on() -> io::Result<()> {
    let socket = UdpSocket::bind(any_port())?;
    let gone = UdpSocket::bind(any_port())?;
    socket.connect(gone.local_addr()?)?;
    drop(gone);
    yield_!(socket.send(b"anybody?"))?;
    let error = yield_!(socket.recv(&mut [0; 8])).expect_err("nobody is there");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let other = UdpSocket::bind(any_port())?;
    socket.connect(other.local_addr()?)?;
    yield_!(other.send_to(b"hello", socket.local_addr()?))?;
    assert_eq!(yield_!(socket.recv(&mut [0; 8]))?, 5);
    Ok(())
}

#[co::test]
fn a_datagram_that_is_too_long_is_an_error() -> io::Result<()> {
    let socket = UdpSocket::bind(any_port())?;
    let datagram = vec![0; 100_000];
    assert!(yield_!(socket.send_to(&datagram, socket.local_addr()?)).is_err());
    Ok(())
}

#[co::test]
fn options_of_udp_are_set() -> io::Result<()> {
    let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    socket.set_broadcast(true)?;
    socket.set_ttl(3)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(1)?;
    let options = socket2::SockRef::from(&socket);
    assert!(options.broadcast()? && options.multicast_loop_v4()?);
    assert_eq!((options.ttl_v4()?, options.multicast_ttl_v4()?), (3, 1));
    Ok(())
}

#[co::test]
fn members_of_a_multicast_group_receive_what_is_sent_to_it() -> io::Result<()> {
    let group = Ipv4Addr::new(239, 255, 70, 77);
    let member = UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    let sender = UdpSocket::bind(any_port())?;
    member.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    socket2::SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
    let target = SocketAddr::from((group, member.local_addr()?.port()));
    yield_!(sender.send_to(b"all of you", target))?;
    let mut buffer = [0; 100];
    let count = yield_!(member.recv(&mut buffer))?;
    assert_eq!(&buffer[..count], b"all of you");
    member.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)
}

// Pipes.

#[co::test]
fn a_pipe_carries_more_than_it_holds() -> io::Result<()> {
    let (sender, receiver) = pipe::new()?;
    let send = async move { sender.write_all(&[7; 1 << 20]).await };
    let receive = async move {
        let mut all = Vec::new();
        (&receiver).read_to_end(&mut all).await.map(|_| all)
    };
    // The sender goes at the end of its block, and with it the pipe.
    let (sent, received) = yield_!(join(IoLoop::current().spawn(send), receive));
    sent?;
    assert_eq!(received?.len(), 1 << 20);
    Ok(())
}

#[co::test]
fn writing_to_a_pipe_that_nobody_reads_is_an_error() -> io::Result<()> {
    let (sender, receiver) = pipe::new()?;
    let writing = IoLoop::current().spawn(async move { sender.write_all(&[7; 1 << 20]).await });
    yield_!(co::moment());
    assert!(!writing.done());
    drop(receiver);
    let error = yield_!(writing).expect_err("nobody reads");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    Ok(())
}

#[co::test(timeout = 10)]
fn the_pipes_of_a_child_process_are_written_and_read() -> io::Result<()> {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = pipe::Sender::from_fd(child.stdin.take().expect("it is piped"))?;
    let output = pipe::Receiver::from_fd(child.stdout.take().expect("it is piped"))?;
    let send = async move { input.write_all(&[b'x'; 300_000]).await };
    let mut all = Vec::new();
    let (sent, received) = yield_!(join(
        IoLoop::current().spawn(send),
        (&output).read_to_end(&mut all)
    ));
    sent?;
    assert_eq!(received?, 300_000);
    assert!(child.wait()?.success());
    Ok(())
}

#[co::test]
fn the_other_end_of_a_pipe_may_be_the_standard_librarys() -> io::Result<()> {
    let (receiver, mut sender) = io::pipe()?;
    let receiver = pipe::Receiver::from_fd(receiver)?;
    sender.write_all(b"hello")?;
    drop(sender);
    let mut all = String::new();
    yield_!((&receiver).read_to_string(&mut all))?;
    assert_eq!(all, "hello");

    let (mut receiver, sender) = io::pipe()?;
    let sender = pipe::Sender::from_fd(sender)?;
    yield_!(sender.write_all(b"hello"))?;
    drop(sender);
    all.clear();
    receiver.read_to_string(&mut all)?;
    assert_eq!(all, "hello");
    Ok(())
}

#[co::test]
fn a_regular_file_is_no_pipe() -> io::Result<()> {
    let file = File::open("/proc/self/exe")?;
    assert!(pipe::Receiver::from_fd(file).is_err());
    Ok(())
}

#[co::test]
fn a_buffered_stream_runs_over_a_unix_socket_at_a_path() -> io::Result<()> {
    let (path, _remove) = path("buffered");
    let listener = UnixListener::bind(&path)?;
    let client = IoStream::new(yield_!(UnixStream::connect(&path))?);
    let (server, _) = yield_!(listener.accept())?;
    let server = IoStream::new(server);
    drop(client.write("ping\n"));
    assert_eq!(yield_!(server.read_until(b"\n", 100))?, b"ping\n");
    drop(server);
    yield_!(co::sleep(Duration::ZERO));
    assert!(yield_!(client.read_bytes(1)).is_err_and(|error| error.is_end()));
    Ok(())
}

#[co::test]
fn messages_of_a_pipe_that_keeps_them_apart_are_read_one_by_one() -> io::Result<()> {
    // As from a terminal, a read gives one message, however much more there is.
    let (receiver, sender) = rustix::pipe::pipe_with(PipeFlags::DIRECT)?;
    let (receiver, mut sender) = (pipe::Receiver::from_fd(receiver)?, File::from(sender));
    let messages = ["one", "two", "three", "four"];
    for message in messages {
        sender.write_all(message.as_bytes())?;
    }
    let mut buffer = [0; 100];
    for message in messages {
        let count = yield_!(receiver.read(&mut buffer))?;
        assert_eq!(&buffer[..count], message.as_bytes());
    }
    Ok(())
}
