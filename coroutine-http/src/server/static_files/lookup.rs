//! Which file a path names. All of this blocks.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use http::StatusCode;

use super::Root;

/// A file that may be served.
pub(super) struct Found {
    pub(super) file: File,
    /// Without symbolic links.
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
    /// Differs whenever the file has been written to: what the file system knows of it.
    pub(super) stamp: String,
}

/// Why there is none.
pub(super) enum Refusal {
    Status(StatusCode),
    /// It is a directory, whose path is to end with a slash.
    Slash,
    Broken(io::Error),
}

const NOT_FOUND: Refusal = Refusal::Status(StatusCode::NOT_FOUND);
const FORBIDDEN: Refusal = Refusal::Status(StatusCode::FORBIDDEN);

impl Root {
    pub(super) fn find(&self, path: &str) -> Result<Found, Refusal> {
        let root = fs::canonicalize(self.directory())?;
        let mut real = fs::canonicalize(root.join(self.relative(path)?))?;
        let mut is_directory = real.metadata()?.is_dir();
        if is_directory && real.starts_with(&root) {
            let name = self.default_filename.as_deref().ok_or(FORBIDDEN)?;
            if !path.is_empty() && !path.ends_with('/') {
                return Err(Refusal::Slash);
            }
            real = fs::canonicalize(real.join(name))?;
            is_directory = false;
        } else if path.ends_with('/') {
            return Err(NOT_FOUND);
        }
        match is_directory || !real.starts_with(&root) {
            true => Err(FORBIDDEN),
            false => Found::open(real),
        }
    }

    /// The path, if it stays below the directory as it is written.
    fn relative<'a>(&self, path: &'a str) -> Result<&'a Path, Refusal> {
        let path = path.strip_suffix('/').unwrap_or(path);
        for name in path.split('/').filter(|_| !path.is_empty()) {
            match name {
                ".." => return Err(FORBIDDEN),
                "" | "." => return Err(NOT_FOUND),
                _ if name.contains('\0') => return Err(NOT_FOUND),
                _ if name.starts_with('.') && !self.hidden => return Err(NOT_FOUND),
                _ => {}
            }
        }
        Ok(Path::new(path))
    }
}

impl Found {
    fn open(path: PathBuf) -> Result<Self, Refusal> {
        // A pipe would wait for a writer while it is opened.
        if !path.metadata()?.is_file() {
            return Err(FORBIDDEN);
        }
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            path,
            length: metadata.len(),
            modified: metadata.modified().ok(),
            stamp: stamp(&metadata),
        })
    }
}

fn stamp(metadata: &Metadata) -> String {
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    format!(
        "{:x}-{:x}-{seconds:x}.{nanoseconds:x}",
        metadata.ino(),
        metadata.len()
    )
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => FORBIDDEN,
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput => NOT_FOUND,
            // A ring of links, for which there is no stable name.
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => NOT_FOUND,
            _ => Self::Broken(error),
        }
    }
}
