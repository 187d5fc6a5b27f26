//! Listening at a path.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use coroutine_core::net::UnixListener;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// Listens at a path, which a socket of the Unix domain gets, with the permissions `mode`: `0o600` for one that only this user may connect to. Tornado's
/// `bind_unix_socket`.
///
/// A socket that is there already, such as one that an earlier run has left, is removed. The file stays when the listener is closed.
///
/// # Errors
///
/// Fails when there is a file that is no socket, or the socket cannot be made or changed; the error names the path.
///
/// ```
/// use coroutine_http::{Application, RequestHandler, bind_unix_socket};
///
/// let path = std::env::temp_dir().join(format!("coroutine-{}.sock", std::process::id()));
/// let listener = bind_unix_socket(&path, 0o600)?;
/// let server = Application::new()
///     .get("/", |mut handler: RequestHandler| handler.write("Hello"))
///     .serve_unix(listener)?;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn bind_unix_socket(path: impl AsRef<Path>, mode: u32) -> io::Result<UnixListener> {
    let path = path.as_ref();
    let named = |error: io::Error| {
        let path = path.display();
        io::Error::new(error.kind(), format!("cannot listen at {path}: {error}"))
    };
    remove_stale(path).map_err(named)?;
    let listener = listen(path, mode).map_err(named)?;
    UnixListener::from_std(listener)
}

/// Nobody can connect before the permissions are set.
fn listen(path: &Path, mode: u32) -> io::Result<std::os::unix::net::UnixListener> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    net::bind(&socket, &address)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// How many connections wait to be accepted at the most, as far as the system allows.
const BACKLOG: i32 = 1024;

fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(file) if file.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
