//! Pictures.

use std::fmt::{self, Write as _};

use crate::flow::Node;
use crate::graph::Graph;
use crate::layout::{self, FONT, LONGEST, Layout, Line, Placed, SMALL_FONT, Stub};
use crate::text::{cut, escaped, width};

/// Half the width of an arrow's head, and its length.
const HEAD: (f64, f64) = (4.0, 7.0);

/// How a picture looks, where the reader has set his screen to light or to dark.
const STYLE: &str = "\
.coroutine-graph{--ground:#fff;--ink:#1f2328;--faint:#59636e;--line:#6e7781;--fill:#f6f8fa;--fail:#cf222e;--mark:#0969da;--mark-fill:#ddf4ff;background:var(--ground);font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
@media(prefers-color-scheme:dark){.coroutine-graph{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#7d8590;--fill:#161b22;--fail:#f85149;--mark:#58a6ff;--mark-fill:#121d2f}}\
.coroutine-graph text{fill:var(--ink);text-anchor:middle}\
.coroutine-graph .box{fill:var(--fill);stroke:var(--line)}\
.coroutine-graph .place,.coroutine-graph .label{fill:var(--faint)}\
.coroutine-graph .ground{fill:var(--ground)}\
.coroutine-graph .edge path{fill:none;stroke:var(--line);stroke-width:1.3}\
.coroutine-graph .edge .head{fill:var(--line);stroke:none}\
.coroutine-graph .failure path,.coroutine-graph .failure circle{stroke:var(--fail);fill:none}\
.coroutine-graph .failure .sign{fill:var(--fail)}\
.coroutine-graph .junction .box{fill:var(--line)}\
.coroutine-graph .unreachable .box{stroke-dasharray:4 3}\
.coroutine-graph .present .box{fill:var(--mark-fill);stroke:var(--mark);stroke-width:2.5}\
.coroutine-graph .mark rect{fill:var(--mark)}\
.coroutine-graph .mark text{fill:var(--ground);font-weight:bold}";

/// What the mark at the present state says, and its height.
const MARK: (&str, f64) = ("▶ here", 16.0);

/// A [`Graph`] as a picture, which is its `Display`.
///
/// Each state is a group with the id `state-N` and the class `state`; the start is `start`, the end `returned`. The class `present` marks the state where a coroutine is suspended, and a group of the
/// class `mark` at its corner says so without colours. Edges are groups of the class `edge` with `data-from` and `data-to`, which name [`Node`]s.
///
/// ```
/// use coroutine_graph::{Flow, Graph, Node, State, Svg};
///
/// let flow: Flow = "s 0\n0 e".parse()?;
/// let graph = Graph::new("nap", [State::new("sleep(SECOND)", 2)], flow);
/// let svg = Svg::new(&graph).present(Node::State(0)).id_prefix("c7-").to_string();
/// assert!(svg.contains("id=\"c7-state-0\" class=\"state present\""));
/// # Ok::<(), coroutine_graph::ParseFlowError>(())
/// ```
pub struct Svg<'a> {
    graph: &'a Graph,
    present: Option<Node>,
    prefix: String,
    is_styled: bool,
}

impl<'a> Svg<'a> {
    /// How pictures look: a style sheet, for pages whose pictures are [`unstyled`](Self::unstyled).
    pub const STYLE: &'static str = STYLE;

    /// The picture of a graph, in which nothing is marked.
    #[must_use]
    pub fn new(graph: &'a Graph) -> Self {
        Self {
            graph,
            present: None,
            prefix: String::new(),
            is_styled: true,
        }
    }

    /// Leaves the style sheet out, for a page that has [`STYLE`](Self::STYLE) among its own and allows no others.
    #[must_use]
    pub fn unstyled(mut self) -> Self {
        self.is_styled = false;
        self
    }

    /// Marks a node.
    #[must_use]
    pub fn present(mut self, node: Node) -> Self {
        self.present = Some(node);
        self
    }

    /// What every id begins with, so that a page can hold several pictures.
    #[must_use]
    pub fn id_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = layout::layout(self.graph);
        self.open(f, &layout)?;
        layout
            .lines
            .iter()
            .try_for_each(|line| write_line(f, line))?;
        layout
            .loops
            .iter()
            .try_for_each(|stub| write_loop(f, stub))?;
        layout
            .failures
            .iter()
            .try_for_each(|stub| write_failure(f, stub))?;
        layout
            .nodes
            .iter()
            .try_for_each(|placed| self.write_node(f, placed))?;
        // The last, so that no line runs over them.
        layout
            .lines
            .iter()
            .try_for_each(|line| write_label(f, line))?;
        f.write_str("</svg>\n")
    }
}

