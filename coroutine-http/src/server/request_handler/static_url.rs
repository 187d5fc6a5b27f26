//! URLs of static files.

use coroutine_core as co;

use super::RequestHandler;

/// URLs of static files.
impl RequestHandler {
    /// The path of a [static file](crate::Application::static_files) with its version, which is a hash of what is in it: `/static/app.js?v=4d7a...`. A client may keep what it gets
    /// for ever, since a file that changes has another URL. Tornado's `static_url`.
    ///
    /// It waits, since the file may have to be read.
    ///
    /// # Panics
    ///
    /// Panics when the application has no static files.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler, StaticFiles};
    ///
    /// #[co::coroutine]
    /// fn page(mut handler: RequestHandler) {
    ///     let script = yield_!(handler.static_url("app.js"));
    ///     handler.write(format!("<script src='{script}'></script>"));
    /// }
    /// # Application::new().static_files("/static/", StaticFiles::new("public")).get("/", page);
    /// ```
    pub fn static_url(&self, path: impl Into<String>) -> co::Future<String> {
        let files = self.exchange.site.settings.static_files.as_ref();
        let (prefix, files) = files.expect("`static_url` needs `Application::static_files`");
        prefixed(prefix.clone(), files.versioned(path))
    }
}

#[co::coroutine]
fn prefixed(prefix: String, versioned: co::Future<String>) -> String {
    prefix + &yield_!(versioned)
}
