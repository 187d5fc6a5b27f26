//! The state machine of a coroutine, drawn.

use coroutine_core::{DumpNode, Suspension};
use coroutine_graph::{Flow, Graph, Node, State, Svg};

/// The state machine, if the macro has made it and it is a known one.
pub(super) fn graph(at: &Suspension) -> Option<Graph> {
    let sites = at.sites();
    let flow: Flow = sites.flow()?.parse().ok()?;
    let sites = sites.as_slice().iter();
    let states = sites.map(|site| State::new(site.operand(), site.line()));
    Some(Graph::new(at.name(), states, flow))
}

/// Where it stands, for the picture.
pub(super) fn present(at: &Suspension) -> Option<Node> {
    match (at.number(), at.state()) {
        (Some(number), _) => Some(Node::State(number.into())),
        (None, coroutine_core::State::Unresumed) => Some(Node::Start),
        (None, _) => None,
    }
}

/// Where a node stands, as a picture by itself.
pub(super) fn svg(node: DumpNode<'_>) -> Option<String> {
    let at = node.suspension()?;
    let graph = graph(at)?;
    Some(marked(Svg::new(&graph), at).to_string())
}

pub(super) fn marked<'a>(svg: Svg<'a>, at: &Suspension) -> Svg<'a> {
    match present(at) {
        Some(node) => svg.present(node),
        None => svg,
    }
}
