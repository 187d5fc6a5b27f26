//! What a coroutine waits for, in HTML.

use std::fmt::{self, Write};

use coroutine_core::{Awaited, DumpId, DumpNode, Place, WaitsFor};

use super::arena::{Arena, is_named};
use super::html::{Text, Time};
use super::query::Query;
use super::row::{ShortId, ShortPlace};

/// What a node waits for, but for those who stand right below it.
pub(super) fn write(
    out: &mut String,
    arena: &Arena<'_>,
    query: &Query,
    node: DumpNode<'_>,
) -> fmt::Result {
    let mut told = node
        .waits_for()
        .iter()
        .filter(|waits_for| !is_child(arena, node, waits_for))
        .peekable();
    if told.peek().is_none() {
        return Ok(());
    }
    out.push_str("<span class=\"waits\">");
    for waits_for in told {
        let word = word(waits_for);
        write!(out, "<span class=\"wait {word}\"><b>{word}</b> ")?;
        write_one(out, waits_for, &Links { arena, query })?;
        out.push_str("</span>");
    }
    out.push_str("</span>");
    Ok(())
}

/// Whether it is a coroutine that is shown in the lines that follow.
fn is_child(arena: &Arena<'_>, node: DumpNode<'_>, waits_for: &WaitsFor) -> bool {
    match waits_for {
        WaitsFor::Coroutine {
            id, shared: false, ..
        } => {
            let target = arena.find(id.as_u64());
            let above = target.and_then(|target| arena.entries[target].parent);
            above == arena.find(node.id().as_u64())
        }
        _ => false,
    }
}

/// One word for it, which is a class as well.
fn word(waits_for: &WaitsFor) -> &'static str {
    match waits_for {
        WaitsFor::Timer { .. } => "timer",
        WaitsFor::Limit { .. } => "limit",
        WaitsFor::Io { .. } => "socket",
        WaitsFor::Signal(_) => "signal",
        WaitsFor::Child => "process",
        WaitsFor::Promise { .. } => "promise",
        WaitsFor::Coroutine { .. } => "coroutine",
        WaitsFor::Line { what, .. } => line_word(*what),
        WaitsFor::Job => "thread",
        _ => "future",
    }
}

fn line_word(what: Awaited) -> &'static str {
    match what {
        Awaited::Lock => "lock",
        Awaited::Semaphore => "semaphore",
        Awaited::Condition => "condition",
        Awaited::Event => "event",
        Awaited::QueueItem | Awaited::QueueRoom | Awaited::QueueDone => "queue",
        Awaited::Broadcast => "broadcast",
        Awaited::Watch => "watch",
        _ => "line",
    }
}

/// What is to be said of the word, which it follows.
fn write_one(out: &mut String, waits_for: &WaitsFor, links: &Links<'_>) -> fmt::Result {
    match waits_for {
        WaitsFor::Timer { due_in, .. } => write!(out, "due in {}", Time(*due_in)),
        WaitsFor::Limit { due_in, .. } => write!(out, "gives up in {}", Time(*due_in)),
        WaitsFor::Io {
            fd,
            writable,
            local,
            peer,
            ..
        } => {
            let what = if *writable { "write" } else { "read" };
            write!(out, "to {what}, descriptor {fd}")?;
            match (local, peer) {
                (Some(local), Some(peer)) => write!(out, ", {local} ↔ {peer}"),
                (Some(local), None) => write!(out, ", at {local}"),
                (None, _) => Ok(()),
            }
        }
        WaitsFor::Signal(signal) => write!(out, "{}", Text(signal)),
        WaitsFor::Child => write!(out, "a child to end"),
        WaitsFor::Promise {
            made_at, shared, ..
        } => {
            let shared = if *shared { "shared, " } else { "" };
            write!(out, "{shared}{}", MadeAt(made_at))
        }
        WaitsFor::Coroutine { id, shared, .. } => {
            let shared = if *shared { "shared, " } else { "" };
            out.push_str(shared);
            links.write(out, *id)
        }
        WaitsFor::Line {
            what,
            made_at,
            holder,
            ..
        } => {
            let detail = match what {
                Awaited::QueueItem => "for an item, ",
                Awaited::QueueRoom => "for room, ",
                Awaited::QueueDone => "for the end of its work, ",
                _ => "",
            };
            write!(out, "{detail}{}", MadeAt(made_at))?;
            match holder {
                Some(holder) => {
                    out.push_str(", held by ");
                    links.write(out, *holder)
                }
                None => Ok(()),
            }
        }
        WaitsFor::Job => write!(out, "work on another one"),
        WaitsFor::Future { type_name, .. } => write!(out, "<code>{}</code>", Text(type_name)),
        _ => write!(out, "{}", Text(format_args!("{waits_for:?}"))),
    }
}

/// Where a thing was made.
struct MadeAt<'a>(&'a Place);

impl fmt::Display for MadeAt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(place) = self;
        let (file, line, column) = (place.file(), place.line(), place.column());
        let whole = Text(format_args!("{file}:{line}:{column}"));
        let short = Text(ShortPlace(file, line));
        write!(
            f,
            "made at <span class=\"at\" title=\"{whole}\">{short}</span>"
        )
    }
}

/// Leads to others.
pub(super) struct Links<'a> {
    pub(super) arena: &'a Arena<'a>,
    pub(super) query: &'a Query,
}

impl Links<'_> {
    pub(super) fn write(&self, out: &mut String, id: DumpId) -> fmt::Result {
        let name = self
            .arena
            .find(id.as_u64())
            .map(|index| self.arena.node(index));
        let name = name
            .filter(|&node| is_named(node))
            .map_or("", DumpNode::name);
        let href = self.query.of(id.as_u64());
        let href = Text(href);
        write!(out, "<a href=\"{href}\">{} {}</a>", Text(name), ShortId(id))
    }
}
