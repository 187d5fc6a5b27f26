//! Arguments of a request: in its path, its query, and in a form that was posted.

use std::borrow::Cow;
use std::error::Error;
use std::str::FromStr;

use super::RequestHandler;
use crate::server::multipart::HttpFile;
use crate::server::request_error::RequestError;

/// Arguments, as text. As in Tornado they are stripped of blanks at both ends, and control characters other than line ends and tabs become blanks; the
/// [request](Self::request) has them as they were sent.
///
/// A form that was posted is `application/x-www-form-urlencoded` or `multipart/form-data`, whose files are [apart](Self::files). One that cannot be read is as good as none
/// here, and makes the response a 400.
impl RequestHandler {
    /// A parameter of the route's path, percent-decoded: `id` in `/users/{id}`.
    #[must_use]
    pub fn path_argument(&self, name: &str) -> Option<&str> {
        let mut arguments = self.exchange.path_arguments.iter();
        let found = arguments.find(|(key, _)| **key == *name);
        found.map(|(_, value)| value.as_str())
    }

    /// The last argument of this name in the query or in a form that was posted. Tornado's `get_argument`.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<String> {
        self.body_argument(name)
            .or_else(|| self.query_argument(name))
    }

    /// All arguments of this name: those in the query, then those in a form that was posted. Tornado's `get_arguments`.
    #[must_use]
    pub fn arguments(&self, name: &str) -> Vec<String> {
        let mut arguments = self.query_arguments(name);
        arguments.append(&mut self.body_arguments(name));
        arguments
    }

    /// The last argument of this name in the query.
    #[must_use]
    pub fn query_argument(&self, name: &str) -> Option<String> {
        named(self.request().query_arguments(), name).last()
    }

    /// All arguments of this name in the query.
    #[must_use]
    pub fn query_arguments(&self, name: &str) -> Vec<String> {
        named(self.request().query_arguments(), name).collect()
    }

    /// The last argument of this name in a form that was posted.
    #[must_use]
    pub fn body_argument(&self, name: &str) -> Option<String> {
        named(self.request().hushed_body_arguments(), name).last()
    }

    /// All arguments of this name in a form that was posted.
    #[must_use]
    pub fn body_arguments(&self, name: &str) -> Vec<String> {
        named(self.request().hushed_body_arguments(), name).collect()
    }
}

/// Arguments of other types. What goes wrong is the client's fault: a handler that ends with the error is answered with 400.
impl RequestHandler {
    /// The last argument of this name in the query or in a form that was posted.
    ///
    /// ```
    /// use coroutine_http::{RequestError, RequestHandler};
    ///
    /// fn page(mut handler: RequestHandler) -> Result<(), RequestError> {
    ///     let user: String = handler.argument_as("user")?;
    ///     let page: u32 = handler.argument_or("page", 1)?;
    ///     handler.write(format!("page {page} of {user}"));
    ///     Ok(())
    /// }
    /// # coroutine_http::Application::new().get("/", page);
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when there is none ([`is_missing`](RequestError::is_missing)), when it is not what is asked for, and when the form cannot be read.
    pub fn argument_as<T>(&self, name: &str) -> Result<T, RequestError>
    where
        T: FromStr<Err: Into<Box<dyn Error>>>,
    {
        match self.find_argument(name)? {
            Some(text) => parse(name, &text),
            None => Err(RequestError::missing(name)),
        }
    }

    /// As [`argument_as`](Self::argument_as), and `default` where there is none.
    ///
    /// # Errors
    ///
    /// Fails when it is not what is asked for, and when the form cannot be read.
    pub fn argument_or<T>(&self, name: &str, default: T) -> Result<T, RequestError>
    where
        T: FromStr<Err: Into<Box<dyn Error>>>,
    {
        match self.find_argument(name)? {
            Some(text) => parse(name, &text),
            None => Ok(default),
        }
    }

    /// A parameter of the route's path.
    ///
    /// # Errors
    ///
    /// Fails when the route has none of this name, and when it is not what is asked for.
    pub fn path_argument_as<T>(&self, name: &str) -> Result<T, RequestError>
    where
        T: FromStr<Err: Into<Box<dyn Error>>>,
    {
        let text = self.path_argument(name);
        parse(name, text.ok_or_else(|| RequestError::missing(name))?)
    }

    /// The files of this name in a form that was posted (`multipart/form-data`); often there is one. Tornado's `request.files`.
    ///
    /// A form has at most 100 parts, each with headers of at most 10 KiB, as in Tornado. Its length is limited as that of any body is.
    ///
    /// # Errors
    ///
    /// Fails when the form cannot be read.
    pub fn files(&self, name: &str) -> Result<&[HttpFile], RequestError> {
        self.request().files(name)
    }

    fn find_argument(&self, name: &str) -> Result<Option<String>, RequestError> {
        let request = self.request();
        let arguments = request.query_arguments().chain(request.body_arguments()?);
        Ok(named(arguments, name).last())
    }
}

/// The values of the arguments of this name, stripped.
fn named<'a>(
    arguments: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    name: &str,
) -> impl Iterator<Item = String> {
    let found = arguments.filter(move |(key, _)| key == name);
    found.map(|(_, value)| stripped(value))
}

fn stripped(value: Cow<'_, str>) -> String {
    let strange = |c: char| c.is_ascii_control() && !matches!(c, '\t'..='\r' | '\x7f');
    match value.contains(strange) {
        true => value.replace(strange, " ").trim().to_owned(),
        false if value.trim().len() == value.len() => value.into_owned(),
        false => value.trim().to_owned(),
    }
}

fn parse<T>(name: &str, text: &str) -> Result<T, RequestError>
where
    T: FromStr<Err: Into<Box<dyn Error>>>,
{
    text.parse()
        .map_err(|error| RequestError::invalid(name, error))
}
