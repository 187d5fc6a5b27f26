//! An application: routes and limits.

use std::fmt;
use std::io;
use std::net;
use std::rc::Rc;

use coroutine_core::net::{ListenAddress, TcpListener, UnixListener};
use http::Method;

use super::endpoint::{Endpoint, HandlerResult};
use super::http_server::HttpServer;
use super::listener::Listener;
use super::path::Methods;
use super::pattern::Pattern;
use super::request_handler::RequestHandler;
use super::routes::Routes;
use super::service::Site;
use super::settings::Settings;
use super::signing::Secrets;
use super::static_files::StaticFiles;

/// A web application. Tornado's `Application`.
///
/// A handler is a function or closure that takes a [`RequestHandler`]: a coroutine, or a plain function that answers at once. It may give nothing, or a
/// `Result`, whose error is answered with 500 and logged, unless it is a [`WebError`](crate::WebError), which says how it is to be answered.
///
/// A route is a [`Pattern`](crate::Pattern): a path, in which `{name}` stands for one segment and `{*name}` at the end for all the rest, or a regular
/// expression. A request for no route is answered with 404, one for a method that the route has not with 405, and OPTIONS, if nobody handles it, with the
/// methods that the route has.
///
/// What handlers share is captured by their closures, in an `Rc` as a rule, since an application stays on one thread. There is no other place for it:
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use coroutine_core as co;
/// use coroutine_http::{Application, RequestHandler};
///
/// #[co::coroutine]
/// fn count(mut handler: RequestHandler, visits: Rc<Cell<u32>>) {
///     visits.set(visits.get() + 1);
///     handler.write(format!("visitor number {}", visits.get()));
/// }
///
/// let visits = Rc::new(Cell::new(0));
/// # let application =
/// Application::new().get("/", move |handler| count(handler, visits.clone()));
/// # drop(application);
/// ```
///
/// How Tornado's ways of routing are written here is in [the guide](crate::guide::tornado).
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
///
/// A clone has the same handlers, and settings of its own: so one application is served in several ways, where Tornado has several `HTTPServer`s.
///
/// ```
/// # use coroutine_http::{Application, RequestHandler};
/// let application = Application::new().get("/", |mut handler: RequestHandler| handler.write("Hello, world"));
/// let public = application.clone().max_body_size(1024).listen("127.0.0.1:0")?; // or with `ssl_options`
/// let private = application.listen("127.0.0.1:0")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Application {
    pub(super) routes: Routes,
    pub(super) settings: Settings,
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
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.add(Methods::Any, path.into(), Rc::new(handler))
    }

    /// Has `handler` answer requests of one method.
    #[must_use]
    #[track_caller]
    pub fn route_method<R: HandlerResult>(
        self,
        method: Method,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.add(Methods::One(method), path.into(), Rc::new(handler))
    }

    /// Has `handler` answer GET, and HEAD with the same headers and no body.
    #[must_use]
    #[track_caller]
    pub fn get<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::GET, path, handler)
    }

    /// Has `handler` answer POST.
    #[must_use]
    #[track_caller]
    pub fn post<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::POST, path, handler)
    }

    /// Has `handler` answer PUT.
    #[must_use]
    #[track_caller]
    pub fn put<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::PUT, path, handler)
    }

    /// Has `handler` answer DELETE.
    #[must_use]
    #[track_caller]
    pub fn delete<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::DELETE, path, handler)
    }

    /// Has `handler` answer PATCH.
    #[must_use]
    #[track_caller]
    pub fn patch<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::PATCH, path, handler)
    }

    /// Has `handler` answer HEAD, in the place of the handler for GET.
    #[must_use]
    #[track_caller]
    pub fn head<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::HEAD, path, handler)
    }

    /// Has `handler` answer OPTIONS. Where nobody does, the answer is 204, with an `Allow` that lists the methods.
    #[must_use]
    #[track_caller]
    pub fn options<R: HandlerResult>(
        self,
        path: impl Into<Pattern>,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.route_method(Method::OPTIONS, path, handler)
    }

    #[track_caller]
    pub(super) fn add(
        mut self,
        methods: Methods,
        pattern: Pattern,
        endpoint: Rc<dyn Endpoint>,
    ) -> Self {
        self.routes.add(methods, pattern, endpoint);
        self
    }
}

