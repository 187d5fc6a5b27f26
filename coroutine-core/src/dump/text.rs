//! A dump as text.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::{Awaited, Dump, DumpId, DumpKind, DumpNode, PART, Place, Status, WaitsFor};

impl Display for Dump {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.len() {
            0 => write!(f, "no coroutine is alive")?,
            1 => write!(f, "1 coroutine is alive")?,
            count => write!(f, "{count} coroutines are alive")?,
        }
        self.write_tree(f)
    }
}

impl Dump {
    /// Writes a line for each coroutine, and before each the end of a line.
    pub(crate) fn write_tree(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // No recursion, since a chain of coroutines may be as long as memory allows.
        let mut left: Vec<_> = self.roots().map(|root| (0, root)).collect();
        left.reverse();
        while let Some((depth, node)) = left.pop() {
            write_node(node, depth, f)?;
            let at = left.len();
            left.extend(node.children().map(|child| (depth + 1, child)));
            left[at..].reverse();
        }
        Ok(())
    }
}

fn write_node(node: DumpNode<'_>, depth: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let indent = Indent(depth);
    write!(f, "\n{indent}")?;
    match (node.kind(), node.suspension()) {
        (DumpKind::Member(index), _) => write!(f, "member {index}: ")?,
        (_, Some(suspension)) => {
            write!(f, "{} {}", Path(node), node.id())?;
            write_kind(node.kind(), f)?;
            let (file, line, column) = (suspension.file(), suspension.line(), suspension.column());
            write!(f, " at {file}:{line}:{column}")?;
            if let Some(operand) = suspension.operand() {
                write!(f, ", yielding `{operand}`")?;
            }
            write!(f, ", ")?;
        }
        (_, None) => {}
    }
    write_status(node, f)?;
    if node.bytes() != 0 {
        write!(f, ", {} bytes", node.bytes())?;
    }
    for waits_for in node.waits_for() {
        if !is_child(node, waits_for) {
            write!(f, "\n{indent}  -> ")?;
            write_wait(node.dump, waits_for, f)?;
        }
    }
    Ok(())
}

/// What a node is called, its module included.
struct Path<'a>(DumpNode<'a>);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let module = self.0.suspension().map_or("", |at| at.sites().module());
        match module {
            "" => f.write_str(self.0.name()),
            module => write!(f, "{module}::{}", self.0.name()),
        }
    }
}

/// Whether it is shown in the line that follows.
fn is_child(node: DumpNode<'_>, waits_for: &WaitsFor) -> bool {
    match waits_for {
        WaitsFor::Coroutine { id, shared: false } => {
            let target = node.dump.get(*id);
            target.is_some_and(|target| target.record().above == Some(node.index))
        }
        _ => false,
    }
}

fn write_kind(kind: DumpKind, f: &mut Formatter<'_>) -> fmt::Result {
    match kind {
        DumpKind::Lazy => write!(f, " (lazy)"),
        DumpKind::AsyncGenerator => write!(f, " (generator)"),
        DumpKind::Coroutine | DumpKind::Member(_) => Ok(()),
    }
}

fn write_status(node: DumpNode<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match node.status() {
        Status::Running => write!(f, "running"),
        Status::Ready => write!(f, "ready to run"),
        Status::Suspended => write!(f, "suspended for {}", Time(node.waited())),
    }
}

fn write_wait(dump: &Dump, waits_for: &WaitsFor, f: &mut Formatter<'_>) -> fmt::Result {
    match waits_for {
        WaitsFor::Timer { due_in } => write!(f, "a timer, due in {}", Time(*due_in)),
        WaitsFor::Limit { due_in } => write!(f, "its time limit, in {}", Time(*due_in)),
        WaitsFor::Io {
            fd,
            writable,
            local,
            peer,
        } => {
            let what = if *writable { "writable" } else { "readable" };
            write!(f, "descriptor {fd} to be {what}")?;
            match (local, peer) {
                (Some(local), Some(peer)) => write!(f, ", {local} with {peer}"),
                (Some(local), None) => write!(f, ", {local}"),
                (None, _) => Ok(()),
            }
        }
        WaitsFor::Signal(kind) => write!(f, "the signal {kind}"),
        WaitsFor::Child => write!(f, "the end of a child process"),
        WaitsFor::Promise { made_at, shared } => {
            let shared = if *shared { "shared " } else { "" };
            write!(f, "a {shared}promise made at {made_at}")
        }
        WaitsFor::Coroutine { id, shared } => {
            let shared = if *shared { "the shared result of " } else { "" };
            write!(f, "{shared}{}", Reference(dump, *id))
        }
        WaitsFor::Line {
            what,
            made_at,
            holder,
        } => {
            write!(f, "{} made at {made_at}", name(*what))?;
            match holder {
                Some(holder) => write!(f, ", held by {}", Reference(dump, *holder)),
                None => Ok(()),
            }
        }
        WaitsFor::Job => write!(f, "work on another thread"),
        WaitsFor::Future { type_name } => write!(f, "a future `{type_name}`"),
    }
}

pub(super) fn name(what: Awaited) -> &'static str {
    match what {
        Awaited::Lock => "a lock",
        Awaited::Semaphore => "a semaphore",
        Awaited::Condition => "a condition",
        Awaited::Event => "an event",
        Awaited::QueueItem => "an item of a queue",
        Awaited::QueueRoom => "room in a queue",
        Awaited::QueueDone => "the end of all work of a queue",
        Awaited::Broadcast => "a message of a broadcast",
        Awaited::Watch => "a change of a value",
    }
}

/// One that stands elsewhere.
struct Reference<'a>(&'a Dump, DumpId);

impl Display for Reference<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.get(self.1) {
            Some(node) => write!(f, "{} {}", Path(node), self.1),
            None => write!(f, "{}", self.1),
        }
    }
}

/// The number among the thread's coroutines, or among its parts.
impl Display for DumpId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 & PART {
            0 => write!(f, "#{}", self.0 & 0xf_ffff),
            _ => write!(f, "#p{}", self.0 & !PART),
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file(), self.line(), self.column())
    }
}

/// A time as people read it.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{} ms", self.0.as_millis()),
            1..60 => write!(f, "{}.{} s", seconds, self.0.subsec_millis() / 100),
            60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

struct Indent(usize);

impl Display for Indent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Deeper ones would fill the line.
        (0..self.0.min(40)).try_for_each(|_| f.write_str("  "))
    }
}
