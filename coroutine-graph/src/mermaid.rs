//! Mermaid.

use std::fmt::Write as _;

use crate::flow::Node;
use crate::graph::Graph;

/// Writes a graph as a flowchart, a line for each node and each edge.
pub(crate) fn write(graph: &Graph) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for node in graph.nodes() {
        let _ = writeln!(text, "    {}{}", id(node), shape(graph, node));
    }
    for edge in graph.flow().edges() {
        let (from, to) = (id(edge.from), id(edge.to));
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!("|{}|", quoted(label)),
        };
        let _ = writeln!(text, "    {from} -->{label} {to}");
    }
    text
}

/// `end` is a word of the language.
fn id(node: Node) -> String {
    match node {
        Node::Start => "start".to_owned(),
        Node::State(number) => format!("s{number}"),
        Node::Junction(number) => format!("j{number}"),
        Node::Returned => "returned".to_owned(),
        Node::Failed => "failed".to_owned(),
    }
}

fn shape(graph: &Graph, node: Node) -> String {
    match node {
        Node::Start => format!("([{}])", quoted(graph.name())),
        Node::State(number) => {
            let state = &graph.states()[number];
            let text = format!("{number}: {}\nline {}", state.operand(), state.line());
            format!("[{}]", quoted(&text))
        }
        Node::Junction(_) => "(( ))".to_owned(),
        Node::Returned => "(((end)))".to_owned(),
        Node::Failed => format!("((({})))", quoted("?")),
    }
}

/// A string of the language, with entities for whatever is special somewhere in it.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for char in text.chars() {
        match char {
            '\n' => quoted.push_str("<br/>"),
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' => {
                let _ = write!(quoted, "#{};", u32::from(char));
            }
            char => quoted.push(char),
        }
    }
    quoted + "\""
}
