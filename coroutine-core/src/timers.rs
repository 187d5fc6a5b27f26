//! A loop's timers: who is woken when.
//!
//! Those that are due soon are in a heap, by deadline, then by the order of adding; the others wait in a [`Wheel`]. A timer that is removed leaves its entry
//! behind, which is passed over when it comes up, or swept out when such entries are the majority.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::node::AnyNode;
use crate::wheel::Wheel;

#[cfg(test)]
mod tests;

/// Time since the loop was made, in nanoseconds.
pub(crate) type Nanos = u64;

/// A duration in nanoseconds, or the longest there is: some 584 years.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

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

    pub(crate) fn slot(self) -> u32 {
        self.slot
    }

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
    /// The next vacant slot, where this one is vacant; [`LIMIT`] and more where the timer ends a wait for something else.
    next_vacant: u32,
    /// Whom the timer wakes.
    target: Option<AnyNode>,
}

const VACANT: u32 = u32::MAX;
/// Set beside the number of the [part](crate::scope) that waits, as far as there is room for it.
const LIMIT: u32 = 1 << 31;

/// The number by which a limit knows a part. One bit fewer than there is room for, so that no limit is taken for [`VACANT`].
pub(crate) fn limit_number(part: u64) -> u32 {
    part as u32 & ((LIMIT >> 1) - 1)
}

/// A timer, as a dump shows it.
pub(crate) struct Shown<'a> {
    pub(crate) slot: usize,
    pub(crate) deadline: Nanos,
    /// The part whose wait for something else it ends, zero if that is none, as far as the number goes.
    pub(crate) limit_of: Option<u32>,
    pub(crate) target: &'a AnyNode,
}

/// Tells of an entry whether its timer has neither fired nor been removed.
fn is_alive(slots: &[Slot]) -> impl Fn(&Entry) -> bool {
    |entry| slots[entry.key.slot as usize].serial == entry.key.serial
}

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
            slot.next_vacant = VACANT;
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

    /// Takes down that the timer ends a wait for something else.
    pub(crate) fn mark_limit(&mut self, key: TimerKey, part: u64) {
        if let Some(slot) = self.slot(key) {
            slot.next_vacant = LIMIT | limit_number(part);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Shows the timers that would wake somebody, in no order.
    pub(crate) fn show(&self, mut show: impl FnMut(Shown<'_>)) {
        let soon = self.soon.iter().map(|Reverse(entry)| entry);
        for entry in soon.chain(self.later.entries()) {
            let slot = &self.slots[entry.key.slot as usize];
            if let Some(target) = slot
                .target
                .as_ref()
                .filter(|_| slot.serial == entry.key.serial)
            {
                show(Shown {
                    slot: entry.key.slot as usize,
                    deadline: entry.deadline,
                    limit_of: (slot.next_vacant != VACANT).then_some(slot.next_vacant & !LIMIT),
                    target,
                });
            }
        }
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
        let alive = is_alive(&self.slots);
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

    /// Takes the next timer that is due in this pass, and says by how much it is late; its target is woken by the caller.
    pub(crate) fn pop_due(&mut self, pass: Pass) -> Option<(Nanos, Option<AnyNode>)> {
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
                return Some((pass.now - entry.deadline, target));
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
        self.next_soon()
            .or_else(|| self.later.next_exactly(is_alive(&self.slots)))
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
