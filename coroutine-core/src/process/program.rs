//! The program that this process runs, to be run by its workers as well.

use std::fs;
use std::io;
use std::os::unix::process::parent_id;
use std::path::PathBuf;

/// What a worker executes. On Linux it is this very program, also when its file was replaced or deleted meanwhile: workers of two versions would not go together.
pub(super) fn program() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}

/// Gives this worker the name that its parent has. The system has named it after what was executed, and so by no name that `ps` or `pgrep` could tell it by.
pub(super) fn take_name() {
    if cfg!(target_os = "linux") {
        let name = fs::read(format!("/proc/{}/comm", parent_id()));
        // It is for people alone, who do without where it is not allowed.
        let _ = name.and_then(|name| fs::write("/proc/self/comm", name.trim_ascii_end()));
    }
}