impl Svg<'_> {
    fn open(&self, f: &mut fmt::Formatter<'_>, layout: &Layout<'_>) -> fmt::Result {
        let (width, height) = (layout.width.ceil(), layout.height.ceil());
        let (name, prefix) = (escaped(self.graph.name()), escaped(&self.prefix));
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"coroutine-graph\" role=\"img\" aria-labelledby=\"{prefix}title {prefix}desc\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
        )?;
        writeln!(f, "<title id=\"{prefix}title\">{name}</title>")?;
        writeln!(f, "<desc id=\"{prefix}desc\">{}</desc>", self.description())?;
        match self.is_styled {
            true => writeln!(f, "<style>{STYLE}</style>"),
            false => Ok(()),
        }
    }

    /// The picture in words.
    fn description(&self) -> String {
        let mut text = format!(
            "State machine of the coroutine {}.",
            escaped(self.graph.name())
        );
        for (number, state) in self.graph.states().iter().enumerate() {
            let operand = escaped(state.operand());
            let _ = write!(
                text,
                " State {number}, line {}, yields {operand}.",
                state.line()
            );
        }
        text
    }

    fn write_node(&self, f: &mut fmt::Formatter<'_>, placed: &Placed) -> fmt::Result {
        let node = placed.node;
        let (id, class) = names(node);
        let reach = if self.graph.is_reachable(node) {
            ""
        } else {
            " unreachable"
        };
        let is_present = self.present == Some(node);
        let mark = if is_present { " present" } else { "" };
        let prefix = escaped(&self.prefix);
        write!(
            f,
            "<g id=\"{prefix}{id}\" class=\"{class}{reach}{mark}\">{}",
            shape(placed)
        )?;
        self.write_text(f, placed)?;
        if is_present {
            write_mark(f, placed)?;
        }
        writeln!(f, "</g>")
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>, placed: &Placed) -> fmt::Result {
        let &Placed { node, x, y, .. } = placed;
        match node {
            Node::Start => write_text(
                f,
                x,
                y + 4.5,
                FONT,
                "name",
                &cut(self.graph.name(), LONGEST),
            ),
            Node::State(number) => {
                let state = &self.graph.states()[number];
                let place = format!("{number} · line {}", state.line());
                write!(f, "<title>{}</title>", escaped(state.operand()))?;
                write_text(
                    f,
                    x,
                    y - 3.0,
                    FONT,
                    "operand",
                    &cut(state.operand(), LONGEST),
                )?;
                write_text(f, x, y + 14.0, SMALL_FONT, "place", &place)
            }
            Node::Returned => write_text(f, x, y + 4.5, FONT, "name", "end"),
            Node::Junction(_) | Node::Failed => Ok(()),
        }
    }
}

/// At the upper left corner, where no line meets the node.
fn write_mark(f: &mut fmt::Formatter<'_>, placed: &Placed) -> fmt::Result {
    let (text, height) = MARK;
    let width = width(text, SMALL_FONT) + 8.0;
    let left = placed.x - placed.width / 2.0 - 6.0;
    let top = placed.y - placed.height / 2.0 - height * 0.6;
    let (middle, line) = (left + width / 2.0, top + height - 4.5);
    write!(
        f,
        "<g class=\"mark\"><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\" rx=\"4\"/>"
    )?;
    write_text(f, middle, line, SMALL_FONT, "here", text)?;
    f.write_str("</g>")
}

fn names(node: Node) -> (String, &'static str) {
    match node {
        Node::Start => ("start".to_owned(), "start"),
        Node::State(number) => (format!("state-{number}"), "state"),
        Node::Junction(number) => (format!("junction-{number}"), "junction"),
        Node::Returned => ("returned".to_owned(), "returned"),
        Node::Failed => ("failed".to_owned(), "failed"),
    }
}

fn shape(placed: &Placed) -> String {
    let &Placed {
        node,
        x,
        y,
        width,
        height,
    } = placed;
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let radius = match node {
        Node::State(_) => 6.0,
        _ => height / 2.0,
    };
    let rect = |inset: f64, class: &str| {
        format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{:.1}\"/>",
            left + inset,
            top + inset,
            width - 2.0 * inset,
            height - 2.0 * inset,
            radius - inset
        )
    };
    if node == Node::Returned {
        rect(0.0, "box") + &rect(3.0, "box")
    } else {
        rect(0.0, "box")
    }
}

fn write_text(
    f: &mut fmt::Formatter<'_>,
    x: f64,
    y: f64,
    size: f64,
    class: &str,
    text: &str,
) -> fmt::Result {
    let text = escaped(text);
    write!(
        f,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\">{text}</text>"
    )
}

/// A smooth curve through all the points.
fn write_line(f: &mut fmt::Formatter<'_>, line: &Line<'_>) -> fmt::Result {
    let edge = line.edge;
    let mut points = line.points.clone();
    let (tip, direction) = tip(line);
    let last = points.len() - 1;
    points[last] = (tip.0 - direction.0 * HEAD.1, tip.1 - direction.1 * HEAD.1);
    let mut path = format!("M{:.1},{:.1}", points[0].0, points[0].1);
    for index in 0..last {
        path.push_str(&curve(&points, index, line.leaves_sideways, direction));
    }
    write!(
        f,
        "<g class=\"edge\" data-from=\"{}\" data-to=\"{}\"><path d=\"{path}\"/>",
        edge.from, edge.to
    )?;
    writeln!(f, "{}</g>", head(tip, direction))
}

