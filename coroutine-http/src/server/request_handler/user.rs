//! Who has sent the request.

use std::rc::Rc;

use http::Method;
use http::header::{HeaderValue, LOCATION};

use super::RequestHandler;
use crate::escape::url_concat;
use crate::server::login::User;
use crate::server::request::target;
use crate::server::web_error::WebError;

/// Users who have logged in.
///
/// # Panics
///
/// Those that give the user panic when that is of another type than `T`.
impl RequestHandler {
    /// Who has sent the request, as [`Application::current_user`](crate::Application::current_user) says or somebody has [said](Self::set_current_user).
    /// Tornado's attribute of this name.
    #[must_use]
    #[track_caller]
    pub fn current_user<T: 'static>(&self) -> Option<Rc<T>> {
        let user = self.user()?.downcast();
        let wanted = std::any::type_name::<T>();
        Some(user.unwrap_or_else(|_| panic!("this application's users are no `{wanted}`")))
    }

    /// Says who has sent the request: for what has to wait until it knows, in `prepare` for example. `None` says that it is nobody.
    ///
    /// ```
    /// use std::error::Error;
    /// use coroutine_core as co;
    /// use coroutine_http::{RequestHandler, WebHandler};
    ///
    /// #[co::coroutine]
    /// fn find_user(session: String) -> Option<String> {
    ///     yield_!(co::moment()); // asks a database
    ///     Some(format!("the user of {session}"))
    /// }
    ///
    /// struct Page;
    ///
    /// impl WebHandler for Page {
    ///     #[co::coroutine(lazy)]
    ///     fn prepare(&self, handler: RequestHandler) -> Result<(), Box<dyn Error>> {
    ///         if let Some(session) = handler.signed_cookie("session") {
    ///             handler.set_current_user(yield_!(find_user(session)));
    ///         }
    ///         handler.authenticated::<String>()?;
    ///         Ok(())
    ///     }
    /// }
    /// # coroutine_http::Application::new().handler("/", || Page);
    /// ```
    pub fn set_current_user<T: 'static>(&self, user: Option<T>) {
        self.know_user(user.map(|user| Rc::new(user) as User));
    }

    /// Who has sent the request, or the answer to somebody who has to log in first, with which a handler ends: at GET and HEAD they are sent to the
    /// [login](crate::Application::login_url), which learns what they wanted; anything else is answered with 403. Tornado's decorator of this name.
    ///
    /// A handler says so before it does anything else; a type does in `prepare`, for all of its verbs.
    ///
    /// # Errors
    ///
    /// Fails when nobody has logged in.
    #[track_caller]
    pub fn authenticated<T: 'static>(&self) -> Result<Rc<T>, WebError> {
        self.current_user().ok_or_else(|| self.login_first())
    }

    /// Where those are sent who have to log in. Tornado's `get_login_url`.
    #[must_use]
    pub fn login_url(&self) -> Option<&str> {
        self.exchange.site.settings.login_url.as_deref()
    }

    fn user(&self) -> Option<User> {
        let known = self.request().lazy.get().user.borrow().clone();
        known.unwrap_or_else(|| self.find_user())
    }

    fn find_user(&self) -> Option<User> {
        // For a function that asks who the user is.
        self.know_user(None);
        let who_is = self.exchange.site.settings.who_is.as_ref()?;
        let user = who_is(self);
        self.know_user(user.clone());
        user
    }

    fn know_user(&self, user: Option<User>) {
        let before = self.request().lazy.get().user.replace(Some(user));
        drop(before);
    }

    fn login_first(&self) -> WebError {
        let reads = matches!(*self.request().method(), Method::GET | Method::HEAD);
        let Some(login) = self.login_url().filter(|_| reads) else {
            return WebError::new(403);
        };
        match HeaderValue::try_from(self.with_next(login)) {
            Ok(location) => WebError::new(302).header(LOCATION, location),
            Err(_) => WebError::new(500).log_message("`login_url` cannot be sent as a location"),
        }
    }

    /// The URL of the login, with what was wanted.
    fn with_next(&self, login: &str) -> String {
        if login.contains('?') {
            return login.to_owned();
        }
        let request = self.request();
        let next = match url::Url::parse(login) {
            Ok(_) => &request.full_url(),
            Err(_) => target(request.uri()),
        };
        url_concat(login, [("next", next)])
    }
}
