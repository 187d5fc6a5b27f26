//! From what is known of each to a tree.

use super::Dump;
use super::build::Survey;

impl Survey {
    pub(super) fn into_dump(mut self) -> Dump {
        let mut is_awaited = vec![false; self.records.len()];
        for index in (0..self.records.len()).rev() {
            for &child in &self.records[index].children {
                is_awaited[child] = true;
            }
            if let Some(parent) = self.facts[index].parent {
                is_awaited[index] = true;
                self.records[parent].children.push(index);
            }
        }
        let mut dump = Dump {
            records: self.records,
            roots: Vec::new(),
            by_id: Vec::new(),
        };
        dump.by_id.extend(0..dump.records.len());
        let records = &dump.records;
        dump.by_id.sort_unstable_by_key(|&index| records[index].id);
        for record in 0..dump.records.len() {
            let key = |&child: &usize| {
                (
                    self.facts[child].parent.is_none(),
                    self.facts[child].order,
                    child,
                )
            };
            let mut children = std::mem::take(&mut dump.records[record].children);
            children.sort_by_key(key);
            children.dedup();
            dump.records[record].children = children;
        }
        let mut seen = vec![false; dump.records.len()];
        for root in (0..seen.len()).filter(|&index| !is_awaited[index]) {
            dump.plant(root, &mut seen);
        }
        // What is left waits for itself, in a circle.
        for root in 0..seen.len() {
            if !seen[root] {
                dump.plant(root, &mut seen);
            }
        }
        dump
    }
}

impl Dump {
    /// Makes a root of a record, and leaves each below it one place in the tree.
    fn plant(&mut self, root: usize, seen: &mut [bool]) {
        seen[root] = true;
        self.roots.push(root);
        // No recursion, since a chain of coroutines may be as long as memory allows.
        let mut below = vec![root];
        while let Some(index) = below.pop() {
            self.records[index]
                .children
                .retain(|&child| !std::mem::replace(&mut seen[child], true));
            for at in 0..self.records[index].children.len() {
                let child = self.records[index].children[at];
                self.records[child].above = Some(index);
                below.push(child);
            }
        }
    }
}