/// Contents.
impl Application {
    /// Has each whole response to GET or HEAD carry an `ETag`, so that a client that has it already gets 304. Tornado does so always; here it is off unless it is asked
    /// for, since the tag is a hash of the body.
    #[must_use]
    pub fn etags(mut self, etags: bool) -> Self {
        self.settings.etags = etags;
        self
    }

    /// Sets what signs cookies: long, random, and the same in all processes that share the cookies. Tornado's setting of this name.
    #[must_use]
    pub fn cookie_secret(self, secret: impl Into<Vec<u8>>) -> Self {
        self.cookie_secrets([(0, secret)])
    }

    /// Sets several secrets by their versions. The last one signs, and cookies that the others have signed are still believed: so a secret can be replaced.
    #[must_use]
    pub fn cookie_secrets<S: Into<Vec<u8>>>(
        mut self,
        secrets: impl IntoIterator<Item = (u32, S)>,
    ) -> Self {
        let secrets = secrets.into_iter();
        self.settings.secrets =
            Secrets::new(secrets.map(|(version, secret)| (version, secret.into())));
        self
    }
}

/// Files.
impl Application {
    /// Serves files below `prefix`, a path that begins and ends with a slash.
    ///
    /// [`RequestHandler::static_url`] makes URLs of the first ones.
    ///
    /// # Panics
    ///
    /// Panics when there is a slash missing, or there are such routes already.
    #[must_use]
    #[track_caller]
    pub fn static_files(mut self, prefix: &str, files: StaticFiles) -> Self {
        assert!(
            prefix.ends_with('/'),
            "a prefix ends with a slash, unlike `{prefix}`"
        );
        if self.settings.static_files.is_none() {
            self.settings.static_files = Some((prefix.to_owned(), files.clone()));
        }
        let index = files.clone();
        self.route(prefix, move |handler| index.serve(handler, ""))
            .route(format!("{prefix}{{*path}}"), move |handler| {
                let path = handler.path_argument("path").unwrap_or_default().to_owned();
                files.serve(handler, path)
            })
    }
}

/// Development.
impl Application {
    /// Has the program execute itself anew when its file has changed, by `cargo build` for example: see [`autoreload`](crate::autoreload). Tornado's setting of
    /// this name.
    #[must_use]
    pub fn autoreload(mut self, reload: bool) -> Self {
        self.settings.autoreload = reload;
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
        self.serve_all(vec![Listener::Tcp(listener.into())])
    }

    /// Serves the application at sockets that listen already and that no loop watches yet, such as those of [`bind_sockets`](coroutine_core::net::bind_sockets)
    /// or of a [`Worker`](coroutine_core::process::Worker).
    ///
    /// # Errors
    ///
    /// Fails when there is no socket, or one cannot be made non-blocking or watched.
    pub fn serve_sockets(self, sockets: Vec<net::TcpListener>) -> io::Result<HttpServer> {
        let listeners = sockets.into_iter().map(TcpListener::from_std);
        let listeners =
            listeners.map(|listener| listener.map(|listener| Listener::Tcp(listener.into())));
        self.serve_all(listeners.collect::<io::Result<_>>()?)
    }

    /// Serves the application at a socket of the Unix domain, such as one of [`bind_unix_socket`](crate::bind_unix_socket).
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn serve_unix(self, listener: UnixListener) -> io::Result<HttpServer> {
        self.serve_all(vec![Listener::Unix(listener)])
    }

    fn serve_all(self, listeners: Vec<Listener>) -> io::Result<HttpServer> {
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
            .finish_non_exhaustive()
    }
}
