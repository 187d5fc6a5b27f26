//! Headers of parts, and of the body that has them.

use std::borrow::Cow;

use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::error::MultipartError;

/// More headers than this a part does not need.
const MOST_HEADERS: usize = 32;

/// The longest boundary (RFC 2046, 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// What the headers of a part say.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) headers: HeaderMap,
}

impl Part {
    /// Reads the headers, with the empty line behind them.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MultipartError> {
        let headers = parse_headers(bytes).ok_or(MultipartError::BadHeader)?;
        let disposition = headers.get(CONTENT_DISPOSITION);
        let disposition = disposition.ok_or(MultipartError::NoName)?;
        let disposition = String::from_utf8_lossy(disposition.as_bytes());
        let (kind, parameters) = disposition.split_once(';').unwrap_or((&disposition, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(MultipartError::BadHeader);
        }
        Ok(Self {
            name: parameter(parameters, "name").ok_or(MultipartError::NoName)?,
            filename: extended(parameters).or_else(|| parameter(parameters, "filename")),
            headers,
        })
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }
}

fn parse_headers(bytes: &[u8]) -> Option<HeaderMap> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let httparse::Status::Complete((_, headers)) =
        httparse::parse_headers(bytes, &mut headers).ok()?
    else {
        return None;
    };
    let headers = headers.iter().map(|header| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(header.value).ok()?))
    });
    headers.collect()
}

/// Whether a body of this type has parts.
pub(crate) fn is_multipart(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// The boundary between the parts of a body of this type.
pub(crate) fn boundary(content_type: &str) -> Result<String, MultipartError> {
    let parameters = content_type.split_once(';').map(|(_, behind)| behind);
    let boundary = parameters.and_then(|parameters| parameter(parameters, "boundary"));
    let fits = |boundary: &String| {
        !boundary.is_empty()
            && boundary.len() <= LONGEST_BOUNDARY
            && boundary.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    };
    boundary.filter(fits).ok_or(MultipartError::NoBoundary)
}

/// The name of a file in the extended notation, which some clients send: `filename*=UTF-8''na%C3%AFve.txt` (RFC 8187).
fn extended(parameters: &str) -> Option<String> {
    let value = parameter(parameters, "filename*")?;
    let (charset, value) = value.split_once('\'')?;
    let (_language, value) = value.split_once('\'')?;
    let value = percent_decode_str(value);
    match charset.eq_ignore_ascii_case("utf-8") {
        true => value.decode_utf8().ok().map(Cow::into_owned),
        false => None,
    }
}

/// The first parameter of this name in `a=b; c="d"`. In quotes a backslash stands before a quote or another backslash; before anything else it is meant, since
/// browsers send paths as they are.
fn parameter(mut parameters: &str, name: &str) -> Option<String> {
    loop {
        let (key, behind) = parameters.split_once('=')?;
        // What has no value has no place here, and is left out.
        let key = key.rsplit(';').next().unwrap_or_default().trim();
        let (value, rest) = value(behind.trim_start());
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        parameters = rest;
    }
}

/// A value at the beginning of `text`, and what follows the semicolon behind it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim_end().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let behind = &quoted[at + 1..];
                let rest = behind.split_once(';').map_or("", |(_, rest)| rest);
                return (value, rest);
            }
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_quoted_and_not() {
        let all = r#" name="a;\"b\""; filename=x.txt ; path="C:\new\\old""#;
        assert_eq!(parameter(all, "name").as_deref(), Some("a;\"b\""));
        assert_eq!(parameter(all, "FileName").as_deref(), Some("x.txt"));
        assert_eq!(parameter(all, "path").as_deref(), Some("C:\\new\\old"));
        assert_eq!(parameter(all, "ame"), None);
    }

    #[test]
    fn a_name_within_a_value_is_none() {
        assert_eq!(parameter(r#"a="; name=x"; b=c"#, "name"), None);
        assert_eq!(parameter("name", "name"), None);
        assert_eq!(parameter("flag; name=x", "name").as_deref(), Some("x"));
        assert_eq!(parameter(r#"name="open"#, "name").as_deref(), Some("open"));
    }

    #[test]
    fn the_extended_notation_is_decoded() {
        let all = "filename*=UTF-8''na%C3%AFve.txt; filename=naive.txt";
        assert_eq!(extended(all).as_deref(), Some("na\u{ef}ve.txt"));
        assert_eq!(extended("filename*=latin1''x"), None);
    }

    #[test]
    fn a_boundary_is_short_and_visible() {
        let boundary = |text: &str| boundary(&format!("multipart/form-data; boundary={text}"));
        assert_eq!(boundary("\"a b\"").as_deref(), Ok("a b"));
        assert_eq!(boundary(""), Err(MultipartError::NoBoundary));
        assert_eq!(boundary(&"x".repeat(71)), Err(MultipartError::NoBoundary));
    }
}
