//! A transport that follows a script.

use super::*;

/// A transport that gives one piece at a read, and takes what is written.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) pieces: RefCell<VecDeque<Vec<u8>>>,
    /// Whether the stream ends after the last piece; otherwise it is silent.
    pub(crate) ends: Cell<bool>,
    /// How many bytes were taken.
    pub(crate) taken: Cell<usize>,
    /// How many bytes too many it claims to have read or written.
    pub(crate) lies: Cell<usize>,
    /// How a write fails.
    pub(crate) fails: RefCell<Option<io::Error>>,
    /// Called within each poll.
    pub(crate) meddle: RefCell<Option<Box<dyn FnMut()>>>,
}

impl Script {
    pub(crate) fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Rc<Self> {
        let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
        Rc::new(Self {
            pieces: RefCell::new(pieces),
            ..Self::default()
        })
    }

    pub(crate) fn stream(self: &Rc<Self>) -> IoStream {
        IoStream::new(Scripted(Rc::clone(self)))
    }

    fn meddle(&self) {
        if let Some(meddle) = &mut *self.meddle.borrow_mut() {
            meddle();
        }
    }
}

pub(crate) struct Scripted(Rc<Script>);

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
        match self.0.fails.take() {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(bytes.len() + self.0.lies.get())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
