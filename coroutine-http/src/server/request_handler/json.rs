//! Documents in JSON, through serde.

use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RequestHandler;
use crate::server::request_error::RequestError;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// JSON. Feature `json`.
impl RequestHandler {
    /// Reads the body.
    ///
    /// ```
    /// use coroutine_http::{RequestHandler, RequestError};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize, Serialize)]
    /// struct Point { x: f64, y: f64 }
    ///
    /// fn mirror(mut handler: RequestHandler) -> Result<(), Box<dyn std::error::Error>> {
    ///     let Point { x, y } = handler.json()?;
    ///     Ok(handler.write_json(&Point { x: -x, y })?)
    /// }
    /// # coroutine_http::Application::new().post("/mirror", mirror);
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when the body is of another type than `application/json` or one that ends in `+json` (415), and when it is not what is asked for (400); the error's source
    /// tells the line and the column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        let kind = self.request().header(CONTENT_TYPE).unwrap_or_default();
        if !is_json(kind) {
            return Err(RequestError::media_type("application/json"));
        }
        serde_json::from_slice(self.request().body()).map_err(RequestError::json)
    }

    /// Adds `value` to the body, as JSON, and says that it is JSON. What Tornado's `write` does with a dict.
    ///
    /// # Errors
    ///
    /// Fails when `value` cannot be written in JSON, such as a map whose keys are no text.
    pub fn write_json<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), serde_json::Error> {
        let text = serde_json::to_vec(value)?;
        self.set_header(CONTENT_TYPE, JSON);
        self.write(text);
        Ok(())
    }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}
