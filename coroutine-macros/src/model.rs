//! What a coroutine is, as data. The user's syntax is kept, so that every token has its span.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, ExprClosure, LitStr, Pat, Path, Signature, Stmt, Token, Type, Visibility};

/// Which of the macros is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Coroutine,
    Generator,
    Main,
    Test,
}

impl Flavour {
    /// The attribute as the documentation has its users write it.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Flavour::Coroutine => "#[co::coroutine]",
            Flavour::Generator => "#[co::generator]",
            Flavour::Main => "#[co::main]",
            Flavour::Test => "#[co::test]",
        }
    }

    /// The macro for blocks as the documentation has its users write it.
    pub(crate) fn block(self) -> &'static str {
        match self {
            Flavour::Generator => "co::block::generator!",
            Flavour::Coroutine | Flavour::Main | Flavour::Test => "co::block::coroutine!",
        }
    }

    /// The word for what it makes.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Flavour::Generator => "generator",
            Flavour::Coroutine | Flavour::Main | Flavour::Test => "coroutine",
        }
    }
}

/// What a body becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It waits for what it yields.
    Coroutine,
    /// It gives out what it yields.
    Generator,
    /// It gives out what it yields, and waits for what it awaits.
    AsyncGenerator,
}

impl Kind {
    /// What a function under an attribute becomes.
    pub(crate) fn of_function(flavour: Flavour, sig: &Signature) -> Self {
        match flavour {
            Flavour::Generator => Kind::generator(sig.asyncness.is_some()),
            Flavour::Coroutine | Flavour::Main | Flavour::Test => Kind::Coroutine,
        }
    }

    /// The word for it, and the name of a block or closure that becomes one.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::Coroutine => "coroutine",
            Kind::Generator | Kind::AsyncGenerator => "generator",
        }
    }

    /// What the content of a macro for blocks becomes.
    pub(crate) fn of_block(flavour: Flavour, content: &Content) -> Self {
        let is_async = match content {
            Content::Closure(closure) => closure.asyncness.is_some(),
            Content::Async(_) => true,
            Content::Statements(_) => false,
        };
        match flavour {
            Flavour::Generator => Kind::generator(is_async),
            Flavour::Coroutine | Flavour::Main | Flavour::Test => Kind::Coroutine,
        }
    }

    fn generator(is_async: bool) -> Self {
        if is_async {
            Kind::AsyncGenerator
        } else {
            Kind::Generator
        }
    }
}

/// The arguments of an attribute; what was not given has its default.
pub(crate) struct Options {
    pub(crate) crate_path: CratePath,
    /// The word `lazy`, where it was given.
    pub(crate) lazy: Option<Ident>,
    pub(crate) name: Option<LitStr>,
    /// The type after `yield =`; every generator has one, be it an error's.
    pub(crate) yields: Option<Type>,
    /// The word `resume` and the type after it, where they were given.
    pub(crate) resumes: Option<(Ident, Type)>,
    pub(crate) timeout_millis: u64,
    pub(crate) virtual_clock: bool,
}

/// Where the generated code finds the runtime.
#[derive(Clone)]
pub(crate) struct CratePath {
    path: Path,
}

impl CratePath {
    pub(crate) fn new(path: Path) -> Self {
        CratePath { path }
    }

    /// Whether the last name of the path is `name`.
    pub(crate) fn ends_in(&self, name: &Ident) -> bool {
        self.path
            .segments
            .last()
            .is_some_and(|last| last.ident == *name)
    }

    /// The path's tokens, moved to `span` so that rustc takes the code for the user's own there.
    ///
    /// `$crate` is told by its span, and stays as it is.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let tokens = self.path.to_token_stream();
        if tokens.to_string().starts_with('$') {
            return tokens;
        }
        let moved = |mut token: TokenTree| {
            token.set_span(span);
            token
        };
        tokens.into_iter().map(moved).collect()
    }
}

impl ToTokens for CratePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.path.to_tokens(tokens);
    }
}

/// A function under one of the attributes, as the user wrote it.
#[derive(Clone)]
pub(crate) struct Function {
    /// Outer attributes, documentation included.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    /// `None` for a trait's declaration.
    pub(crate) body: Option<Body>,
}

