//! Flows of small bodies.

use std::error::Error;

use syn::parse::Parser;
use syn::{Block, Stmt};

use crate::body;
use crate::flow;
use crate::model::{Flavour, Kind};
use crate::pipeline;
use crate::record::Wanted;

fn parse(body: &str) -> syn::Result<Vec<Stmt>> {
    Block::parse_within.parse_str(body)
}

/// The flow of a body, its edges parted by `; `.
fn flow(body: &str) -> String {
    match parse(body) {
        Ok(stmts) => flow::of(stmts, Kind::Coroutine)
            .to_string()
            .replace('\n', "; "),
        Err(error) => panic!("{body}: {error}"),
    }
}

#[track_caller]
fn expect(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(flow(body), *expected, "{body}");
    }
}

#[test]
fn yields_follow_each_other() {
    expect(&[
        ("", "s e"),
        ("yield_!(a)", "s 0; 0 e"),
        ("yield_!(a); b.await; yield c;", "s 0; 0 1; 1 2; 2 e"),
        ("yield_!(yield_!(a));", "s 1; 0 e; 1 0"),
        ("f(yield_!(a), g(yield_!(b)))", "s 0; 0 1; 1 e"),
        ("x[yield_!(a)] = yield_!(b);", "s 1; 0 e; 1 0"),
        ("a.await.b.await", "s 0; 0 1; 1 e"),
    ]);
}

#[test]
fn branches_are_told_by_their_conditions() {
    expect(&[
        ("if c { yield_!(a); }", "s 0 c; s e else; 0 e"),
        (
            "if c { yield_!(a) } else { yield_!(b) }",
            "s 0 c; s 1 else; 0 e; 1 e",
        ),
        ("if c { 1 } else { 2 }", "s e"),
        ("if c { f()?; }", "s e; s x c, ?"),
        (
            "if c { yield_!(a); } else if d { yield_!(b); }",
            "s 0 c; s 1 else, d; s e else; 0 e; 1 e",
        ),
        (
            "if let Some(x) = yield_!(a) { yield_!(b); }",
            "s 0; 0 1 Some(x); 0 e else; 1 e",
        ),
        (
            "if yield_!(a) { yield_!(b); }",
            "s 0; 0 1 true; 0 e else; 1 e",
        ),
        (
            "if yield_!(a) > 2 { yield_!(b); }",
            "s 0; 0 1 yield_!(a) > 2; 0 e else; 1 e",
        ),
        (
            "if a.await > 2 { yield_!(b); }",
            "s 0; 0 1 a.await > 2; 0 e else; 1 e",
        ),
        (
            "let Some(x) = yield_!(a) else { return }; yield_!(b);",
            "s 0; 0 1 Some(x); 0 e else; 1 e",
        ),
        (
            "let Some(x) = f() else { yield_!(a); return }; yield_!(b);",
            "s 0 else; s 1 Some(x); 0 e; 1 e",
        ),
    ]);
}

#[test]
fn what_is_evaluated_only_sometimes_is_a_branch() {
    expect(&[
        ("c && yield_!(a)", "s 0 c; s e else; 0 e"),
        ("c || yield_!(a)", "s 0 else; s e c; 0 e"),
        (
            "if c && yield_!(a) { yield_!(b); }",
            "s 0 c; s e else; 0 1 true; 0 e else; 1 e",
        ),
        (
            "if let Some(x) = f() && yield_!(a) { g() }",
            "s 0 Some(x); s e else; 0 e",
        ),
        ("if c && d { yield_!(b); }", "s 0 c && d; s e else; 0 e"),
    ]);
}

