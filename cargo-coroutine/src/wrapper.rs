//! In rustc's place: gives each crate of the workspace a folder for its records, and starts rustc.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode};

use serde_json::json;

/// Names the folder of all units; where it is set, this process stands for rustc.
pub(crate) const UNITS: &str = "COROUTINE_UNITS";
/// Names the file in which the units are listed that rustc was started for.
pub(crate) const STARTED: &str = "COROUTINE_STARTED";
/// Changes when records have to be written anew.
pub(crate) const GENERATION: &str = "COROUTINE_GENERATION";
/// Names the folder for the macros.
const ARTIFACTS: &str = "COROUTINE_ARTIFACTS";
/// In a unit's folder, what is known of the unit. It is written last, so a folder with it is whole.
pub(crate) const ABOUT: &str = "unit";

/// Does what cargo wants of rustc.
pub(crate) fn run(units: &Path) -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(rustc) = arguments.next() else {
        eprintln!("error: this is to be called by cargo, in rustc's place");
        return ExitCode::FAILURE;
    };
    let arguments: Vec<_> = arguments.collect();
    let result = match Unit::of(&arguments) {
        Some(unit) => unit.compile(units, &rustc, &arguments),
        None => start(Command::new(&rustc).args(&arguments)),
    };
    result.unwrap_or_else(|error| {
        eprintln!(
            "error: cargo coroutine cannot keep records in {}: {error}",
            units.display()
        );
        ExitCode::FAILURE
    })
}

fn start(command: &mut Command) -> io::Result<ExitCode> {
    let status = command.status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What rustc is to compile.
struct Unit {
    /// The name of the crate, and what tells it from others of that name: together, the name of its files.
    name: String,
    out_dir: PathBuf,
    /// The file that the crate begins with.
    root: PathBuf,
}

impl Unit {
    /// Nothing, where rustc is only asked about itself.
    fn of(arguments: &[OsString]) -> Option<Self> {
        let behind = |option: &str| {
            let at = arguments.iter().position(|argument| argument == option)?;
            arguments.get(at + 1)
        };
        let extra = arguments
            .iter()
            .find_map(|argument| argument.to_str()?.strip_prefix("extra-filename="))?;
        let name = behind("--crate-name")?.to_str()?;
        let root = arguments
            .iter()
            .find(|argument| Path::new(argument).extension() == Some(OsStr::new("rs")))?;
        Some(Self {
            name: format!("{name}{extra}"),
            out_dir: PathBuf::from(behind("--out-dir")?),
            root: PathBuf::from(root),
        })
    }

    /// The folder appears, in place of the one before, when it is whole.
    fn compile(&self, units: &Path, rustc: &OsStr, arguments: &[OsString]) -> io::Result<ExitCode> {
        let folder = units.join(&self.name);
        let new = units.join(format!("{}.{}", self.name, process::id()));
        fs::create_dir_all(&new)?;
        let mut command = Command::new(rustc);
        let code = start(
            command
                .args(arguments)
                .env(ARTIFACTS, &new)
                .env_remove(UNITS),
        )?;
        fs::write(new.join(ABOUT), self.about()?)?;
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::rename(&new, &folder)?,
        }
        self.list()?;
        self.depend()?;
        Ok(code)
    }

    fn about(&self) -> io::Result<String> {
        let about = json!({
            "manifest_dir": env::var("CARGO_MANIFEST_DIR").unwrap_or_default(),
            "package": env::var("CARGO_PKG_NAME").unwrap_or_default(),
            "crate": env::var("CARGO_CRATE_NAME").unwrap_or_default(),
            "root": self.root,
            "working_dir": env::current_dir()?,
        });
        Ok(about.to_string())
    }

    fn list(&self) -> io::Result<()> {
        let Some(path) = env::var_os(STARTED) else {
            return Ok(());
        };
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(format!("{}\n", self.name).as_bytes())
    }

    /// Adds the generation to what the crate depends on, as if it had asked for the variable by `env!`: cargo compiles the crate again when it changes.
    fn depend(&self) -> io::Result<()> {
        let path = self.out_dir.join(format!("{}.d", self.name));
        let generation = env::var(GENERATION).unwrap_or_default();
        match OpenOptions::new().append(true).open(path) {
            Ok(mut file) => {
                file.write_all(format!("\n# env-dep:{GENERATION}={generation}\n").as_bytes())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
