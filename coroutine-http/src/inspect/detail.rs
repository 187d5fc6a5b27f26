//! All that is known of one coroutine, with its picture.

use std::fmt::{self, Write};

use coroutine_core::Suspension;
use coroutine_graph::Svg;

use super::arena::{Arena, is_this_request};
use super::html::{Number, Text, count};
use super::picture;
use super::query::Query;
use super::row::{Name, Path, ShortId, Since, kind_word};
use super::waits::{self, Links};

/// How many of those who wait for it are named.
const ABOVE: usize = 12;

/// Writes what is known of the coroutine that the query asks for, or that it has ended.
pub(super) fn write(out: &mut String, arena: &Arena<'_>, query: &Query) -> fmt::Result {
    let Some(id) = query.of else {
        return Ok(());
    };
    let close = Text(query.of_nobody());
    write!(
        out,
        "<a class=\"close\" href=\"{close}\" aria-label=\"Close\" title=\"Close (Escape)\">×</a>"
    )?;
    match arena.find(id) {
        Some(index) => Detail {
            arena,
            query,
            index,
        }
        .write(out),
        None => {
            out.push_str("<h2>It has ended</h2><p>The coroutine that was here is not alive any more: it returned, failed, or was cancelled.</p>");
            Ok(())
        }
    }
}

struct Detail<'a> {
    arena: &'a Arena<'a>,
    query: &'a Query,
    index: usize,
}

impl Detail<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        let node = self.arena.node(self.index);
        write!(
            out,
            "<h2>{} <span class=\"id\">{}</span></h2>",
            Text(Name(node)),
            ShortId(node.id())
        )?;
        write!(out, "<p class=\"path\">{}</p>", Text(Path(node)))?;
        self.facts(out)?;
        if let Some(at) = node.suspension() {
            self.picture(out, at)?;
            write_sites(out, at)?;
        }
        Ok(())
    }

    fn facts(&self, out: &mut String) -> fmt::Result {
        let node = self.arena.node(self.index);
        let sign = if is_this_request(node) {
            " (this request)"
        } else {
            ""
        };
        let since = match node.status() {
            coroutine_core::Status::Suspended => format!("suspended for {}", Since(node)),
            _ => Since(node).to_string(),
        };
        let kind = kind_word(node.kind()).unwrap_or("coroutine");
        write!(out, "<dl><dt>State</dt><dd>{kind}, {since}{sign}</dd>")?;
        if let Some(at) = node.suspension() {
            let (file, line, column) = (at.file(), at.line(), at.column());
            write!(
                out,
                "<dt>Place</dt><dd>{}",
                Text(format_args!("{file}:{line}:{column}"))
            )?;
            if let Some(operand) = at.operand() {
                write!(out, "<br><code class=\"operand\">{}</code>", Text(operand))?;
            }
            out.push_str("</dd>");
        }
        self.waits(out)?;
        if node.bytes() > 0 {
            write!(out, "<dt>Size</dt><dd>{} bytes</dd>", Number(node.bytes()))?;
        }
        out.push_str("</dl>");
        Ok(())
    }

    /// Whom and what it waits for, and who waits for it.
    fn waits(&self, out: &mut String) -> fmt::Result {
        let entry = &self.arena.entries[self.index];
        let mut text = String::new();
        waits::write(&mut text, self.arena, self.query, entry.node)?;
        if !text.is_empty() {
            write!(out, "<dt>Waits for</dt><dd>{text}</dd>")?;
        }
        if entry.below > 0 {
            let href = Text(self.query.from(entry.node.id().as_u64()));
            let below = count(entry.below, "coroutine or part", "coroutines and parts");
            write!(
                out,
                "<dt>Below it</dt><dd><a href=\"{href}\">{below}</a></dd>"
            )?;
        }
        match entry.parent {
            Some(_) => self.above(out),
            None => Ok(()),
        }
    }

    fn above(&self, out: &mut String) -> fmt::Result {
        out.push_str("<dt>Waited for by</dt><dd>");
        let links = Links {
            arena: self.arena,
            query: self.query,
        };
        let mut above = self.arena.entries[self.index].parent;
        for nth in 0..ABOVE {
            let Some(index) = above else { break };
            if nth > 0 {
                out.push_str(" ← ");
            }
            links.write(out, self.arena.node(index).id())?;
            above = self.arena.entries[index].parent;
        }
        if above.is_some() {
            out.push_str(" ← …");
        }
        out.push_str("</dd>");
        Ok(())
    }

    fn picture(&self, out: &mut String, at: &Suspension) -> fmt::Result {
        let Some(graph) = picture::graph(at) else {
            out.push_str("<p class=\"faint\">No state machine is known: it was not made by the macros of this library, or without their feature <code>flow</code>.</p>");
            return Ok(());
        };
        let id = self.arena.node(self.index).id().as_u64();
        let svg = picture::marked(Svg::new(&graph), at)
            .unstyled()
            .id_prefix("g-");
        write!(
            out,
            "<figure data-key=\"g{id}\"><div class=\"picture\" tabindex=\"0\" role=\"group\" aria-label=\"State machine\">{svg}</div>"
        )?;
        let link = format_args!("coroutines/graph.svg?of={id}");
        write!(
            out,
            "<figcaption>Its state machine. <a href=\"{link}\" target=\"_blank\" rel=\"noopener\">Open the picture</a></figcaption></figure>"
        )
    }
}

/// The yield points in words.
fn write_sites(out: &mut String, at: &Suspension) -> fmt::Result {
    let sites = at.sites().as_slice();
    if sites.is_empty() {
        return Ok(());
    }
    let points = count(sites.len(), "yield point", "yield points");
    write!(
        out,
        "<details class=\"sites\" data-key=\"sites\"><summary>{points}</summary><table><tbody>"
    )?;
    for (number, site) in sites.iter().enumerate() {
        let is_present = at
            .number()
            .is_some_and(|present| usize::from(present) == number);
        let (class, sign) = if is_present {
            (" class=\"present\" aria-current=\"true\"", "▶")
        } else {
            ("", "")
        };
        let (line, operand) = (site.line(), Text(site.operand()));
        write!(
            out,
            "<tr{class}><td>{sign}</td><td>{number}</td><td>line {line}</td><td><code>{operand}</code></td></tr>"
        )?;
    }
    out.push_str("</tbody></table></details>");
    Ok(())
}
