//! Reading and writing the bytes of what is watched: the one place where that is done, and what makes the traits and methods of each type of it.

use std::future::Future as StdFuture;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::unix::pipe::{Receiver, Sender};
use socket2::SockRef;

use super::watched::Watched;
use crate::readiness::Direction;

/// How kinds of byte streams differ.
pub(crate) trait Bytes: Source {
    /// Whether a read that was not filled has taken everything, so that the kernel need not be asked to find that out.
    const SHORT_READ_IS_ALL: bool = true;

    /// Ends the writing direction.
    fn end_writing(&self) -> io::Result<()>;
}

impl Bytes for TcpStream {
    fn end_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Bytes for UnixStream {
    // A read ends early at bytes that a descriptor was sent with.
    const SHORT_READ_IS_ALL: bool = false;

    fn end_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Bytes for Receiver {
    // A read ends early where messages are kept apart: at a terminal's lines, and in a pipe of packets.
    const SHORT_READ_IS_ALL: bool = false;

    fn end_writing(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Bytes for Sender {
    /// A pipe ends when its descriptor is closed, and with it this.
    fn end_writing(&self) -> io::Result<()> {
        Ok(())
    }
}

/// After less was done than asked for, the kernel has nothing more for now.
fn note(direction: &Direction, asked: usize, done: io::Result<usize>) -> io::Result<usize> {
    if let Ok(count) = done
        && 0 < count
        && count < asked
    {
        direction.clear_partly();
    }
    done
}

impl<S: Bytes> Watched<S> {
    fn note_read(&self, asked: usize, read: io::Result<usize>) -> io::Result<usize> {
        match S::SHORT_READ_IS_ALL {
            true => note(self.reader(), asked, read),
            false => read,
        }
    }

    pub(super) fn poll_end(&self) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket().end_writing() {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }
}

impl<S: Bytes + AsFd> Watched<S> {
    pub(super) fn poll_read_uninit(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(self.reader(), cx, |socket| {
            self.note_read(buffer.len(), SockRef::from(socket).recv(buffer))
        })
    }
}

impl<S: Bytes> Watched<S>
where
    for<'s> &'s S: Read,
{
    pub(super) fn read<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a, S> {
        let read = move |mut socket: &S| self.note_read(buffer.len(), socket.read(buffer));
        self.when_ready(self.reader(), read)
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(self.reader(), cx, |mut socket| {
            self.note_read(buffer.len(), socket.read(buffer))
        })
    }

    pub(super) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = buffers.iter().map(|buffer| buffer.len()).sum();
        self.poll_with(self.reader(), cx, |mut socket| {
            self.note_read(asked, socket.read_vectored(buffers))
        })
    }
}

impl<S: Bytes> Watched<S>
where
    for<'s> &'s S: Write,
{
    pub(super) fn write<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a, S> {
        let write = move |mut socket: &S| note(self.writer(), bytes.len(), socket.write(bytes));
        self.when_ready(self.writer(), write)
    }

    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => bytes = &bytes[written..],
            }
        }
        Ok(())
    }

    /// Writes what the kernel takes at once.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let written = note(self.writer(), bytes.len(), self.socket().write(bytes));
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::WouldBlock
        {
            self.writer().clear();
        }
        written
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_with(self.writer(), cx, |mut socket| {
            note(self.writer(), bytes.len(), socket.write(bytes))
        })
    }

    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A plain write costs the kernel less.
        if let [bytes] = bytes {
            return self.poll_write(cx, bytes);
        }
        let asked = bytes.iter().map(|slice| slice.len()).sum();
        self.poll_with(self.writer(), cx, |mut socket| {
            note(self.writer(), asked, socket.write_vectored(bytes))
        })
    }
}

/// What a type has that reads through its field `watched`: a method, and the trait for itself and for references to it.
macro_rules! reader {
    ($type:ident) => {
        impl $type {
            /// Reads some bytes into `buffer` and gives their number; zero is the end of the stream.
            pub fn read<'a>(
                &'a self,
                buffer: &'a mut [u8],
            ) -> impl std::future::Future<Output = std::io::Result<usize>> + use<'a> {
                self.watched.read(buffer)
            }
        }

        $crate::net::bytes::reader!(trait for $type);
        $crate::net::bytes::reader!(trait for &$type);
    };
    (trait for $type:ty) => {
        impl futures_io::AsyncRead for $type {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buffer: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.watched.poll_read(cx, buffer)
            }

            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.watched.poll_read_vectored(cx, buffers)
            }
        }
    };
}

/// What a type has that writes through its field `watched`: methods, and the trait for itself and for references to it.
macro_rules! writer {
    ($type:ident) => {
        impl $type {
            /// Writes some of `bytes` and gives their number.
            pub fn write<'a>(
                &'a self,
                bytes: &'a [u8],
            ) -> impl std::future::Future<Output = std::io::Result<usize>> + use<'a> {
                self.watched.write(bytes)
            }

            /// Writes what the operating system takes at once of `bytes`, and gives its number.
            ///
            /// # Errors
            ///
            /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) where it takes nothing now.
            pub fn try_write(&self, bytes: &[u8]) -> std::io::Result<usize> {
                self.watched.try_write(bytes)
            }

            /// Writes all of `bytes`.
            ///
            /// # Errors
            ///
            /// Fails when the peer has closed the connection; some of the bytes may have been written by then.
            pub async fn write_all(&self, bytes: &[u8]) -> std::io::Result<()> {
                self.watched.write_all(bytes).await
            }
        }

        $crate::net::bytes::writer!(trait for $type);
        $crate::net::bytes::writer!(trait for &$type);
    };
    (trait for $type:ty) => {
        impl futures_io::AsyncWrite for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bytes: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.watched.poll_write(cx, bytes)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bytes: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.watched.poll_write_vectored(cx, bytes)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            /// Ends the writing direction.
            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                _cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.watched.poll_end()
            }
        }
    };
}

pub(super) use {reader, writer};
