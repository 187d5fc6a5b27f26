//! Tokens to syntax: the function under an attribute, and what a `coroutine!` or `generator!` holds.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    Attribute, Block, Expr, ExprClosure, Item, Path, Result, Stmt, Token, braced, parenthesized,
};

use crate::model::{Body, Content, CratePath, Flavour, Function};

/// What an attribute stands on.
pub(crate) enum Target {
    Function(Box<Function>),
    /// Something else, with the word for it and its first telling token.
    Other(&'static str, Span),
    /// A closure, with its `|`.
    Closure(Span),
    /// Not Rust, as far as syn knows: it is handed on, for rustc to say what is wrong with it.
    Unreadable,
}

/// Reads the item under an attribute.
pub(crate) fn target(item: &TokenStream) -> Target {
    if let Ok(function) = syn::parse2::<Function>(item.clone()) {
        return Target::Function(Box::new(function));
    }
    if let Ok(item) = syn::parse2::<Item>(item.clone()) {
        return other_item(&item);
    }
    match syn::parse2::<ExprClosure>(item.clone()) {
        Ok(closure) => Target::Closure(closure.inputs_begin.span),
        Err(_) => Target::Unreadable,
    }
}

fn other_item(item: &Item) -> Target {
    let (noun, span) = match item {
        Item::Const(item) => ("a constant", item.const_token.span),
        Item::Enum(item) => ("an enum", item.enum_token.span),
        Item::ExternCrate(item) => ("an extern crate", item.extern_token.span),
        Item::ForeignMod(item) => ("an extern block", item.abi.extern_token.span),
        Item::Impl(item) => ("an impl block", item.impl_token.span),
        Item::Macro(item) => ("a macro call", item.mac.bang_token.span),
        Item::Mod(item) => ("a module", item.mod_token.span),
        Item::Static(item) => ("a static", item.static_token.span),
        Item::Struct(item) => ("a struct", item.struct_token.span),
        Item::Trait(item) => ("a trait", item.trait_token.span),
        Item::TraitAlias(item) => ("a trait alias", item.trait_token.span),
        Item::Type(item) => ("a type alias", item.type_token.span),
        Item::Union(item) => ("a union", item.union_token.span),
        Item::Use(item) => ("a use declaration", item.use_token.span),
        _ => return Target::Unreadable,
    };
    Target::Other(noun, span)
}

impl Parse for Function {
    fn parse(input: ParseStream) -> Result<Self> {
        Ok(Function {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            defaultness: input.parse()?,
            sig: input.parse()?,
            body: match input.parse::<Option<Token![;]>>()? {
                Some(_) => None,
                None => Some(input.parse()?),
            },
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream) -> Result<Self> {
        let content;
        let brace = braced!(content in input);
        Ok(Body {
            span: brace.span.join(),
            attrs: content.call(Attribute::parse_inner)?,
            stmts: statements(content.parse()?),
        })
    }
}

/// Reads statements. What syn cannot read is kept as tokens: rustc knows more syntax, and has better messages.
fn statements(tokens: TokenStream) -> Vec<Stmt> {
    Block::parse_within
        .parse2(tokens.clone())
        .unwrap_or_else(|_| vec![Stmt::Expr(Expr::Verbatim(tokens), None)])
}

/// Reads `(path) content`, the input that the runtime's `coroutine!` and `generator!` hand on.
///
/// The content is a closure if a closure is all it is.
pub(crate) fn block(input: TokenStream) -> Result<(CratePath, TokenStream)> {
    let parser = |input: ParseStream| {
        let path;
        parenthesized!(path in input);
        let path: Path = path.call(Path::parse_mod_style)?;
        Ok((CratePath::new(path), input.parse()?))
    };
    parser.parse2(input)
}

/// An `async` block is a coroutine's value, but it makes an asynchronous generator.
pub(crate) fn content(flavour: Flavour, tokens: TokenStream) -> Result<Content> {
    match syn::parse2(tokens.clone()) {
        Ok(Expr::Closure(closure)) => Ok(Content::Closure(Box::new(closure))),
        Ok(Expr::Async(block)) if flavour == Flavour::Generator && block.attrs.is_empty() => {
            Ok(Content::Async(block.block.stmts))
        }
        _ => Block::parse_within.parse2(tokens).map(Content::Statements),
    }
}

/// The first and the last token.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut tokens = tokens.clone().into_iter();
    let first = tokens.next();
    let last = tokens.last().or_else(|| first.clone());
    match (first, last) {
        (Some(first), Some(TokenTree::Group(last))) => (first.span(), last.span_close()),
        (Some(first), Some(last)) => (first.span(), last.span()),
        _ => (Span::call_site(), Span::call_site()),
    }
}