#[test]
fn arms_of_a_match_are_branches() {
    expect(&[
        (
            "match yield_!(a) { A => yield_!(b), B(x) if x > 1 => yield_!(c), _ => {} }",
            "s 0; 0 1 A; 0 2 B(x) if x > 1; 0 e _; 1 e; 2 e",
        ),
        (
            "match x { A | B => yield_!(a), C => 1, D => 2 }",
            "s 0 A | B; s e C or D; 0 e",
        ),
        (
            "match x { A => yield_!(a), _ => unreachable!() }",
            "s 0; 0 e",
        ),
        (
            "match x { A if yield_!(g) => yield_!(a), B => yield_!(b), _ => {} }",
            "s 0 A; s j0 else; 0 1 true; 0 j0 else; 1 e; 2 e; j0 2 B; j0 e _",
        ),
        (
            "let x = match y { A => return, B => yield_!(b), }; yield_!(x)",
            "s 0 B; s e A; 0 1; 1 e",
        ),
    ]);
}

#[test]
fn loops_lead_back() {
    expect(&[
        ("loop { yield_!(a); }", "s 0; 0 0"),
        ("loop { yield_!(a); yield_!(b); }", "s 0; 0 1; 1 0"),
        (
            "loop { if yield_!(a) { break; } }",
            "s 0; 0 0 else; 0 e true",
        ),
        ("while c { yield_!(a); }", "s j0; 0 j0; j0 0 c; j0 e else"),
        (
            "while let Some(x) = yield_!(a) { yield_!(b); }",
            "s 0; 0 1 Some(x); 0 e else; 1 0",
        ),
        (
            "while let Some(x) = yield_!(a) && x > 1 { f() }",
            "s 0; 0 0 Some(x) && x > 1; 0 e else",
        ),
        (
            "for x in xs { yield_!(x); }",
            "s j0; 0 j0; j0 0 x in xs; j0 e else",
        ),
        ("for x in yield_!(xs) { f(x) }", "s 0; 0 e"),
        (
            "loop { match yield_!(a) { A => yield_!(b), B => continue, C => break } }",
            "s 0; 0 0 B; 0 1 A; 0 e C; 1 0",
        ),
    ]);
}

#[test]
fn breaks_leave_the_loop_that_they_name() {
    expect(&[
        (
            "'o: loop { loop { if yield_!(a) { break 'o; } if c { continue 'o; } yield_!(b); } }",
            "s 0; 0 0 else, c; 0 1 else; 0 e true; 1 0",
        ),
        (
            "'b: { if c { break 'b; } yield_!(a); } yield_!(d);",
            "s 0 else; s 1 c; 0 1; 1 e",
        ),
        ("let x = loop { break yield_!(a); };", "s 0; 0 e"),
        (
            "'o: for x in xs { for y in x { yield_!(y); if c { continue 'o } } yield_!(x); }",
            "s j0; 0 j0 c; 0 j1 else; 1 j0; j0 j1 x in xs; j0 e else; j1 0 y in x; j1 1 else",
        ),
    ]);
}

#[test]
fn a_question_mark_ends_early() {
    expect(&[
        ("yield_!(a)?;", "s 0; 0 e; 0 x ?"),
        (
            "f()?; g()?; yield_!(a)?; yield_!(b)",
            "s 0; s x ?; 0 1; 0 x ?; 1 e",
        ),
        (
            "try { yield_!(a)?; yield_!(b); }; yield_!(c);",
            "s 0; 0 1; 0 2 ?; 1 2; 2 e",
        ),
        ("return yield_!(a)?;", "s 0; 0 e; 0 x ?"),
        ("if c { return Err(e); } yield_!(a)", "s 0 else; s e c; 0 e"),
    ]);
}

#[test]
fn what_cannot_be_reached_has_no_way_to_it() {
    expect(&[
        ("return; yield_!(a);", "s e; 0 e"),
        ("loop { yield_!(a); } ; yield_!(b);", "s 0; 0 0; 1 e"),
        ("panic!(\"no\"); yield_!(a); yield_!(b);", "0 1; 1 e"),
        ("yield_!(a); todo!()", "s 0"),
    ]);
}

