//! The client whose results are yielded.

use coroutine_core::{self as co, IoLoop};

use super::authority::Authority;
use super::error::{HttpError, Kind};
use super::redirect;
use super::request::{HttpRequest, IntoHttpRequest, Parts};
use super::response::HttpResponse;
use super::transfer::transfer;

/// A client whose results are yielded. Tornado's `AsyncHTTPClient`.
///
/// It is cheap to make. Each request has a connection of its own.
///
/// ```no_run
/// use coroutine_core as co;
/// use coroutine_http::{AsyncHttpClient, HttpError};
///
/// #[co::coroutine]
/// fn length(url: String) -> Result<usize, HttpError> {
///     let response = yield_!(AsyncHttpClient::new().fetch(url))?;
///     Ok(response.body().len())
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct AsyncHttpClient {
    _private: (),
}

impl AsyncHttpClient {
    /// A client.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fetches a URL, or sends an [`HttpRequest`], and gives the whole response. The fetch begins now, not when its future is yielded.
    ///
    /// # Errors
    ///
    /// The error tells why there is no response; or it [has the response](HttpError::response), if its status is not a good one (2xx).
    pub fn fetch(
        &self,
        request: impl IntoHttpRequest,
    ) -> co::Future<Result<HttpResponse, HttpError>> {
        fetch(request.into_http_request())
    }
}

#[co::coroutine]
fn fetch(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let parts = request.parts?;
    let to = Authority::of(&parts.url)?;
    let time = parts.request_timeout;
    match yield_!(co::with_timeout(time, follow_redirects(parts))) {
        Ok(result) => result,
        Err(_) => Err(HttpError::new(Kind::RequestTimeout(to.to_string(), time))),
    }
}

async fn follow_redirects(mut request: Parts) -> Result<HttpResponse, HttpError> {
    let begin = IoLoop::current().time();
    let mut followed = 0;
    loop {
        let (head, body) = transfer(&request).await?;
        let location = redirect::location(&head);
        let lost_its_way = location.is_some() && 0 < followed;
        // Where redirects are not followed, nobody cares what it is.
        let target = location
            .filter(|_| followed < request.redirects)
            .map(|location| redirect::target(&request.url, location));
        if let Some(Ok(url)) = target {
            followed += 1;
            redirect::follow(&mut request, url, head.status);
            continue;
        }
        let time = IoLoop::current().time().saturating_duration_since(begin);
        let response = HttpResponse::new(head, body, request.url, time);
        if let Some(Err((location, error))) = target {
            return Err(HttpError::caused(Kind::Location(location, response), error));
        }
        return match request.raise_error {
            true if lost_its_way => Err(HttpError::new(Kind::Redirects(response))),
            true if !response.status().is_success() => Err(HttpError::new(Kind::Status(response))),
            _ => Ok(response),
        };
    }
}
