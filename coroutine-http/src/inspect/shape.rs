//! When two coroutines are alike: they are of one function, stand at the same place, wait for things of one kind, and so do those below them.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use coroutine_core::{DumpNode, WaitsFor};

use super::arena::Arena;

/// A number that is the same for those that are alike, in this dump and in the next. Those below have theirs already.
pub(super) fn of(arena: &Arena<'_>, index: usize) -> u64 {
    let entry = &arena.entries[index];
    let mut hasher = DefaultHasher::new();
    own(entry.node, &mut hasher);
    let mut last = None;
    for &child in &entry.children {
        // However many of one kind there are.
        let shape = arena.entries[child].shape;
        if last.replace(shape) != Some(shape) {
            shape.hash(&mut hasher);
        }
    }
    // So that scripts can tell it from all others.
    hasher.finish() >> 11
}

fn own(node: DumpNode<'_>, hasher: &mut DefaultHasher) {
    (discriminant(&node.kind()), discriminant(&node.status())).hash(hasher);
    if let Some(at) = node.suspension() {
        // Not the name that is made of arguments, which differ.
        (at.sites().module(), at.sites().name(), at.file()).hash(hasher);
        (at.line(), at.column(), at.number()).hash(hasher);
    }
    for waits_for in node.waits_for() {
        discriminant(waits_for).hash(hasher);
        if let WaitsFor::Promise { made_at, .. } | WaitsFor::Line { made_at, .. } = waits_for {
            (made_at.file(), made_at.line(), made_at.column()).hash(hasher);
        }
    }
}