#[test]
fn other_functions_bodies_are_not_this_one() {
    expect(&[
        (
            "let f = || { return 1 }; let g = async { x?; }; fn h() -> u8 { return 1 } yield_!(a);",
            "s 0; 0 e",
        ),
        (
            "co::block::coroutine! { yield 1; }; yield_!(a);",
            "s 0; 0 e",
        ),
    ]);
}

#[test]
fn yields_among_the_arguments_of_macros_are_found() {
    expect(&[
        (
            "println!(\"{}\", yield_!(a)); vec![yield_!(b), yield_!(c)];",
            "s 0; 0 1; 1 2; 2 e",
        ),
        (
            "assert!(matches!(yield_!(a), Some(n) if n > 0));",
            "s 0; 0 e",
        ),
        (
            "select! { x = yield_!(a) => f(), y = yield_!(b) => g(), }",
            "s 0 select!; s j0 else; 0 j0; 1 e; j0 1 select!; j0 e else",
        ),
        (
            "m! { let x = yield_!(a); if x { yield_!(b); } }",
            "s 0; 0 1 x; 0 e else; 1 e",
        ),
    ]);
}

#[test]
fn a_generator_flows_alike() -> Result<(), Box<dyn Error>> {
    let stmts = parse("for n in 0..3 { let x = yield n; if x { yield_!(); } }")?;
    let expected = "s j0\n0 1 x\n0 j0 else\n1 j0\nj0 0 n in 0..3\nj0 e else";
    assert_eq!(flow::of(stmts, Kind::Generator).to_string(), expected);
    Ok(())
}

/// The numbers of a flow's states are those of the table: what is marked is what is rewritten.
#[test]
fn numbers_are_those_of_the_table() -> Result<(), Box<dyn Error>> {
    let crate_path = crate::model::CratePath::new(syn::parse_str("::coroutine_core")?);
    let bodies = [
        "yield_!(a0.b(yield_!(a1)), ); a2.await; x(yield_!(a3).await);",
        "f!(yield_!(a0), yield_!(a1)); g! { a => yield_!(a2) => { yield_!(a3) } }",
        "yield_!(f)(yield_!(x)); if (#[allow(unused)] yield_!(a)) { yield_! { b } }",
    ];
    for body in bodies {
        let (mut rewritten, mut marked) = (parse(body)?, parse(body)?);
        let sites = body::rewrite(&mut rewritten, Kind::Coroutine, &crate_path).sites;
        let marks = body::mark(&mut marked, Kind::Coroutine);
        assert_eq!(marks, sites.len(), "{body}");
        let text = quote::quote!(#(#marked)*).to_string();
        for (number, site) in sites.iter().enumerate() {
            let start: String = site
                .operand
                .chars()
                .take_while(|c| c.is_alphanumeric())
                .collect();
            let mark = format!("__yield_point ! ({number} , {start}");
            let other = format!("__yield_point ! ({number} , __yield_point");
            assert!(
                text.contains(&mark) || text.contains(&other),
                "{mark} in {text}"
            );
        }
        let flow = flow::of(parse(body)?, Kind::Coroutine);
        for number in 0..sites.len() {
            let state = coroutine_graph::Node::State(number);
            assert!(
                flow.edges().iter().any(|edge| edge.to == state),
                "{number} in {flow}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_flow_is_in_the_table_where_it_is_wanted() -> Result<(), Box<dyn Error>> {
    let wanted = Wanted {
        embeds_flow: true,
        folder: None,
    };
    let item: proc_macro2::TokenStream = "fn f() { yield_!(a)?; }".parse()?;
    let none = proc_macro2::TokenStream::new();
    let expand = |wanted| {
        let expansion = pipeline::attribute(wanted, Flavour::Coroutine, none.clone(), item.clone());
        expansion.to_string()
    };
    assert!(expand(&wanted).contains(r#"flow "s 0\n0 e\n0 x ?""#));
    assert!(!expand(&Wanted::default()).contains("flow"));
    Ok(())
}
