//! Which paths a route is for.

use std::fmt;

use regex::Regex;

/// The paths that a route is for, and the route's name. Tornado's `URLSpec`.
///
/// Text is a path, in which `{name}` stands for one segment or a part of it, and `{*name}` at the end for all the rest; `{{` and `}}` are braces.
/// Wherever a pattern is wanted, the text alone will do. [`Pattern::regex`] is Tornado's kind of pattern.
///
/// ```
/// use coroutine_http::{Application, Pattern, RequestHandler};
///
/// let application = Application::new()
///     .get("/", |mut handler: RequestHandler| handler.write("Hello, world"))
///     .get(Pattern::new("/story/{id}").name("story"), |mut handler: RequestHandler| {
///         let id = handler.path_argument("id").unwrap_or_default().to_owned();
///         handler.write(id);
///     })
///     .get(Pattern::regex(r"/archive/([0-9]{4})/([0-9]{2})"), |mut handler: RequestHandler| {
///         let when = handler.path_args().join("-");
///         handler.write(when);
///     });
/// assert_eq!(application.reverse_url("story", &[&7])?, "/story/7");
/// # Ok::<(), coroutine_http::ReverseUrlError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    /// What an application in which this one is nested stands below, in the syntax of text.
    prefix: String,
    source: String,
    syntax: Syntax,
    pub(super) name: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Text,
    Regex,
}

/// A part of a pattern, for whoever makes a path of it.
pub(super) enum Part {
    Literal(String),
    /// A value, in which slashes stay what they are if it stands for many segments.
    Value {
        many: bool,
    },
}

impl Pattern {
    /// The pattern of this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            prefix: String::new(),
            source: text.into(),
            syntax: Syntax::Text,
            name: None,
        }
    }

    /// All paths that the regular expression matches from their beginning to their end. It sees the path as it was sent. What its groups match is
    /// percent-decoded afterwards, and is read with [`path_args`](crate::RequestHandler::path_args), or by its name with
    /// [`path_argument`](crate::RequestHandler::path_argument).
    ///
    /// The syntax is that of the crate `regex`. Patterns of this kind are tried in the order in which they were added, when the path is none of the routes
    /// that are text.
    #[must_use]
    pub fn regex(expression: impl Into<String>) -> Self {
        Self {
            syntax: Syntax::Regex,
            ..Self::new(expression)
        }
    }

    /// Gives the route a name, for [`reverse_url`](crate::Application::reverse_url).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Pattern {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.source)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// For the routes.
impl Pattern {
    pub(super) fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Whether both are for the same paths.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.prefix, &self.source, self.syntax) == (&other.prefix, &other.source, other.syntax)
    }

    /// The pattern of the same paths below `prefix`.
    pub(super) fn below(mut self, prefix: &str) -> Self {
        self.prefix.insert_str(0, prefix);
        self
    }

    /// Refuses what is no path, and what was meant to be a regular expression.
    #[track_caller]
    pub(super) fn check(&self) {
        let Self { source, syntax, .. } = self;
        if *syntax == Syntax::Regex {
            return;
        }
        assert!(
            source.starts_with('/'),
            "a route begins with a slash, unlike `{source}`"
        );
        assert!(
            !looks_like_regex(source),
            "the route `{source}` looks like a regular expression: write `Pattern::regex(r\"{source}\")`, or `{{name}}` for a segment"
        );
    }

    /// The expression for whole paths.
    #[track_caller]
    pub(super) fn compile(&self) -> Regex {
        let prefix: String = text_parts(&self.prefix)
            .iter()
            .map(Named::expression)
            .collect();
        match Regex::new(&format!(r"\A{prefix}(?:{})\z", self.source)) {
            Ok(regex) => regex,
            Err(error) => panic!("cannot add the route `{self}`: {error}"),
        }
    }

    /// What a path of this pattern is made of. None for an expression that is more than literals and groups.
    pub(super) fn parts(&self) -> Option<Vec<Part>> {
        let mut parts: Vec<_> = text_parts(&self.prefix)
            .into_iter()
            .map(Named::part)
            .collect();
        match self.syntax {
            Syntax::Text => parts.extend(text_parts(&self.source).into_iter().map(Named::part)),
            Syntax::Regex => parts.extend(regex_parts(&self.source)?),
        }
        Some(parts)
    }
}

fn looks_like_regex(text: &str) -> bool {
    text.contains(['(', '[', '\\', '|', '^'])
        || text.contains(".*")
        || text.contains(".+")
        || text.ends_with('$')
        || text.ends_with('?')
}

/// A part of text, with the value's name.
enum Named {
    Literal(String),
    Value { name: String, many: bool },
}

impl Named {
    fn part(self) -> Part {
        match self {
            Self::Literal(text) => Part::Literal(text),
            Self::Value { many, .. } => Part::Value { many },
        }
    }

    fn expression(&self) -> String {
        match self {
            Self::Literal(text) => regex::escape(text),
            Self::Value { name, .. } => format!("(?P<{name}>[^/]+)"),
        }
    }
}

fn text_parts(text: &str) -> Vec<Named> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let value = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push(next);
            rest = &rest[2..];
        } else if let Some((name, behind)) = value {
            parts.push(Named::Literal(std::mem::take(&mut literal)));
            let many = name.starts_with('*');
            let name = name.trim_start_matches('*').to_owned();
            parts.push(Named::Value { name, many });
            rest = behind;
        } else {
            literal.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    parts.push(Named::Literal(literal));
    parts
}

/// The literals and groups of an expression that has nothing else, as Tornado finds them.
fn regex_parts(expression: &str) -> Option<Vec<Part>> {
    let expression = expression.strip_prefix('^').unwrap_or(expression);
    let expression = expression.strip_suffix('$').unwrap_or(expression);
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = expression;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '\\' => {
                let escaped = rest.chars().next().filter(|c| !c.is_alphanumeric())?;
                literal.push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            '(' => {
                rest = behind_group(rest)?;
                parts.push(Part::Literal(std::mem::take(&mut literal)));
                parts.push(Part::Value { many: false });
            }
            '[' | ']' | ')' | '{' | '}' | '*' | '+' | '?' | '|' | '^' | '$' => return None,
            // A dot is mostly meant to be one. Whether what comes of it fits is seen later.
            next => literal.push(next),
        }
    }
    parts.push(Part::Literal(literal));
    Some(parts)
}

/// What follows a group whose parenthesis was read. None where the group takes no value.
fn behind_group(rest: &str) -> Option<&str> {
    if rest.starts_with('?') && !rest.starts_with("?P<") && !rest.starts_with("?<") {
        return None;
    }
    let (mut depth, mut class, mut escaped) = (1, false, false);
    for (at, next) in rest.char_indices() {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            // A group in a group would be a value of its own.
            '(' if !class && !rest[at..].starts_with("(?:") => return None,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&rest[at + 1..]);
        }
    }
    None
}
