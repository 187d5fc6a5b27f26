//! A loop's timers: who is woken when.
//!
//! Those that are due soon are in a heap, by deadline, then by the order of adding; the others wait in a [`Wheel`]. A timer that is removed leaves its entry
//! behind, which is passed over when it comes up, or swept out when such entries are the majority.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::node::AnyNode;
use crate::wheel::Wheel;

/// Time since the loop was made, in nanoseconds.
pub(crate) type Nanos = u64;

/// A timer that was added. It stays harmless when the timer has fired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimerKey {
    slot: u32,
    serial: u32,
}

impl TimerKey {
    /// That of no timer.
    pub(crate) const DEAD: Self = Self {
        slot: u32::MAX,
        serial: u32::MAX,
    };
}

impl TimerKey {
    #[cfg(test)]
    pub(crate) fn of(slot: u32, serial: u32) -> Self {
        Self { slot, serial }
    }
}

/// A timer's place in the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) deadline: Nanos,
    pub(crate) key: TimerKey,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_deadline = self.deadline.cmp(&other.deadline);
        by_deadline.then_with(|| age(self.key.serial, other.key.serial))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares serial numbers that wrap around.
fn age(a: u32, b: u32) -> Ordering {
    (a.wrapping_sub(b).cast_signed()).cmp(&0)
}

struct Slot {
    /// That of the timer which is here, or [`VACANT`].
    serial: u32,
    /// The next vacant slot, where this one is vacant.
    next_vacant: u32,
    /// Whom the timer wakes.
    target: Option<AnyNode>,
}

const VACANT: u32 = u32::MAX;

/// A pass over the timers that are due: it leaves out those that were added since it was begun.
#[derive(Clone, Copy)]
pub(crate) struct Pass {
    now: Nanos,
    serial: u32,
}

pub(crate) struct Timers {
    /// What is due before everything in the wheel.
    soon: BinaryHeap<Reverse<Entry>>,
    later: Wheel,
    /// How many entries there are in both, removed timers' included.
    entries: usize,
    slots: Vec<Slot>,
    /// The first vacant slot, or [`VACANT`].
    vacant: u32,
    /// The serial number of the next timer.
    serial: u32,
    /// How many timers there are.
    count: usize,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self {
            soon: BinaryHeap::new(),
            later: Wheel::new(),
            entries: 0,
            slots: Vec::new(),
            vacant: VACANT,
            serial: 0,
            count: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, deadline: Nanos, target: Option<AnyNode>) -> TimerKey {
        let serial = self.serial;
        self.serial = match serial.wrapping_add(1) {
            VACANT => 0,
            next => next,
        };
        let key = TimerKey {
            slot: self.fill_slot(serial, target),
            serial,
        };
        if let Some(soon) = self.later.add(Entry { deadline, key }) {
            self.soon.push(Reverse(soon));
        }
        self.entries += 1;
        self.count += 1;
        key
    }

