//! A flow whose states have names.

use crate::flow::{Edge, Flow, Node};
use crate::svg::Svg;
use crate::{dot, mermaid};

/// What is known of a state: the yield point where the coroutine is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    operand: String,
    line: u32,
}

impl State {
    /// A yield point at `line` whose operand reads `operand`.
    pub fn new(operand: impl Into<String>, line: u32) -> Self {
        Self {
            operand: operand.into(),
            line,
        }
    }

    /// The text of what is yielded there.
    #[must_use]
    pub fn operand(&self) -> &str {
        &self.operand
    }

    /// The line of the yield point, counted from one.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }
}

/// The state machine of a coroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    name: String,
    states: Vec<State>,
    flow: Flow,
}

impl Graph {
    /// The state machine of the coroutine `name`. An edge to a state that is not among `states` is left out.
    pub fn new(
        name: impl Into<String>,
        states: impl IntoIterator<Item = State>,
        flow: Flow,
    ) -> Self {
        let states: Vec<_> = states.into_iter().collect();
        let is_known = |node| !matches!(node, Node::State(number) if number >= states.len());
        let is_whole = |edge: &Edge| is_known(edge.from) && is_known(edge.to);
        let edges = flow.into_edges().into_iter();
        let flow = Flow::new(edges.filter(is_whole).collect());
        Self {
            name: name.into(),
            states,
            flow,
        }
    }

    /// The name of the coroutine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The states, by number.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Which state follows which.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Every node: the start, all the states, also those that no way leads to, and what else the edges name.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        let states = (0..self.states.len()).map(Node::State);
        let ends = self
            .flow
            .edges()
            .iter()
            .flat_map(|edge| [edge.from, edge.to]);
        let mut nodes: Vec<_> = [Node::Start]
            .into_iter()
            .chain(states)
            .chain(ends)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Whether a way leads to a node from the start.
    #[must_use]
    pub fn is_reachable(&self, node: Node) -> bool {
        let mut reached = vec![Node::Start];
        let mut next = 0;
        while let Some(&from) = reached.get(next) {
            next += 1;
            let targets = self.flow.edges().iter().filter(|edge| edge.from == from);
            for edge in targets {
                if !reached.contains(&edge.to) {
                    reached.push(edge.to);
                }
            }
        }
        reached.contains(&node)
    }

    /// The graph in the language of Graphviz.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// The graph in the language of Mermaid, as a flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// The graph as a picture. [`Svg`] has settings.
    #[must_use]
    pub fn to_svg(&self) -> String {
        Svg::new(self).to_string()
    }
}
