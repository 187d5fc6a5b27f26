//! Applications made of more than functions: handlers that are types, other applications, services of others.

use std::error::Error;
use std::fmt::Display;
use std::rc::Rc;

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::application::Application;
use super::endpoint::{Endpoint, HandlerResult};
use super::mounted::{Mounted, ServiceBody};
use super::path::Methods;
use super::pattern::Pattern;
use super::request_failure::RequestFailure;
use super::request_handler::RequestHandler;
use super::reverse::ReverseUrlError;
use super::web_handler::{Factory, WebHandler};

/// Handlers that are types, applications within an application, and services of others.
impl Application {
    /// Has a type with a method for each verb answer. `make` makes the value that a request has; what it captures is what Tornado hands to `initialize`.
    ///
    /// See [`WebHandler`] for an example.
    ///
    /// # Panics
    ///
    /// Panics when `path` is not a pattern, or contradicts another one.
    #[must_use]
    #[track_caller]
    pub fn handler<T: WebHandler>(
        self,
        path: impl Into<Pattern>,
        make: impl Fn() -> T + 'static,
    ) -> Self {
        self.add(Methods::Any, path.into(), Rc::new(Factory(make)))
    }

    /// Takes in the routes of another application, below a prefix, in which `{name}` stands for a segment: `/users` there is `/api/users` here, and `/` is
    /// `/api/`.
    ///
    /// Its routes, their names, its [`default_handler`](Self::default_handler) and its [`error_page`](Self::error_page) are kept; the latter two
    /// are for what is below the prefix. Its other settings do not count, since they are those of a server.
    ///
    /// ```
    /// use coroutine_http::{Application, Pattern, RequestHandler};
    ///
    /// let api = Application::new().get(Pattern::new("/users/{id}").name("user"), |mut handler: RequestHandler| {
    ///     let who = handler.path_args().join(" of ");
    ///     handler.write(who);
    /// });
    /// let application = Application::new().nest("/{tenant}/api", api);
    /// assert_eq!(application.reverse_url("user", &[&"us", &7])?, "/us/api/users/7");
    /// # Ok::<(), coroutine_http::ReverseUrlError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics when the prefix does not begin with a slash or ends with one, when a route or a name is there already, or when the other application tells hosts apart.
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, prefix: &str, application: Self) -> Self {
        self.routes.nest(prefix, application.routes);
        self
    }

    /// Has another application answer requests for a host, as far as it has the routes. `*.example.com` stands for all hosts within a domain. Tornado's
    /// `add_handlers`.
    ///
    /// Hosts are asked in the order in which they were added, then the application's own routes. One that has a
    /// [`default_handler`](Self::default_handler) answers all requests for its host. The same of its settings is kept as of a [nested](Self::nest) one's.
    ///
    /// # Panics
    ///
    /// Panics when `host` is none, or the other application tells hosts apart.
    #[must_use]
    #[track_caller]
    pub fn host(mut self, host: &str, application: Self) -> Self {
        self.routes.add_host(host, application.routes);
        self
    }

    /// Has requests for a host that no application was given for with [`host`](Self::host) be answered as if they were for this one.
    #[must_use]
    pub fn default_host(mut self, host: &str) -> Self {
        self.routes.default_host = Some(host.to_ascii_lowercase());
        self
    }

    /// Has a service answer what is below a prefix, such as axum's `Router` or one of tower's. It sees paths that begin where the prefix ends.
    ///
    /// Each request has a clone of the service. The address of the client is in the request's extensions, as a [`SocketAddr`](std::net::SocketAddr), unless it comes by a Unix socket. Both
    /// bodies are streamed. Neither the service nor its future nor the response's body need be `Send`. When the client leaves, the service's future is dropped. A service that wants tokio's timers or tasks has to bring its runtime along.
    ///
    /// # Panics
    ///
    /// Panics when the prefix does not begin with a slash, or a route is there already.
    #[must_use]
    #[track_caller]
    pub fn mount_service<S, B>(mut self, prefix: &str, service: S) -> Self
    where
        S: Service<Request<ServiceBody>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let endpoint: Rc<dyn Endpoint> = Rc::new(Mounted(service));
        let prefix = prefix.trim_end_matches('/');
        for rest in ["", "/", "/{*rest}"] {
            let path = format!("{prefix}{rest}");
            if !path.is_empty() {
                let pattern = Pattern::new(path);
                self.routes.add(Methods::Any, pattern, Rc::clone(&endpoint));
            }
        }
        self
    }
}