    fn fill_slot(&mut self, serial: u32, target: Option<AnyNode>) -> u32 {
        let at = self.vacant;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            self.vacant = slot.next_vacant;
            slot.serial = serial;
            slot.target = target;
            return at;
        }
        let at = u32::try_from(self.slots.len())
            .expect("memory ends before four thousand million timers are set");
        self.slots.push(Slot {
            serial,
            next_vacant: VACANT,
            target,
        });
        at
    }

    fn slot(&mut self, key: TimerKey) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(key.slot as usize);
        slot.filter(|slot| slot.serial == key.serial)
    }

    /// Whom the timer wakes, as a place to change it; nothing where the timer has fired or was removed.
    pub(crate) fn target(&mut self, key: TimerKey) -> Option<&mut Option<AnyNode>> {
        self.slot(key).map(|slot| &mut slot.target)
    }

    /// Removes a timer, if it has not fired. The caller drops its target, which may run foreign code, when nothing is borrowed.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<AnyNode> {
        let target = self.vacate(key)?;
        if self.entries > 64 && self.entries / 2 > self.count {
            self.sweep();
        }
        target
    }

    /// Drops the entries of timers that are gone.
    fn sweep(&mut self) {
        let slots = &self.slots;
        let alive = |entry: &Entry| slots[entry.key.slot as usize].serial == entry.key.serial;
        self.soon.retain(|Reverse(entry)| alive(entry));
        self.later.retain(alive);
        self.entries = self.count;
    }

    /// Empties the timer's slot; nothing where the timer is gone, else its target.
    fn vacate(&mut self, key: TimerKey) -> Option<Option<AnyNode>> {
        let vacant = self.vacant;
        let slot = self.slot(key)?;
        slot.serial = VACANT;
        slot.next_vacant = vacant;
        let target = slot.target.take();
        self.vacant = key.slot;
        self.count -= 1;
        Some(target)
    }

    pub(crate) fn begin_pass(&self, now: Nanos) -> Pass {
        Pass {
            now,
            serial: self.serial,
        }
    }

    /// Takes the next timer that is due in this pass; its target is woken by the caller.
    pub(crate) fn pop_due(&mut self, pass: Pass) -> Option<Option<AnyNode>> {
        loop {
            let Some(&Reverse(entry)) = self.soon.peek() else {
                if self.advance(pass.now) {
                    continue;
                }
                return None;
            };
            // What is added during the pass is due at `pass.now` at the earliest.
            let is_new =
                || entry.deadline == pass.now && age(entry.key.serial, pass.serial).is_ge();
            if entry.deadline > pass.now || is_new() {
                return None;
            }
            self.pop_soon();
            if let Some(target) = self.vacate(entry.key) {
                return Some(target);
            }
        }
    }

    fn pop_soon(&mut self) {
        self.soon.pop();
        self.entries -= 1;
    }

    fn advance(&mut self, now: Nanos) -> bool {
        let soon = &mut self.soon;
        self.later.advance(now, |entry| soon.push(Reverse(entry)))
    }

    /// A time at which to look again: no timer is due before it.
    pub(crate) fn next_look(&mut self) -> Option<Nanos> {
        if self.is_empty() {
            return None;
        }
        self.next_soon().or_else(|| self.later.next())
    }

    /// When the next timer is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Nanos> {
        self.next_soon().or_else(|| {
            let slots = &self.slots;
            let alive = |entry: &Entry| slots[entry.key.slot as usize].serial == entry.key.serial;
            self.later.next_exactly(alive)
        })
    }

    fn next_soon(&mut self) -> Option<Nanos> {
        loop {
            let Reverse(entry) = *self.soon.peek()?;
            if self.slot(entry.key).is_some() {
                return Some(entry.deadline);
            }
            self.pop_soon();
        }
    }

    /// Takes all targets out, so that the caller can drop them. The timers stay, and never fire.
    pub(crate) fn disarm(&mut self) -> Vec<AnyNode> {
        self.soon.clear();
        self.later.clear();
        self.entries = 0;
        let targets = self.slots.iter_mut().filter_map(|slot| slot.target.take());
        targets.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZero;

    use super::*;

    #[test]
    fn serial_numbers_keep_their_order_when_they_wrap() {
        let mut timers = Timers::new();
        timers.serial = u32::MAX - 2;
        let keys: Vec<_> = (0..4).map(|_| timers.add(5, None)).collect();
        let pass = timers.begin_pass(5);
        let mut fired = Vec::new();
        while timers.pop_due(pass).is_some() {
            fired.push(
                keys.iter()
                    .filter(|&&key| timers.target(key).is_none())
                    .count(),
            );
        }
        assert_eq!(fired, [1, 2, 3, 4]);
    }

    #[test]
    fn removed_timers_do_not_pile_up() {
        let mut timers = Timers::new();
        for _ in 0..10_000 {
            let key = timers.add(1_000_000, None);
            timers.remove(key);
        }
        assert!(timers.is_empty());
        assert!(timers.entries <= 128, "{} entries", timers.entries);
        assert_eq!(timers.slots.len(), 1);
    }

    #[test]
    fn a_wheel_is_not_held_up_by_a_serial_number_that_seems_new() {
        let mut timers = Timers::new();
        timers.add(5 << 20, None);
        // So many timers later, the first one's number is on the other side of the circle.
        timers.serial = (1 << 31) + 7;
        timers.add(6 << 20, None);
        let pass = timers.begin_pass(10 << 20);
        let fired = std::iter::from_fn(|| timers.pop_due(pass)).count();
        assert_eq!(fired, 2);
    }

    /// Numbers that look random, the same each time.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % limit
        }
    }

    /// The timers, and beside them a plain list by deadline, then by the order of adding.
    struct Modelled {
        timers: Timers,
        model: BTreeMap<(Nanos, u64), TimerKey>,
        added: u64,
        now: Nanos,
        numbers: Numbers,
    }

    impl Modelled {
        fn add(&mut self) {
            let numbers = &mut self.numbers;
            let delay = match numbers.below(6) {
                0 => 0,
                1 => numbers.below(1000),
                2 => numbers.below(64) << 20,
                3 => {
                    let bits = numbers.below(55) + 1;
                    numbers.below(1 << bits)
                }
                4 => numbers.below(5 << 20),
                // Where a bucket of a higher level begins.
                _ => (((self.now >> 26) + 1 + numbers.below(3)) << 26) - self.now,
            };
            let deadline = self.now + delay;
            let key = self.timers.add(deadline, None);
            self.model.insert((deadline, self.added), key);
            self.added += 1;
        }

        fn remove_one(&mut self) {
            if let Some(count) = NonZero::new(self.model.len() as u64) {
                let at = self.numbers.below(count.get()) as usize;
                let (&place, &key) = self.model.iter().nth(at).expect("it is below the length");
                self.model.remove(&place);
                self.timers.remove(key);
            }
        }

        /// Lets time pass up to the next look, or to anywhere behind it.
        fn wait(&mut self) {
            let first = self.model.keys().next().map(|&(deadline, _)| deadline);
            assert_eq!(self.timers.next_deadline(), first);
            let look = self.timers.next_look();
            assert_eq!(look.is_some(), first.is_some());
            assert!(look <= first, "{look:?} is too late for {first:?}");
            let late = self.numbers.below(2) * self.numbers.below(200 << 20);
            self.now = self.now.max(look.unwrap_or(0)) + late;
        }

        /// Fires what is due, while some timers are added and removed.
        fn pass(&mut self) {
            let pass = self.timers.begin_pass(self.now);
            let end = self.added;
            while self.timers.pop_due(pass).is_some() {
                let due =
                    |(deadline, number): &(Nanos, u64)| *deadline <= pass.now && *number < end;
                let first = self.model.keys().copied().find(due);
                let key = first.and_then(|first| self.model.remove(&first));
                let key = key.expect("nothing is due");
                assert!(self.timers.target(key).is_none(), "another one has fired");
                assert_eq!(self.timers.count, self.model.len());
                match self.numbers.below(6) {
                    0 | 1 => self.add(),
                    2 => self.remove_one(),
                    _ => {}
                }
            }
            let mut left = self.model.keys();
            assert!(left.all(|&(deadline, number)| deadline > pass.now || number >= end));
        }
    }

    #[test]
    fn timers_fire_as_those_of_a_plain_list_do() {
        let mut numbers = Numbers(0x1234_5678_9abc_def0);
        for round in 0..100 {
            let mut timers = Timers::new();
            if round % 3 == 0 {
                timers.serial = u32::MAX - 50;
            }
            let now = numbers.below(1 << (round % 50 + 1));
            let mut modelled = Modelled {
                timers,
                model: BTreeMap::new(),
                added: 0,
                now,
                numbers: Numbers(numbers.0),
            };
            for _ in 0..200 {
                let count = modelled.numbers.below(60);
                match modelled.numbers.below(8) {
                    0..4 => (0..count).for_each(|_| modelled.add()),
                    4 => (0..count).for_each(|_| modelled.remove_one()),
                    _ => {
                        modelled.wait();
                        modelled.pass();
                    }
                }
                assert_eq!(modelled.timers.count, modelled.model.len());
            }
            numbers = modelled.numbers;
        }
    }
}
