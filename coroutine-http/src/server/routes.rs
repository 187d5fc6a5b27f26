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
    endpoints: Vec<(Methods, Box<dyn Endpoint>)>,
}

/// For which methods a handler is.
pub(super) enum Methods {
    Any,
    /// A handler for GET answers HEAD as well.
    One(Method),
}

/// Where a request goes.
pub(super) struct Route {
    /// An index in `paths`.
    path: usize,
    /// An index in the path's `endpoints`.
    endpoint: usize,
    /// Names and values of the path's parameters, decoded.
    pub(super) arguments: Vec<(Box<str>, String)>,
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
            endpoints: Vec::new(),
        });
        index
    }

    /// Finds the route, or the response that says why there is none.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Route, Box<Message>> {
        let Ok(found) = self.router.at(path) else {
            return Err(Box::new(reply::error(StatusCode::NOT_FOUND)));
        };
        let index = *found.value;
        let path = &self.paths[index];
        let Some(endpoint) = path.endpoint(method) else {
            return Err(Box::new(path.not_allowed()));
        };
        let arguments = found.params.iter();
        Ok(Route {
            path: index,
            endpoint,
            arguments: arguments
                .map(|(name, value)| (Box::from(name), decode(value)))
                .collect(),
        })
    }

    /// The pattern and the handler of a route that was found here.
    pub(super) fn get(&self, route: &Route) -> (&Rc<str>, &dyn Endpoint) {
        let path = &self.paths[route.path];
        (&path.pattern, &*path.endpoints[route.endpoint].1)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.paths.iter().map(|path| &path.pattern);
        f.debug_list().entries(patterns).finish()
    }
}

impl Path {
    /// The index of the handler for a method.
    fn endpoint(&self, method: &Method) -> Option<usize> {
        let find = |method: &Method| {
            let mut endpoints = self.endpoints.iter();
            endpoints.position(|(methods, _)| methods.contain(method))
        };
        find(method).or_else(|| match *method {
            Method::HEAD => find(&Method::GET),
            _ => None,
        })
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

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}
