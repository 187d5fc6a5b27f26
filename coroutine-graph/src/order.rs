//! In which order the things in a row of a picture stand.

use crate::flow::Node;
use crate::graph::Graph;
use crate::rank::Ranked;

/// How often the rows are sorted by their neighbours, down and up.
const SWEEPS: usize = 12;

/// A thing that takes room in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Box(Node),
    /// The label of a link.
    Label(usize),
    /// A link passes through the row.
    Bend,
}

/// Things in rows, and the lines between rows that follow each other.
pub(crate) struct Rows {
    pub(crate) items: Vec<Item>,
    /// The row of each item.
    pub(crate) row_of: Vec<usize>,
    /// The items of each row, from left to right.
    pub(crate) rows: Vec<Vec<usize>>,
    /// The neighbours of each item, in the row above and in the row below.
    pub(crate) above: Vec<Vec<usize>>,
    pub(crate) below: Vec<Vec<usize>>,
    /// The items that each link passes, from its upper node to its lower one.
    pub(crate) chains: Vec<Vec<usize>>,
}

/// Puts things in an order in which few lines cross.
pub(crate) fn order(graph: &Graph, ranked: &Ranked) -> Rows {
    let mut rows = Rows::new(graph, ranked);
    let mut best = rows.rows.clone();
    let mut fewest = rows.crossings();
    for sweep in 0..SWEEPS {
        rows.sweep(sweep % 2 == 0);
        let crossings = rows.crossings();
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&rows.rows);
        }
    }
    rows.rows = best;
    rows
}

impl Rows {
    fn new(graph: &Graph, ranked: &Ranked) -> Self {
        let count = ranked.rows.iter().max().map_or(0, |last| last + 1);
        let mut rows = Self {
            items: Vec::new(),
            row_of: Vec::new(),
            rows: vec![Vec::new(); count],
            above: Vec::new(),
            below: Vec::new(),
            chains: Vec::new(),
        };
        for (&node, &row) in ranked.nodes.iter().zip(&ranked.rows) {
            rows.push(Item::Box(node), row);
        }
        // Those that lead back come last, and so stand at the side.
        let mut links: Vec<_> = ranked.links.iter().enumerate().collect();
        links.sort_by_key(|(_, link)| link.is_back);
        rows.chains = vec![Vec::new(); links.len()];
        for (number, link) in links {
            let has_label = !graph.flow().edges()[link.edge].label.is_empty();
            rows.chains[number] = rows.chain(number, link, has_label, ranked);
        }
        rows
    }

    fn push(&mut self, item: Item, row: usize) -> usize {
        let index = self.items.len();
        self.items.push(item);
        self.row_of.push(row);
        self.rows[row].push(index);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        index
    }

    /// The label stands next to where the edge begins.
    fn chain(
        &mut self,
        number: usize,
        link: &crate::rank::Link,
        has_label: bool,
        ranked: &Ranked,
    ) -> Vec<usize> {
        let (first, last) = (ranked.rows[link.upper] + 1, ranked.rows[link.lower]);
        let label_row = if link.is_back { last - 1 } else { first };
        let mut chain = vec![link.upper];
        for row in first..last {
            let item = if has_label && row == label_row {
                Item::Label(number)
            } else {
                Item::Bend
            };
            chain.push(self.push(item, row));
        }
        chain.push(link.lower);
        for pair in chain.windows(2) {
            self.below[pair[0]].push(pair[1]);
            self.above[pair[1]].push(pair[0]);
        }
        chain
    }

    fn sweep(&mut self, is_downwards: bool) {
        let count = self.rows.len();
        for step in 1..count {
            let (row, fixed) = if is_downwards {
                (step, step - 1)
            } else {
                (count - 1 - step, count - step)
            };
            let place = self.places(fixed);
            let neighbours = if is_downwards {
                &self.above
            } else {
                &self.below
            };
            let here = self.places(row);
            let key = |item: &usize| {
                let near = &neighbours[*item];
                let sum: f64 = near.iter().map(|near| place[*near]).sum();
                if near.is_empty() {
                    here[*item]
                } else {
                    sum / count_of(near)
                }
            };
            let mut sorted = self.rows[row].clone();
            sorted.sort_by(|a, b| key(a).total_cmp(&key(b)));
            self.rows[row] = sorted;
        }
    }

    /// Where each item of a row stands, between 0 and 1, so that rows of different lengths can be compared.
    fn places(&self, row: usize) -> Vec<f64> {
        let mut places = vec![0.0; self.items.len()];
        let count = count_of(&self.rows[row]);
        let mut at = 0.5;
        for &item in &self.rows[row] {
            places[item] = at / count;
            at += 1.0;
        }
        places
    }

    fn crossings(&self) -> usize {
        let between = |row: usize| {
            let (upper, lower) = (self.places(row), self.places(row + 1));
            let mut lines = Vec::new();
            for &item in &self.rows[row] {
                lines.extend(
                    self.below[item]
                        .iter()
                        .map(|&below| (upper[item], lower[below])),
                );
            }
            let crossed = |(index, line): (usize, &(f64, f64))| {
                let crosses = |other: &&(f64, f64)| (line.0 - other.0) * (line.1 - other.1) < 0.0;
                lines[index + 1..].iter().filter(crosses).count()
            };
            lines.iter().enumerate().map(crossed).sum::<usize>()
        };
        (0..self.rows.len().saturating_sub(1)).map(between).sum()
    }
}

/// The length as a number to divide by.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn count_of(items: &[usize]) -> f64 {
    items.len() as f64
}
