//! One line of the page: a coroutine.

use std::fmt::{self, Display, Formatter, Write};

use coroutine_core::{DumpId, DumpKind, DumpNode, Status, Suspension};

use super::arena::{Arena, is_this_request};
use super::html::{Number, Text, Time};
use super::query::Query;
use super::waits;

/// Writes all that is known of a coroutine, as the contents of its line.
pub(super) fn write(
    out: &mut String,
    arena: &Arena<'_>,
    query: &Query,
    index: usize,
) -> fmt::Result {
    let node = arena.node(index);
    out.push_str("<span class=\"what\">");
    write_status_sign(out, node)?;
    write_name(out, query, node)?;
    if let Some(operand) = node.suspension().and_then(Suspension::operand) {
        write!(out, " <code class=\"operand\">{}</code>", Text(operand))?;
    }
    waits::write(out, arena, query, node)?;
    out.push_str("</span>");
    write!(out, "<span class=\"since\">{}</span>", Since(node))?;
    write!(out, "<span class=\"bytes\">{}</span>", Bytes(node.bytes()))?;
    write!(
        out,
        "<span class=\"place\">{}</span>",
        At(node.suspension())
    )
}

fn write_status_sign(out: &mut String, node: DumpNode<'_>) -> fmt::Result {
    let (sign, text) = match node.status() {
        Status::Running => ("▶", "running"),
        Status::Ready => ("●", "ready to run"),
        _ => ("◦", "suspended"),
    };
    write!(
        out,
        "<span class=\"sign\" role=\"img\" aria-label=\"{text}\" title=\"{text}\">{sign}</span> "
    )
}

fn write_name(out: &mut String, query: &Query, node: DumpNode<'_>) -> fmt::Result {
    if let DumpKind::Member(index) = node.kind() {
        return write!(out, "<span class=\"member\">member {index}</span>");
    }
    let href = query.of(node.id().as_u64());
    write!(
        out,
        "<a class=\"name\" href=\"{}\" title=\"{}\">{}</a>",
        Text(href),
        Text(Path(node)),
        Text(Name(node))
    )?;
    write!(out, " <span class=\"id\">{}</span>", ShortId(node.id()))?;
    if let Some(word) = kind_word(node.kind()) {
        write!(out, " <span class=\"kind\">{word}</span>")?;
    }
    match is_this_request(node) {
        true => write!(out, " <span class=\"kind self\">this request</span>"),
        false => Ok(()),
    }
}

pub(super) fn kind_word(kind: DumpKind) -> Option<&'static str> {
    match kind {
        DumpKind::Lazy => Some("lazy"),
        DumpKind::AsyncGenerator => Some("generator"),
        _ => None,
    }
}

/// A name, also of one that has none.
pub(super) struct Name<'a>(pub(super) DumpNode<'a>);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.0.kind(), self.0.name()) {
            (DumpKind::Member(index), _) => write!(f, "member {index}"),
            (_, "") => f.write_str("(nameless)"),
            (_, name) => f.write_str(name),
        }
    }
}

/// A name with its module.
pub(super) struct Path<'a>(pub(super) DumpNode<'a>);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.suspension().map_or("", |at| at.sites().module()) {
            "" => write!(f, "{}", Name(self.0)),
            module => write!(f, "{module}::{}", Name(self.0)),
        }
    }
}

/// For how long.
pub(super) struct Since<'a>(pub(super) DumpNode<'a>);

impl Display for Since<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.status() {
            Status::Running => write!(f, "running"),
            Status::Ready => write!(f, "ready"),
            _ => write!(f, "{}", Time(self.0.waited())),
        }
    }
}

/// A size; nothing where it is not known.
struct Bytes(usize);

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            bytes => write!(f, "{} B", Number(bytes)),
        }
    }
}

/// Where it is suspended.
struct At<'a>(Option<&'a Suspension>);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(at) = self.0 else {
            return Ok(());
        };
        let (file, line, column) = (at.file(), at.line(), at.column());
        let whole = Text(format_args!("{file}:{line}:{column}"));
        write!(
            f,
            "<span class=\"at\" title=\"{whole}\">{}</span>",
            Text(ShortPlace(file, line))
        )
    }
}

/// The last two parts of a path, and the line.
pub(super) struct ShortPlace<'a>(pub(super) &'a str, pub(super) u32);

impl Display for ShortPlace<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(file, line) = *self;
        let slash = file.rmatch_indices('/').nth(1);
        let short = slash.map_or(file, |(at, _)| &file[at + 1..]);
        write!(f, "{short}:{line}")
    }
}

/// As the text of a dump writes it.
pub(super) struct ShortId(pub(super) DumpId);

impl Display for ShortId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
