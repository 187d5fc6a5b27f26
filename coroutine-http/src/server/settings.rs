//! What an application's user may set of its server.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::access_log::LogFunction;
use super::application::Application;
use super::login::WhoIs;
use super::signing::Secrets;
use super::static_files::StaticFiles;
use super::tls::TlsSettings;
use super::xsrf::Exempt;

/// Limits of a server, and how it behaves.
#[derive(Clone)]
pub(super) struct Settings {
    /// The longest body of a request, in bytes.
    pub(super) max_body_size: usize,
    /// The longest head of a request, in bytes.
    pub(super) max_header_size: usize,
    pub(super) max_connections: usize,
    /// How many requests of a connection are answered at a time, with HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) max_concurrent_streams: u32,
    /// How long a connection may stand still while no handler is at work.
    pub(super) idle_timeout: Duration,
    /// How long the head of a request may take; as long as a connection may stand still, unless it is said.
    pub(super) header_timeout: Option<Duration>,
    /// How long the whole body of a request may take.
    pub(super) body_timeout: Option<Duration>,
    /// How many bytes of a body have to arrive in a second.
    pub(super) min_body_rate: u32,
    pub(super) keep_alive: bool,
    /// Whether proxies are believed, and which of them are passed over.
    pub(super) xheaders: Option<Rc<[IpAddr]>>,
    pub(super) log_function: Option<LogFunction>,
    pub(super) tls: Option<TlsSettings>,
    /// Whether the program executes itself anew when its file has changed.
    pub(super) autoreload: bool,
    /// Whether whole responses have tags.
    pub(super) etags: bool,
    /// What signs cookies.
    pub(super) secrets: Secrets,
    /// What URLs of static files are made from: where the first ones are served.
    pub(super) static_files: Option<(String, StaticFiles)>,
    /// Whether pages that tell of errors tell what went wrong.
    pub(super) debug: bool,
    /// Whether responses are compressed.
    pub(super) compress_response: bool,
    /// Whether bodies of requests are decompressed.
    pub(super) decompress_request: bool,
    /// Whether requests have to show that they come from a page of the site, and which have not.
    pub(super) xsrf_cookies: bool,
    pub(super) xsrf_exempt: Option<Exempt>,
    pub(super) who_is: Option<WhoIs>,
    /// Where those are sent who have to log in.
    pub(super) login_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Tornado's.
            max_body_size: 100 * 1024 * 1024,
            max_header_size: 64 * 1024,
            max_connections: usize::MAX,
            #[cfg(feature = "http2")]
            max_concurrent_streams: 100,
            idle_timeout: Duration::from_secs(60),
            header_timeout: None,
            body_timeout: None,
            min_body_rate: 128,
            keep_alive: true,
            xheaders: None,
            log_function: None,
            tls: None,
            autoreload: false,
            etags: false,
            secrets: Secrets::default(),
            static_files: None,
            debug: false,
            compress_response: false,
            decompress_request: false,
            xsrf_cookies: false,
            xsrf_exempt: None,
            who_is: None,
            login_url: None,
        }
    }
}

impl Settings {
    /// How long the head of a request may take.
    pub(super) fn header_timeout(&self) -> Duration {
        self.header_timeout.unwrap_or(self.idle_timeout)
    }
}

/// Limits. Those of an application that is served; one that is part of another has none of its own.
impl Application {
    /// The longest body of a request, in bytes: 100 MiB unless set here. A longer one is answered with 413. A handler that
    /// [reads the body by itself](crate::stream_request_body) may set another one for its request.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.settings.max_body_size = bytes;
        self
    }

    /// The longest head of a request, in bytes: 64 KiB unless set here. A longer one is answered with 431, and so is one of more than 100 headers.
    #[must_use]
    pub fn max_header_size(mut self, bytes: usize) -> Self {
        self.settings.max_header_size = bytes;
        self
    }

    /// How many connections may be open at a time; any number unless set here. More of them wait to be accepted until one is closed, which is logged once
    /// each time that it begins.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.settings.max_connections = connections.max(1);
        self
    }

    /// How many requests of one connection are answered at a time with HTTP/2: 100 unless set here, the least that RFC 9113 (6.5.2) recommends. A client is told so,
    /// and has more of them wait; those that it sends nevertheless are refused. Each of them may hold its response in memory until the client takes it.
    #[cfg(feature = "http2")]
    #[must_use]
    pub fn max_concurrent_streams(mut self, requests: u32) -> Self {
        self.settings.max_concurrent_streams = requests.max(1);
        self
    }

    /// How long a connection may stand still: 60 seconds unless set here, and up to half as long again, since nobody looks at a clock for each request. Tornado's
    /// setting of this name.
    ///
    /// It stands still between two requests; while the head of a request is not complete, however often a byte of it arrives; while less of a body arrives than
    /// [must](Self::min_body_rate); and while the client takes nothing of a response. The time that a handler takes is not limited.
    ///
    /// With HTTP/2 nothing counts but that a request comes, enough of a body arrives, or the client takes a part of any response. What is about the connection alone,
    /// such as pings, does not keep it open: not while responses wait that the client does not take, and not while there are no requests.
    ///
    /// Zero does not mean that there is no limit: it closes each connection that has to wait for its client at all. `Duration::MAX` is as good as none.
    #[must_use]
    pub fn idle_connection_timeout(mut self, timeout: Duration) -> Self {
        self.settings.idle_timeout = timeout;
        self
    }

    /// How long the head of a request may take from its first byte on, as precisely as [`idle_connection_timeout`](Self::idle_connection_timeout), which it is unless
    /// set here. The connection is closed then.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.settings.header_timeout = Some(timeout);
        self
    }

    /// How long the whole body of a request may take; any time unless set here, if it is [fast enough](Self::min_body_rate). A body that takes longer is answered
    /// with 408. A handler that [reads the body by itself](crate::stream_request_body) may set another time for its request. Tornado's setting of this name.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.settings.body_timeout = Some(timeout);
        self
    }

    /// How many bytes of a body must arrive in a second, on the average of half the [idle time](Self::idle_connection_timeout): 128 unless set here. A connection whose body
    /// is slower for as long as it may stand still is closed, so that clients that send a byte now and then do not stay for ever. Zero asks for one byte in that time.
    #[must_use]
    pub fn min_body_rate(mut self, bytes_per_second: u32) -> Self {
        self.settings.min_body_rate = bytes_per_second;
        self
    }

    /// Whether each connection is closed after its first response. Tornado's setting of this name.
    #[must_use]
    pub fn no_keep_alive(mut self, no_keep_alive: bool) -> Self {
        self.settings.keep_alive = !no_keep_alive;
        self
    }
}

/// Behind a proxy.
impl Application {
    /// Believes what proxies say of a client: [`remote_ip`](crate::HttpServerRequest::remote_ip) is what `X-Real-Ip` or the end of `X-Forwarded-For` says, and
    /// [`protocol`](crate::HttpServerRequest::protocol) what `X-Scheme` or `X-Forwarded-Proto` says. Tornado's setting of this name.
    ///
    /// Only for a server that none but proxies can reach: anybody else could say what they like.
    #[must_use]
    pub fn xheaders(mut self, believe: bool) -> Self {
        self.settings.xheaders = believe.then(|| Rc::from([]));
        self
    }

    /// As [`xheaders(true)`](Self::xheaders), where several proxies are passed on the way: the client's address is the last one of `X-Forwarded-For` that is not one of
    /// these. Tornado's setting of this name.
    #[must_use]
    pub fn trusted_downstream(mut self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.settings.xheaders = Some(proxies.into_iter().collect());
        self
    }
}
