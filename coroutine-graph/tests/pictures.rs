//! What must hold for every picture.

use std::error::Error;

use coroutine_graph::{Branch, Builder, Flow, Graph, Node, ParseFlowError, State, Svg};

type Outcome = Result<(), Box<dyn Error>>;

/// A sequence of numbers without a pattern, always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// A flow in which each state has a way from an earlier one, and some more edges lead anywhere.
fn random(seed: u64) -> Graph {
    let mut numbers = Numbers(seed);
    let count = 1 + numbers.below(12);
    let mut text = "s 0".to_owned();
    for state in 1..count {
        text += &format!(
            "\n{} {state} {}",
            numbers.below(state),
            "condition ".repeat(numbers.below(4))
        );
    }
    for _ in 0..numbers.below(8) {
        let from = numbers.below(count);
        text += &match numbers.below(4) {
            0 => format!("\n{from} e done"),
            1 => format!("\n{from} x failed, ?"),
            _ => format!("\n{from} {} again", numbers.below(count)),
        };
    }
    let states = (0..count).map(|state| State::new("operand".repeat(1 + state % 5), 1));
    Graph::new("random", states, text.parse().unwrap_or_default())
}

/// Left, top, right and bottom.
type Frame = [f64; 4];

fn attribute(tag: &str, name: &str) -> f64 {
    let start = format!(" {name}=\"");
    let value = tag
        .split_once(&start)
        .map(|(_, rest)| rest.split('"').next());
    value
        .flatten()
        .and_then(|value| value.parse().ok())
        .unwrap_or(f64::NAN)
}

/// The frames of nodes and of labels; of two that lie in each other, the outer one.
fn frames(svg: &str) -> Vec<Frame> {
    let tags = svg.split('<').filter(|tag| tag.starts_with("rect"));
    let frame = |tag: &str| {
        let (x, y) = (attribute(tag, "x"), attribute(tag, "y"));
        [
            x,
            y,
            x + attribute(tag, "width"),
            y + attribute(tag, "height"),
        ]
    };
    let mut frames: Vec<Frame> = Vec::new();
    for frame in tags.map(frame) {
        let lies_in = |outer: &Frame| {
            outer[0] < frame[0] && outer[1] < frame[1] && frame[2] < outer[2] && frame[3] < outer[3]
        };
        if !frames.iter().any(lies_in) {
            frames.push(frame);
        }
    }
    frames
}

fn overlap(one: &Frame, other: &Frame) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

#[test]
fn neither_nodes_nor_labels_overlap_and_all_are_inside() {
    for seed in 0..300 {
        let svg = random(seed).to_svg();
        let frames = frames(&svg);
        let (width, height) = (attribute(&svg, "width"), attribute(&svg, "height"));
        for (index, frame) in frames.iter().enumerate() {
            assert!(frame[0] >= 0.0 && frame[1] >= 0.0, "{seed}: {frame:?}");
            assert!(frame[2] <= width && frame[3] <= height, "{seed}: {frame:?}");
            for other in &frames[index + 1..] {
                assert!(
                    !overlap(frame, other),
                    "{seed}: {frame:?} and {other:?}\n{svg}"
                );
            }
        }
    }
}

#[test]
fn every_edge_and_every_state_is_drawn_in_each_format() {
    for seed in 0..100 {
        let graph = random(seed);
        let edges = graph.flow().edges().len();
        let (svg, dot, mermaid) = (graph.to_svg(), graph.to_dot(), graph.to_mermaid());
        assert_eq!(svg.matches("<g class=\"edge").count(), edges, "{seed}");
        assert_eq!(dot.matches(" -> ").count(), edges, "{seed}");
        assert_eq!(mermaid.matches(" -->").count(), edges, "{seed}");
        for number in 0..graph.states().len() {
            assert!(svg.contains(&format!("id=\"state-{number}\"")), "{seed}");
        }
    }
}

#[test]
fn a_graph_is_drawn_the_same_each_time() {
    assert_eq!(random(7).to_svg(), random(7).to_svg());
}

