//! From a path to what is there.

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::hosts::HostPattern;
use super::pattern::{Pattern, Syntax};

/// From a path to what is there.
#[derive(Clone, Default)]
pub(super) struct Table {
    /// None in the application's own table.
    pub(super) host: Option<HostPattern>,
    /// The scope of the application whose table it is.
    pub(super) scope: usize,
    /// Indices in `paths`.
    tree: matchit::Router<usize>,
    /// In the order of adding.
    regexes: Vec<(Regex, usize)>,
    /// From the prefixes of nested applications to their scopes.
    pub(super) nested: matchit::Router<usize>,
}

/// Names and values of a path's parameters, decoded. A parameter that has no name, or no value, has an empty name.
pub(super) type Arguments = Vec<(Box<str>, String)>;

#[track_caller]
pub(super) fn insert(tree: &mut matchit::Router<usize>, pattern: &str, value: usize) {
    if let Err(error) = tree.insert(pattern, value) {
        panic!("cannot add the route `{pattern}`: {error}");
    }
}

/// What a table has at a path.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Path(usize),
    Scope(usize),
}

impl Table {
    pub(super) fn of_host(host: HostPattern, scope: usize) -> Self {
        Self {
            host: Some(host),
            scope,
            ..Self::default()
        }
    }

    /// Adds a path, whose index is `index`.
    #[track_caller]
    pub(super) fn add(&mut self, pattern: &Pattern, index: usize) {
        match pattern.syntax() {
            Syntax::Text => insert(&mut self.tree, &pattern.to_string(), index),
            Syntax::Regex => self.regexes.push((pattern.compile(), index)),
        }
    }

    #[inline]
    pub(super) fn find(&self, path: &str) -> Option<(Place, Arguments)> {
        let Ok(found) = self.tree.at(path) else {
            return self.find_regex(path);
        };
        let arguments = match found.params.is_empty() {
            true => Vec::new(),
            false => arguments(&found.params),
        };
        Some((Place::Path(*found.value), arguments))
    }

    #[cold]
    fn find_regex(&self, path: &str) -> Option<(Place, Arguments)> {
        self.regexes.iter().find_map(|(regex, index)| {
            let captures = regex.captures(path)?;
            let argument = |(name, capture): (Option<&str>, Option<regex::Match<'_>>)| match capture
            {
                Some(value) => (Box::from(name.unwrap_or_default()), decode(value.as_str())),
                None => Default::default(),
            };
            let arguments = regex.capture_names().zip(captures.iter()).skip(1);
            Some((Place::Path(*index), arguments.map(argument).collect()))
        })
    }

    /// The scope of the application that a path without a route belongs to.
    pub(super) fn scope_at(&self, path: &str) -> usize {
        match self.nested.at(path) {
            Ok(found) => *found.value,
            Err(_) => self.scope,
        }
    }
}

fn arguments(params: &matchit::Params<'_, '_>) -> Arguments {
    let params = params.iter();
    params
        .map(|(name, value)| (Box::from(name), decode(value)))
        .collect()
}

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}
