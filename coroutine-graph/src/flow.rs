//! Which yield point follows which.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// A place in a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Where the body begins.
    Start,
    /// Suspended at the yield point with this number.
    State(usize),
    /// Where several ways meet and part; nothing is suspended there.
    Junction(usize),
    /// The body has ended.
    Returned,
    /// The body has ended early, by a `?`.
    Failed,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Start => f.write_str("s"),
            Node::State(number) => write!(f, "{number}"),
            Node::Junction(number) => write!(f, "j{number}"),
            Node::Returned => f.write_str("e"),
            Node::Failed => f.write_str("x"),
        }
    }
}

impl FromStr for Node {
    type Err = ParseFlowError;

    fn from_str(text: &str) -> Result<Self, ParseFlowError> {
        let number = |digits: &str| digits.parse().map_err(|_| ParseFlowError::new(text));
        match text {
            "s" => Ok(Node::Start),
            "e" => Ok(Node::Returned),
            "x" => Ok(Node::Failed),
            text => match text.strip_prefix('j') {
                Some(digits) => number(digits).map(Node::Junction),
                None => number(text).map(Node::State),
            },
        }
    }
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: Node,
    /// Where it leads.
    pub to: Node,
    /// When it is taken; empty if always.
    pub label: String,
}

/// Which yield point follows which, and when.
///
/// Its text, by `Display` and `FromStr`, has a line for each edge: `from to label`, where `s` is the start, `e` the end, `x` a `?`, and `j` a junction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    edges: Vec<Edge>,
}

impl Flow {
    pub(crate) fn new(edges: Vec<Edge>) -> Self {
        Self { edges }
    }

    pub(crate) fn into_edges(self) -> Vec<Edge> {
        self.edges
    }

    /// The edges, in the order of the nodes that they leave.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Edge { from, to, label }) in self.edges.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let space = if label.is_empty() { "" } else { " " };
            write!(f, "{separator}{from} {to}{space}{label}")?;
        }
        Ok(())
    }
}

impl FromStr for Flow {
    type Err = ParseFlowError;

    fn from_str(text: &str) -> Result<Self, ParseFlowError> {
        let edges = text.lines().map(edge).collect::<Result<_, _>>()?;
        Ok(Self { edges })
    }
}

fn edge(line: &str) -> Result<Edge, ParseFlowError> {
    let mut words = line.splitn(3, ' ');
    match (words.next(), words.next()) {
        (Some(from), Some(to)) => Ok(Edge {
            from: from.parse()?,
            to: to.parse()?,
            label: words.next().unwrap_or_default().to_owned(),
        }),
        _ => Err(ParseFlowError::new(line)),
    }
}

/// A text is no [`Flow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFlowError {
    text: String,
}

impl ParseFlowError {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for ParseFlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no part of a flow", self.text)
    }
}

impl Error for ParseFlowError {}
