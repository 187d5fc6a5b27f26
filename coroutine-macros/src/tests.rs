//! Golden expansions, and what is easier to check here than with a compiler.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, File, ImplItem, Item, Macro, Meta, Stmt, TraitItem};

use crate::crate_path::{CORE, renamed_dependency};
use crate::model::Flavour;
use crate::record::Wanted;
use crate::{asynchronous, operand, pipeline};

type Outcome = Result<(), Box<dyn Error>>;

/// Expands the macros of a file as rustc would.
struct Expander;

impl VisitMut for Expander {
    fn visit_item_mut(&mut self, item: &mut Item) {
        let attribute = match item {
            Item::Fn(function) => take_attribute(&mut function.attrs),
            _ => None,
        };
        match attribute {
            Some(attribute) => *item = Item::Verbatim(expand(attribute, item)),
            None => visit_mut::visit_item_mut(self, item),
        }
    }

    fn visit_impl_item_mut(&mut self, item: &mut ImplItem) {
        if let ImplItem::Fn(method) = item
            && let Some(attribute) = take_attribute(&mut method.attrs)
        {
            *item = ImplItem::Verbatim(expand(attribute, method));
        }
    }

    fn visit_trait_item_mut(&mut self, item: &mut TraitItem) {
        if let TraitItem::Fn(method) = item
            && let Some(attribute) = take_attribute(&mut method.attrs)
        {
            *item = TraitItem::Verbatim(expand(attribute, method));
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        if let Stmt::Macro(call) = stmt
            && let Some(expansion) = expand_block(&call.mac)
        {
            *stmt = Stmt::Expr(Expr::Verbatim(expansion), call.semi_token);
        } else {
            visit_mut::visit_stmt_mut(self, stmt);
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Macro(call) = expr
            && let Some(expansion) = expand_block(&call.mac)
        {
            *expr = Expr::Verbatim(expansion);
        } else {
            visit_mut::visit_expr_mut(self, expr);
        }
    }
}

fn expand_block(mac: &Macro) -> Option<TokenStream> {
    let flavour = match mac.path.get_ident()?.to_string().as_str() {
        "coroutine" => Flavour::Coroutine,
        "generator" => Flavour::Generator,
        _ => return None,
    };
    let tokens = &mac.tokens;
    Some(pipeline::block(
        &Wanted::default(),
        flavour,
        quote!((::coroutine_core) #tokens),
    ))
}

/// What an attribute does.
type Expansion = fn(TokenStream, TokenStream) -> TokenStream;

fn take_attribute(attrs: &mut Vec<Attribute>) -> Option<(Expansion, TokenStream)> {
    let expansion = |attr: &Attribute| match attr.path().segments.last()?.ident.to_string().as_str()
    {
        "coroutine" => Some(coroutine as Expansion),
        "generator" => Some(generator as Expansion),
        "main" => Some(main as Expansion),
        "test" => Some(test as Expansion),
        "asynchronous" => Some(asynchronous::attribute as Expansion),
        _ => None,
    };
    let index = attrs.iter().position(|attr| expansion(attr).is_some())?;
    let attr = attrs.remove(index);
    let arguments = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    Some((expansion(&attr)?, arguments))
}

fn coroutine(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(&Wanted::default(), Flavour::Coroutine, arguments, item)
}

fn generator(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(&Wanted::default(), Flavour::Generator, arguments, item)
}

fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(&Wanted::default(), Flavour::Main, arguments, item)
}

fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(&Wanted::default(), Flavour::Test, arguments, item)
}

fn expand((expand, arguments): (Expansion, TokenStream), item: &impl ToTokens) -> TokenStream {
    expand(arguments, item.to_token_stream())
}

/// The expansion of a source file, formatted.
fn expansion(source: &str) -> syn::Result<String> {
    let mut file: File = syn::parse_str(source)?;
    Expander.visit_file_mut(&mut file);
    Ok(prettyplease::unparse(&syn::parse2(file.to_token_stream())?))
}

fn golden_files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/expand");
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<_>, std::io::Error>>()?;
    let is_input = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".rs") && !name.ends_with(".expanded.rs")
    };
    paths.retain(is_input);
    paths.sort();
    Ok(paths)
}

/// `UPDATE_EXPECT=1` writes the expectations anew.
#[test]
fn expansions_are_as_expected() -> Outcome {
    let mut different = Vec::new();
    for path in golden_files()? {
        let actual = expansion(&fs::read_to_string(&path)?)?;
        let expected = path.with_extension("expanded.rs");
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &actual)?;
        } else if fs::read_to_string(&expected).unwrap_or_default() != actual {
            different.push(format!("{}\n{actual}", path.display()));
        }
    }
    assert!(
        different.is_empty(),
        "UPDATE_EXPECT=1 accepts these:\n{}",
        different.join("\n")
    );
    Ok(())
}