/// The block of a function.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) span: Span,
    /// Inner attributes, `#![...]`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) stmts: Vec<Stmt>,
}

/// What `coroutine! { ... }` or `generator! { ... }` holds.
pub(crate) enum Content {
    Closure(Box<ExprClosure>),
    /// `async { ... }` and nothing else, which only a generator can be.
    Async(Vec<Stmt>),
    Statements(Vec<Stmt>),
}

impl Content {
    /// What runs when it is resumed.
    pub(crate) fn statements(&self) -> Vec<Stmt> {
        match self {
            Content::Closure(closure) => vec![Stmt::Expr((*closure.body).clone(), None)],
            Content::Async(stmts) | Content::Statements(stmts) => stmts.clone(),
        }
    }
}

/// The state machine: what a function, a closure and a block have in common.
pub(crate) struct Machine {
    pub(crate) exchange: Exchange,
    pub(crate) name: String,
    /// The name as the user has given it.
    pub(crate) own_name: Option<LitStr>,
    /// Where the name stands, or what has none begins.
    pub(crate) name_span: Span,
    pub(crate) output: Spelling,
    pub(crate) arguments: Vec<Argument>,
    /// Where the block stands in the user's source.
    pub(crate) span: Span,
    /// First and last token which a missing `'static` is to be reported on.
    pub(crate) owners: (Span, Span),
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) sites: Vec<Site>,
    /// The text of the flow, where the code is to have it.
    pub(crate) flow: Option<String>,
}

/// What a state machine has to do with whoever resumes it.
pub(crate) enum Exchange {
    /// It waits, and exchanges nothing.
    Coroutine,
    /// It gives out values, and takes one back for each.
    Generator { yields: Spelling, resumes: Spelling },
    /// It gives out values.
    AsyncGenerator { yields: Spelling },
}

impl Exchange {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Exchange::Coroutine => Kind::Coroutine,
            Exchange::Generator { .. } => Kind::Generator,
            Exchange::AsyncGenerator { .. } => Kind::AsyncGenerator,
        }
    }
}

/// A type inside the body.
pub(crate) enum Spelling {
    Unit,
    Declared(Box<Type>),
    /// `impl Trait` or inferred: no code can spell it.
    Unnameable,
}

/// An argument, by the name under which it enters the state machine.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    /// The argument's attributes: a `#[cfg(...)]` goes wherever the name does.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) binding: Binding,
}

impl Argument {
    /// Whether the user has named it `_like_this`, to be silent about whether it is used.
    pub(crate) fn is_marked(&self) -> bool {
        let is_plain = matches!(self.binding, Binding::Used);
        is_plain && self.name.to_string().starts_with('_')
    }
}

/// What the body knows of an argument.
pub(crate) enum Binding {
    /// It is used under its own name.
    Used,
    /// It has no name in the body: `_`.
    Nameless,
    /// No token mentions it: it is bound anew, for rustc to warn about.
    Unused,
    /// A pattern, bound inside the state machine.
    Pattern(Box<Pat>),
}

/// A yield point.
pub(crate) struct Site {
    pub(crate) at: Position,
    pub(crate) operand: String,
}

/// A place in the user's file; both numbers count from 1, columns in characters.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl From<Span> for Position {
    fn from(span: Span) -> Self {
        let start = span.start();
        Position {
            line: start.line,
            column: start.column + 1,
        }
    }
}

/// A yield point that cannot be one.
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) span: Span,
    /// `yield_!`, `yield` or `await`, as the user wrote it.
    pub(crate) spelling: &'static str,
}

/// Why it cannot.
pub(crate) enum FaultKind {
    Misplaced(Place),
    NoOperand,
    ManyOperands,
    /// The operand is no expression.
    Unreadable(syn::Error),
    /// A bare `yield` among the arguments of a macro that are no expressions.
    Hidden,
    TooMany,
    /// `.await` in a generator that is not `async`.
    Await,
}

/// What directly surrounds an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    Closure,
    AsyncBlock,
    AsyncClosure,
    Function,
    /// Computed by the compiler: the length of an array, the value of a `const`.
    Constant,
}
