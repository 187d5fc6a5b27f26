//! Graphviz.

use std::fmt::Write as _;

use crate::flow::Node;
use crate::graph::Graph;

/// Writes a graph, a line for each node and each edge.
pub(crate) fn write(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(graph.name()));
    text.push_str("    node [shape=box, style=rounded, fontname=monospace];\n");
    text.push_str("    edge [fontname=monospace, fontsize=10];\n");
    for node in graph.nodes() {
        let attributes = attributes(graph, node);
        let _ = writeln!(text, "    {} [{attributes}];", id(node));
    }
    for edge in graph.flow().edges() {
        let (from, to) = (id(edge.from), id(edge.to));
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!(" [label={}]", quoted(label)),
        };
        let _ = writeln!(text, "    {from} -> {to}{label};");
    }
    text.push_str("}\n");
    text
}

fn id(node: Node) -> String {
    match node {
        Node::Start => "start".to_owned(),
        Node::State(number) => format!("s{number}"),
        Node::Junction(number) => format!("j{number}"),
        Node::Returned => "returned".to_owned(),
        Node::Failed => "failed".to_owned(),
    }
}

fn attributes(graph: &Graph, node: Node) -> String {
    match node {
        Node::Start => format!("shape=plain, label={}", quoted(graph.name())),
        Node::State(number) => {
            let state = &graph.states()[number];
            let label = quoted(&format!(
                "{number}: {}\nline {}",
                state.operand(),
                state.line()
            ));
            let style = if graph.is_reachable(node) {
                ""
            } else {
                ", style=\"rounded,dashed\""
            };
            format!("label={label}{style}")
        }
        Node::Junction(_) => "shape=point".to_owned(),
        Node::Returned => "shape=doublecircle, label=end".to_owned(),
        Node::Failed => "shape=doublecircle, label=\"?\"".to_owned(),
    }
}

/// A string of the language, in which only quotation marks, backslashes and new lines are special.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
