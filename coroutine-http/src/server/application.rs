//! An application: routes and limits.

use std::fmt;
use std::io;
use std::net;
use std::time::Duration;

use coroutine_core::net::{ListenAddress, TcpListener};
use http::Method;

use super::endpoint::{Endpoint, HandlerResult};
use super::http_server::HttpServer;
use super::request_handler::RequestHandler;
use super::routes::{Methods, Routes};
use super::service::Site;
use super::settings::Settings;

/// A web application. Tornado's `Application`.
///
/// A handler is a function or closure that takes a [`RequestHandler`]: a coroutine, or a plain function that answers at once. It may give nothing, or a
/// `Result`, whose error is answered with 500 and logged.
///
/// A route is a path, in which `{name}` stands for one segment and `{*name}` at the end for all the rest. A request for no route is
/// answered with 404, one for a method that the route has not with 405.
///
/// A client that closes its direction of the connection before it has the response counts as one that has left, as with Tornado: it gets no
/// response, and [`RequestHandler::on_connection_close`] tells the handler.
///
/// ```
/// use coroutine_core as co;
/// use coroutine_http::{Application, RequestHandler};
///
/// #[co::coroutine]
/// fn user(mut handler: RequestHandler) {
///     let id = handler.path_argument("id").unwrap_or_default().to_owned();
///     yield_!(co::moment());
///     handler.write(format!("user {id}"));
/// }
///
/// let server = Application::new()
///     .get("/", |mut handler: RequestHandler| handler.write("Hello, world"))
///     .get("/users/{id}", user)
///     .listen("127.0.0.1:0")?;
/// println!("listening at {}", server.local_addr());
/// // IoLoop::current().start() serves it
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct Application {
    routes: Routes,
    settings: Settings,
}

impl Application {
    /// An application without routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Routes.
///
/// Several handlers may share a path; the first one that takes the method is called.
///
/// # Panics
///
/// Each of these panics when the path does not begin with a slash, is not a pattern, or contradicts another one.
impl Application {
    /// Has `handler` answer requests of every method.
    #[must_use]
    #[track_caller]
    pub fn route<R: HandlerResult>(
        self,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.add(Methods::Any, path, Box::new(handler))
    }

    /// Has `handler` answer requests of one method.
    #[must_use]
    #[track_caller]
    pub fn route_method<R: HandlerResult>(
        self,
        method: Method,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.add(Methods::One(method), path, Box::new(handler))
    }

    /// Has `handler` answer GET, and HEAD with the same headers and no body.
    #[must_use]
    #[track_caller]
    pub fn get<R: HandlerResult>(
        self,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::GET, path, handler)
    }

    /// Has `handler` answer POST.
    #[must_use]
    #[track_caller]
    pub fn post<R: HandlerResult>(
        self,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::POST, path, handler)
    }

    /// Has `handler` answer PUT.
    #[must_use]
    #[track_caller]
    pub fn put<R: HandlerResult>(
        self,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::PUT, path, handler)
    }

    /// Has `handler` answer DELETE.
    #[must_use]
    #[track_caller]
    pub fn delete<R: HandlerResult>(
        self,
        path: &str,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::DELETE, path, handler)
    }

    #[track_caller]
    fn add(mut self, methods: Methods, path: &str, endpoint: Box<dyn Endpoint>) -> Self {
        self.routes.add(methods, path, endpoint);
        self
    }
}

/// Limits.
impl Application {
    /// The longest body of a request, in bytes: 100 MiB unless set here. A longer one is answered with 413.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.settings.max_body_size = bytes;
        self
    }

    /// How long a connection may stand still: 60 seconds unless set here, and up to half as long again, since nobody looks at a clock for each request.
    ///
    /// It stands still while the head of a request is not complete, however often a byte of it arrives; while nothing of a body arrives; and while the
    /// client takes nothing of a response. The time that a handler takes is not limited.
    ///
    /// Zero does not mean that there is no limit: it closes each connection that has to wait for its client at all. `Duration::MAX` is as good as none.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }
}

/// Serving.
impl Application {
    /// Serves the application on the current loop: `listen(8889)` on all interfaces, `listen("127.0.0.1:8889")` on one. Port zero asks for
    /// one that is free.
    ///
    /// # Errors
    ///
    /// Fails when the address is none, is taken, or needs a privilege; the error names it.
    pub fn listen(self, address: impl ListenAddress) -> io::Result<HttpServer> {
        self.serve_sockets(address.listen()?)
    }

    /// Serves the application at a socket that listens already.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error when the socket has no address.
    pub fn serve(self, listener: TcpListener) -> io::Result<HttpServer> {
        self.serve_all(vec![listener])
    }

    /// Serves the application at sockets that listen already and that no loop watches yet, such as those of [`bind_sockets`](coroutine_core::net::bind_sockets)
    /// or of a [`Worker`](coroutine_core::process::Worker).
    ///
    /// # Errors
    ///
    /// Fails when there is no socket, or one cannot be made non-blocking or watched.
    pub fn serve_sockets(self, sockets: Vec<net::TcpListener>) -> io::Result<HttpServer> {
        let listeners = sockets.into_iter().map(TcpListener::from_std);
        self.serve_all(listeners.collect::<io::Result<_>>()?)
    }

    fn serve_all(self, listeners: Vec<TcpListener>) -> io::Result<HttpServer> {
        let site = Site {
            routes: self.routes,
            settings: self.settings,
        };
        HttpServer::start(site, listeners)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("routes", &self.routes)
            .field("settings", &self.settings)
            .finish()
    }
}
