//! Arguments of a request, as they were sent.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::multipart::{Form, HttpFile, MultipartError, is_multipart};
use super::request::HttpServerRequest;
use super::request_error::RequestError;

/// Arguments: names and values in their order, decoded. What is no UTF-8 has replacement characters.
///
/// They are as they were sent, with the blanks that [`RequestHandler::argument`](crate::RequestHandler::argument) strips.
impl HttpServerRequest {
    /// The arguments in the query.
    pub fn query_arguments(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query().unwrap_or_default().as_bytes())
    }

    /// The fields of a form that was posted (`application/x-www-form-urlencoded` or `multipart/form-data`); none if the body is no form.
    ///
    /// # Errors
    ///
    /// Fails when the form cannot be read.
    pub fn body_arguments(
        &self,
    ) -> Result<impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)>, RequestError> {
        let fields = self.form()?.map_or(&[][..], |form| &form.fields[..]);
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        Ok(form_urlencoded::parse(self.urlencoded()).chain(fields))
    }

    /// The files of this name in a form that was posted (`multipart/form-data`). Tornado's `files`.
    ///
    /// # Errors
    ///
    /// Fails when the form cannot be read.
    pub fn files(&self, name: &str) -> Result<&[HttpFile], RequestError> {
        let files = self.form()?.map_or(&[][..], |form| &form.files[..]);
        let found = files.iter().find(|(key, _)| key == name);
        Ok(found.map_or(&[], |(_, files)| files))
    }

    /// Whether the body is of this type, whatever its parameters are.
    pub(super) fn is_of_type(&self, kind: &str) -> bool {
        let own = self.header(CONTENT_TYPE).unwrap_or_default();
        let own = own.split(';').next().unwrap_or_default();
        own.trim().eq_ignore_ascii_case(kind)
    }

    /// The body, if it is a form in one part.
    pub(super) fn urlencoded(&self) -> &[u8] {
        match self.body().is_empty() || !self.is_of_type("application/x-www-form-urlencoded") {
            true => &[],
            false => self.body(),
        }
    }

    /// The form, if it is one in several parts.
    fn form(&self) -> Result<Option<&Form>, MultipartError> {
        let kind = self.header(CONTENT_TYPE).unwrap_or_default();
        if self.body().is_empty() || !is_multipart(kind) {
            return Ok(None);
        }
        let form = &self.lazy.get().form;
        let form = form.get_or_init(|| Form::parse(kind, self.body()));
        form.as_ref().map(Some).map_err(|error| *error)
    }

    /// As [`body_arguments`](Self::body_arguments), for whoever cannot say that the form cannot be read: the response does.
    pub(super) fn hushed_body_arguments(
        &self,
    ) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let arguments = self.body_arguments();
        if arguments.is_err() {
            self.lazy.get().hushed.set(true);
        }
        arguments.into_iter().flatten()
    }

    /// What nobody was told of.
    pub(super) fn hushed_error(&self) -> Option<RequestError> {
        let read = self.lazy.peek().filter(|read| read.hushed.get())?;
        let error = read.form.get()?.as_ref().err()?;
        Some(RequestError::from(*error))
    }
}
