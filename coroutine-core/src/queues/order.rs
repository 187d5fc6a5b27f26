//! The orders in which queues give their items.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::mem::ManuallyDrop;

/// Where a queue keeps its items, which decides in which order they are taken. It is implemented for what this module's queues are made of.
pub trait Storage<T>: Default + private::Sealed {
    /// Adds an item.
    fn push(&mut self, item: T);

    /// Takes out the item that is first.
    fn pop(&mut self) -> Option<T>;

    /// How many items there are.
    fn len(&self) -> usize;

    /// Whether there is no item.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

mod private {
    pub trait Sealed {}
    impl<T> Sealed for std::collections::VecDeque<T> {}
    impl<T> Sealed for Vec<T> {}
    impl<T> Sealed for super::Heap<T> {}
}

/// First in, first out.
impl<T> Storage<T> for VecDeque<T> {
    fn push(&mut self, item: T) {
        self.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// Last in, first out.
impl<T> Storage<T> for Vec<T> {
    fn push(&mut self, item: T) {
        self.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop()
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// The least first, and of those that are equal the one that came first.
#[derive(Debug)]
pub struct Heap<T> {
    /// Where an item's `Ord` panics as another is taken out, that one is lost. It must not be dropped there, where the queue is borrowed, so it is leaked.
    items: BinaryHeap<Reverse<(ManuallyDrop<T>, u64)>>,
    /// The number of the item that came last.
    last: u64,
}

impl<T: Ord> Default for Heap<T> {
    fn default() -> Self {
        Self {
            items: BinaryHeap::new(),
            last: 0,
        }
    }
}

impl<T: Ord> Storage<T> for Heap<T> {
    fn push(&mut self, item: T) {
        self.last += 1;
        self.items
            .push(Reverse((ManuallyDrop::new(item), self.last)));
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop().map(into_item)
    }

    fn len(&self) -> usize {
        self.items.len()
    }
}

impl<T> Drop for Heap<T> {
    fn drop(&mut self) {
        // In a vector, which drops all of them, also where one panics.
        drop(self.items.drain().map(into_item).collect::<Vec<_>>());
    }
}

fn into_item<T>(Reverse((item, _)): Reverse<(ManuallyDrop<T>, u64)>) -> T {
    ManuallyDrop::into_inner(item)
}
