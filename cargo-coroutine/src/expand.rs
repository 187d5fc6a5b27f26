//! `cargo coroutine expand`

use std::fmt::Write as _;

use serde_json::Value;
use syn::File;

use crate::artifact::Coroutine;
use crate::failure::Failure;

/// `$crate`, which is no Rust outside of a macro's definition.
const CRATE: (&str, &str) = ("$crate", "__dollar_crate");

/// The expansions, formatted, each below its table of yield points.
pub(crate) fn show(coroutines: &[Coroutine], as_json: bool) -> Result<String, Failure> {
    if as_json {
        let with_expansion = |coroutine: &Coroutine| {
            let mut json = coroutine.to_json();
            json["expansion"] = Value::from(formatted(&coroutine.expansion));
            json
        };
        let list: Vec<_> = coroutines.iter().map(with_expansion).collect();
        return Ok(format!("{:#}\n", Value::from(list)));
    }
    let texts: Vec<_> = coroutines.iter().map(expansion).collect();
    Ok(texts.join("\n"))
}

fn expansion(coroutine: &Coroutine) -> String {
    let mut text = format!(
        "// {} {}, {}\n",
        coroutine.spelling,
        coroutine.display_path(),
        coroutine.place()
    );
    if coroutine.is_broken {
        text.push_str("// It has errors: this stands in for it.\n");
    }
    let numbers = coroutine.sites.len().to_string().len();
    for (number, site) in coroutine.sites.iter().enumerate() {
        let place = format!("{}:{}", site.line, site.column);
        let _ = writeln!(text, "// {number:>numbers$}  {place:<7}  {}", site.operand);
    }
    text + &numbered(&formatted(&coroutine.expansion), coroutine)
}

/// Rust, formatted: an item of a module or of an `impl`, or an expression. What cannot be read stays as it is.
fn formatted(expansion: &str) -> String {
    let source = expansion.replace(CRATE.0, CRATE.1);
    let text = as_items(&source)
        .or_else(|| wrapped(&source, "impl Around {\n", "}\n"))
        .or_else(|| wrapped(&source, "trait Around {\n", "}\n"))
        .or_else(|| wrapped(&source, "fn around() {\n", "}\n"))
        .unwrap_or_else(|| format!("{source}\n"));
    text.replace(CRATE.1, CRATE.0)
}

fn as_items(source: &str) -> Option<String> {
    let file: File = syn::parse_str(source).ok()?;
    Some(prettyplease::unparse(&file))
}

/// Formats something inside of something else, and takes that away again.
fn wrapped(source: &str, before: &str, behind: &str) -> Option<String> {
    let text = as_items(&format!("{before}{source}\n{behind}"))?;
    let inner = text.strip_prefix(before)?.strip_suffix(behind)?;
    let lines = inner
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line));
    Some(lines.map(|line| format!("{line}\n")).collect())
}

/// Puts a comment behind the number of each yield point: `At::<0>` or `.at::<0>`, over several lines perhaps.
fn numbered(text: &str, coroutine: &Coroutine) -> String {
    let mut numbers = numbers(text);
    numbers.sort_unstable();
    let mut output = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        output.push_str(line.trim_end_matches('\n'));
        let mut separator = " // ";
        for (place, number) in &numbers {
            if let Some(site) = coroutine.sites.get(*number)
                && (at..end).contains(place)
            {
                let _ = write!(output, "{separator}{number}: line {}", site.line);
                separator = ", ";
            }
        }
        output.push('\n');
        at = end;
    }
    output
}

/// The numbers of yield points in an expansion, and where they stand. Among the arguments of other macros there are spaces in between.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let starts = ["__private::At::", ".at::"];
    let ends = starts
        .iter()
        .flat_map(|start| text.match_indices(start))
        .map(|(at, start)| at + start.len());
    ends.filter_map(|end| number_at(text, end)).collect()
}

/// The number in `<0>`, and where it stands.
fn number_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let digits = text[at..].trim_start().strip_prefix('<')?.trim_start();
    let end = digits.find(|char: char| !char.is_ascii_digit())?;
    let number = digits[..end].parse().ok()?;
    Some((text.len() - digits.len(), number))
}
