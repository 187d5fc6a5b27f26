//! `cargo coroutine graph`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use coroutine_graph::{Edge, Flow, Graph, State};
use serde_json::{Value, json};

use crate::arguments::{Format, Picture};
use crate::artifact::Coroutine;
use crate::failure::Failure;

/// The text to print, unless it goes to a file.
pub(crate) fn show(
    coroutines: &[Coroutine],
    picture: &Picture,
    as_json: bool,
) -> Result<Option<String>, Failure> {
    let text = match &picture.output {
        Some(folder) if folder.is_dir() => {
            each_to_file(coroutines, folder, picture.format.unwrap_or(Format::Svg))?;
            return Ok(None);
        }
        _ if as_json => json_of(coroutines)?,
        _ => drawn(only(coroutines)?, format(picture)?)?,
    };
    match &picture.output {
        Some(file) => write(file, &text).map(|()| None),
        None => Ok(Some(text)),
    }
}

fn json_of(coroutines: &[Coroutine]) -> Result<String, Failure> {
    let edge = |edge: &Edge| {
        json!({
            "from": edge.from.to_string(),
            "to": edge.to.to_string(),
            "label": edge.label,
        })
    };
    let mut list = Vec::new();
    for coroutine in coroutines {
        let mut json = coroutine.to_json();
        let graph = graph(coroutine)?;
        json["edges"] = graph.flow().edges().iter().map(edge).collect();
        list.push(json);
    }
    Ok(format!("{:#}\n", Value::from(list)))
}

/// A macro may have made several that are alike.
fn only(coroutines: &[Coroutine]) -> Result<&Coroutine, Failure> {
    match coroutines {
        [first, rest @ ..]
            if rest
                .iter()
                .all(|other| other.flow == first.flow && other.place() == first.place()) =>
        {
            Ok(first)
        }
        several => {
            let names = several.iter().map(|coroutine| {
                format!("\n  {}  {}", coroutine.display_path(), coroutine.place())
            });
            let names: String = names.collect();
            Err(Failure::usage(format!(
                "a picture shows one coroutine; name one of them, or a folder for a picture each (-o FOLDER):{names}"
            )))
        }
    }
}

/// What was asked for, or what the file's ending says.
fn format(picture: &Picture) -> Result<Format, Failure> {
    if let Some(format) = picture.format {
        return Ok(format);
    }
    let Some(file) = &picture.output else {
        return Ok(Format::Svg);
    };
    match file.extension().and_then(|end| end.to_str()) {
        Some("svg") => Ok(Format::Svg),
        Some("dot" | "gv") => Ok(Format::Dot),
        Some("mmd" | "mermaid") => Ok(Format::Mermaid),
        _ => Err(Failure::usage(format!(
            "the ending of `{}` tells no format; give one with --format",
            file.display()
        ))),
    }
}

fn graph(coroutine: &Coroutine) -> Result<Graph, Failure> {
    let flow: Flow = coroutine.flow.parse().map_err(|error| {
        let place = coroutine.place();
        let hint = "are cargo-coroutine and coroutine-core of the same version?";
        Failure::build(format!(
            "the flow of {place} cannot be read: {error}\nhelp: {hint}"
        ))
    })?;
    let states = coroutine
        .sites
        .iter()
        .map(|site| State::new(site.operand.as_str(), site.line));
    Ok(Graph::new(coroutine.display_path(), states, flow))
}

fn drawn(coroutine: &Coroutine, format: Format) -> Result<String, Failure> {
    let graph = graph(coroutine)?;
    Ok(match format {
        Format::Svg => graph.to_svg(),
        Format::Dot => graph.to_dot(),
        Format::Mermaid => graph.to_mermaid(),
    })
}

fn each_to_file(coroutines: &[Coroutine], folder: &Path, format: Format) -> Result<(), Failure> {
    let ending = match format {
        Format::Svg => "svg",
        Format::Dot => "dot",
        Format::Mermaid => "mmd",
    };
    let crates: BTreeSet<_> = coroutines
        .iter()
        .map(|coroutine| &coroutine.crate_name)
        .collect();
    let mut uses = BTreeMap::new();
    for coroutine in coroutines {
        let path = coroutine.display_path().replace("::", ".");
        let name = if crates.len() == 1 {
            path
        } else {
            format!("{}.{path}", coroutine.crate_name)
        };
        let name = name.replace(['{', '}', '/'], "");
        let count = uses.entry(name.clone()).or_insert(0);
        *count += 1;
        let name = if *count == 1 {
            name
        } else {
            format!("{name}-{count}")
        };
        write(
            &folder.join(format!("{name}.{ending}")),
            &drawn(coroutine, format)?,
        )?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text)
        .map_err(|error| Failure::io(&format!("cannot write {}", file.display()), &error))
}
