//! Which handler a request is for.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use http::header::ALLOW;
use http::request::Parts;
use http::{Method, StatusCode};

use super::endpoint::{Endpoint, Failure, Step};
use super::hosts::{HostPattern, host_of};
use super::path::{Methods, Path};
use super::pattern::Pattern;
use super::reply::{self, Message};
use super::request_handler::RequestHandler;
use super::reverse::{ReverseUrlError, reverse};
use super::scope::{ErrorPage, Scope};
use super::table::{Arguments, Place, Table};
use super::web_error::WebError;

/// The routes of an application and of those within it.
#[derive(Clone)]
pub(super) struct Routes {
    /// The application's own table, then those of hosts, which are asked first.
    tables: Vec<Table>,
    pub(super) default_host: Option<String>,
    paths: Vec<Path>,
    /// The application itself, then those within it.
    scopes: Vec<Scope>,
    /// Indices in `paths`.
    names: HashMap<String, usize>,
}

/// Where a request goes.
pub(super) struct Route {
    pub(super) goal: Goal,
    pub(super) arguments: Arguments,
}

#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// Indices in `paths` and in the path's `endpoints`.
    Handler { path: usize, endpoint: usize },
    /// The path has no handler for the method.
    NotAllowed { path: usize },
    /// There is no such path in the application of this scope.
    Nowhere { scope: usize },
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            tables: vec![Table::default()],
            default_host: None,
            paths: Vec::new(),
            scopes: vec![Scope::default()],
            names: HashMap::new(),
        }
    }
}

/// Adding.
impl Routes {
    /// Adds a route, behind those of the same path.
    ///
    /// # Panics
    ///
    /// Panics when `pattern` is none, or contradicts another one.
    #[track_caller]
    pub(super) fn add(&mut self, methods: Methods, pattern: Pattern, endpoint: Rc<dyn Endpoint>) {
        pattern.check();
        let path = self.path(0, 0, pattern);
        self.paths[path].endpoints.push((methods, endpoint));
    }

    /// The index of a path, which is added where it is new.
    #[track_caller]
    fn path(&mut self, table: usize, scope: usize, mut pattern: Pattern) -> usize {
        let name = pattern.name.take();
        let is_same = |path: &Path| path.table == table && path.pattern.is_same(&pattern);
        let index = match self.paths.iter().position(is_same) {
            Some(index) => index,
            None => self.add_path(table, scope, pattern),
        };
        if let Some(name) = name {
            self.add_name(name, index);
        }
        index
    }

    #[track_caller]
    fn add_path(&mut self, table: usize, scope: usize, pattern: Pattern) -> usize {
        let index = self.paths.len();
        self.tables[table].add(&pattern, index);
        self.paths.push(Path {
            text: pattern.to_string().into(),
            pattern,
            table,
            scope,
            endpoints: Vec::new(),
        });
        index
    }

    #[track_caller]
    fn add_name(&mut self, name: String, path: usize) {
        let pattern = &self.paths[path].text;
        if let Some(other) = self.names.get(&name).filter(|other| **other != path) {
            let other = &self.paths[*other].text;
            panic!("both `{other}` and `{pattern}` have the name `{name}`");
        }
        self.names.insert(name, path);
    }

    /// Takes in the routes of an application that stands below a prefix.
    #[track_caller]
    pub(super) fn nest(&mut self, prefix: &str, inner: Self) {
        let wellformed = prefix.starts_with('/') && !prefix.ends_with('/');
        assert!(
            wellformed && !prefix.contains("{*"),
            "a prefix begins with a slash, and ends neither with one nor with `{{*name}}`, unlike `{prefix}`"
        );
        Pattern::new(prefix).check();
        self.absorb(0, prefix, inner);
    }

    /// Takes in the routes of an application for a host.
    #[track_caller]
    pub(super) fn add_host(&mut self, host: &str, inner: Self) {
        let table = Table::of_host(HostPattern::new(host), self.scopes.len());
        self.tables.push(table);
        self.absorb(self.tables.len() - 1, "", inner);
    }

    #[track_caller]
    fn absorb(&mut self, table: usize, prefix: &str, inner: Self) {
        assert!(
            inner.tables.len() == 1 && inner.default_host.is_none(),
            "only the outermost application tells hosts apart"
        );
        let first = self.scopes.len();
        for scope in inner.scopes {
            let scope = scope.within(prefix, first);
            scope.register(&mut self.tables[table].nested, self.scopes.len());
            self.scopes.push(scope);
        }
        let names: HashMap<_, _> = inner.names.into_iter().map(|(k, v)| (v, k)).collect();
        for (index, path) in inner.paths.into_iter().enumerate() {
            let mut pattern = path.pattern.below(prefix);
            pattern.name = names.get(&index).cloned();
            let index = self.path(table, path.scope + first, pattern);
            self.paths[index].endpoints.extend(path.endpoints);
        }
    }

    /// What the application itself says of errors.
    pub(super) fn scope_mut(&mut self) -> &mut Scope {
        &mut self.scopes[0]
    }
}

/// Finding.
impl Routes {
    /// Finds the route, or the response that says why there is none.
    #[inline]
    pub(super) fn find(&self, head: &Parts) -> Result<Route, Box<Message>> {
        let path = head.uri.path();
        let found = match self.tables.len() {
            1 => None,
            _ => self.find_at_host(head),
        };
        let found = found.or_else(|| self.tables[0].find(path));
        let (index, arguments) = found.unwrap_or_else(|| {
            let scope = self.tables[0].scope_at(path);
            (Place::Scope(scope), Vec::new())
        });
        let goal = self.goal(index, &head.method);
        match goal {
            Goal::Handler { .. } => Ok(Route { goal, arguments }),
            _ => self.refuse(goal, arguments, &head.method),
        }
    }

