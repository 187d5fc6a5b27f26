//! Where everything in a picture stands. All lengths are pixels.

use crate::columns::{self, Size};
use crate::flow::{Edge, Node};
use crate::graph::Graph;
use crate::order::{self, Item, Rows};
use crate::rank::{self, Link, Ranked};
use crate::text;

/// Sizes of letters.
pub(crate) const FONT: f64 = 13.0;
pub(crate) const SMALL_FONT: f64 = 11.0;
/// Longer operands and names are cut; in characters.
pub(crate) const LONGEST: usize = 44;

const MARGIN: f64 = 16.0;
/// Between a row of nodes and the labels below it or above it.
const RISE: f64 = 20.0;
const PADDING: f64 = 12.0;
const STATE_HEIGHT: f64 = 44.0;
const LABEL_HEIGHT: f64 = 16.0;
const BEND_WIDTH: f64 = 4.0;
/// The room of a line to itself, or to a `?`, at the side of a node.
const SIDE: f64 = 34.0;

/// A node in a picture, by its centre.
pub(crate) struct Placed {
    pub(crate) node: Node,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// An edge in a picture: the points that it passes from its source to its target.
pub(crate) struct Line<'a> {
    pub(crate) edge: &'a Edge,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether it begins, and whether it ends, at the side of a node.
    pub(crate) leaves_sideways: bool,
    pub(crate) arrives_sideways: bool,
    /// The centre of the label.
    pub(crate) label: Option<(f64, f64)>,
}

/// An edge from a node to itself, or to a `?`, which is drawn beside the node.
pub(crate) struct Stub<'a> {
    pub(crate) edge: &'a Edge,
    /// The side of the node where it begins.
    pub(crate) x: f64,
    pub(crate) y: f64,
}

pub(crate) struct Layout<'a> {
    pub(crate) nodes: Vec<Placed>,
    pub(crate) lines: Vec<Line<'a>>,
    pub(crate) loops: Vec<Stub<'a>>,
    pub(crate) failures: Vec<Stub<'a>>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Finds a place for everything.
pub(crate) fn layout(graph: &Graph) -> Layout<'_> {
    let ranked = rank::rank(graph);
    let rows = order::order(graph, &ranked);
    let sizes: Vec<_> = rows
        .items
        .iter()
        .map(|&item| Size::of(graph, &ranked, item))
        .collect();
    let xs = columns::columns(&rows, &sizes, MARGIN);
    let (tops, height) = heights(&rows, &sizes);
    Placing {
        graph,
        ranked: &ranked,
        rows: &rows,
        sizes: &sizes,
        xs: &xs,
        tops: &tops,
    }
    .layout(height)
}

impl Size {
    fn of(graph: &Graph, ranked: &Ranked, item: Item) -> Self {
        match item {
            Item::Box(node) => Self::of_node(graph, node),
            Item::Label(link) => {
                let edge = &graph.flow().edges()[ranked.links[link].edge];
                let width = text::width(&edge.label, SMALL_FONT);
                Self::plain(width, LABEL_HEIGHT)
            }
            Item::Bend => Self::plain(BEND_WIDTH, 0.0),
        }
    }

    fn of_node(graph: &Graph, node: Node) -> Self {
        let (width, height) = match node {
            Node::Start => (name_width(graph.name()), 32.0),
            Node::State(number) => {
                let operand = text::cut(graph.states()[number].operand(), LONGEST);
                (name_width(&operand).max(110.0), STATE_HEIGHT)
            }
            Node::Junction(_) => (12.0, 12.0),
            Node::Returned | Node::Failed => (52.0, 28.0),
        };
        let mut size = Self::plain(width, height);
        for edge in graph.flow().edges().iter().filter(|edge| edge.from == node) {
            if edge.to == node {
                size.right += SIDE + text::width(&edge.label, SMALL_FONT);
            } else if edge.to == Node::Failed {
                size.left += SIDE + text::width(failure_label(&edge.label), SMALL_FONT);
            }
        }
        size
    }

    fn plain(width: f64, height: f64) -> Self {
        Self {
            left: width / 2.0,
            right: width / 2.0,
            width,
            height,
        }
    }
}

/// What is to be said of a `?` beside the sign itself.
pub(crate) fn failure_label(label: &str) -> &str {
    if label == "?" { "" } else { label }
}

fn name_width(text: &str) -> f64 {
    text::width(&text::cut(text, LONGEST), FONT) + 2.0 * PADDING
}

/// The top of each row, and the height of them all. Rows without anything high are thin.
fn heights(rows: &Rows, sizes: &[Size]) -> (Vec<f64>, f64) {
    let mut y = MARGIN;
    let mut tops = Vec::new();
    for (number, row) in rows.rows.iter().enumerate() {
        tops.push(y);
        y += row_height(row, sizes);
        if number + 1 < rows.rows.len() {
            y += RISE;
        }
    }
    (tops, y + MARGIN)
}

fn row_height(row: &[usize], sizes: &[Size]) -> f64 {
    row.iter()
        .map(|&item| sizes[item].height)
        .fold(0.0, f64::max)
}

struct Placing<'a, 'b> {
    graph: &'a Graph,
    ranked: &'b Ranked,
    rows: &'b Rows,
    sizes: &'b [Size],
    xs: &'b [f64],
    tops: &'b [f64],
}

