//! Makes a flow, and takes out of it what is of no use to a reader.

use std::collections::BTreeMap;

use crate::flow::{Edge, Flow, Node};
use crate::label::{Condition, Label};

/// Makes a [`Flow`].
///
/// Whoever walks a body adds a junction wherever ways part or meet; `finish` takes out those that a picture is clearer without.
///
/// ```
/// use coroutine_graph::{Branch, Builder, Node};
///
/// let mut builder = Builder::default();
/// let parting = builder.junction();
/// let branch = builder.branch(2);
/// builder.edge(Node::Start, parting);
/// builder.edge_when(parting, Node::State(0), branch, 0, "is_late");
/// builder.edge_when(parting, Node::Returned, branch, 1, "else");
/// assert_eq!(builder.finish().to_string(), "s 0 is_late\ns e else");
/// ```
#[derive(Default)]
pub struct Builder {
    edges: BTreeMap<(Node, Node), Label>,
    junctions: usize,
    branches: usize,
}

/// A place where ways part.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    number: usize,
    arms: usize,
}

impl Builder {
    /// A new junction.
    pub fn junction(&mut self) -> Node {
        self.junctions += 1;
        Node::Junction(self.junctions - 1)
    }

    /// A new place with so many ways out.
    pub fn branch(&mut self, arms: usize) -> Branch {
        self.branches += 1;
        Branch {
            number: self.branches,
            arms,
        }
    }

    /// A way that is always taken.
    pub fn edge(&mut self, from: Node, to: Node) {
        self.insert(from, to, Label::always());
    }

    /// A way out of a branch. An empty text is for the ordinary way, which needs no mention.
    pub fn edge_when(&mut self, from: Node, to: Node, branch: Branch, arm: usize, text: &str) {
        let condition = Condition {
            branch: branch.number,
            arm,
            arms: branch.arms,
            text: text.to_owned(),
        };
        self.insert(from, to, Label::when(condition));
    }

    /// Whether any way leads to a node yet.
    #[must_use]
    pub fn is_reached(&self, node: Node) -> bool {
        !self.sources(node).is_empty()
    }

    /// Takes out the junctions that a picture is clearer without: all but those where several ways meet and several part.
    #[must_use]
    pub fn finish(mut self) -> Flow {
        while self.contract_all() {}
        let numbers = self.remaining_junctions();
        let renamed = |node| match node {
            Node::Junction(number) => Node::Junction(numbers[&number]),
            node => node,
        };
        let edges = self.edges.iter().map(|(&(from, to), label)| Edge {
            from: renamed(from),
            to: renamed(to),
            label: self.text(from, label),
        });
        Flow::new(edges.collect())
    }

    /// The only way needs no condition.
    fn text(&self, from: Node, label: &Label) -> String {
        if self.targets(from).len() == 1 {
            String::new()
        } else {
            label.text()
        }
    }

    fn remaining_junctions(&self) -> BTreeMap<usize, usize> {
        let ends = self.edges.keys().flat_map(|&(from, to)| [from, to]);
        let mut numbers: Vec<_> = ends
            .filter_map(|node| match node {
                Node::Junction(number) => Some(number),
                _ => None,
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .enumerate()
            .map(|(new, old)| (old, new))
            .collect()
    }

    fn contract_all(&mut self) -> bool {
        let done = (0..self.junctions).filter(|&number| self.contract(Node::Junction(number)));
        done.count() > 0
    }

    /// Takes a junction out, if it is one of little use; says whether anything was done.
    fn contract(&mut self, node: Node) -> bool {
        let turns_in_place = self.edges.remove(&(node, node)).is_some();
        let (sources, targets) = (self.sources(node), self.targets(node));
        if sources.is_empty() && targets.is_empty() || sources.len() > 1 && targets.len() > 1 {
            return turns_in_place;
        }
        let is_only_way = targets.len() == 1;
        for &source in &sources {
            for &target in &targets {
                let into = self.edges[&(source, node)].clone();
                let label = if is_only_way {
                    into
                } else {
                    into.and(&self.edges[&(node, target)])
                };
                self.insert(source, target, label);
            }
        }
        self.edges
            .retain(|&(from, to), _| from != node && to != node);
        true
    }

    fn insert(&mut self, from: Node, to: Node, label: Label) {
        let label = match self.edges.get(&(from, to)) {
            Some(other) => other.or(&label),
            None => label,
        };
        self.edges.insert((from, to), label);
    }

    fn sources(&self, node: Node) -> Vec<Node> {
        let into = self.edges.keys().filter(|edge| edge.1 == node);
        into.map(|edge| edge.0).collect()
    }

    fn targets(&self, node: Node) -> Vec<Node> {
        let out = self.edges.range((node, Node::Start)..=(node, Node::Failed));
        out.map(|(edge, _)| edge.1).collect()
    }
}
