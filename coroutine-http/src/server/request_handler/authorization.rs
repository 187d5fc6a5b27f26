//! Who the client says that it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use super::RequestHandler;

/// Authentication.
impl RequestHandler {
    /// The name and the password of `Authorization: Basic` (RFC 7617).
    ///
    /// ```
    /// use coroutine_http::RequestHandler;
    ///
    /// fn private(mut handler: RequestHandler) {
    ///     match handler.basic_auth() {
    ///         Some((name, password)) if password == "sesame" => handler.write(format!("Hello, {name}")),
    ///         _ => {
    ///             handler.set_status(401);
    ///             handler.set_header("WWW-Authenticate", "Basic realm=\"cave\", charset=\"UTF-8\"");
    ///         }
    ///     }
    /// }
    /// # coroutine_http::Application::new().get("/", private);
    /// ```
    #[must_use]
    pub fn basic_auth(&self) -> Option<(String, String)> {
        let (scheme, credentials) = self.request().header(AUTHORIZATION)?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let credentials = STANDARD.decode(credentials.trim()).ok()?;
        let credentials = String::from_utf8(credentials).ok()?;
        let (name, password) = credentials.split_once(':')?;
        Some((name.to_owned(), password.to_owned()))
    }
}