impl<'a> Placing<'a, '_> {
    fn layout(&self, height: f64) -> Layout<'a> {
        let count = self.ranked.nodes.len();
        let nodes: Vec<_> = (0..count).map(|item| self.node(item)).collect();
        let links = self.ranked.links.iter().zip(&self.rows.chains);
        let right = |item: usize| self.xs[item] + self.sizes[item].right;
        let items = 0..self.xs.len();
        Layout {
            lines: links.map(|(link, chain)| self.line(link, chain)).collect(),
            loops: self.stubs(&nodes, 0.5, |edge| edge.from == edge.to),
            failures: self.stubs(&nodes, -0.5, |edge| edge.to == Node::Failed),
            width: items.map(right).fold(0.0, f64::max) + MARGIN,
            height,
            nodes,
        }
    }

    fn node(&self, item: usize) -> Placed {
        Placed {
            node: self.ranked.nodes[item],
            x: self.xs[item],
            y: self.middle(item),
            width: self.sizes[item].width,
            height: self.sizes[item].height,
        }
    }

    fn middle(&self, item: usize) -> f64 {
        let row = self.rows.row_of[item];
        self.tops[row] + self.height(row) / 2.0
    }

    fn height(&self, row: usize) -> f64 {
        row_height(&self.rows.rows[row], self.sizes)
    }

    fn stubs(
        &self,
        nodes: &[Placed],
        side: f64,
        is_wanted: impl Fn(&Edge) -> bool,
    ) -> Vec<Stub<'a>> {
        let edges = self.graph.flow().edges().iter();
        let stub = |edge: &'a Edge| {
            let node = nodes.iter().find(|placed| placed.node == edge.from)?;
            Some(Stub {
                edge,
                x: node.x + side * node.width,
                y: node.y,
            })
        };
        edges
            .filter(|edge| is_wanted(edge))
            .filter_map(stub)
            .collect()
    }

    fn line(&self, link: &Link, chain: &[usize]) -> Line<'a> {
        let edge = &self.graph.flow().edges()[link.edge];
        let (upper, lower) = (link.upper, link.lower);
        let inner = &chain[1..chain.len() - 1];
        let label = inner
            .iter()
            .find(|&&item| matches!(self.rows.items[item], Item::Label(_)))
            .map(|&item| (self.xs[item], self.middle(item)));
        let mut points: Vec<_> = match inner {
            [item] if self.is_on_the_way(upper, *item, lower) => Vec::new(),
            inner => inner.iter().flat_map(|&item| self.passage(item)).collect(),
        };
        let is_beside = |node, inner: Option<&usize>| {
            link.is_back && inner.is_some_and(|&inner| self.is_beside(node, inner))
        };
        let (upper_side, lower_side) = (
            is_beside(upper, inner.first()),
            is_beside(lower, inner.last()),
        );
        points.insert(0, self.end(upper, inner.first(), upper_side, 0.5));
        points.push(self.end(lower, inner.last(), lower_side, -0.5));
        if link.is_back {
            points.reverse();
        }
        let (leaves_sideways, arrives_sideways) = if link.is_back {
            (lower_side, upper_side)
        } else {
            (upper_side, lower_side)
        };
        Line {
            edge,
            points,
            leaves_sideways,
            arrives_sideways,
            label,
        }
    }

    /// A line crosses a row of nodes straight.
    fn passage(&self, item: usize) -> Vec<(f64, f64)> {
        let (row, x) = (self.rows.row_of[item], self.xs[item]);
        let (top, height) = (self.tops[row], self.height(row));
        if row % 2 == 1 {
            vec![(x, top + height / 2.0)]
        } else {
            vec![(x, top), (x, top + height)]
        }
    }

    /// Whether a curve from one node to another meets what stands between, without being led there.
    fn is_on_the_way(&self, upper: usize, item: usize, lower: usize) -> bool {
        let distance = self.xs[item] - f64::midpoint(self.xs[upper], self.xs[lower]);
        distance.abs() <= (self.sizes[item].width / 2.0 - 2.0).max(6.0)
    }

    /// Whether what comes next on a line does not stand below or above the node, and nothing is in between.
    fn is_beside(&self, node: usize, next: usize) -> bool {
        let (x, next_x) = (self.xs[node], self.xs[next]);
        let row = &self.rows.rows[self.rows.row_of[node]];
        let is_between = |&&other: &&usize| {
            let (near, far) = if next_x > x {
                (self.xs[other] - self.sizes[other].left - 4.0, next_x)
            } else {
                (-self.xs[other] - self.sizes[other].right - 4.0, -next_x)
            };
            let is_behind = (self.xs[other] > x) == (next_x > x);
            other != node && is_behind && near < far
        };
        (next_x - x).abs() > self.sizes[node].width / 2.0 + 4.0
            && row.iter().find(is_between).is_none()
    }

    /// Where a line meets a node: at a side, or on its lower (0.5) or upper (-0.5) edge.
    fn end(&self, node: usize, next: Option<&usize>, at_side: bool, edge: f64) -> (f64, f64) {
        let (x, y, size) = (self.xs[node], self.middle(node), self.sizes[node]);
        let towards = next.map_or(0.0, |&next| self.xs[next] - x);
        if at_side {
            // The middle is where a `?` and a line to the node itself begin.
            (
                x + size.width / 2.0 * towards.signum(),
                y + size.height * edge / 2.0,
            )
        } else {
            let reach = (size.width / 2.0 - 10.0).max(0.0);
            (
                x + (towards / 3.0).clamp(-reach, reach),
                y + size.height * edge,
            )
        }
    }
}
