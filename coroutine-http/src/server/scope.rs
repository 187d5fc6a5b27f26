//! What an application says of errors, for itself and for the applications within it.

use std::rc::Rc;

use super::endpoint::Endpoint;
use super::request_failure::RequestFailure;
use super::request_handler::RequestHandler;
use super::table::insert;

/// Writes a page that tells of an error.
pub(super) type ErrorPage = Rc<dyn Fn(&mut RequestHandler, &RequestFailure)>;

/// An application among those that are nested. What it does not say, the one around it says.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// The index of the one around it.
    pub(super) parent: Option<usize>,
    /// What the paths of the application begin with.
    prefix: String,
    /// Answers requests for paths that are no routes.
    pub(super) default_handler: Option<Rc<dyn Endpoint>>,
    pub(super) error_page: Option<ErrorPage>,
}

impl Scope {
    /// The scope below a prefix of another application, where the first of the scopes that come with it has the index `first`.
    pub(super) fn within(mut self, prefix: &str, first: usize) -> Self {
        self.prefix.insert_str(0, prefix);
        self.parent = Some(self.parent.map_or(0, |parent| parent + first));
        self
    }

    /// Has all paths below the prefix lead to this scope.
    #[track_caller]
    pub(super) fn register(&self, tree: &mut matchit::Router<usize>, index: usize) {
        let prefix = &self.prefix;
        if !prefix.is_empty() {
            for rest in ["", "/", "/{*what is below}"] {
                insert(tree, &format!("{prefix}{rest}"), index);
            }
        }
    }
}
