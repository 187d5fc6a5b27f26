//! What the macros have written: a coroutine each.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::locate::Sources;
use crate::wrapper::ABOUT;

/// A coroutine, and what its macro made of it.
pub(crate) struct Coroutine {
    /// Modules, types and functions around it, and its own name.
    pub(crate) path: Vec<String>,
    /// The name in reports.
    pub(crate) name: String,
    pub(crate) crate_name: String,
    /// The macro, as its users write it.
    pub(crate) spelling: String,
    pub(crate) file: PathBuf,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// The lines that it takes.
    pub(crate) lines: (u32, u32),
    /// Whether it has errors, so that the expansion is a stand-in.
    pub(crate) is_broken: bool,
    pub(crate) sites: Vec<Site>,
    pub(crate) flow: String,
    pub(crate) expansion: String,
}

pub(crate) struct Site {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) operand: String,
}

/// In which order coroutines are shown, and which of two units are one: the place, the expansion, and the number among those of its unit that are alike so far,
/// as a macro makes them.
pub(crate) type Key = (PathBuf, u32, u32, String, usize);

impl Coroutine {
    /// `web::Client::fetch`
    pub(crate) fn display_path(&self) -> String {
        self.path.join("::")
    }

    /// `src/web.rs:4:8`
    pub(crate) fn place(&self) -> String {
        format!("{}:{}:{}", self.shown_file(), self.line, self.column)
    }

    /// The file, from the working folder if it is in there.
    pub(crate) fn shown_file(&self) -> String {
        let here = env::current_dir().unwrap_or_default();
        let file = self.file.strip_prefix(&here).unwrap_or(&self.file);
        file.display().to_string()
    }

    /// What editors need in each case.
    pub(crate) fn to_json(&self) -> Value {
        let site = |(number, site): (usize, &Site)| json!({"number": number, "line": site.line, "column": site.column, "operand": site.operand});
        let sites: Vec<_> = self.sites.iter().enumerate().map(site).collect();
        json!({
            "path": self.display_path(),
            "name": self.name,
            "crate": self.crate_name,
            "macro": self.spelling,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "first_line": self.lines.0,
            "last_line": self.lines.1,
            "broken": self.is_broken,
            "sites": sites,
        })
    }
}

/// Reads the records of a unit, if its package is one of those in `members`.
pub(crate) fn read(
    folder: &Path,
    members: &[PathBuf],
    coroutines: &mut BTreeMap<Key, Coroutine>,
) -> Result<(), Failure> {
    let about = json_file(&folder.join(ABOUT))?;
    let manifest_dir = Path::new(text(&about, "manifest_dir"));
    if !members.iter().any(|member| member == manifest_dir) {
        return Ok(());
    }
    let mut sources = Sources::of(&about);
    let mut alike = BTreeMap::new();
    for path in records(folder)? {
        let record = json_file(&path)?;
        let coroutine = coroutine(&record, &about, &mut sources);
        let place = (
            coroutine.file.clone(),
            coroutine.line,
            coroutine.column,
            coroutine.expansion.clone(),
        );
        let number = alike.entry(place.clone()).or_insert(0);
        let (file, line, column, expansion) = place;
        coroutines
            .entry((file, line, column, expansion, *number))
            .or_insert(coroutine);
        *number += 1;
    }
    Ok(())
}

fn records(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error| Failure::io(&format!("cannot read {}", folder.display()), &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|end| end == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn json_file(path: &Path) -> Result<Value, Failure> {
    let content = fs::read(path)
        .map_err(|error| Failure::io(&format!("cannot read {}", path.display()), &error))?;
    serde_json::from_slice(&content).map_err(|error| {
        let hint = "is the disk full? Remove the folder, and try again";
        Failure::build(format!(
            "{} is not whole: {error}\nhelp: {hint}",
            path.display()
        ))
    })
}

fn coroutine(record: &Value, about: &Value, sources: &mut Sources) -> Coroutine {
    let (line, column) = (number(record, "line"), number(record, "column"));
    let file = sources.file(text(record, "file"));
    let ident = record["ident"].as_str();
    let own = ident.map_or_else(|| format!("{{{}}}", text(record, "name")), str::to_owned);
    let mut path = sources.path(&file, line, column);
    path.push(own);
    let site = |site: &Value| Site {
        line: number(site, "line"),
        column: number(site, "column"),
        operand: text(site, "operand").to_owned(),
    };
    let sites = record["sites"].as_array().into_iter().flatten();
    Coroutine {
        path,
        name: text(record, "name").to_owned(),
        crate_name: text(about, "crate").to_owned(),
        spelling: text(record, "macro").to_owned(),
        file,
        line,
        column,
        lines: (number(record, "first_line"), number(record, "last_line")),
        is_broken: record["broken"] == true,
        sites: sites.map(site).collect(),
        flow: text(record, "flow").to_owned(),
        expansion: text(record, "expansion").to_owned(),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn number(value: &Value, key: &str) -> u32 {
    let number = value[key].as_u64().unwrap_or_default();
    u32::try_from(number).unwrap_or(u32::MAX)
}
