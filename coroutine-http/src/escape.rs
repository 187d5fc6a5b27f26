//! Text as a part of HTML and of URLs. Tornado's `tornado.escape`, and `url_concat` of `tornado.httputil`.
//!
//! ```
//! use coroutine_http::escape::{url_concat, xhtml_escape};
//!
//! let name = "<b>Tom & Ann</b>";
//! assert_eq!(xhtml_escape(name), "&lt;b&gt;Tom &amp; Ann&lt;/b&gt;");
//! assert_eq!(url_concat("/search?page=2", [("q", "a&b")]), "/search?page=2&q=a%26b");
//! ```

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::form_urlencoded;

/// The text as HTML, also within quotes of either kind: what visitors have sent is shown with this, and never as it is.
#[must_use]
pub fn xhtml_escape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(SPECIAL) else {
        return Cow::Borrowed(text);
    };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    for char in text[first..].chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            char => escaped.push(char),
        }
    }
    Cow::Owned(escaped)
}

const SPECIAL: [char; 5] = ['&', '<', '>', '"', '\''];

/// What stands for itself in a URL (RFC 3986, 2.3) is left; all else is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The text as a segment of a path, or as a name or a value of a query. Unlike Tornado's it makes `%20` of a space, and not `+`, which only queries know.
///
/// ```
/// # use coroutine_http::escape::{url_escape, url_unescape};
/// assert_eq!(url_escape("a b/c"), "a%20b%2Fc");
/// assert_eq!(url_unescape("a%20b%2Fc").as_deref(), Some("a b/c"));
/// ```
#[must_use]
pub fn url_escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// What [`url_escape`] has made of a text, if it is UTF-8. A `+` is left as it is.
#[must_use]
pub fn url_unescape(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// A URL, or a part of one, with more arguments in its query. Tornado's `url_concat`.
///
/// ```
/// # use coroutine_http::escape::url_concat;
/// let url = url_concat("https://example.org/a#top", [("next", "/b c")]);
/// assert_eq!(url, "https://example.org/a?next=%2Fb+c#top");
/// ```
#[must_use]
pub fn url_concat<N: AsRef<str>, V: AsRef<str>>(
    url: &str,
    arguments: impl IntoIterator<Item = (N, V)>,
) -> String {
    let mut added = form_urlencoded::Serializer::new(String::new());
    added.extend_pairs(arguments);
    let added = added.finish();
    if added.is_empty() {
        return url.to_owned();
    }
    let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{added}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_special_in_html_is_escaped() {
        let escaped = xhtml_escape("a<b>&\"\'\u{fc}");
        assert_eq!(escaped, "a&lt;b&gt;&amp;&quot;&#x27;\u{fc}");
        assert!(matches!(xhtml_escape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn what_was_escaped_for_a_url_comes_back() {
        for text in ["", "a b", "100% +&=#?/", "gr\u{fc}n"] {
            assert_eq!(url_unescape(&url_escape(text)).as_deref(), Some(text));
        }
        assert_eq!(url_unescape("%ff"), None);
    }

    #[test]
    fn arguments_are_added_where_the_query_ends() {
        let one = [("a", "1")];
        for (url, expected) in [
            ("/", "/?a=1"),
            ("/?", "/?a=1"),
            ("/?b", "/?b&a=1"),
            ("/?b&", "/?b&a=1"),
            ("/#?", "/?a=1#?"),
            ("/?b#c", "/?b&a=1#c"),
        ] {
            assert_eq!(url_concat(url, one), expected);
        }
        assert_eq!(url_concat("/x?#y", [("", ""); 0]), "/x?#y");
    }
}
