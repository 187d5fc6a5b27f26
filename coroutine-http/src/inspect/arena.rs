//! A dump with what the page wants to know of each coroutine: whom it stands below, how many stand below it, what it looks like, and whether it is asked for.

use std::collections::HashMap;

use coroutine_core::{Dump, DumpKind, DumpNode, Status};

use super::query::Query;
use super::shape;

/// The coroutines of a dump and their parts, each before what stands below it.
pub(super) struct Arena<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// Indices, as all that follow.
    pub(super) roots: Vec<usize>,
    by_id: HashMap<u64, usize>,
}

pub(super) struct Entry<'a> {
    pub(super) node: DumpNode<'a>,
    pub(super) parent: Option<usize>,
    pub(super) children: Vec<usize>,
    /// How many stand below it, at any depth.
    pub(super) below: usize,
    /// The same for those that are alike.
    pub(super) shape: u64,
    /// Whether the filter names it.
    pub(super) matches: bool,
    /// Whether it names it, or one below it or above it.
    pub(super) is_shown: bool,
}

impl<'a> Arena<'a> {
    pub(super) fn new(dump: &'a Dump, query: &Query) -> Self {
        let mut arena = Self {
            entries: Vec::with_capacity(dump.iter().len()),
            roots: Vec::new(),
            by_id: HashMap::new(),
        };
        arena.fill(dump);
        arena.look(query);
        arena.show_below();
        arena
    }

    /// No recursion, since a chain of coroutines may be as long as memory allows.
    fn fill(&mut self, dump: &'a Dump) {
        let mut left: Vec<_> = dump.roots().map(|root| (None, root)).collect();
        left.reverse();
        while let Some((parent, node)) = left.pop() {
            let index = self.add(parent, node);
            let at = left.len();
            left.extend(node.children().map(|child| (Some(index), child)));
            left[at..].reverse();
        }
    }

    fn add(&mut self, parent: Option<usize>, node: DumpNode<'a>) -> usize {
        let index = self.entries.len();
        match parent {
            Some(parent) => self.entries[parent].children.push(index),
            None => self.roots.push(index),
        }
        self.by_id.insert(node.id().as_u64(), index);
        self.entries.push(Entry {
            node,
            parent,
            children: Vec::new(),
            below: 0,
            shape: 0,
            matches: false,
            is_shown: false,
        });
        index
    }

    /// From the last to the first, so that those below are looked at first.
    fn look(&mut self, query: &Query) {
        let filter = query.filter.to_lowercase();
        for index in (0..self.entries.len()).rev() {
            let shape = shape::of(self, index);
            let matches = matches(self.entries[index].node, &filter);
            let entry = &mut self.entries[index];
            entry.shape = shape;
            entry.matches = matches;
            entry.is_shown |= matches;
            let (below, is_shown) = (entry.below + 1, entry.is_shown);
            if let Some(parent) = entry.parent {
                self.entries[parent].below += below;
                self.entries[parent].is_shown |= is_shown;
            }
        }
    }

    /// Shows what is below those that are named. From the first to the last, so that those above are looked at first.
    fn show_below(&mut self) {
        let mut is_within = vec![false; self.entries.len()];
        for index in 0..self.entries.len() {
            let entry = &mut self.entries[index];
            let is_below = entry.parent.is_some_and(|parent| is_within[parent]);
            entry.is_shown |= is_below;
            is_within[index] = is_below || entry.matches;
        }
    }

    /// The index of the one that is known by this number.
    pub(super) fn find(&self, id: u64) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn node(&self, index: usize) -> DumpNode<'a> {
        self.entries[index].node
    }
}

fn matches(node: DumpNode<'_>, filter: &str) -> bool {
    if filter.is_empty() {
        return true;
    }
    let Some(at) = node.suspension() else {
        return false;
    };
    let operand = at.operand().unwrap_or_default();
    let texts = [node.name(), at.sites().module(), at.file(), operand];
    texts
        .iter()
        .any(|text| text.to_lowercase().contains(filter))
}

/// Whether a node is the request that is being answered: nothing else runs while it is.
pub(super) fn is_this_request(node: DumpNode<'_>) -> bool {
    node.status() == Status::Running
}

/// Whether it is a coroutine of its own, or has a name at least.
pub(super) fn is_named(node: DumpNode<'_>) -> bool {
    !matches!(node.kind(), DumpKind::Member(_))
}
