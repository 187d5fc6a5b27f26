//! Has cargo check the user's crate, and collects what the macros have written meanwhile.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::arguments::{CargoOptions, Request};
use crate::artifact::{self, Coroutine};
use crate::failure::Failure;
use crate::units::Units;
use crate::wrapper;

pub(crate) struct Build {
    /// In the order of the source.
    pub(crate) coroutines: Vec<Coroutine>,
    /// Whether everything compiles.
    pub(crate) is_ok: bool,
}

/// Checks what the request names.
///
/// Cargo knows what is fresh, and a fresh unit's records are there from when it was compiled. Should they be gone, all units are compiled again.
pub(crate) fn check(request: &Request) -> Result<Build, Failure> {
    let workspace = Workspace::find(&request.cargo)?;
    let target_dir = match &request.cargo.target_dir {
        Some(target_dir) => target_dir.clone(),
        None => workspace.target_dir.clone(),
    };
    let target_dir = std::path::absolute(target_dir)
        .map_err(|error| Failure::io("cannot find the target folder", &error))?;
    let units = Units::open(&target_dir)?;
    let mut run = run(request, &workspace, &units, &units.generation()?)?;
    if run.units.iter().any(|unit| !units.has(unit)) {
        run = self::run(request, &workspace, &units, &units.next_generation()?)?;
    }
    let members = workspace.chosen(&request.cargo);
    let mut read = BTreeMap::new();
    for unit in &run.units {
        artifact::read(&units.folder_of(unit), &members, &mut read)?;
    }
    Ok(Build {
        coroutines: read.into_values().collect(),
        is_ok: run.is_ok,
    })
}

/// What cargo tells of the workspace.
struct Workspace {
    target_dir: PathBuf,
    root: PathBuf,
    members: Vec<Member>,
}

struct Member {
    name: String,
    manifest: PathBuf,
    is_default: bool,
}

impl Workspace {
    fn find(options: &CargoOptions) -> Result<Self, Failure> {
        let mut command = cargo("metadata");
        command.args(["--no-deps", "--format-version=1"]);
        if let Some(manifest) = &options.manifest {
            command.arg("--manifest-path").arg(manifest);
        }
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(no_cargo)?;
        if !output.status.success() {
            return Err(Failure::build("cargo cannot read the package (see above)"));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::build(format!("cargo metadata is no JSON: {error}")))?;
        Ok(Self::of(&metadata))
    }

    fn of(metadata: &Value) -> Self {
        let path = |value: &Value| PathBuf::from(value.as_str().unwrap_or_default());
        let defaults = list(&metadata["workspace_default_members"]);
        let member = |package: &Value| Member {
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            manifest: path(&package["manifest_path"]),
            is_default: defaults.contains(&package["id"]),
        };
        Self {
            target_dir: path(&metadata["target_directory"]),
            root: path(&metadata["workspace_root"]),
            members: list(&metadata["packages"]).iter().map(member).collect(),
        }
    }

    /// The folders of the packages that the options name, as cargo reads them.
    fn chosen(&self, options: &CargoOptions) -> Vec<PathBuf> {
        let here = self.package_here(options);
        let is_chosen = |member: &&Member| {
            let names = |specs: &[String]| specs.iter().any(|spec| is_named(member, spec));
            if names(&options.excluded) {
                false
            } else if options.is_workspace {
                true
            } else if options.packages.is_empty() {
                match &here {
                    Some(manifest) => *manifest == member.manifest,
                    None => member.is_default,
                }
            } else {
                names(&options.packages)
            }
        };
        let chosen = self.members.iter().filter(is_chosen);
        chosen
            .filter_map(|member| member.manifest.parent().map(Path::to_owned))
            .collect()
    }

    /// The manifest of the package that the working folder belongs to, unless that is the workspace's root.
    fn package_here(&self, options: &CargoOptions) -> Option<PathBuf> {
        let start = match &options.manifest {
            Some(manifest) => std::path::absolute(manifest).ok()?.parent()?.to_owned(),
            None => env::current_dir().ok()?,
        };
        let start = start.canonicalize().unwrap_or(start);
        let root = self.root.canonicalize().ok()?;
        let folders = start.ancestors().take_while(|folder| **folder != root);
        let mut manifests = folders.map(|folder| folder.join("Cargo.toml"));
        manifests.find_map(|manifest| {
            let same =
                |member: &&Member| member.manifest.canonicalize().ok().as_ref() == Some(&manifest);
            self.members
                .iter()
                .find(same)
                .map(|member| member.manifest.clone())
        })
    }
}

/// Whether a package is meant by a name, `name@version`, a path with `#name`, or a pattern.
fn is_named(member: &Member, spec: &str) -> bool {
    let name = spec.rsplit('#').next().unwrap_or(spec);
    let name = name.split('@').next().unwrap_or(name);
    match name.split_once('*') {
        Some((start, end)) => member.name.starts_with(start) && member.name.ends_with(end),
        None => member.name == name || spec.rsplit('/').next() == Some(&member.name),
    }
}

struct Run {
    /// The units of the workspace that have a part in what was built.
    units: Vec<String>,
    is_ok: bool,
}

/// Wrappers are not asked: one that keeps results of rustc would keep the macros from running.
fn run(
    request: &Request,
    workspace: &Workspace,
    units: &Units,
    generation: &str,
) -> Result<Run, Failure> {
    let this =
        env::current_exe().map_err(|error| Failure::io("cannot find this program", &error))?;
    let mut command = cargo("check");
    command
        .arg("--message-format=json-render-diagnostics")
        .args(&request.cargo.all)
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", this)
        .env(wrapper::UNITS, units.folder())
        .env(wrapper::STARTED, units.started())
        .env(wrapper::GENERATION, generation);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(no_cargo)?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut names: Vec<_> = messages
        .flat_map(|message: Value| unit_names(&message, workspace))
        .chain(units.take_started())
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(Run {
        units: names,
        is_ok: output.status.success(),
    })
}

/// `app-0123` of `libapp-0123.rmeta`, which is a unit of the workspace's.
fn unit_names(message: &Value, workspace: &Workspace) -> Vec<String> {
    let manifest = message["manifest_path"].as_str().map(Path::new);
    let is_member = workspace
        .members
        .iter()
        .any(|member| Some(member.manifest.as_path()) == manifest);
    if message["reason"] != "compiler-artifact" || !is_member {
        return Vec::new();
    }
    let files = list(&message["filenames"]).iter().filter_map(Value::as_str);
    let metadata = files
        .map(Path::new)
        .filter(|file| file.extension().is_some_and(|end| end == "rmeta"));
    let stems = metadata.filter_map(|file| file.file_stem()?.to_str());
    stems
        .map(|stem| stem.strip_prefix("lib").unwrap_or(stem).to_owned())
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The cargo that has called this command, or the one that is found.
fn cargo(command: &str) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(cargo);
    cargo.arg(command);
    cargo
}

#[allow(clippy::needless_pass_by_value)]
fn no_cargo(error: std::io::Error) -> Failure {
    Failure::io("cannot start cargo", &error)
}