#[test]
fn expansion_is_deterministic() -> Outcome {
    for path in golden_files()? {
        let source = fs::read_to_string(&path)?;
        assert_eq!(
            expansion(&source)?,
            expansion(&source)?,
            "{}",
            path.display()
        );
    }
    Ok(())
}

fn messages(source: &str) -> syn::Result<usize> {
    Ok(expansion(source)?.matches("compile_error!").count())
}

#[test]
fn a_coroutine_may_have_65532_yield_points() -> Outcome {
    let body: TokenStream = "yield_!(a);".repeat(65_534).parse()?;
    let item = quote!(fn f() { #body });
    let expansion = pipeline::attribute(
        &Wanted::default(),
        Flavour::Coroutine,
        TokenStream::new(),
        item,
    )
    .to_string();
    assert_eq!(expansion.matches("compile_error").count(), 1);
    assert!(expansion.contains("at most 65532 yield points"));
    Ok(())
}

#[test]
fn an_operand_reads_as_it_was_written() -> Outcome {
    let cases = [
        ("fetch(\"a\",   b)", "fetch(\"a\", b)"),
        ("Vec::<u8>::new()\n    .len()", "Vec::<u8>::new() .len()"),
        ("a /* why */ + &mut b[0]", "a + &mut b[0]"),
        ("S { a: 'x', ..s }", "S { a: 'x', ..s }"),
        ("yield_!( x )", "yield_!( x )"),
        ("|x: &'a u8| -> u8 { *x }", "|x: &'a u8| -> u8 { *x }"),
        ("\"two\n   lines\"", "\"two lines\""),
    ];
    for (written, read) in cases {
        assert_eq!(operand::text(written.parse()?), read);
    }
    Ok(())
}

#[test]
fn a_long_operand_is_cut() -> Outcome {
    let text = operand::text("ä".repeat(100).parse()?);
    assert_eq!(text, format!("{}…", "ä".repeat(80)));
    Ok(())
}

#[test]
fn a_renamed_dependency_is_found_in_each_form() {
    let cases = [
        (
            "[dependencies]\nmy-co = { version = \"1\", package = \"coroutine-core\" }",
            Some("my_co"),
        ),
        (
            "[dependencies]\nmy_co.package = 'coroutine-core'",
            Some("my_co"),
        ),
        (
            "[dependencies.my_co]\nversion = \"1\"\npackage = \"coroutine-core\"",
            Some("my_co"),
        ),
        (
            "[target.'cfg(unix)'.dependencies.my_co]\npackage=\"coroutine-core\"",
            Some("my_co"),
        ),
        ("[dependencies]\ncoroutine-core = \"1\"", None),
        ("# co = { package = \"coroutine-core\" }", None),
        (
            "[dependencies]\nco = { package = \"coroutine-core-extras\" }",
            None,
        ),
        ("[package]\nname = \"coroutine-core\"", None),
    ];
    for (manifest, name) in cases {
        let found = renamed_dependency(manifest, CORE);
        assert_eq!(found.as_deref(), name, "{manifest}");
    }
}

#[test]
fn every_mistake_of_a_function_is_reported_at_once() -> Outcome {
    let source = "#[co::coroutine(eager, name = 5)]
        const async fn f(a: &str, b: &[u8]) -> Future<u8> { yield_!(); (|| yield_!(a))() }";
    assert_eq!(messages(source)?, 9);
    Ok(())
}

#[test]
fn every_mistake_of_a_generator_is_reported_at_once() -> Outcome {
    let source = "#[co::generator(resume = 5, lazy)] #[test]
        const extern \"C\" fn f(a: &str) -> impl Iterator { yield_!(1, 2); (|| yield_!(a))(); a.await }";
    assert_eq!(messages(source)?, 9);
    Ok(())
}

/// The types that a block's generator has where nobody has written them.
fn block_types(block: &str) -> Result<(bool, bool), Box<dyn Error>> {
    let input: TokenStream = format!("(::co) {block}").parse()?;
    let expansion = pipeline::block(&Wanted::default(), Flavour::Generator, input).to_string();
    assert!(!expansion.contains("compile_error"), "{expansion}");
    let is_sent_nothing = expansion.contains("generator :: < _ , () , _ >");
    let returns_nothing = expansion.contains("None :: < () >");
    Ok((is_sent_nothing, returns_nothing))
}

#[test]
fn a_block_whose_yields_have_unused_values_is_sent_nothing() -> Outcome {
    let unused = [
        "",
        "yield 1; yield_!(2);",
        "yield 1",
        "yield_! { 1 }",
        "{ yield 1 }",
        "(yield 1);",
        "unsafe { yield 1 }",
        "for i in 0..3 { yield i }",
        "while more() { yield 1 }",
        "let n = loop { yield 1; break 2; };",
        "if first { yield 1 } else if second { yield 2 } else { yield_!(3) }",
        "match n { 1 => yield 1, _ => {} }",
        "let n = { yield 1; 2 };",
        "#[co::generator(yield = u8)] fn f() { g(yield_!(1)); }",
        "let g = co::block::generator! { let n = yield 1; };",
        "|n: u32| { yield n }",
        "|n: u32| -> u32 { yield n; n }",
    ];
    for block in unused {
        assert!(block_types(block)?.0, "{block}");
    }
    let used = [
        "let n = yield 1;",
        "let n: u32 = yield_!(1);",
        "yield yield 1;",
        "yield_!(yield_!(1));",
        "f(yield 1);",
        "if yield 1 { f(); }",
        "while (yield 1) {}",
        "for i in yield_!(1) {}",
        "match yield_!(1) { _ => {} }",
        "match n { _ if yield_!(1) => {} _ => {} }",
        "let n = { yield 1 };",
        "let n = { yield_! { 1 } };",
        "let n = if first { yield 1 } else { 2 };",
        "n = yield 1;",
        "println!(\"{}\", yield_!(1));",
        "return yield 1;",
        "|n: u32| -> u32 { yield n }",
        "|n: u32| -> u32 { yield_! { n } }",
        "yield 1; break_with!(yield_!(1));",
    ];
    for block in used {
        assert!(!block_types(block)?.0, "{block}");
    }
    Ok(())
}

#[test]
fn a_block_that_ends_in_a_statement_returns_nothing() -> Outcome {
    for block in [
        "",
        "yield 1;",
        "loop { yield 1; }",
        "for i in n { yield i }",
        "|n: u8| { yield n; }",
        "f!();",
    ] {
        assert!(block_types(block)?.1, "{block}");
    }
    let others = [
        "yield 1",
        "1",
        "loop { if yield 1 { return 2; } }",
        "loop { if yield 1 { break 2; } }",
        "f!()",
        "if yield 1 { 2 } else { 3 }",
        "|n: u8| n",
        "|n: u8| -> u8 { loop { yield n; } }",
    ];
    for block in others {
        assert!(!block_types(block)?.1, "{block}");
    }
    Ok(())
}

#[test]
fn await_in_a_generator_is_an_error_unless_something_else_waits() -> Outcome {
    let mistakes = [
        "a.await;",
        "f!(a.await);",
        "f!(a => b.await => c);",
        "f!(a => { b.await });",
    ];
    for body in mistakes {
        let source = format!("#[co::generator(yield = u8)] fn f() {{ {body} }}");
        assert_eq!(messages(&source)?, 1, "{body}");
    }
    let others = [
        "async { a.await };",
        "async || a.await;",
        "async fn f() { a.await }",
        "f!(a => async { b.await });",
    ];
    for body in others {
        let source = format!("#[co::generator(yield = u8)] fn f() {{ {body} }}");
        assert_eq!(messages(&source)?, 0, "{body}");
    }
    Ok(())
}

#[test]
fn a_type_may_have_commas_of_its_own() -> Outcome {
    let source = "#[co::generator(yield = Map<A, (B, C)>, resume = fn(A, B) -> Map<A, B>, name = \"g\")] fn f() {}";
    let expansion = expansion(source)?;
    let types = "Map<A, (B, C)>,\n    fn(A, B) -> Map<A, B>,\n    impl ";
    assert!(expansion.contains(types), "{expansion}");
    Ok(())
}

#[test]
fn yields_of_nested_coroutines_are_their_own() -> Outcome {
    let source = "#[co::coroutine] fn f() {
        #[co::coroutine] fn g() { yield_!(a); }
        struct S;
        impl S { #[co::coroutine(lazy)] fn h(&self) { yield_!(a); } }
        let i = co::block::coroutine! { yield a };
    }";
    let expansion = expansion(source)?;
    assert!(!expansion.contains("compile_error"));
    assert_eq!(expansion.matches("yield_!(a)").count(), 2);
    let has_no_sites = expansion.contains("\"f\" at 1 : 21 -> ();\n");
    assert!(has_no_sites, "{expansion}");
    Ok(())
}

#[test]
fn what_is_no_function_is_handed_on() {
    let tokens = quote!(fn f(let) {});
    let expansion = pipeline::attribute(
        &Wanted::default(),
        Flavour::Coroutine,
        TokenStream::new(),
        tokens.clone(),
    );
    assert_eq!(expansion.to_string(), tokens.to_string());
}

#[test]
fn a_body_of_unknown_syntax_keeps_its_yield_points() {
    let item = quote!(fn f() { do something new with yield_!(a) });
    let expansion = pipeline::attribute(
        &Wanted::default(),
        Flavour::Coroutine,
        TokenStream::new(),
        item,
    )
    .to_string();
    assert!(expansion.contains("do something new with match () { () => :: coroutine_core"));
    assert!(!expansion.contains("compile_error"));
}
