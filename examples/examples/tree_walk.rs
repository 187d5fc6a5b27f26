//! cargo run -p coroutine-examples --example tree_walk
//!
//! A recursive iterator over a binary tree. It borrows the tree; each level is a generator of its own.

use std::pin::pin;

use coroutine_core as co;

struct Tree {
    left: Option<Box<Tree>>,
    word: &'static str,
    right: Option<Box<Tree>>,
}

impl Tree {
    /// What is inserted in any order comes out sorted.
    fn insert(tree: &mut Option<Box<Tree>>, word: &'static str) {
        match tree {
            Some(node) if word < node.word => Self::insert(&mut node.left, word),
            Some(node) => Self::insert(&mut node.right, word),
            None => {
                *tree = Some(Box::new(Tree {
                    left: None,
                    word,
                    right: None,
                }));
            }
        }
    }

    #[co::generator(yield = &'static str)]
    fn walk(&self) {
        if let Some(left) = &self.left {
            for word in left.walk().boxed() {
                yield_!(word);
            }
        }
        yield_!(self.word);
        if let Some(right) = &self.right {
            for word in right.walk().boxed() {
                yield_!(word);
            }
        }
    }
}

fn main() {
    let mut tree = None;
    for word in "the quick brown fox jumps over the lazy dog".split(' ') {
        Tree::insert(&mut tree, word);
    }
    if let Some(tree) = tree {
        for word in pin!(tree.walk()) {
            println!("{word}");
        }
    }
}
