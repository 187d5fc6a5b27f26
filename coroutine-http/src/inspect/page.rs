//! The page around what is shown.

use std::fmt::{self, Write};

use coroutine_core::Metrics;

use super::answers::Seen;
use super::arena::Arena;
use super::html::{Number, Short, Text, count};
use super::list::List;
use super::query::{Order, Query};
use super::{detail, waits};

/// With `{{name}}` where something belongs.
const INDEX: &str = include_str!("page/index.html");

/// A page, and whether all is there that it was asked for.
pub(super) struct Page {
    pub(super) html: String,
    pub(super) is_whole: bool,
}

/// Writes the page.
pub(super) fn write(seen: &Seen) -> Page {
    let arena = Arena::new(&seen.dump, &seen.query);
    let mut html = String::with_capacity(INDEX.len() + 64 * 1024);
    let mut rest = INDEX;
    while let Some((before, name, after)) = next_gap(rest) {
        html.push_str(before);
        let writes = fill(&mut html, name, &arena, seen);
        writes.expect("a string takes all that is written to it");
        rest = after;
    }
    html.push_str(rest);
    let is_there = |id: Option<u64>| id.is_none_or(|id| arena.find(id).is_some());
    let is_whole = is_there(seen.query.of) && is_there(seen.query.from);
    Page { html, is_whole }
}

fn next_gap(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

fn fill(out: &mut String, name: &str, arena: &Arena<'_>, seen: &Seen) -> fmt::Result {
    let query = &seen.query;
    match name {
        "count" => write_count(out, arena),
        "taken" => write!(out, "{}", seen.taken.as_micros()),
        "metrics" => write_metrics(out, &seen.metrics),
        "filter" => write!(out, "{}", Text(&query.filter)),
        "orders" => write_orders(out, query),
        "each" => write!(out, "{}", if query.each { " checked" } else { "" }),
        "hidden" => write_hidden(out, query),
        "where" => write_where(out, arena, query),
        "list" => write_list(out, arena, query),
        "detail" => detail::write(out, arena, query),
        name => unreachable!("the page has no `{name}`"),
    }
}

fn write_count(out: &mut String, arena: &Arena<'_>) -> fmt::Result {
    let is_task = |kind| kind == coroutine_core::DumpKind::Coroutine;
    let entries = &arena.entries;
    let tasks = entries
        .iter()
        .filter(|entry| is_task(entry.node.kind()))
        .count();
    let parts = entries.len() - tasks;
    let bytes: usize = entries
        .iter()
        .filter(|entry| is_task(entry.node.kind()))
        .map(|entry| entry.node.bytes())
        .sum();
    write!(
        out,
        "<strong>{}</strong>",
        count(tasks, "coroutine", "coroutines")
    )?;
    if parts > 0 {
        write!(out, " · {}", count(parts, "part within", "parts within"))?;
    }
    write!(out, " · {} bytes of state", Number(bytes))
}

fn write_metrics(out: &mut String, metrics: &Metrics) -> fmt::Result {
    let number = |number: u64| Number(usize::try_from(number).unwrap_or(usize::MAX));
    write!(
        out,
        "{} turns · {} callbacks · {} · {} · {} on other threads · late by {}, at most {}",
        number(metrics.turns),
        number(metrics.callbacks),
        count(metrics.timers, "timer", "timers"),
        count(metrics.descriptors, "descriptor", "descriptors"),
        count(metrics.jobs, "job", "jobs"),
        Short(metrics.lag),
        Short(metrics.longest_lag),
    )?;
    match metrics.longest_callback {
        Some(longest) => write!(out, " · longest callback {}", Short(longest)),
        None => Ok(()),
    }
}

fn write_orders(out: &mut String, query: &Query) -> fmt::Result {
    for (order, name, text) in Order::ALL {
        let selected = if order == query.order {
            " selected"
        } else {
            ""
        };
        write!(out, "<option value=\"{name}\"{selected}>{text}</option>")?;
    }
    Ok(())
}

/// What a new filter does not change.
fn write_hidden(out: &mut String, query: &Query) -> fmt::Result {
    for (name, id) in [("from", query.from), ("of", query.of)] {
        if let Some(id) = id {
            write!(
                out,
                "<input type=\"hidden\" name=\"{name}\" value=\"{id}\">"
            )?;
        }
    }
    Ok(())
}

/// Says which part of the tree is shown, if it is not all.
fn write_where(out: &mut String, arena: &Arena<'_>, query: &Query) -> fmt::Result {
    if !query.filter.is_empty() {
        let found = arena.entries.iter().filter(|entry| entry.matches).count();
        let clear = Query {
            filter: String::new(),
            page: 0,
            ..query.clone()
        };
        write!(
            out,
            "<p>{} “{}” by name, file or operand. <a href=\"{}\">Show all</a></p>",
            count(found, "matches", "match"),
            Text(&query.filter),
            Text(clear)
        )?;
    }
    if query.from.is_none() && query.like.is_none() {
        return Ok(());
    }
    out.push_str("<p>");
    match (query.like, query.from.map(|id| arena.find(id))) {
        (Some(_), _) => out.push_str("Only those that are alike. "),
        (None, Some(Some(index))) => {
            out.push_str("Only what is below ");
            waits::Links { arena, query }.write(out, arena.node(index).id())?;
            out.push_str(". ");
        }
        (None, _) => {}
    }
    write!(
        out,
        "<a href=\"{}\">Show the whole tree</a></p>",
        Text(query.whole())
    )
}

fn write_list(out: &mut String, arena: &Arena<'_>, query: &Query) -> fmt::Result {
    match query.from.map(|id| arena.find(id)) {
        Some(None) => {
            out.push_str("<p class=\"nothing\">The coroutine whose parts were here has ended.</p>");
            Ok(())
        }
        from => List::new(arena, query).write(out, from.flatten()),
    }
}
