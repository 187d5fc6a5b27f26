//! A page that shows what a loop's coroutines are doing, while it runs: who waits for whom, for what, where and since when, each with a drawing of its state machine in which
//! its present state is marked. Feature `inspect`.
//!
//! In an application, the page is at `/debug/coroutines`:
//!
//! ```
//! use coroutine_http::{Application, inspect};
//!
//! let application = Application::new().nest("/debug", inspect::application());
//! # drop(application);
//! ```
//!
//! A program that serves no HTTP has it at a port of its own, on the loop that is current:
//!
//! ```
//! use coroutine_http::inspect;
//!
//! let server = inspect::listen(0)?;
//! println!("http://{}/debug/coroutines", server.local_addr());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Beside it, `/debug/coroutines.txt` is the tree as text, for `curl`, and `/debug/coroutines.json` the [`Dump`](coroutine_core::Dump) for other programs. To see the pictures costs a program
//! some bytes for each yield point, since the feature turns on `flow` of `coroutine-core`.
//!
//! # What a request sees
//!
//! The coroutines of the loop that answers it, which it holds up for less than a microsecond a coroutine; the rest is done on another thread. Its own are among them: it is what runs.
//!
//! # Who may look
//!
//! Programs on the same machine, unless [`allow_remote`](Inspector::allow_remote) says otherwise: a client whose address is not of the loopback interface is refused, and so is a request that a
//! proxy has forwarded, and one for a host that is not this machine by name, by which a site elsewhere could have a browser read the page. The page needs nothing from elsewhere, and
//! runs no script but its own.
//!
//! It shows what the source says, names, places and the text of operands, and addresses of sockets, but no values of variables. Names of coroutines are what their authors made them: whoever puts a
//! secret in a name shows it here.

mod answers;
mod arena;
mod detail;
mod guard;
mod html;
mod list;
mod page;
mod picture;
mod query;
mod row;
mod shape;
mod waits;

use std::io;

use crate::{Application, HttpServer};

/// The page as an application, to be nested in another one. It is at `/coroutines` there, and is shown to programs on the same machine only.
///
/// See the [module](self) for an example.
#[must_use]
pub fn application() -> Application {
    Inspector::new().application()
}

/// Serves the page at `http://127.0.0.1:PORT/debug/coroutines`, on the current loop. Port zero asks for one that is free.
///
/// # Errors
///
/// Fails when the port is taken, or needs a privilege; the error names it.
pub fn listen(port: u16) -> io::Result<HttpServer> {
    let home = |handler: crate::RequestHandler| handler.redirect("/debug/coroutines");
    Application::new()
        .get("/", home)
        .nest("/debug", application())
        .listen(format!("127.0.0.1:{port}"))
}

/// The page with settings.
///
/// ```
/// use coroutine_http::{Application, inspect::Inspector};
///
/// // In a container, say, whose port only its operators reach.
/// let inspector = Inspector::new().allow_remote(true);
/// let application = Application::new().nest("/debug", inspector.application());
/// # drop(application);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inspector {
    guard: guard::Guard,
}

impl Inspector {
    /// The page as it is unless it is set otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether anybody may look who reaches the application. If so, see to it that only those reach it who should: nobody is asked for a password.
    #[must_use]
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.guard.allows_remote = allow;
        self
    }

    /// The page as an application, as [`application`] gives it.
    #[must_use]
    pub fn application(self) -> Application {
        answers::application(self.guard)
    }
}
