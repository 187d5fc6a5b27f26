//! The token by which a page of this site is known.

use std::panic::Location;

use cookie::{Cookie, SameSite};

use super::RequestHandler;
use crate::server::xsrf::{COOKIE, Token};

/// Requests that others might forge: see [`Application::xsrf_cookies`](crate::Application::xsrf_cookies).
impl RequestHandler {
    /// What a request from this page brings, as the argument `_xsrf` or as the header `X-XSRFToken`. The client keeps its secret in a cookie, which is set if it is not
    /// there: so call this before the headers are [flushed](Self::flush). Tornado's `xsrf_token`.
    ///
    /// Scripts may as well send what is in the cookie `_xsrf`.
    #[must_use]
    #[track_caller]
    pub fn xsrf_token(&mut self) -> String {
        let known = self.request().lazy.get().xsrf.get().copied();
        let (token, is_new) = known.unwrap_or_else(|| self.begin_xsrf());
        if is_new && !(known.is_some() && self.headers_written()) {
            self.set_xsrf_cookie(token, Location::caller());
        }
        token.text()
    }

    /// The [token](Self::xsrf_token) as a hidden field, for a form. Tornado's `xsrf_form_html`.
    #[must_use]
    #[track_caller]
    pub fn xsrf_form_html(&mut self) -> String {
        let token = self.xsrf_token();
        format!(r#"<input type="hidden" name="_xsrf" value="{token}"/>"#)
    }

    /// The token of this request, and whether no cookie has it yet.
    fn begin_xsrf(&self) -> (Token, bool) {
        let request = self.request();
        *request.lazy.get().xsrf.get_or_init(|| {
            let own = Token::in_cookie(request);
            own.map_or_else(|| (Token::new(), true), |token| (token, false))
        })
    }

    fn set_xsrf_cookie(&self, token: Token, said_at: &'static Location<'static>) {
        let cookie = Cookie::build((COOKIE, token.text()))
            .same_site(SameSite::Lax)
            .secure(self.request().protocol() == "https");
        // As signed ones, it has no character that would have to be encoded for a browser, and Tornado would not decode it.
        self.put_cookie(said_at, cookie.build(), |cookie| cookie.to_string());
    }
}
