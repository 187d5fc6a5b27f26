//! JSON in requests and responses. Needs the feature `json`.

use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{HttpError, Kind};
use super::outgoing::Content;
use super::request::HttpRequest;
use super::response::HttpResponse;

/// JSON. Needs the feature `json`.
impl HttpRequest {
    /// Sets the body to a value as JSON, and `Content-Type` with it. A request that is a GET becomes a POST.
    #[must_use]
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => self.with(|parts| {
                let json = HeaderValue::from_static("application/json");
                parts.headers.insert(CONTENT_TYPE, json);
                parts.body = Content::Whole(text.into());
                if parts.method == Method::GET {
                    parts.method = Method::POST;
                }
            }),
            Err(error) => {
                let what = Kind::Request("its body cannot be JSON".into());
                self.parts = self.parts.and(Err(HttpError::caused(what, error)));
                self
            }
        }
    }
}

/// JSON. Needs the feature `json`.
impl HttpResponse {
    /// The body, which is taken for JSON.
    ///
    /// # Errors
    ///
    /// Fails when it is not, or is not what the type wants. The [`source`](std::error::Error::source) tells where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(self.body())
            .map_err(|error| HttpError::caused(Kind::Encoding("the JSON that is wanted"), error))
    }
}
