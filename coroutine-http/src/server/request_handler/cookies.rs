//! Cookies (RFC 6265).

use std::panic::Location;
use std::time::{Duration, SystemTime};

use cookie::Cookie;
use cookie::time::Duration as CookieAge;
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use super::RequestHandler;
use crate::server::request::HttpServerRequest;

/// How old a signed cookie may be unless its reader says otherwise, and how long a client is to keep one. Tornado's numbers.
const SIGNED_AGE: Duration = Duration::from_secs(31 * 86400);
const SIGNED_LIFE: CookieAge = CookieAge::days(30);

/// Cookies.
impl HttpServerRequest {
    /// The cookies, percent-decoded and without the quotes that may be around them. What is no cookie is left out.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie<'static>] {
        if !self.headers().contains_key(COOKIE) {
            return &[];
        }
        self.lazy.get().cookies.get_or_init(|| {
            let headers = self.headers().get_all(COOKIE).iter();
            let texts = headers.filter_map(|header| std::str::from_utf8(header.as_bytes()).ok());
            let cookies = texts.flat_map(Cookie::split_parse_encoded).flatten();
            cookies
                .map(|cookie| {
                    let value = cookie.value_trimmed().to_owned();
                    Cookie::new(cookie.name().to_owned(), value)
                })
                .collect()
        })
    }

    /// The value of the cookie of this name; of several, the last, as in Tornado.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.cookies().iter().rev();
        cookies
            .find(|cookie| cookie.name() == name)
            .map(Cookie::value)
    }
}

/// Cookies.
///
/// A value is percent-encoded where a cookie cannot hold it as it is, and decoded when it comes back.
impl RequestHandler {
    /// The value of the cookie of this name that came with the request. Tornado's `get_cookie`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.request().cookie(name)
    }

    /// Has the client keep a cookie: a pair of name and value, or a [`Cookie`] with attributes. Its path is `/` unless it says otherwise. It takes the place of one of
    /// its name that was set before. Tornado's `set_cookie`.
    ///
    /// ```
    /// use coroutine_http::{Cookie, RequestHandler, SameSite};
    ///
    /// fn choose(mut handler: RequestHandler) {
    ///     let before = handler.cookie("theme").unwrap_or("light").to_owned();
    ///     handler.set_cookie(("seen", "yes"));
    ///     handler.set_cookie(Cookie::build(("theme", "dark")).secure(true).same_site(SameSite::Lax));
    ///     handler.write(before);
    /// }
    /// # coroutine_http::Application::new().get("/", choose);
    /// ```
    ///
    /// A name that is no token, and a path or domain with a semicolon or a control character, cannot be sent.
    #[track_caller]
    pub fn set_cookie<'c>(&mut self, cookie: impl Into<Cookie<'c>>) {
        let cookie = cookie.into();
        self.put_cookie(Location::caller(), cookie, |cookie| {
            cookie.encoded().to_string()
        });
    }

    /// Has the client forget a cookie: a name, or a [`Cookie`] with the path and domain that it was set with. Tornado's `clear_cookie`.
    #[track_caller]
    pub fn clear_cookie<'c>(&mut self, cookie: impl Into<Cookie<'c>>) {
        let mut cookie = cookie.into();
        cookie.make_removal();
        self.put_cookie(Location::caller(), cookie, |cookie| {
            cookie.encoded().to_string()
        });
    }

    /// Has the client forget each cookie that came with the request and whose path is `/`. Tornado's `clear_all_cookies`.
    #[track_caller]
    pub fn clear_all_cookies(&mut self) {
        for cookie in self.request().cookies().to_vec() {
            // A client may send what no server can have set.
            if is_token(cookie.name()) {
                self.clear_cookie(cookie.name());
            }
        }
    }

    pub(super) fn put_cookie(
        &self,
        said_at: &'static Location<'static>,
        mut cookie: Cookie<'_>,
        write: impl FnOnce(&Cookie<'_>) -> String,
    ) {
        if cookie.path().is_none() {
            cookie.set_path("/");
        }
        let sound =
            is_token(cookie.name()) && [cookie.path(), cookie.domain()].into_iter().all(is_clean);
        let header = HeaderValue::try_from(write(&cookie));
        let mut reply = self.exchange.reply.borrow_mut();
        if reply.refuse(said_at) {
            return;
        }
        let Some(header) = header.ok().filter(|_| sound) else {
            return reply.spoil("cannot be a cookie", said_at);
        };
        replace(reply.headers(), header);
    }
}

/// Puts a cookie in the place of one of its name.
fn replace(headers: &mut HeaderMap, header: HeaderValue) {
    let is_other = |value: &HeaderValue| name_of(value) != name_of(&header);
    if !headers.get_all(SET_COOKIE).iter().all(is_other) {
        let others = headers.get_all(SET_COOKIE).iter().cloned();
        let others: Vec<_> = others.filter(is_other).collect();
        headers.remove(SET_COOKIE);
        for other in others {
            headers.append(SET_COOKIE, other);
        }
    }
    headers.append(SET_COOKIE, header);
}

/// The name of a cookie, as it is sent.
fn name_of(header: &HeaderValue) -> Option<&[u8]> {
    header.as_bytes().split(|byte| *byte == b'=').next()
}

/// Signed cookies, which a client can read, and cannot change. Their format is Tornado's, so that the two can share them.
///
/// # Panics
///
/// Each of these panics when the application has no [`cookie_secret`](crate::Application::cookie_secret).
impl RequestHandler {
    /// The value of a signed cookie, if it was signed for its name by this application, at most 31 days ago. Tornado's `get_signed_cookie`.
    #[must_use]
    pub fn signed_cookie(&self, name: &str) -> Option<String> {
        self.signed_cookie_within(name, SIGNED_AGE)
    }

    /// As [`signed_cookie`](Self::signed_cookie), if it is not older than `max_age`.
    #[must_use]
    pub fn signed_cookie_within(&self, name: &str, max_age: Duration) -> Option<String> {
        let secrets = self.exchange.secrets();
        let value = secrets.verify(name, self.cookie(name)?, max_age, SystemTime::now())?;
        String::from_utf8(value).ok()
    }

    /// As [`set_cookie`](Self::set_cookie), with a signature. It is kept for 30 days unless it says otherwise. Tornado's `set_signed_cookie`.
    #[track_caller]
    pub fn set_signed_cookie<'c>(&mut self, cookie: impl Into<Cookie<'c>>) {
        let mut cookie = cookie.into();
        let (name, value) = cookie.name_value();
        let signed = self
            .exchange
            .secrets()
            .sign(name, value.as_bytes(), SystemTime::now());
        cookie.set_value(signed.expect("secrets are not empty"));
        if cookie.expires().is_none() && cookie.max_age().is_none() {
            cookie.set_max_age(SIGNED_LIFE);
        }
        // All of its characters may stand in a cookie, and Tornado does not decode them.
        self.put_cookie(Location::caller(), cookie, |cookie| cookie.to_string());
    }
}

fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

fn is_clean(attribute: Option<&str>) -> bool {
    let bad = |c: char| c == ';' || c.is_control();
    !attribute.unwrap_or_default().contains(bad)
}
