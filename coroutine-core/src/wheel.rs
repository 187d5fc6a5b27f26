//! Timers that are not due soon, sorted roughly: a hierarchical timing wheel.
//!
//! Time is cut into ticks of about a millisecond. The wheel stands at a tick, and holds what is due later. It has levels of 64 buckets each: a bucket of
//! level 0 is a tick, one of level 1 is 64 ticks, and so on. An entry goes to the lowest level at which its bucket is another than the one that the wheel
//! stands in. Adding is a push; an entry moves down a level a few times in its life, in bulk, and leaves the wheel when its tick has come.

use std::mem;

use crate::timers::{Entry, Nanos};

/// A tick is `1 << TICK` nanoseconds.
const TICK: u32 = 20;

/// A level has `1 << BITS` buckets.
const BITS: u32 = 6;

/// Enough for all ticks that there are: 44 bits of them.
const LEVELS: usize = 8;

const BUCKETS: usize = 1 << BITS;

/// So many entries are searched for the one that is due first.
const FEW: usize = 32;

struct Level {
    buckets: [Vec<Entry>; BUCKETS],
    /// Which of the buckets are not empty, a bit each.
    occupied: u64,
}

pub(crate) struct Wheel {
    /// The tick at which the wheel stands. Whatever is due then or earlier is not in the wheel.
    tick: u64,
    /// Made when they are first needed.
    levels: Vec<Level>,
}

fn tick_of(deadline: Nanos) -> u64 {
    deadline >> TICK
}

impl Wheel {
    pub(crate) const fn new() -> Self {
        Self {
            tick: 0,
            levels: Vec::new(),
        }
    }

    /// Takes an entry in, or gives it back where it is due too soon.
    pub(crate) fn add(&mut self, entry: Entry) -> Option<Entry> {
        let tick = tick_of(entry.deadline);
        if tick <= self.tick {
            return Some(entry);
        }
        let highest_bit = (tick ^ self.tick).ilog2();
        let level = (highest_bit / BITS) as usize;
        let bucket = (tick >> (BITS * level as u32)) as usize % BUCKETS;
        if self.levels.is_empty() {
            self.levels.extend((0..LEVELS).map(|_| Level::new()));
        }
        self.levels[level].push(bucket, entry);
        None
    }

    /// The first level that is not empty, and its first bucket, with the tick at which that begins.
    ///
    /// No other bucket begins earlier: what is in a lower level lies in the bucket of the higher level that the wheel stands in.
    fn first(&self) -> Option<(usize, usize, u64)> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        let bucket = self.levels[level].occupied.trailing_zeros() as usize;
        let shift = BITS * level as u32;
        let above = self.tick >> (shift + BITS) << BITS;
        let tick = (above | bucket as u64) << shift;
        Some((level, bucket, tick))
    }

    /// A time before which nothing in the wheel is due: when the first entry is, where that is quickly found, or when the first bucket begins.
    pub(crate) fn next(&self) -> Option<Nanos> {
        let (level, bucket, tick) = self.first()?;
        match &*self.levels[level].buckets[bucket] {
            few if few.len() <= FEW => few.iter().map(|entry| entry.deadline).min(),
            _ => Some(tick << TICK),
        }
    }

    /// When the next of the entries that `alive` accepts is due.
    pub(crate) fn next_exactly(&self, alive: impl Fn(&Entry) -> bool) -> Option<Nanos> {
        // Buckets come in the order of their times, so the first one that has such an entry has the one.
        let buckets = self.levels.iter().flat_map(|level| &level.buckets);
        let mut firsts = buckets.filter_map(|bucket| {
            let alive = bucket.iter().filter(|entry| alive(entry));
            alive.map(|entry| entry.deadline).min()
        });
        firsts.next()
    }

    /// All entries, in no order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        let buckets = self.levels.iter().flat_map(|level| &level.buckets);
        buckets.flatten()
    }

    /// Moves the wheel to the first bucket, if that begins at `now` or earlier. Whatever is due too soon then is given to `due`.
    pub(crate) fn advance(&mut self, now: Nanos, mut due: impl FnMut(Entry)) -> bool {
        let Some((level, bucket, tick)) = self.first() else {
            return false;
        };
        if tick > tick_of(now) {
            return false;
        }
        self.tick = tick;
        for entry in self.levels[level].take(bucket) {
            if let Some(entry) = self.add(entry) {
                due(entry);
            }
        }
        true
    }

    /// Drops the entries that `alive` does not accept.
    pub(crate) fn retain(&mut self, alive: impl Fn(&Entry) -> bool) {
        for level in &mut self.levels {
            for (number, bucket) in level.buckets.iter_mut().enumerate() {
                bucket.retain(&alive);
                if bucket.is_empty() {
                    level.occupied &= !(1 << number);
                }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.levels.clear();
    }
}

impl Level {
    fn new() -> Self {
        Self {
            buckets: [const { Vec::new() }; BUCKETS],
            occupied: 0,
        }
    }

    fn push(&mut self, bucket: usize, entry: Entry) {
        self.buckets[bucket].push(entry);
        self.occupied |= 1 << bucket;
    }

    fn take(&mut self, bucket: usize) -> Vec<Entry> {
        self.occupied &= !(1 << bucket);
        mem::take(&mut self.buckets[bucket])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timers::TimerKey;

    /// Numbers that look random, the same each time.
    fn numbers() -> impl Iterator<Item = u64> {
        std::iter::successors(Some(1_u64), |n| {
            Some(
                n.wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        })
        .map(|n| n >> 20)
    }

    #[test]
    fn entries_leave_in_the_order_of_their_ticks_and_none_is_lost() {
        let mut wheel = Wheel::new();
        let mut left = Vec::new();
        let mut deadlines: Vec<Nanos> = numbers()
            .zip(0..64)
            .take(4000)
            .map(|(n, shift)| (n << 10) >> (shift % 44))
            .collect();
        deadlines.push(Nanos::MAX);
        for &deadline in &deadlines {
            let entry = Entry {
                deadline,
                key: TimerKey::of(0, 0),
            };
            left.extend(wheel.add(entry).map(|entry| entry.deadline));
        }
        while let Some(next) = wheel.next() {
            let exactly = wheel.next_exactly(|_| true);
            assert!(exactly.is_some_and(|exactly| exactly >= next));
            while wheel.advance(next, |entry| left.push(entry.deadline)) {}
        }
        let ticks: Vec<u64> = left.iter().map(|deadline| tick_of(*deadline)).collect();
        assert!(ticks.is_sorted());
        deadlines.sort_unstable();
        left.sort_unstable();
        assert_eq!(left, deadlines);
    }

    #[test]
    fn what_is_added_while_the_wheel_moves_leaves_when_its_tick_comes() {
        let mut wheel = Wheel::new();
        let key = TimerKey::of(0, 0);
        let (mut now, mut inside) = (0, 0);
        for number in numbers().take(20_000) {
            let deadline = now + number % (200 << TICK);
            inside += usize::from(wheel.add(Entry { deadline, key }).is_none());
            now += number % (1 << TICK);
            let mut due = Vec::new();
            while wheel.advance(now, |entry| due.push(tick_of(entry.deadline))) {}
            inside -= due.len();
            assert!(due.iter().all(|&tick| tick <= tick_of(now)));
            assert!(
                wheel
                    .next_exactly(|_| true)
                    .is_none_or(|next| tick_of(next) > tick_of(now))
            );
        }
        let buckets = wheel.levels.iter().flat_map(|level| &level.buckets);
        assert_eq!(buckets.flatten().count(), inside);
    }
}
