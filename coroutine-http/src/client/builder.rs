//! Making a client of one's own.

use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::net::{Resolver, SystemResolver};
use http::{HeaderMap, HeaderValue};

use super::async_http_client::AsyncHttpClient;
use super::options::Options;
use super::request::HttpRequest;

/// What a client is told when it is made. Tornado's arguments of `AsyncHTTPClient(force_instance=True)`.
///
/// ```
/// use std::time::Duration;
/// use coroutine_http::AsyncHttpClient;
///
/// let client = AsyncHttpClient::builder()
///     .max_clients(100)
///     .defaults(|request| request.user_agent("example/1.0").request_timeout(Duration::from_secs(5)))
///     .build();
/// # drop(client);
/// ```
#[must_use = "a builder makes no client by itself"]
pub struct AsyncHttpClientBuilder {
    settings: Settings,
}

pub(super) struct Settings {
    pub(super) max_clients: usize,
    /// In bytes.
    pub(super) max_header_size: Option<usize>,
    pub(super) defaults: Options,
    pub(super) default_headers: HeaderMap,
    pub(super) default_authorization: Option<HeaderValue>,
    pub(super) resolver: Rc<dyn Resolver>,
    pub(super) keep_alive: bool,
    pub(super) idle_timeout: Duration,
    pub(super) max_idle_per_host: usize,
}

/// As in Tornado.
const MAX_CLIENTS: usize = 10;
const MAX_BODY_SIZE: usize = 100 * 1024 * 1024;

/// Less than servers keep idle connections for, as a rule.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl AsyncHttpClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            settings: Settings {
                max_clients: MAX_CLIENTS,
                max_header_size: None,
                defaults: Options {
                    max_body_size: Some(MAX_BODY_SIZE),
                    ..Options::default()
                },
                default_headers: HeaderMap::new(),
                default_authorization: None,
                resolver: Rc::new(SystemResolver),
                keep_alive: true,
                idle_timeout: IDLE_TIMEOUT,
                max_idle_per_host: MAX_CLIENTS,
            },
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// How many requests are under way at once, one at least; the others wait for their turn. Ten unless set here.
    pub fn max_clients(self, clients: usize) -> Self {
        self.with(|settings| settings.max_clients = clients.max(1))
    }

    /// The longest head of a response, in bytes. That of hyper unless set here: some 400 KiB.
    pub fn max_header_size(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_header_size = Some(bytes))
    }

    /// The longest body of a response, in bytes, where a request does not say otherwise: 100 MiB unless set here.
    pub fn max_body_size(self, bytes: usize) -> Self {
        self.with(|settings| settings.defaults.max_body_size = Some(bytes))
    }

    /// What requests have that do not say otherwise: headers, timeouts, and whatever else can be set on the request that `set` is given, but for the method and the body. Tornado's `defaults`.
    pub fn defaults(self, set: impl FnOnce(HttpRequest) -> HttpRequest) -> Self {
        let defaults = set(HttpRequest::new("http://localhost/")).parts;
        self.with(|settings| {
            if let Ok(parts) = defaults {
                let mut parts = *parts;
                parts.options.complete(&settings.defaults);
                settings.defaults = parts.options;
                settings.default_headers.extend(parts.headers);
                settings.default_authorization = parts.authorization;
            }
        })
    }

    /// Asks `resolver` for the addresses of hosts.
    pub fn resolver(self, resolver: impl Resolver + 'static) -> Self {
        self.with(|settings| settings.resolver = Rc::new(resolver))
    }

    /// Connects to the Unix socket at `path`, whatever a URL's host is, where a request does not say otherwise.
    pub fn unix_socket(self, path: impl AsRef<Path>) -> Self {
        self.with(|settings| settings.defaults.unix_socket = Some(path.as_ref().into()))
    }

    /// Whether connections are kept for the next request, as they are unless set here.
    pub fn keep_alive(self, keep: bool) -> Self {
        self.with(|settings| settings.keep_alive = keep)
    }

    /// How long a connection is kept while it is not used: 30 seconds unless set here. Those whose time is over go when the client is used the next time, those that the server closes at once.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.idle_timeout = timeout)
    }

    /// How many connections to one host are kept while they are not used: ten unless set here.
    pub fn max_idle_per_host(self, connections: usize) -> Self {
        self.with(|settings| settings.max_idle_per_host = connections)
    }

    /// Makes the client.
    #[must_use]
    pub fn build(self) -> AsyncHttpClient {
        AsyncHttpClient::with_settings(self.settings)
    }
}

impl Default for AsyncHttpClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AsyncHttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncHttpClientBuilder")
            .field("max_clients", &self.settings.max_clients)
            .field("keep_alive", &self.settings.keep_alive)
            .field("idle_timeout", &self.settings.idle_timeout)
            .finish_non_exhaustive()
    }
}
