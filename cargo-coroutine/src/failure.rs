//! Why the command ends without what was asked for.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// A message, and the status that the process ends with.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The command line is wrong, or names what is not there.
    Usage,
    /// Cargo, rustc or the file system.
    Build,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            message: message.into(),
        }
    }

    pub(crate) fn build(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Build,
            message: message.into(),
        }
    }

    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        Self::build(format!("{what}: {error}"))
    }

    pub(crate) fn code(&self) -> ExitCode {
        match self.kind {
            Kind::Usage => ExitCode::from(2),
            Kind::Build => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
