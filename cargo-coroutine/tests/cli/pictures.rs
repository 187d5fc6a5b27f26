//! Graphs, compared by their nodes and edges.

use std::collections::BTreeSet;
use std::fs;

use crate::support::Fixture;

const LIB: &str = "\
use coroutine_core as co;
async fn get() -> Option<u8> { None }
async fn put(_: u8) -> Result<(), String> { Ok(()) }
#[co::coroutine]
pub fn pump(limit: u8) -> Result<(), String> {
    while let Some(n) = yield_!(get()) {
        match n {
            0 => continue,
            n if n > limit => break,
            n => yield_!(put(n))?,
        }
    }
    yield_!(put(0))
}
#[co::generator(yield = u8)]
pub fn count() { loop { yield_!(1); } }
";

/// From, to and label.
type Edges = BTreeSet<(String, String, String)>;

fn edges(list: &[(&str, &str, &str)]) -> Edges {
    let owned = list
        .iter()
        .map(|(from, to, label)| (from.to_string(), to.to_string(), label.to_string()));
    owned.collect()
}

fn of_pump() -> Edges {
    edges(&[
        ("s", "0", ""),
        ("0", "0", "Some(n), 0"),
        ("0", "1", "Some(n), n"),
        ("0", "2", "Some(n), n if n > limit or else"),
        ("1", "0", ""),
        ("1", "x", "?"),
        ("2", "e", ""),
    ])
}

#[test]
fn json_has_the_edges() {
    let fixture = Fixture::new("json-edges", LIB);
    let json = fixture.json(&["graph", "pump"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let found = json[0]["edges"].as_array().unwrap().iter();
    let found: Edges = found
        .map(|edge| (text(&edge["from"]), text(&edge["to"]), text(&edge["label"])))
        .collect();
    assert_eq!(found, of_pump());
    assert_eq!(fixture.json(&["graph"]).as_array().unwrap().len(), 2);
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, behind) = text.split_once(start).unwrap_or(("", ""));
    behind.split(end).next().unwrap_or_default()
}

#[test]
fn dot_and_mermaid_have_a_line_for_each_node_and_edge() {
    let fixture = Fixture::new("text-graphs", LIB);
    let short = |name: &str| match name.trim() {
        "start" => "s".to_owned(),
        "returned" => "e".to_owned(),
        "failed" => "x".to_owned(),
        name => name.trim_start_matches('s').to_owned(),
    };
    let dot = fixture.text(&["graph", "pump", "--format", "dot"]);
    let lines = dot.lines().filter(|line| line.contains("->"));
    let found: Edges = lines
        .map(|line| {
            let (from, rest) = line.trim().split_once(" -> ").unwrap();
            let to = rest.split([' ', ';']).next().unwrap();
            (
                short(from),
                short(to),
                between(rest, "label=\"", "\"").to_owned(),
            )
        })
        .collect();
    assert_eq!(found, of_pump());
    assert!(dot.contains("s0 [label=\"0: get()\\nline 6\"];"), "{dot}");

    let mermaid = fixture.text(&["graph", "pump", "--format", "mermaid"]);
    let lines = mermaid.lines().filter(|line| line.contains("-->"));
    let found: Edges = lines
        .map(|line| {
            let (from, rest) = line.trim().split_once(" -->").unwrap();
            let to = rest.rsplit(' ').next().unwrap();
            let label = between(rest, "|\"", "\"|").replace("#62;", ">");
            (short(from), short(to), label)
        })
        .collect();
    assert_eq!(found, of_pump());
    assert!(mermaid.starts_with("flowchart TD\n"), "{mermaid}");
}

#[test]
fn a_picture_has_a_group_for_each_state_and_edge() {
    let fixture = Fixture::new("svg", LIB);
    let svg = fixture.text(&["graph", "pump"]);
    for id in [
        "start", "state-0", "state-1", "state-2", "returned", "title", "desc",
    ] {
        assert!(svg.contains(&format!(" id=\"{id}\"")), "{id} in {svg}");
    }
    let groups = svg.split("<g class=\"edge").skip(1);
    let found: BTreeSet<_> = groups
        .map(|group| {
            (
                between(group, "data-from=\"", "\"").to_owned(),
                between(group, "data-to=\"", "\"").to_owned(),
            )
        })
        .collect();
    let expected = of_pump()
        .into_iter()
        .map(|(from, to, _)| (from, to))
        .collect();
    assert_eq!(found, expected);
    for label in ["Some(n), 0", "Some(n), n if n &gt; limit or else"] {
        assert!(
            svg.contains(&format!(">{label}</text>")),
            "{label} in {svg}"
        );
    }
}

#[test]
fn the_ending_of_a_file_tells_the_format_and_a_folder_gets_all() {
    let fixture = Fixture::new("files", LIB);
    for (file, start) in [
        ("p.svg", "<svg "),
        ("p.gv", "digraph "),
        ("p.mmd", "flowchart TD"),
    ] {
        assert_eq!(fixture.text(&["graph", "pump", "-o", file]), "");
        let text = fs::read_to_string(fixture.path(file)).unwrap();
        assert!(text.starts_with(start), "{text}");
    }
    fixture
        .run(&["graph", "pump", "-o", "p.png"])
        .fails(2, "the ending of `p.png` tells no format");
    fixture
        .run(&["graph", "pump", "-o", "none/p.svg"])
        .fails(1, "cannot write none/p.svg");
    fs::create_dir(fixture.path("all")).unwrap();
    fixture.text(&["graph", "-o", "all"]);
    let mut names: Vec<_> = fs::read_dir(fixture.path("all"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["count.svg", "pump.svg"]);
}
