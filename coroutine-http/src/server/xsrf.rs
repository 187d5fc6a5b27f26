//! Requests that pages of others have their visitors send (cross-site request forgery). Tornado's tokens: a secret that lies in a cookie, and comes once more with
//! each request that changes something, where only a page of this site can have put it.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;

use super::application::Application;
use super::endpoint::caught;
use super::exchange::Exchange;
use super::request::HttpServerRequest;
use super::signing::{hex, unhex};
use super::web_error::WebError;

pub(super) const COOKIE: &str = "_xsrf";
const ARGUMENT: &str = "_xsrf";
const HEADERS: [&str; 2] = ["x-xsrftoken", "x-csrftoken"];

/// Which requests need no token.
pub(super) type Exempt = Rc<dyn Fn(&HttpServerRequest) -> bool>;

/// Forged requests.
impl Application {
    /// Has each request but those of the methods GET, HEAD and OPTIONS prove that it comes from a page of this site, and answers it with 403 otherwise: it brings the
    /// [token](crate::RequestHandler::xsrf_token) as the argument `_xsrf`, or as the header `X-XSRFToken`. Tornado's setting of this name, with its tokens.
    ///
    /// A handler that [reads the body by itself](crate::stream_request_body()) gets only those that have it in the query or in the header. Handlers must not change anything at GET.
    ///
    /// ```
    /// use coroutine_http::{Application, RequestHandler};
    ///
    /// fn form(mut handler: RequestHandler) {
    ///     let token = handler.xsrf_form_html();
    ///     handler.write(format!("<form method='post'>{token}<input name='text'><button>Say</button></form>"));
    /// }
    ///
    /// # let _ =
    /// Application::new()
    ///     .xsrf_cookies(true)
    ///     .get("/", form)
    ///     .post("/", |mut handler: RequestHandler| handler.write("said")); // 403 without the token
    /// ```
    #[must_use]
    pub fn xsrf_cookies(mut self, check: bool) -> Self {
        self.settings.xsrf_cookies = check;
        self
    }

    /// Says which requests [need no token](Self::xsrf_cookies), such as those that programs send and that no cookie authorises. What Tornado's users override
    /// `check_xsrf_cookie` for.
    ///
    /// ```
    /// # let _ =
    /// coroutine_http::Application::new()
    ///     .xsrf_cookies(true)
    ///     .xsrf_exempt(|request| request.path().starts_with("/api/"));
    /// ```
    #[must_use]
    pub fn xsrf_exempt(mut self, is_exempt: impl Fn(&HttpServerRequest) -> bool + 'static) -> Self {
        self.settings.xsrf_exempt = Some(Rc::new(is_exempt));
        self
    }
}

impl Exchange {
    /// Refuses a request that may be forged.
    #[inline]
    pub(super) fn check_xsrf(&self) -> Result<(), WebError> {
        match self.site.settings.xsrf_cookies {
            true => self.check_token(),
            false => Ok(()),
        }
    }

    #[cold]
    fn check_token(&self) -> Result<(), WebError> {
        let request = &self.request;
        if is_safe(request.method()) || self.is_exempt() {
            return Ok(());
        }
        let refuse = |why| Err(WebError::new(403).log_message(why));
        let Some(sent) = sent(request) else {
            return refuse("the argument `_xsrf` is missing");
        };
        let Some(sent) = Token::parse(&sent) else {
            return refuse("the argument `_xsrf` is no token");
        };
        match Token::in_cookie(request) {
            Some(own) if own.is_same(&sent) => Ok(()),
            Some(_) => refuse("the argument `_xsrf` is not that of the cookie"),
            None => refuse("the cookie `_xsrf` is missing"),
        }
    }

    /// A function that panics exempts nobody.
    fn is_exempt(&self) -> bool {
        let is_exempt = self.site.settings.xsrf_exempt.as_ref();
        is_exempt.is_some_and(|is_exempt| caught(|| is_exempt(&self.request)).unwrap_or(false))
    }
}

/// Whether requests of this method change nothing (RFC 9110, 9.2.1).
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// The token that came with a request beside its cookie.
fn sent(request: &HttpServerRequest) -> Option<String> {
    let arguments = request.query_arguments();
    let arguments = arguments.chain(request.hushed_body_arguments());
    let values = arguments.filter(|(name, value)| name == ARGUMENT && !value.is_empty());
    let argument = values.last().map(|(_, value)| value.into_owned());
    argument.or_else(|| {
        let mut headers = HEADERS.iter().filter_map(|name| request.header(*name));
        headers.next().map(str::to_owned)
    })
}

/// A secret, and when it was made, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Token {
    secret: [u8; 16],
    since: u64,
}

impl Token {
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            secret: random(),
            since: now.unwrap_or_default().as_secs(),
        }
    }

    pub(super) fn in_cookie(request: &HttpServerRequest) -> Option<Self> {
        Self::parse(request.cookie(COOKIE)?)
    }

    /// Reads `2|mask|masked secret|time`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("2|")?.split('|');
        let (mask, masked, since) = (parts.next()?, parts.next()?, parts.next()?);
        let mask: [u8; 4] = unhex(mask)?.try_into().ok()?;
        let masked: [u8; 16] = unhex(masked)?.try_into().ok()?;
        let token = Self {
            secret: apply(mask, masked),
            since: since.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }

    /// The token under a mask of its own, so that it is another text each time and cannot be guessed from the length of a page that is compressed (the attack BREACH).
    pub(super) fn text(&self) -> String {
        let mask = random();
        let masked = apply(mask, self.secret);
        format!("2|{}|{}|{}", hex(&mask), hex(&masked), self.since)
    }

    /// It takes as long whatever the difference is.
    fn is_same(&self, other: &Self) -> bool {
        let pairs = self.secret.iter().zip(other.secret);
        pairs.fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

fn apply(mask: [u8; 4], mut bytes: [u8; 16]) -> [u8; 16] {
    let mask = mask.iter().cycle();
    bytes
        .iter_mut()
        .zip(mask)
        .for_each(|(byte, mask)| *byte ^= mask);
    bytes
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("an operating system that has random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_under_each_mask() {
        let token = Token::new();
        let texts = [token.text(), token.text()];
        assert_ne!(texts[0], texts[1]);
        for text in texts {
            assert!(Token::parse(&text).is_some_and(|read| read.is_same(&token)));
        }
        assert!(!Token::new().is_same(&token));
    }

    #[test]
    fn the_format_is_tornados() {
        let text = "2|01020304|00000000000000000000000000000000|1700000000";
        let token = Token::parse(text).expect("a token");
        assert_eq!(token.secret[..5], [1, 2, 3, 4, 1]);
        for text in [
            "",
            "2|||0",
            "2|01020304||0",
            "2|010203|00000000000000000000000000000000|0",
            "2|01020304|00000000000000000000000000000000|x",
            "2|01020304|00000000000000000000000000000000|0|0",
            "1|01020304|00000000000000000000000000000000|0",
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }
}
