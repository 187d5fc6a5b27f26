//! A whole form.

use bytes::Bytes;

use super::error::MultipartError;
use super::header::{Part, boundary};
use super::parser::{Event, Parser};

/// A file that came with a form. Tornado's `HTTPFile`.
#[derive(Clone, Debug)]
pub struct HttpFile {
    filename: String,
    content_type: Option<String>,
    body: Bytes,
}

impl HttpFile {
    /// What the client calls it. It may be anything, a path included: no name to store it by.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// What the client says that it is: `application/octet-stream` if it says nothing.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or(UNKNOWN)
    }

    /// What is in it.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// The type of bytes that nobody says more about.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

/// Fields and files with their names. Several may have one name.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) files: Vec<(String, Vec<HttpFile>)>,
}

impl Form {
    /// Reads a body of this type. Files share its memory.
    pub(crate) fn parse(content_type: &str, body: &Bytes) -> Result<Self, MultipartError> {
        let mut parser = Parser::new(&boundary(content_type)?);
        parser.feed(body.clone());
        parser.close();
        let mut form = Self::default();
        while let Event::Part(part) = parser.next()? {
            // All bytes are there, so a body is one piece.
            let body = match parser.next()? {
                Event::Data(body) => {
                    parser.next()?;
                    body
                }
                _ => Bytes::new(),
            };
            form.add(part, body);
        }
        Ok(form)
    }

    /// As in Tornado, a part is a file when it has the name of one. A browser gives an empty name where no file was chosen.
    fn add(&mut self, part: Part, body: Bytes) {
        let content_type = part.content_type().map(str::to_owned);
        let Some(filename) = part.filename.filter(|filename| !filename.is_empty()) else {
            let text = String::from_utf8_lossy(&body).into_owned();
            return self.fields.push((part.name, text));
        };
        let file = HttpFile {
            filename,
            content_type,
            body,
        };
        let mut files = self.files.iter_mut();
        match files.find(|(name, _)| *name == part.name) {
            Some((_, files)) => files.push(file),
            None => self.files.push((part.name, vec![file])),
        }
    }
}
