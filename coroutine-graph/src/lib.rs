//! The state machine of a coroutine as data, and as text and pictures.
//!
//! A [`Flow`] says which yield point follows which, and under what condition. The macros of `coroutine-core` find it in the source, with a [`Builder`], and write it down in
//! a compact text. A [`Graph`] is a flow whose states have names; it is drawn as [SVG](Graph::to_svg), [dot](Graph::to_dot) and [mermaid](Graph::to_mermaid).
//!
//! ```
//! use coroutine_graph::{Flow, Graph, State};
//!
//! let flow: Flow = "s 0\n0 1 Some(job)\n0 e None\n1 0".parse()?;
//! let states = [State::new("jobs.get()", 3), State::new("work(job)", 4)];
//! let graph = Graph::new("worker", states, flow);
//! assert!(graph.to_mermaid().contains("s1 --> s0"));
//! assert!(graph.to_svg().contains("id=\"state-1\""));
//! # Ok::<(), coroutine_graph::ParseFlowError>(())
//! ```

mod builder;
mod columns;
mod dot;
mod flow;
mod graph;
mod label;
mod layout;
mod mermaid;
mod order;
mod rank;
mod svg;
mod text;

pub use builder::{Branch, Builder};
pub use flow::{Edge, Flow, Node, ParseFlowError};
pub use graph::{Graph, State};
pub use svg::Svg;
