//! Paths from the names of routes. Tornado's `reverse_url`.

use std::error::Error;
use std::fmt::{self, Display};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::pattern::{Part, Pattern, Syntax};

/// What need not be encoded (RFC 3986, 2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const VALUES: &AsciiSet = &VALUE.remove(b'/');

/// Why there is no path for the name of a route and its arguments. Tornado's `KeyError`, `AssertionError` and `ValueError`.
pub struct ReverseUrlError {
    name: String,
    kind: Kind,
}

enum Kind {
    Unknown,
    Count { wanted: usize, given: usize },
    Empty,
    Unfit(String),
    OneWay,
}

impl ReverseUrlError {
    fn new(name: &str, kind: Kind) -> Self {
        let name = name.to_owned();
        Self { name, kind }
    }

    pub(super) fn unknown(name: &str) -> Self {
        Self::new(name, Kind::Unknown)
    }

    /// Whether there is no route of this name.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown)
    }

    /// Whether the arguments are too many or too few, or the route would not take the path that they make.
    #[must_use]
    pub fn is_arguments(&self) -> bool {
        matches!(self.kind, Kind::Count { .. } | Kind::Empty | Kind::Unfit(_))
    }
}

/// The path of a route.
pub(super) fn reverse(
    name: &str,
    pattern: &Pattern,
    arguments: &[&dyn Display],
) -> Result<String, ReverseUrlError> {
    let fail = |kind| Err(ReverseUrlError::new(name, kind));
    let Some(parts) = pattern.parts() else {
        return fail(Kind::OneWay);
    };
    let is_value = |part: &&Part| matches!(part, Part::Value { .. });
    let (wanted, given) = (parts.iter().filter(is_value).count(), arguments.len());
    if wanted != given {
        return fail(Kind::Count { wanted, given });
    }
    let mut values = arguments.iter().map(ToString::to_string);
    let mut path = String::new();
    for part in &parts {
        match part {
            Part::Literal(text) => path.push_str(text),
            Part::Value { many } => {
                let value = values.next().unwrap_or_default();
                if value.is_empty() && pattern.syntax() == Syntax::Text {
                    return fail(Kind::Empty);
                }
                let set = if *many { VALUES } else { VALUE };
                path.extend(utf8_percent_encode(&value, set));
            }
        }
    }
    match pattern.syntax() {
        Syntax::Regex if !pattern.compile().is_match(&path) => fail(Kind::Unfit(path)),
        _ => Ok(path),
    }
}

impl Display for ReverseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.kind {
            Kind::Unknown => write!(f, "no route has the name `{name}`"),
            Kind::Count { wanted, given } => write!(
                f,
                "the path of the route `{name}` has {wanted} arguments, but {given} were given"
            ),
            Kind::Empty => write!(f, "an argument of the route `{name}` is empty"),
            Kind::Unfit(path) => {
                write!(f, "the route `{name}` is for other paths than `{path}`")
            }
            Kind::OneWay => write!(
                f,
                "the route `{name}` is an expression with more than groups and literals, of which no path can be made"
            ),
        }
    }
}

impl fmt::Debug for ReverseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReverseUrlError({:?})", self.to_string())
    }
}

impl Error for ReverseUrlError {}
