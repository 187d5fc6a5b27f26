//! Several arguments at once, through serde.

use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::RequestHandler;
use crate::server::request_error::RequestError;

/// Several arguments at once. What goes wrong is the client's fault: a handler that ends with the error is answered with 400. Feature `forms`.
///
/// Each type that serde can read from names and values will do. A `Vec` takes all values of its name, an `Option` may be missing.
impl RequestHandler {
    /// The query.
    ///
    /// ```
    /// use coroutine_http::{RequestError, RequestHandler};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Search {
    ///     text: String,
    ///     #[serde(default)]
    ///     tag: Vec<String>,
    ///     page: Option<u32>,
    /// }
    ///
    /// fn search(mut handler: RequestHandler) -> Result<(), RequestError> {
    ///     let search: Search = handler.query()?;
    ///     handler.write(format!("{} in {:?}, {:?}", search.text, search.tag, search.page));
    ///     Ok(())
    /// }
    /// # coroutine_http::Application::new().get("/", search);
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when one is missing, or is not what its type says.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        read(self.request().query().unwrap_or_default().as_bytes())
    }

    /// The fields of a form that was posted.
    ///
    /// # Errors
    ///
    /// Fails when the body is no form (415), and when the form cannot be read, lacks a field, or has one that is not what its type says.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        let request = self.request();
        if request.is_of_type("application/x-www-form-urlencoded") {
            return read(request.body());
        }
        if !request.is_of_type("multipart/form-data") {
            return Err(RequestError::media_type("of a form"));
        }
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(request.body_arguments()?);
        read(pairs.finish().as_bytes())
    }

    /// The parameters of the route's path.
    ///
    /// # Errors
    ///
    /// Fails when one is missing, or is not what its type says.
    pub fn path<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(&self.exchange.path_arguments);
        read(pairs.finish().as_bytes())
    }
}

fn read<T: DeserializeOwned>(pairs: &[u8]) -> Result<T, RequestError> {
    serde_html_form::from_bytes(pairs).map_err(RequestError::arguments)
}
