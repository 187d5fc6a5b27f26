//! Conditional requests (RFC 9110, 13): what a client has already is not sent again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};
use http::{HeaderMap, Method};
use sha2::{Digest as _, Sha256};

use super::signing::hex;

/// What a request's conditions say about the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// What there is.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) etag: Option<&'a str>,
    pub(super) modified: Option<SystemTime>,
}

impl Version<'_> {
    /// Weighs the conditions in their order (RFC 9110, 13.2.2).
    pub(super) fn judge(self, method: &Method, headers: &HeaderMap) -> Verdict {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match self.meets(headers, IF_MATCH, strongly) {
            Some(false) => return Verdict::Failed,
            None if self.newer_than(headers, IF_UNMODIFIED_SINCE) == Some(true) => {
                return Verdict::Failed;
            }
            _ => {}
        }
        match self.meets(headers, IF_NONE_MATCH, weakly) {
            Some(true) if reads => Verdict::NotModified,
            Some(true) => Verdict::Failed,
            None if reads && self.newer_than(headers, IF_MODIFIED_SINCE) == Some(false) => {
                Verdict::NotModified
            }
            _ => Verdict::Go,
        }
    }

    /// Whether a range is of what the client has: there is no condition, or it is met (RFC 9110, 13.1.5).
    pub(super) fn is_in_range(self, headers: &HeaderMap) -> bool {
        let Some(condition) = headers.get(IF_RANGE) else {
            return true;
        };
        let Ok(condition) = condition.to_str() else {
            return false;
        };
        match (tags(condition).next(), httpdate::parse_http_date(condition)) {
            (Some(tag), _) => self.etag.is_some_and(|etag| strongly(tag, etag)),
            (None, Ok(date)) => self
                .modified
                .is_some_and(|modified| same_second(modified, date)),
            (None, Err(_)) => false,
        }
    }

    /// Whether one of the tags in these headers is that of what there is; nothing if there are none.
    fn meets(
        self,
        headers: &HeaderMap,
        name: HeaderName,
        same: fn(&str, &str) -> bool,
    ) -> Option<bool> {
        let mut there = false;
        for value in headers.get_all(name) {
            there = true;
            let value = value.to_str().unwrap_or_default();
            if value.trim() == "*"
                || self
                    .etag
                    .is_some_and(|etag| tags(value).any(|tag| same(tag, etag)))
            {
                return Some(true);
            }
        }
        there.then_some(false)
    }

    /// Whether what there is has changed since the date in this header; nothing if there is no date.
    fn newer_than(self, headers: &HeaderMap, name: HeaderName) -> Option<bool> {
        let date = headers.get(name)?.to_str().ok()?;
        let date = httpdate::parse_http_date(date).ok()?;
        // Dates in headers have no fractions.
        let modified = self.modified?;
        Some(modified > date && !same_second(modified, date))
    }
}

fn same_second(a: SystemTime, b: SystemTime) -> bool {
    http_date(a) == http_date(b)
}

/// A time as a header says it. There are none before 1970, nor after the year 9999.
pub(super) fn http_date(time: SystemTime) -> Option<String> {
    const END: Duration = Duration::from_secs(253_402_300_800);
    let age = time.duration_since(UNIX_EPOCH).ok()?;
    (age < END).then(|| httpdate::fmt_http_date(time))
}

/// The tags in a list: quoted, and with a `W/` before the quote if they are weak.
fn tags(mut list: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let start = list.find('"')?;
        let end = start + 1 + list[start + 1..].find('"')?;
        let weak = list[..start].ends_with("W/");
        let tag = &list[if weak { start - 2 } else { start }..=end];
        list = &list[end + 1..];
        Some(tag)
    })
}

fn weakly(a: &str, b: &str) -> bool {
    a.trim_start_matches("W/") == b.trim_start_matches("W/")
}

fn strongly(a: &str, b: &str) -> bool {
    a == b && !a.starts_with("W/")
}

/// A tag for these bytes: half of their SHA-256.
pub(super) fn etag_of(body: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(body)[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_a_list() {
        let found: Vec<_> = tags(r#""a", W/"b,c" ,"d" "open"#).collect();
        assert_eq!(found, [r#""a""#, r#"W/"b,c""#, r#""d""#]);
    }

    #[test]
    fn what_no_header_can_say_is_no_date() {
        let end = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        let second = Duration::from_secs(1);
        assert_eq!(http_date(UNIX_EPOCH - second), None);
        assert_eq!(http_date(end), None);
        let last = http_date(end - second);
        assert_eq!(last.as_deref(), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
    }

    #[test]
    fn a_weak_tag_is_as_good_as_a_strong_one_where_that_will_do() {
        assert!(weakly("W/\"a\"", "\"a\""));
        assert!(!strongly("W/\"a\"", "W/\"a\""));
        assert!(strongly("\"a\"", "\"a\""));
        assert!(!weakly("\"a\"", "\"b\""));
    }
}
