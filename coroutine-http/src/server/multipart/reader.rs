//! A form that is read while it arrives.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use super::error::MultipartError;
use super::form::UNKNOWN;
use super::header::Part;
use super::parser::{Event, Parser};
use crate::server::input_error::HttpInputError;
use crate::server::request_error::RequestError;
use crate::server::upload::BodyStream;

/// A form in several parts, which are read one after another: what [`RequestHandler::multipart`](crate::RequestHandler::multipart) gives. It holds a chunk of the
/// body at a time, whatever the size of the files is.
pub struct MultipartReader {
    parser: Parser,
    body: Body,
    /// Whether the body of a part has not been read to its end.
    is_within: bool,
}

enum Body {
    Coming(BodyStream),
    /// All of it is in the parser.
    There,
    /// It was no form, or broke off.
    Failed,
}

impl MultipartReader {
    pub(in crate::server) fn streaming(boundary: &str, body: BodyStream) -> Self {
        Self {
            parser: Parser::new(boundary),
            body: Body::Coming(body),
            is_within: false,
        }
    }

    pub(in crate::server) fn whole(boundary: &str, body: Bytes) -> Self {
        let mut parser = Parser::new(boundary);
        parser.feed(body);
        parser.close();
        Self {
            parser,
            body: Body::There,
            is_within: false,
        }
    }

    /// The next part, or none behind the last one. What of the part before was not read is passed over.
    ///
    /// Dropping what this gives loses nothing.
    ///
    /// # Errors
    ///
    /// Fails when the form is malformed or has more than 100 parts, and when the body cannot be read.
    pub async fn next_part(&mut self) -> Result<Option<FormPart<'_>>, RequestError> {
        while self.read_chunk().await?.is_some() {}
        match self.next().await? {
            Event::Part(part) => {
                self.is_within = true;
                Ok(Some(FormPart { reader: self, part }))
            }
            _ => Ok(None),
        }
    }

    async fn read_chunk(&mut self) -> Result<Option<Bytes>, RequestError> {
        if !self.is_within {
            return Ok(None);
        }
        match self.next().await? {
            Event::Data(data) => Ok(Some(data)),
            _ => {
                self.is_within = false;
                Ok(None)
            }
        }
    }

    /// The next step that is no wait.
    async fn next(&mut self) -> Result<Event, RequestError> {
        loop {
            if matches!(self.body, Body::Failed) {
                return Err(MultipartError::Truncated.into());
            }
            match self.parser.next() {
                Ok(Event::More) => self.feed().await?,
                Ok(event) => return Ok(event),
                Err(error) => {
                    self.body = Body::Failed;
                    return Err(error.into());
                }
            }
        }
    }

    async fn feed(&mut self) -> Result<(), HttpInputError> {
        let Body::Coming(body) = &mut self.body else {
            self.parser.close();
            return Ok(());
        };
        match body.next_chunk().await {
            Some(Ok(chunk)) => self.parser.feed(chunk),
            None => self.parser.close(),
            Some(Err(error)) => {
                self.body = Body::Failed;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MultipartReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipartReader").finish_non_exhaustive()
    }
}

/// A part of a form: a field, or a file.
pub struct FormPart<'a> {
    reader: &'a mut MultipartReader,
    part: Part,
}

impl FormPart<'_> {
    /// The name of the field.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.part.name
    }

    /// What the client calls the file, if it is one. It may be anything, a path included: no name to store it by.
    #[must_use]
    pub fn filename(&self) -> Option<&str> {
        self.part.filename.as_deref()
    }

    /// What the client says that it is: `application/octet-stream` if it says nothing.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.part.content_type().unwrap_or(UNKNOWN)
    }

    /// All headers of the part.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.part.headers
    }

    /// The next chunk of what is in it, or none at its end. Dropping what this gives loses nothing.
    ///
    /// # Errors
    ///
    /// Fails when the form is malformed, and when the body cannot be read.
    pub async fn read_chunk(&mut self) -> Result<Option<Bytes>, RequestError> {
        self.reader.read_chunk().await
    }
}

impl fmt::Debug for FormPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormPart")
            .field("name", &self.name())
            .field("filename", &self.filename())
            .finish_non_exhaustive()
    }
}
