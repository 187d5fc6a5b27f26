//! Coroutines, one a line: as a tree, or sorted.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::time::Duration;

use super::arena::{Arena, is_named, is_this_request};
use super::html::{Number, Text, Time, count};
use super::query::{Order, Query};
use super::row;

/// How many stand on a page, not counting those below them.
const PAGE: usize = 100;
/// How many lines there are on a page. What is below the last ones is on other pages.
const LINES: usize = 800;
/// What is deeper than this is on a page of its own.
const DEEPEST: usize = 24;
/// So many that are alike are shown one by one.
const ALIKE: usize = 3;

/// A part of the page that lists coroutines.
pub(super) struct List<'a> {
    arena: &'a Arena<'a>,
    query: &'a Query,
    lines_left: usize,
}

/// Siblings that are alike, those first that have waited for the longest time.
struct Group(Vec<usize>);

impl<'a> List<'a> {
    pub(super) fn new(arena: &'a Arena<'a>, query: &'a Query) -> Self {
        Self {
            arena,
            query,
            lines_left: LINES,
        }
    }

    /// Writes those below `from`, or all.
    pub(super) fn write(mut self, out: &mut String, from: Option<usize>) -> fmt::Result {
        let groups = match self.query.order {
            Order::Tree => self.grouped(self.level(from), self.query.like.is_some()),
            order => self.sorted(order, from),
        };
        let pages = groups.len().div_ceil(PAGE).max(1);
        let page = self.query.page.min(pages - 1);
        if groups.is_empty() {
            out.push_str(
                "<p class=\"nothing\">There is nothing to be seen here at the moment.</p>",
            );
        }
        let shown = groups.iter().skip(page * PAGE).take(PAGE);
        self.groups(out, shown, 0, from)?;
        self.write_pages(out, page, pages)
    }

    /// Siblings: those below `from` or the roots, if the query asks for them.
    fn level(&self, from: Option<usize>) -> Vec<usize> {
        let all = from.map_or(&self.arena.roots, |from| &self.arena.entries[from].children);
        let like = self.query.like;
        let mut shown = self.shown(all);
        shown.retain(|&index| like.is_none_or(|shape| self.arena.entries[index].shape == shape));
        if like.is_some() {
            self.longest_first(&mut shown);
        }
        shown
    }

    fn shown(&self, all: &[usize]) -> Vec<usize> {
        let all = all.iter().copied();
        all.filter(|&index| self.arena.entries[index].is_shown)
            .collect()
    }

    fn longest_first(&self, indices: &mut [usize]) {
        indices.sort_by_key(|&index| Reverse(self.arena.node(index).waited()));
    }

    /// Puts those together that are alike, unless each is to be by itself.
    fn grouped(&self, siblings: Vec<usize>, each: bool) -> Vec<Group> {
        if self.query.each || each {
            return siblings
                .into_iter()
                .map(|index| Group(vec![index]))
                .collect();
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut by_shape = HashMap::new();
        for index in siblings {
            let shape = self.arena.entries[index].shape;
            let at = *by_shape.entry(shape).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.0.push(index),
                None => groups.push(Group(vec![index])),
            }
        }
        let many = groups.iter_mut().filter(|group| group.0.len() > ALIKE);
        many.for_each(|group| self.longest_first(&mut group.0));
        groups
    }

    /// All those below `from` by themselves, whatever they are part of.
    fn sorted(&self, order: Order, from: Option<usize>) -> Vec<Group> {
        let entries = &self.arena.entries;
        let first = from.unwrap_or(0);
        let end = from.map_or(entries.len(), |from| from + entries[from].below + 1);
        let mut all: Vec<usize> = (first..end)
            .filter(|&index| entries[index].matches && is_named(entries[index].node))
            .filter(|&index| !is_this_request(entries[index].node))
            .collect();
        match order {
            Order::Largest => all.sort_by_key(|&index| Reverse(entries[index].node.bytes())),
            _ => self.longest_first(&mut all),
        }
        all.into_iter().map(|index| Group(vec![index])).collect()
    }