#[test]
fn a_flow_and_its_text_are_one() -> Outcome {
    for seed in 0..50 {
        let flow = random(seed).flow().clone();
        assert_eq!(flow.to_string().parse::<Flow>()?, flow);
    }
    assert_eq!("".parse::<Flow>()?, Flow::default());
    Ok(())
}

#[test]
fn what_is_no_flow_is_refused() {
    let message = |text: &str| {
        text.parse::<Flow>()
            .map_err(|error: ParseFlowError| error.to_string())
    };
    assert_eq!(message("s"), Err("`s` is no part of a flow".to_owned()));
    assert_eq!(message("s y"), Err("`y` is no part of a flow".to_owned()));
    assert_eq!(message("j 1"), Err("`j` is no part of a flow".to_owned()));
}

#[test]
fn states_that_are_not_there_are_left_out() -> Outcome {
    let graph = Graph::new("f", [State::new("a", 1)], "s 0\n0 1\n1 e".parse()?);
    assert_eq!(graph.flow().to_string(), "s 0");
    assert_eq!(graph.nodes(), [Node::Start, Node::State(0)]);
    Ok(())
}

#[test]
fn text_is_escaped_in_each_format() -> Outcome {
    let flow = "s 0 a < \"b\" && c\\d\ns e else".parse()?;
    let graph = Graph::new("<f>", [State::new("x::<T>(\"&\")", 1)], flow);
    let svg = graph.to_svg();
    assert!(
        svg.contains(">a &lt; &quot;b&quot; &amp;&amp; c\\d</text>"),
        "{svg}"
    );
    assert!(
        svg.contains("<title id=\"title\">&lt;f&gt;</title>"),
        "{svg}"
    );
    assert!(
        graph
            .to_dot()
            .contains("[label=\"a < \\\"b\\\" && c\\\\d\"]")
    );
    assert!(
        graph
            .to_mermaid()
            .contains("|\"a #60; #34;b#34; #38;#38; c#92;d\"|")
    );
    Ok(())
}

#[test]
fn the_present_state_is_marked_without_colours_and_a_page_may_style_pictures() -> Outcome {
    let flow = "s 0\n0 1\n1 e".parse()?;
    let graph = Graph::new("nap", [State::new("a", 1), State::new("b", 2)], flow);
    let svg = Svg::new(&graph).present(Node::State(1));
    let (before, after) = split(&svg.to_string(), "▶ here")?;
    assert!(before.contains("id=\"state-1\"") && !after.contains("▶ here"));
    assert!(before.contains(Svg::STYLE));
    let bare = svg.unstyled().to_string();
    assert!(!bare.contains("style") && bare.contains("▶ here"));
    Ok(())
}

fn split(text: &str, at: &str) -> Result<(String, String), String> {
    let parts = text
        .split_once(at)
        .ok_or_else(|| format!("`{at}` is missing in {text}"))?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

#[test]
fn what_no_way_leads_to_is_dashed_and_the_present_state_is_marked() -> Outcome {
    let graph = Graph::new(
        "f",
        [State::new("a", 1), State::new("b", 2)],
        "s 0\n1 e".parse()?,
    );
    assert!(!graph.is_reachable(Node::State(1)));
    let svg = Svg::new(&graph)
        .present(Node::State(0))
        .id_prefix("p-")
        .to_string();
    assert!(
        svg.contains("<g id=\"p-state-0\" class=\"state present\">"),
        "{svg}"
    );
    assert!(
        svg.contains("<g id=\"p-state-1\" class=\"state unreachable\">"),
        "{svg}"
    );
    Ok(())
}

/// `loop { if a { if b { break } } }` between two states: what leads on in any case needs no label.
#[test]
fn ways_that_meet_again_are_one() {
    let mut builder = Builder::default();
    let (first, second, end) = (builder.junction(), builder.junction(), builder.junction());
    let (a, b): (Branch, Branch) = (builder.branch(2), builder.branch(2));
    builder.edge(Node::Start, first);
    builder.edge_when(first, second, a, 0, "a");
    builder.edge_when(first, end, a, 1, "else");
    builder.edge_when(second, end, b, 0, "b");
    builder.edge_when(second, end, b, 1, "else");
    builder.edge(end, Node::State(0));
    assert_eq!(builder.finish().to_string(), "s 0");
}
