//! Files of a directory. Tornado's `StaticFileHandler`.

mod lookup;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(not(target_os = "linux"))]
#[path = "no_memory.rs"]
mod memory;
mod range;
mod section;
mod sending;
mod version;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coroutine_core as co;
use coroutine_core::IoLoop;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::request_handler::RequestHandler;
use version::Versions;

/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Files below a directory, for an application to serve. Tornado's `StaticFileHandler`.
///
/// GET and HEAD are answered with `Content-Type` by the file's name, `Last-Modified`, `ETag`, and what conditional requests and ranges ask for (RFC 9110). A file is sent
/// as fast as its client takes it, so its size does not matter. What of it is not in the system's memory is read on another thread. A request for several ranges is
/// answered with the whole file.
///
/// A path that leads out of the directory is refused, also by way of symbolic links, as are files that are no regular ones, and names that begin with a dot. What is
/// checked is the state of one moment: a directory that others can write to, and put links into, is no place to serve files from.
///
/// ```no_run
/// use coroutine_http::{Application, StaticFiles};
///
/// let files = StaticFiles::new("public").default_filename("index.html");
/// let server = Application::new().static_files("/static/", files).listen(8889)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct StaticFiles {
    /// Shared with the threads that read.
    root: Arc<Root>,
}

#[derive(Clone)]
struct Root {
    directory: PathBuf,
    default_filename: Option<String>,
    hidden: bool,
    versions: Arc<Versions>,
}

impl StaticFiles {
    /// The files below this directory. It need not be there yet.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            root: Arc::new(Root {
                directory: directory.into(),
                default_filename: None,
                hidden: false,
                versions: Arc::default(),
            }),
        }
    }

    /// Serves this file of a directory for the directory, which without it is refused. A path without a slash at its end is redirected to the one with it.
    #[must_use]
    pub fn default_filename(mut self, name: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.root).default_filename = Some(name.into());
        self
    }

    /// Serves files and directories whose name begins with a dot as well.
    #[must_use]
    pub fn serve_hidden(mut self, hidden: bool) -> Self {
        Arc::make_mut(&mut self.root).hidden = hidden;
        self
    }

    /// Answers a request with a file. For handlers that decide who gets which: `path` is relative to the directory, and comes from anywhere.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler, StaticFiles};
    ///
    /// let files = StaticFiles::new("reports");
    /// let report = move |handler: RequestHandler| {
    ///     let name = handler.path_argument("name").unwrap_or_default().to_owned();
    ///     files.serve(handler, format!("{name}.pdf"))
    /// };
    /// # Application::new().get("/reports/{name}", report);
    /// ```
    ///
    /// # Errors
    ///
    /// Fails with a [`WebError`](crate::WebError) where the client may not have the file or there is none, which a handler passes on; and when a file cannot be read although it is there,
    /// or becomes shorter while it is sent.
    pub fn serve(
        &self,
        handler: RequestHandler,
        path: impl Into<String>,
    ) -> co::Future<Result<(), Box<dyn Error>>> {
        sending::send(Arc::clone(&self.root), handler, path.into())
    }

    /// A path with the version of the file behind it, a hash of what is in it: `app.js?v=4d7a...`. It is the path alone where there is no such file, or it is longer
    /// than 64 MiB.
    ///
    /// The hash is made on another thread, and kept until the file changes.
    pub fn versioned(&self, path: impl Into<String>) -> co::Future<String> {
        versioned(Arc::clone(&self.root), path.into())
    }
}

#[co::coroutine]
fn versioned(root: Arc<Root>, path: String) -> String {
    let encoded = utf8_percent_encode(&path, PLAIN).to_string();
    match yield_!(IoLoop::current().run_in_executor(move || root.version(&path))) {
        Some(version) => format!("{encoded}?v={version}"),
        None => encoded,
    }
}

impl Root {
    fn version(&self, path: &str) -> Option<String> {
        let found = self.find(path).ok()?;
        self.versions.of(found)
    }

    fn directory(&self) -> &Path {
        &self.directory
    }
}

impl fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaticFiles")
            .field(&self.root.directory)
            .finish()
    }
}
