//! A walk through a binary tree in order, by generators that go through a generator for each child: each on the heap, with
//! its type erased.

use std::hint::black_box;
use std::iter;
use std::pin::Pin;

use corosensei::{Coroutine, Yielder};
use coroutine_core as co;
use futures_lite::stream::{self, Stream};
use genawaiter::stack::{Co, let_gen_using};

use super::iterate::sum;
use super::native;
use crate::measure::cpu_ns_per_call;
use crate::work::{Contest, Contestant, GENERATORS, Goal, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "tree",
    what: "generator: walk, 1,000,000 nodes",
    unit: "ns/node",
    columns: GENERATORS,
    goal: Goal::Open,
    remark: Some(
        "corosensei walks by a recursive function within one coroutine; by-hand keeps a stack of nodes",
    ),
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Native, native::tree),
        (Contestant::Genawaiter, genawaiter),
        (Contestant::Fauxgen, fauxgen),
        (Contestant::AsyncStream, async_stream),
        (Contestant::Corosensei, corosensei),
        (Contestant::ByHand, by_hand),
    ]),
};

const NODES: usize = 1_000_000;
const WALKS: usize = 4;

pub struct Node {
    pub left: Option<Box<Node>>,
    pub value: u64,
    pub right: Option<Box<Node>>,
}

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    #[co::generator(yield = u64)]
    fn walk(node: &Node) {
        if let Some(left) = &node.left {
            for value in walk(left).boxed() {
                yield_!(value);
            }
        }
        yield_!(node.value);
        if let Some(right) = &node.right {
            for value in walk(right).boxed() {
                yield_!(value);
            }
        }
    }
    measured(scale, |root| sum(walk(root).boxed()))
}

fn genawaiter(scale: Scale) -> Result<f64, Unavailable> {
    fn walk<'a>(node: &'a Node, co: Co<'a, u64>) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            if let Some(left) = &node.left {
                let_gen_using!(values, |co| walk(left, co));
                for value in values {
                    co.yield_(value).await;
                }
            }
            co.yield_(node.value).await;
            if let Some(right) = &node.right {
                let_gen_using!(values, |co| walk(right, co));
                for value in values {
                    co.yield_(value).await;
                }
            }
        })
    }
    measured(scale, |root| {
        let_gen_using!(values, |co| walk(root, co));
        sum(values)
    })
}

fn fauxgen(scale: Scale) -> Result<f64, Unavailable> {
    type Values<'a> = Pin<Box<dyn fauxgen::Generator<Yield = u64, Return = ()> + 'a>>;

    #[fauxgen::generator(yield = u64)]
    fn walk(node: &Node) {
        if let Some(left) = &node.left {
            for value in values(left) {
                r#yield!(value);
            }
        }
        r#yield!(node.value);
        if let Some(right) = &node.right {
            for value in values(right) {
                r#yield!(value);
            }
        }
    }
    fn values(node: &Node) -> fauxgen::GeneratorIter<Values<'_>> {
        fauxgen::GeneratorIter::new(Box::pin(walk(node)))
    }
    measured(scale, |root| sum(values(root)))
}

fn async_stream(scale: Scale) -> Result<f64, Unavailable> {
    fn walk(node: &Node) -> Pin<Box<dyn Stream<Item = u64> + '_>> {
        Box::pin(async_stream::stream! {
            if let Some(left) = &node.left {
                for await value in walk(left) {
                    yield value;
                }
            }
            yield node.value;
            if let Some(right) = &node.right {
                for await value in walk(right) {
                    yield value;
                }
            }
        })
    }
    measured(scale, |root| sum(stream::block_on(walk(root))))
}

fn corosensei(scale: Scale) -> Result<f64, Unavailable> {
    fn walk(node: &Node, yielder: &Yielder<(), u64>) {
        if let Some(left) = &node.left {
            walk(left, yielder);
        }
        yielder.suspend(node.value);
        if let Some(right) = &node.right {
            walk(right, yielder);
        }
    }
    measured(scale, |root| {
        let mut values = Coroutine::new(move |yielder, ()| walk(root, yielder));
        sum(iter::from_fn(|| values.resume(()).as_yield()))
    })
}

fn by_hand(scale: Scale) -> Result<f64, Unavailable> {
    /// The nodes whose value and right side are still to come.
    struct Values<'a>(Vec<&'a Node>);

    impl<'a> Values<'a> {
        fn go_left(&mut self, mut node: Option<&'a Node>) {
            while let Some(next) = node {
                self.0.push(next);
                node = next.left.as_deref();
            }
        }
    }
    impl Iterator for Values<'_> {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            let node = self.0.pop()?;
            self.go_left(node.right.as_deref());
            Some(node.value)
        }
    }
    measured(scale, |root| {
        let mut values = Values(Vec::new());
        values.go_left(Some(root));
        sum(values)
    })
}

/// The cost of a node. `walk` adds up the values of a tree.
pub fn measured(scale: Scale, walk: impl Fn(&'static Node) -> u64) -> Result<f64, Unavailable> {
    let nodes = scale.of(NODES);
    let root: &Node = Box::leak(tree(0, nodes as u64).expect("it has nodes"));
    let expected = (0..nodes as u64).sum();
    Ok(cpu_ns_per_call(WALKS * nodes, || {
        for _ in 0..WALKS {
            assert_eq!(walk(black_box(root)), expected);
        }
    }))
}

/// A balanced tree with the values from `begin` to `end`.
fn tree(begin: u64, end: u64) -> Option<Box<Node>> {
    let value = begin + (end - begin) / 2;
    (begin < end).then(|| {
        Box::new(Node {
            left: tree(begin, value),
            value,
            right: tree(value + 1, end),
        })
    })
}