/// The piece of a curve behind a point. Where it meets a node it is at a right angle to it; elsewhere it heads for the point after the next.
fn curve(
    points: &[(f64, f64)],
    index: usize,
    leaves_sideways: bool,
    arrival: (f64, f64),
) -> String {
    let (from, to) = (points[index], points[index + 1]);
    let (across, along) = (to.0 - from.0, to.1 - from.1);
    let length = across.hypot(along) * 0.4;
    let leaving = match index.checked_sub(1) {
        Some(before) => heading(points[before], to),
        None if leaves_sideways => (across.signum(), 0.0),
        None => (0.0, along.signum()),
    };
    let arriving = match points.get(index + 2) {
        Some(&next) => heading(from, next),
        None => arrival,
    };
    // What heads down is not to overshoot on a short way down.
    let reach = |(x, y): (f64, f64)| {
        let limit = if y.abs() > x.abs() { along } else { across };
        let reach = length.min((limit.abs() * 0.7).max(14.0));
        (x * reach, y * reach)
    };
    let (leaving, arriving) = (reach(leaving), reach(arriving));
    format!(
        "C{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}",
        from.0 + leaving.0,
        from.1 + leaving.1,
        to.0 - arriving.0,
        to.1 - arriving.1,
        to.0,
        to.1
    )
}

/// The direction from one point to another, of length 1.
fn heading(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (across, along) = (to.0 - from.0, to.1 - from.1);
    let length = across.hypot(along).max(0.1);
    (across / length, along / length)
}

/// Where a line ends, and its direction there.
fn tip(line: &Line<'_>) -> ((f64, f64), (f64, f64)) {
    let (before, end) = match line.points.as_slice() {
        [.., before, end] => (*before, *end),
        _ => ((0.0, 0.0), (0.0, 0.0)),
    };
    let direction = if line.arrives_sideways {
        ((end.0 - before.0).signum(), 0.0)
    } else {
        (0.0, (end.1 - before.1).signum())
    };
    (end, direction)
}

fn head((x, y): (f64, f64), (along_x, along_y): (f64, f64)) -> String {
    let (half, length) = HEAD;
    let (back_x, back_y) = (x - along_x * length, y - along_y * length);
    format!(
        "<path class=\"head\" d=\"M{x:.1},{y:.1}L{:.1},{:.1}L{:.1},{:.1}Z\"/>",
        back_x + along_y * half,
        back_y + along_x * half,
        back_x - along_y * half,
        back_y - along_x * half
    )
}

fn write_label(f: &mut fmt::Formatter<'_>, line: &Line<'_>) -> fmt::Result {
    match line.label {
        Some((x, y)) => {
            let width = width(&line.edge.label, SMALL_FONT);
            write!(
                f,
                "<rect class=\"ground\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"16\"/>",
                x - width / 2.0,
                y - 8.0
            )?;
            write_text(f, x, y + 4.0, SMALL_FONT, "label", &line.edge.label)?;
            f.write_char('\n')
        }
        None => Ok(()),
    }
}

/// An edge from a node to itself, on its right.
fn write_loop(f: &mut fmt::Formatter<'_>, stub: &Stub<'_>) -> fmt::Result {
    let &Stub { edge, x, y } = stub;
    let (end, far) = (x + HEAD.1, x + 28.0);
    let (top, bottom) = (y - 8.0, y + 8.0);
    write!(
        f,
        "<g class=\"edge\" data-from=\"{}\" data-to=\"{}\"><path d=\"M{x:.1},{bottom:.1}C{far:.1},{bottom:.1} {far:.1},{top:.1} {end:.1},{top:.1}\"/>{}",
        edge.from,
        edge.to,
        head((x, top), (-1.0, 0.0))
    )?;
    let centre = x + 26.0 + width(&edge.label, SMALL_FONT) / 2.0;
    write_text(f, centre, y + 4.0, SMALL_FONT, "label", &edge.label)?;
    writeln!(f, "</g>")
}

/// An edge to a `?`, on the left of its node.
fn write_failure(f: &mut fmt::Formatter<'_>, stub: &Stub<'_>) -> fmt::Result {
    let &Stub { edge, x, y } = stub;
    let centre = x - 21.0;
    write!(
        f,
        "<g class=\"edge failure\" data-from=\"{}\" data-to=\"{}\"><path d=\"M{x:.1},{y:.1}H{:.1}\"/><circle cx=\"{centre:.1}\" cy=\"{y:.1}\" r=\"8\"/>",
        edge.from,
        edge.to,
        centre + 8.0
    )?;
    write_text(f, centre, y + 4.0, SMALL_FONT, "sign", "?")?;
    let label = layout::failure_label(&edge.label);
    let middle = centre - 11.0 - width(label, SMALL_FONT) / 2.0;
    write_text(f, middle, y + 4.0, SMALL_FONT, "label", label)?;
    writeln!(f, "</g>")
}
