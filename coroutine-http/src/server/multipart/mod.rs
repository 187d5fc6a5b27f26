//! `multipart/form-data` (RFC 7578): a parser that is fed with bytes, whole forms, and forms that are read part by part.

mod error;
mod form;
mod header;
mod parser;
mod reader;

pub(super) use error::MultipartError;
pub(super) use form::Form;
pub use form::HttpFile;
pub(super) use header::{boundary, is_multipart};
pub use reader::{FormPart, MultipartReader};
