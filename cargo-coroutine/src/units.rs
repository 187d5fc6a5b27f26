//! The folders of records: one for each unit, which is a crate as cargo compiles it once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::failure::Failure;
use crate::wrapper::ABOUT;

/// Where the records of a target folder are.
pub(crate) struct Units {
    folder: PathBuf,
}

impl Units {
    /// Makes the folder, in which it must be possible to write.
    pub(crate) fn open(target_dir: &Path) -> Result<Self, Failure> {
        let folder = target_dir.join("coroutine");
        let cannot = |error: &io::Error| {
            let what = format!("cannot keep records in {}", folder.display());
            let hint = "make it writable, or name another folder with --target-dir";
            Failure::build(format!("{what}: {error}\nhelp: {hint}"))
        };
        fs::create_dir_all(&folder).map_err(|error| cannot(&error))?;
        let units = Self {
            folder: folder.clone(),
        };
        fs::write(units.started(), "").map_err(|error| cannot(&error))?;
        Ok(units)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn folder_of(&self, unit: &str) -> PathBuf {
        self.folder.join(unit)
    }

    /// The file that lists the units which rustc was started for.
    pub(crate) fn started(&self) -> PathBuf {
        self.folder.join(format!("started.{}", std::process::id()))
    }

    /// Those that rustc was started for, some of them in vain.
    pub(crate) fn take_started(&self) -> Vec<String> {
        let path = self.started();
        let text = fs::read_to_string(&path).unwrap_or_default();
        // It is this process's own, and of no use any more; if it stays, it does no harm.
        let _left = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    pub(crate) fn has(&self, unit: &str) -> bool {
        self.folder_of(unit).join(ABOUT).exists()
    }

    /// The word which all records of this folder depend on. A folder that was removed has another one when it is made again.
    pub(crate) fn generation(&self) -> Result<String, Failure> {
        match fs::read_to_string(self.folder.join("generation")) {
            Ok(generation) if !generation.is_empty() => Ok(generation),
            _ => self.next_generation(),
        }
    }

    /// Has all records written anew.
    pub(crate) fn next_generation(&self) -> Result<String, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let generation = now.unwrap_or_default().as_nanos().to_string();
        let path = self.folder.join("generation");
        fs::write(&path, &generation)
            .map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?;
        Ok(generation)
    }
}
