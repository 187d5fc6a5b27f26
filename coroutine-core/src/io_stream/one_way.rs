//! Streams over something that can only be read, or only be written.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use pin_project_lite::pin_project;

use super::IoStream;
use super::error::StreamError;
use super::shared::Shared;
use super::transport::{Plain, Transport};
use crate::current;

/// Which directions a stream has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    Both,
    Reading,
    Writing,
}

impl Ways {
    pub(super) fn check_reading(self) -> Result<(), StreamError> {
        match self {
            Self::Writing => Err(StreamError::unsupported("read from")),
            Self::Both | Self::Reading => Ok(()),
        }
    }

    pub(super) fn check_writing(self) -> Result<(), StreamError> {
        match self {
            Self::Reading => Err(StreamError::unsupported("written to")),
            Self::Both | Self::Writing => Ok(()),
        }
    }
}

/// Streams of one direction: pipes, for example. Tornado's `PipeIOStream`.
impl IoStream {
    /// A stream over something that can only be read, such as the output of a [`Subprocess`](crate::process::Subprocess), on the current loop.
    ///
    /// A write fails and leaves the stream as it is; [`finish`](Self::finish) has nothing to do.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop, IoStream, process::Subprocess};
    /// use std::process::{Command, Stdio};
    ///
    /// #[co::coroutine]
    /// fn lines() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    ///     let mut command = Command::new("printf");
    ///     command.arg(r"one\ntwo\n").stdout(Stdio::piped());
    ///     let mut child = Subprocess::spawn(&mut command)?;
    ///     let output = IoStream::reader(child.stdout.take().expect("it is piped"));
    ///     let mut lines = Vec::new();
    ///     loop {
    ///         match yield_!(output.read_until(b"\n", 1000)) {
    ///             Ok(line) => lines.push(String::from_utf8(line)?),
    ///             Err(error) if error.is_end() => break,
    ///             Err(error) => return Err(error.into()),
    ///         }
    ///     }
    ///     // A last line that has no end is still there.
    ///     assert_eq!(yield_!(output.read_until_close())?, b"");
    ///     yield_!(child.wait_for_exit())?;
    ///     Ok(lines)
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(lines)??, ["one\n", "two\n"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reader(stream: impl AsyncRead + 'static) -> Self {
        Self::of_ways(Ways::Reading, Plain::new(ReadOnly { stream }))
    }

    /// A stream over something that can only be written, such as the input of a [`Subprocess`](crate::process::Subprocess), on the current loop.
    ///
    /// A read fails and leaves the stream as it is. [`finish`](Self::finish) closes the stream when everything is sent, since nothing is left to be done with it;
    /// that is the end of a child's input. That nobody takes the bytes any more is noticed by a write.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop, IoStream, process::Subprocess};
    /// use std::process::{Command, Stdio};
    ///
    /// #[co::coroutine]
    /// fn upper() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    ///     let mut command = Command::new("tr");
    ///     command.args(["a-z", "A-Z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    ///     let mut child = Subprocess::spawn(&mut command)?;
    ///     let input = IoStream::writer(child.stdin.take().expect("it is piped"));
    ///     let output = IoStream::reader(child.stdout.take().expect("it is piped"));
    ///     drop(input.write("hello\n")); // sent whether or not it is yielded
    ///     drop(input.finish());
    ///     Ok(yield_!(output.read_until_close())?)
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(upper)??, b"HELLO\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn writer(stream: impl AsyncWrite + 'static) -> Self {
        Self::of_ways(Ways::Writing, Plain::new(WriteOnly { stream }))
    }

    pub(super) fn of_ways(ways: Ways, transport: impl Transport + 'static) -> Self {
        Self {
            shared: Rc::new(Shared::new(current::core(), ways, Box::pin(transport))),
            waiting: None,
        }
    }
}

/// For the direction that is not there, of which the stream makes no use.
fn unsupported<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
}

pin_project! {
    /// A reader as a transport.
    struct ReadOnly<R> {
        #[pin]
        stream: R,
    }
}

impl<R: AsyncRead> AsyncRead for ReadOnly<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_read(cx, buffer)
    }
}

impl<R> AsyncWrite for ReadOnly<R> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        unsupported()
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unsupported()
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unsupported()
    }
}

pin_project! {
    /// A writer as a transport.
    struct WriteOnly<W> {
        #[pin]
        stream: W,
    }
}

impl<W> AsyncRead for WriteOnly<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        unsupported()
    }
}

impl<W: AsyncWrite> AsyncWrite for WriteOnly<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_close(cx)
    }
}
