//! What a row of the table is.

use std::error::Error;

/// One work that every contestant does: a row of the table.
pub struct Work {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is done, in the table's words.
    pub what: &'static str,
    /// What the figures count.
    pub unit: &'static str,
    /// The columns of its table: works with the same ones share a table.
    pub columns: &'static [Contestant],
    pub goal: Goal,
    /// What the reader should know, printed below the table.
    pub remark: Option<&'static str>,
    pub contest: Contest,
}

/// Who takes part, and how the figure comes about.
pub enum Contest {
    /// Each contestant measures itself and returns the figure.
    Measured(&'static [(Contestant, Measure)]),
    /// Each contestant serves until it is killed. What the load costs it is the figure.
    Served(Load, &'static [(Contestant, Serve)]),
}

pub type Measure = fn(Scale) -> Result<f64, Unavailable>;
pub type Serve = fn() -> Result<(), Unavailable>;

/// Why a contestant cannot take part on this machine.
pub type Unavailable = Box<dyn Error>;

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    Ours,
    // Runtimes
    Tokio,
    AsyncExecutor,
    Monoio,
    Glommio,
    Mio,
    // Generators
    Native,
    Genawaiter,
    Fauxgen,
    AsyncStream,
    Corosensei,
    ByHand,
}

/// The columns of works for runtimes.
pub const RUNTIMES: &[Contestant] = &[
    Contestant::Ours,
    Contestant::Tokio,
    Contestant::AsyncExecutor,
    Contestant::Monoio,
    Contestant::Glommio,
    Contestant::Mio,
];

/// The columns of works for generators.
pub const GENERATORS: &[Contestant] = &[
    Contestant::Ours,
    Contestant::Native,
    Contestant::Genawaiter,
    Contestant::Fauxgen,
    Contestant::AsyncStream,
    Contestant::Corosensei,
    Contestant::ByHand,
];

impl Contestant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Tokio => "tokio",
            Self::AsyncExecutor => "async-executor",
            Self::Monoio => "monoio",
            Self::Glommio => "glommio",
            Self::Mio => "raw-mio",
            Self::Native => "native",
            Self::Genawaiter => "genawaiter",
            Self::Fauxgen => "fauxgen",
            Self::AsyncStream => "async-stream",
            Self::Corosensei => "corosensei",
            Self::ByHand => "by-hand",
        }
    }
}

/// What is to be reached.
pub enum Goal {
    /// At most this ratio to the best peer.
    Best(f64),
    /// At most these ratios to certain peers.
    Against(&'static [(Contestant, f64)]),
    /// At most this figure, whatever the peers need.
    AtMost(f64),
    /// Nothing is promised: the ratio to the best peer is shown.
    Open,
}

/// What the client does.
pub struct Load {
    pub protocol: Protocol,
    /// How many there are at once.
    pub connections: usize,
    /// How many there are over all connections, or for [`Protocol::Visits`] over one connection each.
    pub requests: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Echo,
    Http,
    /// Each connection has one message echoed and leaves, some without manners. CPU time per connection is the figure. Ours
    /// must also end with as much open as it began with; see `works::connects`.
    Visits,
    /// Each connection has one message echoed and stays, in silence. Resident memory per connection is the figure.
    Idle,
}

impl Protocol {
    /// What the client's process calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Http => "http",
            Self::Visits => "visits",
            Self::Idle => "idle",
        }
    }
}

/// How much of the work to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Full,
    /// A tenth.
    Quick,
}

impl Scale {
    pub fn of(self, amount: usize) -> usize {
        match self {
            Self::Full => amount,
            Self::Quick => (amount / 10).max(1),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Quick => "quick",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Full, Self::Quick]
            .into_iter()
            .find(|scale| scale.name() == name)
    }
}