    #[cold]
    fn find_at_host(&self, head: &Parts) -> Option<(Place, Arguments)> {
        let path = head.uri.path();
        let host = host_of(head);
        let mut tables = self.tables_of(&host).peekable();
        match (tables.peek(), &self.default_host) {
            (None, Some(host)) => self.tables_of(host).find_map(|table| self.ask(table, path)),
            _ => tables.find_map(|table| self.ask(table, path)),
        }
    }

    fn tables_of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Table> {
        let is_for =
            move |table: &&Table| table.host.as_ref().is_some_and(|own| own.contains(host));
        self.tables.iter().filter(is_for)
    }

    /// What a host's application has at a path.
    fn ask(&self, table: &Table, path: &str) -> Option<(Place, Arguments)> {
        table.find(path).or_else(|| {
            let scope = table.scope_at(path);
            let mut within = self
                .lineage(scope)
                .take_while(|scope| scope.parent.is_some());
            let takes_all = within.any(|scope| scope.default_handler.is_some());
            takes_all.then_some((Place::Scope(scope), Vec::new()))
        })
    }

    #[inline]
    fn goal(&self, place: Place, method: &Method) -> Goal {
        let path = match place {
            Place::Path(path) => path,
            Place::Scope(scope) => return Goal::Nowhere { scope },
        };
        match self.paths[path].endpoint(method) {
            Some(endpoint) => Goal::Handler { path, endpoint },
            None => Goal::NotAllowed { path },
        }
    }

    /// A request that no handler is for. It goes on only where somebody has something to say about it.
    #[cold]
    fn refuse(
        &self,
        goal: Goal,
        arguments: Arguments,
        method: &Method,
    ) -> Result<Route, Box<Message>> {
        let message = match goal {
            Goal::NotAllowed { path } if *method == Method::OPTIONS => {
                reply::bare_with(StatusCode::NO_CONTENT, ALLOW, self.paths[path].allowed())
            }
            _ if self.default_handler(goal).is_some() || self.error_page(goal).is_some() => {
                return Ok(Route { goal, arguments });
            }
            Goal::NotAllowed { path } => {
                let status = StatusCode::METHOD_NOT_ALLOWED;
                reply::error_with(status, ALLOW, self.paths[path].allowed())
            }
            _ => reply::error(StatusCode::NOT_FOUND),
        };
        Err(Box::new(message))
    }
}

/// What was found.
impl Routes {
    /// Has the request answered.
    #[inline]
    pub(super) fn start(&self, goal: Goal, handler: RequestHandler) -> Step {
        match goal {
            Goal::Handler { path, endpoint } => {
                self.paths[path].endpoints[endpoint].1.start(handler)
            }
            _ => self.start_default(goal, handler),
        }
    }

    #[cold]
    fn start_default(&self, goal: Goal, handler: RequestHandler) -> Step {
        if let Some(default) = self.default_handler(goal) {
            return default.start(handler);
        }
        let error = match goal {
            Goal::NotAllowed { path } => {
                WebError::new(405).header(ALLOW, self.paths[path].allowed())
            }
            _ => WebError::new(404),
        };
        Step::Ended(Err(Failure::Error(error.into())))
    }

    /// Whether who answers is called before the request's body is there.
    pub(super) fn streams_request_body(&self, goal: Goal) -> bool {
        match goal {
            Goal::Handler { path, endpoint } => self.paths[path].endpoints[endpoint]
                .1
                .streams_request_body(),
            _ => self
                .default_handler(goal)
                .is_none_or(|handler| handler.streams_request_body()),
        }
    }

    /// The route's pattern, for reports.
    pub(super) fn pattern(&self, goal: Goal) -> &str {
        match goal {
            Goal::Handler { path, .. } | Goal::NotAllowed { path } => &self.paths[path].text,
            Goal::Nowhere { .. } => "no route",
        }
    }

    /// Who answers where there is no route.
    fn default_handler(&self, goal: Goal) -> Option<&Rc<dyn Endpoint>> {
        let Goal::Nowhere { scope } = goal else {
            return None;
        };
        let mut lineage = self.lineage(scope);
        lineage.find_map(|scope| scope.default_handler.as_ref())
    }

    /// Who makes the pages that tell of errors.
    pub(super) fn error_page(&self, goal: Goal) -> Option<&ErrorPage> {
        let scope = match goal {
            Goal::Handler { path, .. } | Goal::NotAllowed { path } => self.paths[path].scope,
            Goal::Nowhere { scope } => scope,
        };
        let mut lineage = self.lineage(scope);
        lineage.find_map(|scope| scope.error_page.as_ref())
    }

    /// A scope, and those around it.
    fn lineage(&self, scope: usize) -> impl Iterator<Item = &Scope> {
        let first = self.scopes.get(scope);
        std::iter::successors(first, |scope| self.scopes.get(scope.parent?))
    }

    pub(super) fn reverse_url(
        &self,
        name: &str,
        arguments: &[&dyn fmt::Display],
    ) -> Result<String, ReverseUrlError> {
        match self.names.get(name) {
            Some(path) => reverse(name, &self.paths[*path].pattern, arguments),
            None => Err(ReverseUrlError::unknown(name)),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.paths.iter().map(|path| &path.text);
        f.debug_list().entries(patterns).finish()
    }
}
