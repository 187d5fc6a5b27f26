//! Who waits for what: what each has a note of, and what the tables say that wakes it.

use std::iter;

use super::WaitsFor;
use super::build::{Facts, Survey, Table};
use super::map::Map;
use crate::note::{Noted, task_number};
use crate::origin;
use crate::portrait::Status;

impl Survey {
    /// Writes down what each has a note of.
    pub(super) fn read_notes(&mut self) {
        // Of those with the same number the last; each knows the one before.
        let mut table: Map<_, usize> = Map::default();
        table.reserve(self.found.len());
        for (at, found) in self.found.iter_mut().enumerate() {
            let (kind, key) = found.noted;
            let key = match kind {
                Table::Tasks => task_number(std::ptr::without_provenance(key)),
                Table::Timers | Table::Poller => key,
            };
            found.like = table.insert((kind, key), at);
        }
        for index in 0..self.records.len() {
            if self.records[index].status != Status::Suspended {
                continue;
            }
            let noted = self.facts[index].note.read();
            let waits_for = match noted {
                Noted::Timer(key) => self.claim(index, table.get(&(Table::Timers, key))),
                Noted::Watched(key) => self.claim(index, table.get(&(Table::Poller, key))),
                Noted::Task(key) => self.claim(index, table.get(&(Table::Tasks, key))),
                _ => self.untabled(noted),
            };
            if let Some(waits_for) = waits_for {
                self.records[index].add_wait(waits_for);
            }
        }
    }

    /// Of what a table has under the number of the note of `index`, takes that which wakes it.
    fn claim(&mut self, index: usize, last: Option<&usize>) -> Option<WaitsFor> {
        let node = self.facts[index].node;
        let last = *last?;
        let mut those = iter::successors(Some(last), |&at| self.found[at].like);
        // Where a combinator that is not ours polls with wakers of its own, the table does not tell whom they wake. What wakes another one is not what the note was of.
        let at = those
            .clone()
            .find(|&at| self.found[at].node == node)
            .or_else(|| those.find(|&at| !self.by_address.contains_key(&self.found[at].node)))?;
        self.found[at].is_claimed = true;
        if let Some(target) = self.found[at].target {
            self.records[index].children.push(target);
        }
        Some(self.found[at].waits_for.clone())
    }

    fn untabled(&self, noted: Noted) -> Option<WaitsFor> {
        Some(match noted {
            Noted::Promise(made_at) => WaitsFor::Promise {
                made_at: made_at.into(),
                shared: false,
            },
            Noted::SharedPromise(made_at) => WaitsFor::Promise {
                made_at: made_at.into(),
                shared: true,
            },
            Noted::Origin(key) => {
                let facts = origin::facts(key)?;
                let holder = facts.holder.and_then(|holder| self.by_task.get(&holder));
                WaitsFor::Line {
                    what: facts.kind,
                    made_at: facts.made_at.into(),
                    holder: holder.map(|&holder| self.records[holder].id),
                }
            }
            Noted::Job => WaitsFor::Job,
            Noted::Nothing
            | Noted::Type(_)
            | Noted::Timer(_)
            | Noted::Watched(_)
            | Noted::Task(_) => return None,
        })
    }

    /// Gives what nobody has a note of to whom it wakes, and names the types of what is not known otherwise.
    pub(super) fn settle(&mut self) {
        for at in 0..self.found.len() {
            let found = &self.found[at];
            let Some(&woken) = self
                .by_address
                .get(&found.node)
                .filter(|_| !found.is_claimed)
            else {
                continue;
            };
            let index = match found.place {
                Some(place) => place.unwrap_or(woken),
                None => self.innermost(woken),
            };
            let record = &mut self.records[index];
            record.add_wait(self.found[at].waits_for.clone());
            record.children.extend(self.found[at].target);
        }
        for index in 0..self.records.len() {
            let (facts, record) = (&self.facts[index], &mut self.records[index]);
            if let Noted::Type(name) = facts.note.read()
                && facts.parts == 0
                && record.status == Status::Suspended
                && record
                    .waits_for
                    .iter()
                    .all(|waits_for| matches!(waits_for, WaitsFor::Limit { .. }))
            {
                let type_name = name();
                record.add_wait(WaitsFor::Future { type_name });
            }
        }
    }

    /// The part within a part that is polled in its place, as far as there is only one.
    fn innermost(&self, mut index: usize) -> usize {
        while let Facts {
            parts: 1,
            last_part,
            node,
            ..
        } = self.facts[index]
            && self.facts[last_part].node == node
        {
            index = last_part;
        }
        index
    }
}
