//! What must not get into logs: credentials in headers and in the text of URLs.

use std::fmt;

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};

/// The longest text of others in a message, in characters.
const LONGEST: usize = 200;

/// Whether the headers of this name carry credentials.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE].contains(name)
}

/// The headers for a `Debug`, which shows no credentials.
pub(crate) fn shown(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    mark(&mut headers);
    headers
}

/// Marks the values that carry credentials.
pub(crate) fn mark(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if is_secret(name) {
            value.set_sensitive(true);
        }
    }
}

/// The text of a URL that does not parse, without a name and a password. Where they end nobody can say, so it is taken to be at the last `@`.
pub(crate) fn without_userinfo(text: &str) -> String {
    let Some((before, behind)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{behind}"),
        None => behind.to_owned(),
    }
}

/// Text of others in a message, cut where it is too long.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, "{}...", &self.0[..end]),
            None => f.write_str(self.0),
        }
    }
}
