//! How far to the right everything in a picture stands.

use crate::order::{self, Rows};

/// Between two things of a row.
const GAP: f64 = 18.0;
/// How often items are moved towards their neighbours.
const PASSES: usize = 60;
/// In the last passes, lines do no more than get straight, where others have pushed them to.
const STRAIGHTENING: usize = 6;

/// The room that an item takes: to the left and to the right of its centre, and its height.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Moves each item towards its neighbours, as far as the others of its row let it.
pub(crate) fn columns(rows: &Rows, sizes: &[Size], margin: f64) -> Vec<f64> {
    let wishes = Wishes::new(rows);
    let mut xs = vec![0.0; rows.items.len()];
    for row in &rows.rows {
        settle(row, sizes, &mut xs, |_| (0.0, 1.0));
    }
    for pass in 0..PASSES {
        let mut order: Vec<_> = (0..rows.rows.len()).collect();
        if pass % 2 == 1 {
            order.reverse();
        }
        for row in order {
            let before = xs.clone();
            let wish = |item| wishes.wish(item, &before, pass);
            settle(&rows.rows[row], sizes, &mut xs, wish);
        }
    }
    // Between the nodes, labels and lines follow once more: the nodes have moved last.
    for row in rows.rows.iter().skip(1).step_by(2) {
        let before = xs.clone();
        settle(row, sizes, &mut xs, |item| {
            wishes.wish(item, &before, PASSES)
        });
    }
    let left = |item: usize| xs[item] - sizes[item].left;
    let leftmost = (0..xs.len()).map(left).fold(f64::INFINITY, f64::min);
    xs.iter().map(|x| x - leftmost + margin).collect()
}

/// Where items want to be: nodes near the nodes that they have lines to, and long lines straight.
struct Wishes {
    /// The nodes in the next rows, which count more than those far away.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    far: Vec<Vec<usize>>,
    /// For what stands on a line, the items of the line.
    line: Vec<Vec<usize>>,
}

impl Wishes {
    fn new(rows: &Rows) -> Self {
        let none = vec![Vec::new(); rows.items.len()];
        let mut wishes = Self {
            above: none.clone(),
            below: none.clone(),
            far: none.clone(),
            line: none,
        };
        for chain in &rows.chains {
            let [upper, inner @ .., lower] = chain.as_slice() else {
                continue;
            };
            for &item in inner {
                wishes.line[item].clone_from(chain);
            }
            if let [_] = inner {
                wishes.below[*upper].push(*lower);
                wishes.above[*lower].push(*upper);
            } else {
                wishes.far[*upper].push(*lower);
                wishes.far[*lower].push(*upper);
            }
        }
        wishes
    }

    /// The place, and how much it is wanted.
    fn wish(&self, item: usize, xs: &[f64], pass: usize) -> (f64, f64) {
        match self.line[item].as_slice() {
            [upper, _, lower] => (f64::midpoint(xs[*upper], xs[*lower]), 0.5),
            [upper, inner @ .., lower] => {
                let ends = f64::midpoint(xs[*upper], xs[*lower]);
                let inner = || inner.iter().map(|&item| xs[item]);
                let place = if pass < PASSES - STRAIGHTENING {
                    let mean = inner().sum::<f64>() / order::count_of(&self.line[item][2..]);
                    f64::midpoint(mean, ends)
                } else {
                    let nearer = |a: &f64, b: &f64| (a - ends).abs().total_cmp(&(b - ends).abs());
                    inner().max_by(nearer).unwrap_or(ends)
                };
                (place, 3.0)
            }
            _ => self.wish_of_node(item, xs, pass),
        }
    }

    fn wish_of_node(&self, node: usize, xs: &[f64], pass: usize) -> (f64, f64) {
        let (above, below) = (&self.above[node], &self.below[node]);
        let mut near: Vec<_> = match pass % 2 {
            _ if pass >= PASSES / 2 => above.iter().chain(below).copied().collect(),
            0 => above.clone(),
            _ => below.clone(),
        };
        if above.is_empty() && below.is_empty() {
            near.clone_from(&self.far[node]);
        }
        let mut places: Vec<f64> = near.iter().map(|&near| xs[near]).collect();
        places.sort_by(f64::total_cmp);
        let middle = places.len() / 2;
        match places.len() {
            0 => (xs[node], 0.01),
            count if count % 2 == 1 => (places[middle], 1.0),
            _ => (f64::midpoint(places[middle - 1], places[middle]), 1.0),
        }
    }
}

/// Some neighbours in a row that have come to touch each other, and move together.
struct Cluster {
    first: usize,
    /// Where the first would like to stand, as a sum over all of them.
    sum: f64,
    weight: f64,
}

impl Cluster {
    fn place(&self) -> f64 {
        self.sum / self.weight
    }
}

/// Puts the items of a row as near as can be to where they wish to be: the sum of the squared distances is least.
fn settle(row: &[usize], sizes: &[Size], xs: &mut [f64], wish: impl Fn(usize) -> (f64, f64)) {
    let mut offsets = Vec::new();
    let mut offset = 0.0;
    for (index, &item) in row.iter().enumerate() {
        if let Some(&before) = index.checked_sub(1).and_then(|index| row.get(index)) {
            offset += sizes[before].right + GAP + sizes[item].left;
        }
        offsets.push(offset);
    }
    let mut clusters: Vec<Cluster> = Vec::new();
    for (index, &item) in row.iter().enumerate() {
        let (place, weight) = wish(item);
        let mut cluster = Cluster {
            first: index,
            sum: (place - offsets[index]) * weight,
            weight,
        };
        while let Some(last) = clusters.pop_if(|last| last.place() > cluster.place()) {
            cluster.first = last.first;
            cluster.sum += last.sum;
            cluster.weight += last.weight;
        }
        clusters.push(cluster);
    }
    for (number, cluster) in clusters.iter().enumerate() {
        let end = clusters
            .get(number + 1)
            .map_or(row.len(), |next| next.first);
        for index in cluster.first..end {
            xs[row[index]] = cluster.place() + offsets[index];
        }
    }
}