/// Errors, and paths of routes.
impl Application {
    /// Has `handler` answer requests for paths that are no routes, which are answered with 404 otherwise. Tornado's `default_handler_class`.
    #[must_use]
    pub fn default_handler<R: HandlerResult>(
        mut self,
        handler: impl Fn(RequestHandler) -> R + 'static,
    ) -> Self {
        self.routes.scope_mut().default_handler = Some(Rc::new(handler));
        self
    }

    /// Has `write` write the pages that tell of errors: those of handlers, and of requests for what is no route. The status is set already. A request that
    /// reaches no route because it is malformed or too large has the usual page.
    ///
    /// ```
    /// use coroutine_http::{Application, RequestFailure, RequestHandler};
    ///
    /// let application = Application::new().error_page(|handler: &mut RequestHandler, failure: &RequestFailure| {
    ///     handler.set_header("Content-Type", "application/json");
    ///     handler.write(format!(r#"{{"error": {}}}"#, failure.status().as_u16()));
    /// });
    /// # drop(application);
    /// ```
    #[must_use]
    pub fn error_page(
        mut self,
        write: impl Fn(&mut RequestHandler, &RequestFailure) + 'static,
    ) -> Self {
        self.routes.scope_mut().error_page = Some(Rc::new(write));
        self
    }

    /// Whether pages that tell of errors tell what went wrong. They may tell what nobody else should know, so this is for development. Tornado's `serve_traceback`.
    #[must_use]
    pub fn debug(mut self, debug: bool) -> Self {
        self.settings.debug = debug;
        self
    }

    /// Whether text of at least 1024 bytes is sent compressed to clients that take that. Tornado's setting of this name.
    ///
    /// Secrets in a page that also holds what others may choose can be guessed from its length (the attack BREACH).
    #[must_use]
    pub fn compress_response(mut self, compress: bool) -> Self {
        self.settings.compress_response = compress;
        self
    }

    /// Whether bodies of requests that come compressed (gzip or deflate) are decompressed, whole ones and those that a handler reads by itself. `Content-Encoding` is called
    /// `X-Consumed-Content-Encoding` then. [`max_body_size`](Self::max_body_size) counts before and after that; what cannot be decompressed is answered with 400. They are not unless
    /// set here. Tornado's setting of this name.
    #[must_use]
    pub fn decompress_request(mut self, decompress: bool) -> Self {
        self.settings.decompress_request = decompress;
        self
    }

    /// The path of the route that has this name, with the arguments in the order in which the path has them, percent-encoded. Tornado's method of this name.
    ///
    /// ```
    /// use coroutine_http::{Application, Pattern, RequestHandler};
    ///
    /// let application = Application::new()
    ///     .get(Pattern::new("/files/{kind}/{*path}").name("file"), |_: RequestHandler| ());
    /// assert_eq!(application.reverse_url("file", &[&"a b", &"c/d"])?, "/files/a%20b/c/d");
    /// assert!(application.reverse_url("fiel", &[]).is_err_and(|error| error.is_unknown()));
    /// # Ok::<(), coroutine_http::ReverseUrlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when no route has the name, when the arguments are too many, too few or unfit, or when the pattern is an expression that does more than to put groups
    /// between literals.
    pub fn reverse_url(
        &self,
        name: &str,
        arguments: &[&dyn Display],
    ) -> Result<String, ReverseUrlError> {
        self.routes.reverse_url(name, arguments)
    }
}

/// The route.
impl RequestHandler {
    /// The values of the route's parameters in the order in which the pattern has them, percent-decoded. One that took no part in the match is empty. Tornado's
    /// attribute of this name.
    #[must_use]
    pub fn path_args(&self) -> Vec<&str> {
        let arguments = self.exchange.path_arguments.iter();
        arguments.map(|(_, value)| value.as_str()).collect()
    }

    /// [`Application::reverse_url`] of the application that got the request.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reverse_url(
        &self,
        name: &str,
        arguments: &[&dyn Display],
    ) -> Result<String, ReverseUrlError> {
        self.exchange.site.routes.reverse_url(name, arguments)
    }

    /// Sets the status and the reason that goes with it, in which line breaks become spaces.
    #[track_caller]
    pub fn set_status_with_reason(&mut self, status: impl TryInto<http::StatusCode>, reason: &str) {
        self.set_status(status);
        self.exchange.reply.borrow_mut().set_reason(reason);
    }
}
