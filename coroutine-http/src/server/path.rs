//! A path, and who handles which method there.

use std::rc::Rc;

use http::Method;
use http::header::HeaderValue;

use super::endpoint::Endpoint;
use super::pattern::Pattern;

/// A path, and who handles which method there.
#[derive(Clone)]
pub(super) struct Path {
    pub(super) pattern: Pattern,
    /// The pattern's text, for reports.
    pub(super) text: Box<str>,
    /// Where it was added.
    pub(super) table: usize,
    pub(super) scope: usize,
    pub(super) endpoints: Vec<(Methods, Rc<dyn Endpoint>)>,
}

/// For which methods a handler is.
#[derive(Clone)]
pub(super) enum Methods {
    Any,
    /// A handler for GET answers HEAD as well.
    One(Method),
}

impl Path {
    /// The index of the handler for a method.
    #[inline]
    pub(super) fn endpoint(&self, method: &Method) -> Option<usize> {
        let find = |method: &Method| {
            let mut endpoints = self.endpoints.iter();
            endpoints.position(|(methods, _)| methods.contain(method))
        };
        find(method).or_else(|| match *method {
            Method::HEAD => find(&Method::GET),
            _ => None,
        })
    }

    /// The methods that somebody handles, for a header.
    pub(super) fn allowed(&self) -> HeaderValue {
        let methods = self
            .endpoints
            .iter()
            .filter_map(|(methods, _)| match methods {
                Methods::One(method) => Some(method),
                Methods::Any => None,
            });
        allow(methods)
    }
}

/// The value of `Allow` for these methods, and those that are answered on account of them.
pub(super) fn allow<'a>(methods: impl Iterator<Item = &'a Method>) -> HeaderValue {
    let mut names = vec!["OPTIONS"];
    for method in methods {
        names.push(method.as_str());
        if *method == Method::GET {
            names.push("HEAD");
        }
    }
    names.sort_unstable();
    names.dedup();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

impl Methods {
    fn contain(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == method,
        }
    }
}
