//! Users who have logged in.

use std::any::Any;
use std::rc::Rc;

use super::application::Application;
use super::request_handler::RequestHandler;

/// Whoever sends requests, whatever the application makes of that.
pub(super) type User = Rc<dyn Any>;

/// Says who has sent a request.
pub(super) type WhoIs = Rc<dyn Fn(&RequestHandler) -> Option<User>>;

/// Users.
impl Application {
    /// Says who has sent a request, for [`RequestHandler::current_user`] and [`RequestHandler::authenticated`]: as a rule whoever a
    /// [signed cookie](RequestHandler::signed_cookie) names. It is asked at most once for each request, and only if somebody wants to know. Tornado's `get_current_user`.
    ///
    /// It cannot wait. Where a user has to be fetched, `prepare` or the handler does that, and [says](RequestHandler::set_current_user) who it is.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler, WebError};
    ///
    /// #[co::coroutine]
    /// fn profile(mut handler: RequestHandler) -> Result<(), WebError> {
    ///     let name = handler.authenticated::<String>()?; // Tornado's decorator: who has not logged in is sent to `/login`
    ///     handler.write(format!("Hello, {name}"));
    ///     Ok(())
    /// }
    ///
    /// fn login(mut handler: RequestHandler) {
    ///     // Having looked at the password.
    ///     let name = handler.argument("name").unwrap_or_default();
    ///     handler.set_signed_cookie(("user", name));
    ///     handler.redirect("/");
    /// }
    ///
    /// # let _ =
    /// Application::new()
    ///     .cookie_secret("long, random, and known to this service alone")
    ///     .login_url("/login")
    ///     .current_user(|handler| handler.signed_cookie("user"))
    ///     .get("/", profile)
    ///     .post("/login", login);
    /// ```
    #[must_use]
    pub fn current_user<T: 'static>(
        mut self,
        who_is: impl Fn(&RequestHandler) -> Option<T> + 'static,
    ) -> Self {
        self.settings.who_is = Some(Rc::new(move |handler| {
            who_is(handler).map(|user| Rc::new(user) as User)
        }));
        self
    }

    /// Where those are sent who have to log in first: a path of this site, or a whole URL. Without it they get 403. Tornado's setting of this name.
    ///
    /// Unless it has a query of its own, the URL that they wanted is added as the argument `next`: its path and query, or all of it where the login is at another site. A
    /// login that sends its users there is to look at it first, since anybody can make a link with a `next`.
    #[must_use]
    pub fn login_url(mut self, url: impl Into<String>) -> Self {
        self.settings.login_url = Some(url.into());
        self
    }
}
