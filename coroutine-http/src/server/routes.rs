//! Which handler a request is for.

use std::fmt;
use std::rc::Rc;

use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::reply::{self, Message};

/// The routes of an application.
#[derive(Default)]
pub(super) struct Routes {
    /// From a path to an index in `paths`.
    router: matchit::Router<usize>,
    paths: Vec<Path>,
}

/// A path, and who handles which method there.
struct Path {
    pattern: Rc<str>,
    /// The names of its parameters.
    parameters: Vec<Rc<str>>,
    endpoints: Vec<(Methods, Box<dyn Endpoint>)>,
}

/// For which methods a handler is.
pub(super) enum Methods {
    Any,
    /// A handler for GET answers HEAD as well.
    One(Method),
}

/// Where a request goes.
pub(super) struct Route<'a> {
    pub(super) endpoint: &'a dyn Endpoint,
    pub(super) pattern: &'a Rc<str>,
    pub(super) arguments: Vec<(Rc<str>, String)>,
}

impl Routes {
    /// Adds a route, behind those of the same path.
    ///
    /// # Panics
    ///
    /// Panics when `pattern` is no path, or contradicts another one.
    #[track_caller]
    pub(super) fn add(&mut self, methods: Methods, pattern: &str, endpoint: Box<dyn Endpoint>) {
        let index = match self.paths.iter().position(|path| *path.pattern == *pattern) {
            Some(index) => index,
            None => self.add_path(pattern),
        };
        self.paths[index].endpoints.push((methods, endpoint));
    }

    #[track_caller]
    fn add_path(&mut self, pattern: &str) -> usize {
        assert!(
            pattern.starts_with('/'),
            "a route begins with a slash, unlike `{pattern}`"
        );
        let index = self.paths.len();
        if let Err(error) = self.router.insert(pattern, index) {
            panic!("cannot add the route `{pattern}`: {error}");
        }
        self.paths.push(Path {
            pattern: Rc::from(pattern),
            parameters: parameters(pattern),
            endpoints: Vec::new(),
        });
        index
    }

    /// Finds the route, or the response that says why there is none.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Route<'_>, Box<Message>> {
        let Ok(found) = self.router.at(path) else {
            return Err(Box::new(reply::error(StatusCode::NOT_FOUND)));
        };
        let path = &self.paths[*found.value];
        let Some(endpoint) = path.endpoint(method) else {
            return Err(Box::new(path.not_allowed()));
        };
        let values = found.params.iter().map(|(_, value)| decode(value));
        Ok(Route {
            endpoint,
            pattern: &path.pattern,
            arguments: path.parameters.iter().cloned().zip(values).collect(),
        })
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.paths.iter().map(|path| &path.pattern);
        f.debug_list().entries(patterns).finish()
    }
}

impl Path {
    fn endpoint(&self, method: &Method) -> Option<&dyn Endpoint> {
        let find = |method: &Method| {
            let mut endpoints = self.endpoints.iter();
            endpoints.find(|(methods, _)| methods.contain(method))
        };
        let found = find(method).or_else(|| match *method {
            Method::HEAD => find(&Method::GET),
            _ => None,
        });
        found.map(|(_, endpoint)| &**endpoint)
    }

    /// The response to a method that nobody handles.
    fn not_allowed(&self) -> Message {
        let mut allowed = Vec::new();
        for (methods, _) in &self.endpoints {
            if let Methods::One(method) = methods {
                allowed.push(method.as_str());
                if *method == Method::GET {
                    allowed.push("HEAD");
                }
            }
        }
        allowed.sort_unstable();
        allowed.dedup();
        let status = StatusCode::METHOD_NOT_ALLOWED;
        match HeaderValue::try_from(allowed.join(", ")) {
            Ok(allowed) => reply::error_with(status, ALLOW, allowed),
            Err(_) => reply::error(status),
        }
    }
}

impl Methods {
    fn contain(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == method,
        }
    }
}

/// The names in braces, in order: `id` and `rest` in `/users/{id}/{*rest}`. The router has checked the syntax.
fn parameters(pattern: &str) -> Vec<Rc<str>> {
    let pattern = pattern.replace("{{", "").replace("}}", "");
    let pieces = pattern.split('{').skip(1);
    let names = pieces.filter_map(|piece| piece.split('}').next());
    names
        .map(|name| Rc::from(name.trim_start_matches('*')))
        .collect()
}

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}
