//! A parser that is fed with bytes and gives what is complete.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use super::error::MultipartError;
use super::header::Part;

/// The longest headers of one part, in bytes, and the most parts of a form. Tornado's limits.
const LONGEST_HEADERS: usize = 10 * 1024;
const MOST_PARTS: usize = 100;

const LINE_END: &[u8] = b"\r\n";

/// A step in a form.
#[derive(Debug)]
pub(crate) enum Event {
    /// A part begins.
    Part(Part),
    /// A piece of the part's body.
    Data(Bytes),
    /// The part is complete.
    End,
    /// The form is complete.
    Done,
    /// What comes next is not there yet.
    More,
}

/// The state of a form that is read. What it holds is what it was fed with last, behind what could not be used before: the beginning of a boundary, or of
/// a part's headers.
pub(crate) struct Parser {
    buffer: Bytes,
    /// `\r\n--boundary`.
    delimiter: Box<[u8]>,
    state: State,
    parts: usize,
    /// There will be no more bytes.
    closed: bool,
}

#[derive(Clone, Copy)]
enum State {
    /// Nothing has been looked at.
    Start,
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary.
    Boundary,
    Headers,
    Body,
    Epilogue,
}

impl Parser {
    pub(crate) fn new(boundary: &str) -> Self {
        Self {
            buffer: Bytes::new(),
            delimiter: format!("\r\n--{boundary}").into_bytes().into(),
            state: State::Start,
            parts: 0,
            closed: false,
        }
    }

    /// Takes the next bytes, without a copy if all that came before has been used.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        if self.buffer.is_empty() {
            self.buffer = bytes;
            return;
        }
        let mut both = BytesMut::with_capacity(self.buffer.len() + bytes.len());
        both.extend_from_slice(&self.buffer);
        both.extend_from_slice(&bytes);
        self.buffer = both.freeze();
    }

    /// Says that all bytes are there.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// The next step. After an error there is none.
    pub(crate) fn next(&mut self) -> Result<Event, MultipartError> {
        match self.step()? {
            Event::More if self.closed => Err(MultipartError::Truncated),
            event => Ok(event),
        }
    }

    fn step(&mut self) -> Result<Event, MultipartError> {
        match self.state {
            State::Start => self.start(),
            State::Preamble => self.skip_preamble(),
            State::Boundary => self.end_boundary(),
            State::Headers => self.read_headers(),
            State::Body => Ok(self.read_body()),
            State::Epilogue => {
                self.buffer.clear();
                Ok(Event::Done)
            }
        }
    }

    /// As a rule the first boundary is the first thing, with no line end in front of it.
    fn start(&mut self) -> Result<Event, MultipartError> {
        let first = &self.delimiter[LINE_END.len()..];
        if self.buffer.starts_with(first) {
            return self.pass_boundary(first.len());
        }
        if first.starts_with(&self.buffer) {
            return Ok(Event::More);
        }
        self.state = State::Preamble;
        self.skip_preamble()
    }

    fn skip_preamble(&mut self) -> Result<Event, MultipartError> {
        match memmem::find(&self.buffer, &self.delimiter) {
            Some(at) => self.pass_boundary(at + self.delimiter.len()),
            None => {
                self.buffer.advance(self.settled());
                Ok(Event::More)
            }
        }
    }

    fn pass_boundary(&mut self, length: usize) -> Result<Event, MultipartError> {
        self.buffer.advance(length);
        self.state = State::Boundary;
        self.end_boundary()
    }

    /// Behind a boundary there is a line end, or two dashes when it is the last. Blanks before the line end are of no importance (RFC 2046, 5.1.1).
    fn end_boundary(&mut self) -> Result<Event, MultipartError> {
        let blanks = self
            .buffer
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'));
        self.buffer.advance(blanks.count());
        match self.buffer.get(..2) {
            None => Ok(Event::More),
            Some(b"--") => {
                self.state = State::Epilogue;
                self.step()
            }
            Some(LINE_END) if self.parts == MOST_PARTS => Err(MultipartError::ManyParts),
            Some(LINE_END) => {
                self.parts += 1;
                self.state = State::Headers;
                self.read_headers()
            }
            Some(_) => Err(MultipartError::BadBoundary),
        }
    }

    /// Reads headers. The line end of the boundary is still in front of them, so that a block without any ends as others do.
    fn read_headers(&mut self) -> Result<Event, MultipartError> {
        let searched = &self.buffer[..self.buffer.len().min(LONGEST_HEADERS)];
        let Some(at) = memmem::find(searched, b"\r\n\r\n") else {
            return match searched.len() {
                LONGEST_HEADERS => Err(MultipartError::LongHeader),
                _ => Ok(Event::More),
            };
        };
        let headers = self.buffer.split_to(at + 4);
        self.state = State::Body;
        Part::parse(&headers[LINE_END.len()..]).map(Event::Part)
    }

    fn read_body(&mut self) -> Event {
        match memmem::find(&self.buffer, &self.delimiter) {
            Some(0) => {
                self.buffer.advance(self.delimiter.len());
                self.state = State::Boundary;
                Event::End
            }
            Some(at) => Event::Data(self.buffer.split_to(at)),
            None => match self.settled() {
                0 => Event::More,
                count => Event::Data(self.buffer.split_to(count)),
            },
        }
    }

    /// How many bytes cannot be part of a boundary, when no whole one is there.
    fn settled(&self) -> usize {
        let from = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
        let tail = &self.buffer[from..];
        let mut starts = memchr::memchr_iter(b'\r', tail);
        let start = starts.find(|start| self.delimiter.starts_with(&tail[*start..]));
        from + start.unwrap_or(tail.len())
    }
}
