//! A dump for other programs: a list of coroutines that name each other by their ids, and the ids of the roots.

use std::fmt::Display;
use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Dump, DumpId, DumpKind, DumpNode, Place, Status, Suspension, WaitsFor, text};

/// Whatever shows itself in one word.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Collected as they come.
struct Each<I>(I);

impl<I> Serialize for Each<I>
where
    I: Iterator<Item: Serialize> + Clone,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Serialize for Dump {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let roots = self.roots.iter().map(|&root| self.records[root].id);
        let coroutines = (0..self.records.len()).map(|index| DumpNode { dump: self, index });
        let mut dump = serializer.serialize_struct("Dump", 2)?;
        dump.serialize_field("roots", &Each(roots))?;
        dump.serialize_field("coroutines", &Each(coroutines))?;
        dump.end()
    }
}

impl Serialize for DumpId {
    /// As a number that JavaScript can tell from all others.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.as_u64())
    }
}

/// Without those below it, but for their ids.
impl Serialize for DumpNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let children = self.record().children.iter();
        let children = children.map(|&child| self.dump.records[child].id);
        let suspension = self.suspension();
        let index = match self.kind() {
            DumpKind::Member(index) => Some(index),
            _ => None,
        };
        let mut node = serializer.serialize_struct("Coroutine", 16)?;
        node.serialize_field("id", &self.id())?;
        node.serialize_field("kind", kind_name(self.kind()))?;
        node.serialize_field("member", &index)?;
        node.serialize_field("name", self.name())?;
        node.serialize_field("module", &suspension.map(|at| at.sites().module()))?;
        node.serialize_field("declared_at", &suspension.map(|at| at.sites().line()))?;
        node.serialize_field("file", &suspension.map(Suspension::file))?;
        node.serialize_field("line", &suspension.map(Suspension::line))?;
        node.serialize_field("column", &suspension.map(Suspension::column))?;
        node.serialize_field("site", &suspension.and_then(Suspension::number))?;
        node.serialize_field("operand", &suspension.and_then(Suspension::operand))?;
        node.serialize_field("status", &self.status())?;
        node.serialize_field("waited_ms", &millis(self.waited()))?;
        node.serialize_field("bytes", &self.bytes())?;
        node.serialize_field("waits_for", self.waits_for())?;
        node.serialize_field("children", &Each(children))?;
        node.end()
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Status::Running => "running",
            Status::Ready => "ready",
            Status::Suspended => "suspended",
        })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut place = serializer.serialize_struct("Place", 3)?;
        place.serialize_field("file", self.file())?;
        place.serialize_field("line", &self.line())?;
        place.serialize_field("column", &self.column())?;
        place.end()
    }
}

/// With a field `kind` that says which it is.
impl Serialize for WaitsFor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut waits_for = serializer.serialize_struct("WaitsFor", 5)?;
        let kind = wait_name(self);
        waits_for.serialize_field("kind", kind)?;
        match self {
            Self::Timer { due_in } | Self::Limit { due_in } => {
                waits_for.serialize_field("due_in_ms", &millis(*due_in))?;
            }
            Self::Io {
                fd,
                writable,
                local,
                peer,
            } => {
                waits_for.serialize_field("fd", fd)?;
                waits_for.serialize_field("writable", writable)?;
                waits_for.serialize_field("local", &local.map(Shown))?;
                waits_for.serialize_field("peer", &peer.map(Shown))?;
            }
            Self::Signal(signal) => waits_for.serialize_field("signal", &Shown(signal))?,
            Self::Promise { made_at, shared } => {
                waits_for.serialize_field("made_at", made_at)?;
                waits_for.serialize_field("shared", shared)?;
            }
            Self::Coroutine { id, shared } => {
                waits_for.serialize_field("id", id)?;
                waits_for.serialize_field("shared", shared)?;
            }
            Self::Line {
                what,
                made_at,
                holder,
            } => {
                waits_for.serialize_field("what", text::name(*what))?;
                waits_for.serialize_field("made_at", made_at)?;
                waits_for.serialize_field("holder", holder)?;
            }
            Self::Child | Self::Job => {}
            Self::Future { type_name } => waits_for.serialize_field("type_name", type_name)?,
        }
        waits_for.end()
    }
}

/// The word for what somebody waits for.
fn wait_name(waits_for: &WaitsFor) -> &'static str {
    match waits_for {
        WaitsFor::Timer { .. } => "timer",
        WaitsFor::Limit { .. } => "limit",
        WaitsFor::Io { .. } => "io",
        WaitsFor::Signal(_) => "signal",
        WaitsFor::Child => "child",
        WaitsFor::Promise { .. } => "promise",
        WaitsFor::Coroutine { .. } => "coroutine",
        WaitsFor::Line { .. } => "line",
        WaitsFor::Job => "job",
        WaitsFor::Future { .. } => "future",
    }
}

fn kind_name(kind: DumpKind) -> &'static str {
    match kind {
        DumpKind::Coroutine => "coroutine",
        DumpKind::Lazy => "lazy",
        DumpKind::AsyncGenerator => "async_generator",
        DumpKind::Member(_) => "member",
    }
}
