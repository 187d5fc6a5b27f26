//! Crates to try the command on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A crate in a folder of its own. All of them have one target folder, so that what they depend on is compiled once.
pub(crate) struct Fixture {
    folder: PathBuf,
    target: PathBuf,
}

fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Fixture {
    /// A folder with nothing but the versions that the workspace has, so that no registry is asked.
    pub(crate) fn empty(name: &str) -> Self {
        let folder = scratch().join(name);
        let _none = fs::remove_dir_all(&folder);
        let fixture = Self {
            folder,
            target: scratch().join("fixtures"),
        };
        let lock = fs::read_to_string(workspace().join("Cargo.lock"))
            .expect("the workspace has a lock file");
        fixture.write("Cargo.lock", &lock);
        fixture
    }

    /// A crate with this `src/lib.rs`.
    pub(crate) fn new(name: &str, lib: &str) -> Self {
        let fixture = Self::empty(name);
        fixture.write("Cargo.toml", &format!("{}\n[workspace]\n", manifest(name)));
        fixture.write("src/lib.rs", lib);
        fixture
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder"))
            .expect("the folder can be made");
        fs::write(path, content).expect("the file can be written");
    }

    pub(crate) fn with_target(mut self, target: PathBuf) -> Self {
        self.target = target;
        self
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn command(&self, program: &str, arguments: &[&str], folder: &str) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.join(folder));
        command
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true");
        command
            .env_remove("CARGO_BUILD_TARGET")
            .output()
            .expect("it starts")
    }

    pub(crate) fn run_in(&self, folder: &str, arguments: &[&str]) -> Outcome {
        let arguments = [&["coroutine"], arguments].concat();
        Outcome(self.command(env!("CARGO_BIN_EXE_cargo-coroutine"), &arguments, folder))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_in("", arguments)
    }

    /// What the command prints; it must do so without an error.
    #[track_caller]
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code(), 0, "{}", outcome.errors());
        outcome.text()
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("it prints JSON")
    }

    /// The paths of all coroutines.
    #[track_caller]
    pub(crate) fn paths(&self, arguments: &[&str]) -> Vec<String> {
        let json = self.json(&[&["sites"], arguments].concat());
        let list = json.as_array().expect("it prints a list");
        let path = |coroutine: &Value| coroutine["path"].as_str().map(str::to_owned);
        list.iter().filter_map(path).collect()
    }

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Outcome {
        Outcome(self.command(env!("CARGO"), arguments, ""))
    }
}

pub(crate) fn manifest(name: &str) -> String {
    let core = workspace().join("coroutine-core");
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [features]\nextra = []\n\
         [dependencies]\ncoroutine-core = {{ path = {:?} }}\n",
        core.display().to_string()
    )
}

pub(crate) struct Outcome(Output);

impl Outcome {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it ends by itself")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// The command ends with this status, and says this.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, message: &str) {
        let errors = self.errors();
        assert_eq!(self.code(), code, "{errors}");
        assert!(errors.contains(message), "{message} is not in {errors}");
    }
}
