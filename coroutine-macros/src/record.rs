//! Writes what the macros have made of the source where `cargo coroutine` asks for it: a file for each coroutine.

use std::env;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use proc_macro2::{Span, TokenStream};

use crate::model::{Position, Site};

/// The variable that names the folder.
const FOLDER: &str = "COROUTINE_ARTIFACTS";

/// How many records this process has begun.
static RECORDS: AtomicUsize = AtomicUsize::new(0);

/// What is wanted beside the code.
#[derive(Default)]
pub(crate) struct Wanted {
    /// The code is to have the flow in it.
    pub(crate) embeds_flow: bool,
    /// Where records go to.
    pub(crate) folder: Option<PathBuf>,
}

impl Wanted {
    pub(crate) fn by_environment() -> Self {
        Self {
            embeds_flow: cfg!(feature = "flow"),
            folder: env::var_os(FOLDER)
                .filter(|folder| !folder.is_empty())
                .map(PathBuf::from),
        }
    }

    /// Whether anybody wants the flow.
    pub(crate) fn wants_flow(&self) -> bool {
        self.embeds_flow || self.folder.is_some()
    }

    /// Writes a record, if records are wanted.
    ///
    /// A build does not fail because a record of it cannot be written; `cargo coroutine` makes the folder, and says if it cannot.
    pub(crate) fn record(&self, record: &Record<'_>) {
        if let Some(folder) = &self.folder {
            let crate_name = env::var("CARGO_CRATE_NAME").unwrap_or_default();
            let number = RECORDS.fetch_add(1, Ordering::Relaxed);
            let name = format!("{crate_name}-{}-{number:05}.json", process::id());
            let _unwritable = fs::write(folder.join(name), record.to_string());
        }
    }
}

/// What is told of a coroutine.
pub(crate) struct Record<'a> {
    /// The macro, as its users write it.
    pub(crate) spelling: &'static str,
    /// The function's own name.
    pub(crate) ident: Option<String>,
    /// The name in reports.
    pub(crate) name: &'a str,
    /// Where the name stands.
    pub(crate) at: Span,
    /// The first and the last token.
    pub(crate) ends: (Span, Span),
    pub(crate) sites: &'a [Site],
    pub(crate) flow: &'a str,
    pub(crate) expansion: &'a TokenStream,
    /// Whether it has errors, so that the expansion is a stand-in.
    pub(crate) is_broken: bool,
}

impl fmt::Display for Record<'_> {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.at.into();
        let file = self.at.local_file();
        let file = file.map_or_else(|| self.at.file(), |file| file.to_string_lossy().into());
        writeln!(f, "{{\"macro\":{},", Text(self.spelling))?;
        if let Some(ident) = &self.ident {
            writeln!(f, "\"ident\":{},", Text(ident))?;
        }
        writeln!(f, "\"name\":{},", Text(self.name))?;
        writeln!(
            f,
            "\"file\":{},\"line\":{line},\"column\":{column},",
            Text(&file)
        )?;
        let (first, last) = self.lines(line);
        writeln!(f, "\"first_line\":{first},\"last_line\":{last},")?;
        writeln!(f, "\"broken\":{},", self.is_broken)?;
        f.write_str("\"sites\":[")?;
        for (index, Site { at, operand }) in self.sites.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let Position { line, column } = at;
            let operand = Text(operand);
            write!(
                f,
                "{separator}\n{{\"line\":{line},\"column\":{column},\"operand\":{operand}}}"
            )?;
        }
        writeln!(f, "],\n\"flow\":{},", Text(self.flow))?;
        writeln!(f, "\"expansion\":{}}}", Text(&self.expansion.to_string()))
    }
}

impl Record<'_> {
    /// The lines from the first token to the last, around that of the name. What a macro has made may have tokens from all over the place.
    fn lines(&self, line: usize) -> (usize, usize) {
        let is_here = |span: &Span| span.file() == self.at.file();
        let (first, last) = self.ends;
        let first = Some(first).filter(is_here).map(|first| first.start().line);
        let last = Some(last).filter(is_here).map(|last| last.end().line);
        (
            first.map_or(line, |first| first.min(line)),
            last.map_or(line, |last| last.max(line)),
        )
    }
}

/// A string of JSON.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                char if char < ' ' => write!(f, "\\u{:04x}", u32::from(char))?,
                char => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}
