//! Yield points as data: where each one stands in the source, and which one a coroutine is suspended at.

use std::fmt;
use std::sync::Arc;

use crate::trail;

/// One yield point of a coroutine, as the macro found it in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    line: u32,
    column: u32,
    operand: &'static str,
}

impl Site {
    /// A yield point at `line` and `column` (both counted from one) whose operand reads `operand`.
    #[must_use]
    pub const fn new(line: u32, column: u32, operand: &'static str) -> Self {
        Self {
            line,
            column,
            operand,
        }
    }

    /// The line of the yield point, counted from one.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The column of the yield point in characters, counted from one.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.column
    }

    /// The text of what is yielded there.
    #[must_use]
    pub const fn operand(&self) -> &'static str {
        self.operand
    }
}

/// The table of a coroutine's yield points, which the macro emits once per coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sites {
    /// The path of the module, empty where the name needs none.
    module: &'static str,
    name: &'static str,
    file: &'static str,
    line: u32,
    column: u32,
    sites: &'static [Site],
    flow: Option<&'static str>,
}

impl Sites {
    /// The table of the coroutine `name`, which is declared in `file` at `line` and `column`.
    #[must_use]
    pub const fn new(
        name: &'static str,
        file: &'static str,
        line: u32,
        column: u32,
        sites: &'static [Site],
    ) -> Self {
        Self {
            module: "",
            name,
            file,
            line,
            column,
            sites,
            flow: None,
        }
    }

    /// The same table, of a coroutine in `module`.
    #[must_use]
    pub const fn in_module(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// The path of the module in which the coroutine is declared; empty if it is not known.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// The column of the declaration in characters, counted from one.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.column
    }

    /// With the text of its [`flow`](Self::flow).
    #[must_use]
    pub const fn with_flow(mut self, flow: &'static str) -> Self {
        self.flow = Some(flow);
        self
    }

    /// Which yield point can follow which: the text of a `coroutine_graph::Flow`.
    ///
    /// `None` without the feature `flow`, with which each coroutine's table keeps some bytes of text for each yield point.
    #[must_use]
    pub const fn flow(&self) -> Option<&'static str> {
        self.flow
    }

    /// The coroutine's name: the function's, unless the attribute gave another.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The file in which the coroutine is declared.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the declaration, counted from one.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The yield points in the order of the source; a [`State::Suspended`] is an index into them.
    #[must_use]
    pub const fn as_slice(&self) -> &'static [Site] {
        self.sites
    }
}

/// Where a coroutine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// None of the body has run.
    Unresumed,
    /// It is between two suspensions, or its body panicked there.
    Running,
    /// It waits at the yield point with this number in its [`Sites`].
    Suspended(u16),
    /// It waits at an `.await` that the macro could not see, one made by another macro.
    SuspendedElsewhere,
    /// The body has ended.
    Returned,
    /// A generator that was closed before its end, so that its body is gone.
    Closed,
}

/// A [`State`] in two bytes, so that a coroutine has room to say where it stands.
///
/// The four largest numbers are taken; the macro refuses a coroutine with so many yield points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateCode(u16);

impl StateCode {
    pub(crate) const UNRESUMED: Self = Self(u16::MAX);
    pub(crate) const RUNNING: Self = Self(u16::MAX - 1);
    pub(crate) const ELSEWHERE: Self = Self(u16::MAX - 2);
    pub(crate) const RETURNED: Self = Self(u16::MAX - 3);

    pub(crate) fn from_number(number: u16) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u16 {
        self.0
    }

    pub(crate) fn state(self) -> State {
        match self {
            Self::UNRESUMED => State::Unresumed,
            Self::RUNNING => State::Running,
            Self::ELSEWHERE => State::SuspendedElsewhere,
            Self::RETURNED => State::Returned,
            Self(site) => State::Suspended(site),
        }
    }
}

/// Called by a yield point that suspends.
#[inline]
pub(crate) fn reach(site: u16) {
    trail::set_reached(StateCode(site));
}

/// Called by a coroutine before its body runs, so that a stale number is not taken for its own.
#[inline]
pub(crate) fn clear_reached() {
    trail::set_reached(StateCode::ELSEWHERE);
}

/// Called by a coroutine whose body has suspended.
#[inline]
pub(crate) fn reached() -> StateCode {
    // Taken, so that a coroutine around this one does not take it for its own.
    trail::set_reached(StateCode::ELSEWHERE)
}

/// Where a coroutine or a generator is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    sites: Sites,
    /// Another name than the table has.
    name: Option<Arc<str>>,
    state: State,
}

impl Suspension {
    pub(crate) fn new(sites: Sites, state: State) -> Self {
        Self::named(sites, None, state)
    }

    pub(crate) fn named(sites: Sites, name: Option<Arc<str>>, state: State) -> Self {
        Self { sites, name, state }
    }

    /// The same coroutine at another place.
    pub(crate) fn moved_to(&self, state: State) -> Self {
        Self::named(self.sites, self.name.clone(), state)
    }

    /// The coroutine's name: the function's, or what the attribute says, with the arguments in it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.sites.name())
    }

    /// The table of the coroutine's yield points.
    #[must_use]
    pub fn sites(&self) -> Sites {
        self.sites
    }

    /// The file of the yield point.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.sites.file()
    }

    /// The line of the yield point, or of the coroutine where the yield point is not known; counted from one.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.site().map_or(self.sites.line, Site::line)
    }

    /// The column of the yield point, or of the coroutine where the yield point is not known; counted from one.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.site().map_or(self.sites.column, Site::column)
    }

    /// The number of the yield point in the coroutine's [`Sites`], if it is suspended at one.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self.state {
            State::Suspended(number) => Some(number),
            _ => None,
        }
    }

    /// The text of what is yielded there, where it is known.
    #[must_use]
    pub fn operand(&self) -> Option<&'static str> {
        self.site().map(Site::operand)
    }

    /// Where the coroutine stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The `Debug` text of a generator, a `type_name`, that stands here.
    pub(crate) fn debug(&self, type_name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format_args!("{}:{}:{}", self.file(), self.line(), self.column());
        let mut text = f.debug_struct(type_name);
        text.field("name", &self.name());
        text.field("place", &place).field("state", &self.state);
        if let Some(operand) = self.operand() {
            text.field("operand", &operand);
        }
        text.finish()
    }

    fn site(&self) -> Option<&'static Site> {
        match self.state {
            State::Suspended(site) => self.sites.sites.get(usize::from(site)),
            _ => None,
        }
    }
}

impl fmt::Display for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sites, .. } = self;
        write!(
            f,
            "`{}` at {}:{}:{}",
            self.name(),
            sites.file,
            self.line(),
            self.column()
        )?;
        match self.operand() {
            Some(operand) => write!(f, ", yielding `{operand}`"),
            None => Ok(()),
        }
    }
}