    fn groups<'g>(
        &mut self,
        out: &mut String,
        groups: impl Iterator<Item = &'g Group>,
        depth: usize,
        parent: Option<usize>,
    ) -> fmt::Result {
        out.push_str("<ul>");
        for Group(alike) in groups {
            let shown = if alike.len() > ALIKE { 1 } else { alike.len() };
            for &index in &alike[..shown] {
                self.line(out, index, depth)?;
            }
            if let [last, .., least] = &alike[shown - 1..] {
                self.write_alike(out, *last, *least, alike.len() - shown, parent)?;
            }
        }
        out.push_str("</ul>\n");
        Ok(())
    }

    /// Counts those who are like one that is shown.
    fn write_alike(
        &self,
        out: &mut String,
        last: usize,
        least: usize,
        more: usize,
        parent: Option<usize>,
    ) -> fmt::Result {
        let mut query = self.query.whole();
        query.from = parent.map(|index| self.arena.node(index).id().as_u64());
        let query = query.like(self.arena.entries[last].shape);
        write!(
            out,
            "<li class=\"more\"><a href=\"{}\">and {} more like this</a>",
            Text(query),
            Number(more)
        )?;
        let waited: Duration = self.arena.node(least).waited();
        write!(
            out,
            " <span class=\"faint\">for {} or longer</span></li>",
            Time(waited)
        )
    }

    fn line(&mut self, out: &mut String, index: usize, depth: usize) -> fmt::Result {
        self.lines_left = self.lines_left.saturating_sub(1);
        self.open_line(out, index)?;
        let below = match self.query.order {
            Order::Tree => self.shown(&self.arena.entries[index].children),
            _ => Vec::new(),
        };
        if below.is_empty() {
            out.push_str("<div class=\"row\">");
            row::write(out, self.arena, self.query, index)?;
            out.push_str("</div></li>\n");
            return Ok(());
        }
        let id = self.arena.node(index).id().as_u64();
        write!(
            out,
            "<details open data-key=\"{id}\"><summary class=\"row\">"
        )?;
        row::write(out, self.arena, self.query, index)?;
        out.push_str("</summary>\n");
        self.below(out, index, below, depth)?;
        out.push_str("</details></li>\n");
        Ok(())
    }

    fn open_line(&self, out: &mut String, index: usize) -> fmt::Result {
        let entry = &self.arena.entries[index];
        let id = entry.node.id().as_u64();
        let mut classes = String::from("node");
        if self.query.of == Some(id) {
            classes.push_str(" chosen");
        }
        if is_this_request(entry.node) {
            classes.push_str(" self");
        }
        if !entry.matches {
            classes.push_str(" beside");
        }
        write!(out, "<li class=\"{classes}\" data-id=\"{id}\">")
    }

    fn below(
        &mut self,
        out: &mut String,
        index: usize,
        below: Vec<usize>,
        depth: usize,
    ) -> fmt::Result {
        if depth < DEEPEST && self.lines_left > 0 {
            let groups = self.grouped(below, false);
            let more = groups.len().saturating_sub(PAGE);
            self.groups(out, groups.iter().take(PAGE), depth + 1, Some(index))?;
            return match more {
                0 => Ok(()),
                more => self.write_further(out, index, &format!("{} more here", Number(more))),
            };
        }
        let below = count(
            self.arena.entries[index].below,
            "coroutine or part",
            "coroutines and parts",
        );
        self.write_further(out, index, &format!("{below} further down"))
    }

    fn write_further(&self, out: &mut String, index: usize, text: &str) -> fmt::Result {
        let query = self.query.from(self.arena.node(index).id().as_u64());
        write!(
            out,
            "<p class=\"more\"><a href=\"{}\">{text}</a></p>",
            Text(query)
        )
    }

    fn write_pages(&self, out: &mut String, page: usize, pages: usize) -> fmt::Result {
        if pages == 1 {
            return Ok(());
        }
        out.push_str("<nav class=\"pages\" aria-label=\"Pages\">");
        if page > 0 {
            write!(
                out,
                "<a rel=\"prev\" href=\"{}\">← before</a> ",
                Text(self.query.page(page - 1))
            )?;
        }
        write!(out, "page {} of {}", Number(page + 1), Number(pages))?;
        if page + 1 < pages {
            write!(
                out,
                " <a rel=\"next\" href=\"{}\">after →</a>",
                Text(self.query.page(page + 1))
            )?;
        }
        out.push_str("</nav>");
        Ok(())
    }
}
