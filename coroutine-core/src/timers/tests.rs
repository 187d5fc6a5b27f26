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
            let due = |(deadline, number): &(Nanos, u64)| *deadline <= pass.now && *number < end;
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
