//! Which row of a picture each node stands in.

use crate::flow::Node;
use crate::graph::Graph;

/// The nodes of a picture, each with its row. Rows of nodes have even numbers; between them is room for labels.
pub(crate) struct Ranked {
    pub(crate) nodes: Vec<Node>,
    pub(crate) rows: Vec<usize>,
    pub(crate) links: Vec<Link>,
}

/// An edge between two nodes of different rows.
pub(crate) struct Link {
    /// Which edge of the flow.
    pub(crate) edge: usize,
    /// Indices into the nodes.
    pub(crate) upper: usize,
    pub(crate) lower: usize,
    /// Whether it leads upwards.
    pub(crate) is_back: bool,
}

/// Gives each node a row below those of all the nodes before it. A `?` has none, since it is drawn beside its source.
pub(crate) fn rank(graph: &Graph) -> Ranked {
    let mut nodes = graph.nodes();
    nodes.retain(|&node| node != Node::Failed);
    let mut search = Search::new(graph, &nodes);
    (0..nodes.len()).for_each(|node| search.visit(node));
    let Search { links, ended, .. } = search;
    let mut rows = vec![0; nodes.len()];
    for &upper in ended.iter().rev() {
        for link in links.iter().filter(|link| link.upper == upper) {
            if !link.is_back {
                rows[link.lower] = rows[link.lower].max(rows[upper] + 2);
            }
        }
    }
    lower_end(&nodes, &mut rows);
    let links = links.into_iter().map(Link::downwards).collect();
    Ranked { nodes, rows, links }
}

/// The end stands below everything.
fn lower_end(nodes: &[Node], rows: &mut [usize]) {
    let last = rows.iter().copied().max().unwrap_or_default();
    if let Ok(end) = nodes.binary_search(&Node::Returned) {
        let is_alone = rows.iter().filter(|&&row| row == last).count() == 1;
        rows[end] = if rows[end] == last && is_alone {
            last
        } else {
            last + 2
        };
    }
}

impl Link {
    fn downwards(self) -> Self {
        if self.is_back {
            Self {
                upper: self.lower,
                lower: self.upper,
                ..self
            }
        } else {
            self
        }
    }
}

/// A search that goes deep first: an edge to a node that is still being visited leads back.
struct Search {
    /// The way to go from each node: the edge and its target.
    ways: Vec<Vec<(usize, usize)>>,
    begun: Vec<bool>,
    ended: Vec<usize>,
    links: Vec<Link>,
}

impl Search {
    fn new(graph: &Graph, nodes: &[Node]) -> Self {
        let index = |node| nodes.binary_search(&node).ok();
        let mut ways = vec![Vec::new(); nodes.len()];
        for (number, edge) in graph.flow().edges().iter().enumerate() {
            if let (Some(from), Some(to)) = (index(edge.from), index(edge.to))
                && from != to
            {
                ways[from].push((number, to));
            }
        }
        Self {
            ways,
            begun: vec![false; nodes.len()],
            ended: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Without recursion: a coroutine may have thousands of yield points.
    fn visit(&mut self, root: usize) {
        if self.begun[root] {
            return;
        }
        self.begun[root] = true;
        let mut path = vec![(root, 0)];
        let mut is_on_path = vec![false; self.ways.len()];
        is_on_path[root] = true;
        while let Some((node, next)) = path.last_mut() {
            let Some(&(edge, target)) = self.ways[*node].get(*next) else {
                is_on_path[*node] = false;
                self.ended.push(*node);
                path.pop();
                continue;
            };
            *next += 1;
            self.links.push(Link {
                edge,
                upper: *node,
                lower: target,
                is_back: is_on_path[target],
            });
            if !self.begun[target] {
                self.begun[target] = true;
                is_on_path[target] = true;
                path.push((target, 0));
            }
        }
    }
}
