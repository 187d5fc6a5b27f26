//! Chooses among coroutines by name, file or line.

use std::fmt::Write as _;
use std::path::Path;

use crate::artifact::Coroutine;
use crate::failure::Failure;
use crate::similar::is_similar;

/// No message lists more.
const MOST_LISTED: usize = 20;

/// What a PATH names.
enum Wanted<'a> {
    File(&'a Path),
    Line(&'a Path, u32),
    /// The end of a path.
    Name(Vec<&'a str>),
}

impl<'a> Wanted<'a> {
    fn of(path: &'a str) -> Self {
        if let Some((file, line)) = path.rsplit_once(':')
            && !file.ends_with(':')
            && let Ok(line) = line.parse()
        {
            return Self::Line(Path::new(file), line);
        }
        let as_file = Path::new(path);
        if path.contains(['/', '\\']) || as_file.extension().is_some_and(|end| end == "rs") {
            return Self::File(as_file);
        }
        let mut names: Vec<_> = path.split("::").collect();
        if names.first() == Some(&"crate") {
            names.remove(0);
        }
        Self::Name(names)
    }

    fn is(&self, coroutine: &Coroutine) -> bool {
        match self {
            Self::File(file) => is_file(coroutine, file),
            Self::Line(file, line) => {
                let (first, last) = coroutine.lines;
                is_file(coroutine, file) && (first..=last).contains(line)
            }
            Self::Name(names) => is_named(coroutine, names),
        }
    }
}

fn is_file(coroutine: &Coroutine, file: &Path) -> bool {
    match file.canonicalize() {
        Ok(file) => coroutine
            .file
            .canonicalize()
            .is_ok_and(|other| other == file),
        Err(_) => coroutine.file.ends_with(file),
    }
}

/// The crate's name may stand in front.
fn is_named(coroutine: &Coroutine, names: &[&str]) -> bool {
    let whole = [coroutine.crate_name.as_str()]
        .into_iter()
        .chain(coroutine.path.iter().map(String::as_str));
    let whole: Vec<_> = whole.collect();
    whole.ends_with(names) || *names == [coroutine.name.as_str()]
}

/// Those that a path names: any number by a file, and one by a name or a line. A macro may have made several of one name.
pub(crate) fn choose(
    coroutines: Vec<Coroutine>,
    path: Option<&str>,
) -> Result<Vec<Coroutine>, Failure> {
    if coroutines.is_empty() {
        return Err(Failure::usage(
            "there are no coroutines in what was checked\n\
             help: --all-targets has tests and examples as well, --workspace the other packages, --features what is off",
        ));
    }
    let Some(path) = path else {
        return Ok(coroutines);
    };
    let wanted = Wanted::of(path);
    let (mut chosen, others): (Vec<_>, Vec<_>) = coroutines
        .into_iter()
        .partition(|coroutine| wanted.is(coroutine));
    if chosen.is_empty() {
        return Err(nothing(path, &wanted, &others));
    }
    match wanted {
        Wanted::File(_) => {}
        Wanted::Line(..) => keep_innermost(&mut chosen),
        Wanted::Name(_) => only_one(path, &chosen)?,
    }
    Ok(chosen)
}

fn keep_innermost(chosen: &mut Vec<Coroutine>) {
    let length = |coroutine: &Coroutine| coroutine.lines.1.saturating_sub(coroutine.lines.0);
    if let Some(least) = chosen.iter().map(length).min() {
        chosen.retain(|coroutine| length(coroutine) == least);
    }
}

fn only_one(path: &str, chosen: &[Coroutine]) -> Result<(), Failure> {
    let mut places: Vec<_> = chosen.iter().map(Coroutine::place).collect();
    places.dedup();
    if places.len() == 1 {
        return Ok(());
    }
    let list = list(chosen.iter());
    Err(Failure::usage(format!(
        "`{path}` names several coroutines:\n{list}help: write more of the path, or the file and the line"
    )))
}

fn nothing(path: &str, wanted: &Wanted<'_>, others: &[Coroutine]) -> Failure {
    let last = |text: &str| {
        text.rsplit(['/', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let is_near = |coroutine: &&Coroutine| match wanted {
        Wanted::File(file) | Wanted::Line(file, _) => is_file(coroutine, file),
        Wanted::Name(_) => {
            let own = coroutine
                .path
                .last()
                .map(String::as_str)
                .unwrap_or_default();
            is_similar(own, &last(path)) || is_similar(&coroutine.name, &last(path))
        }
    };
    let near: Vec<_> = others.iter().filter(is_near).collect();
    let (intro, list) = if near.is_empty() {
        ("there are", list(others.iter()))
    } else {
        ("did you mean", list(near.into_iter()))
    };
    Failure::usage(format!("there is no coroutine `{path}`; {intro}:\n{list}"))
}

/// A line each: `  web::fetch  src/web.rs:4:8`
fn list<'a>(coroutines: impl ExactSizeIterator<Item = &'a Coroutine>) -> String {
    let more = coroutines.len().saturating_sub(MOST_LISTED);
    let rows: Vec<_> = coroutines
        .take(MOST_LISTED)
        .map(|coroutine| (coroutine.display_path(), coroutine.place()))
        .collect();
    let width = rows
        .iter()
        .map(|row| row.0.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (path, place) in rows {
        let _ = writeln!(text, "  {path:width$}  {place}");
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}
