//! Where a generator stands, in one word.

use crate::site::{State, StateCode};

/// The number of the yield point at which the generator waits to be resumed, or one of the constants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase(u32);

/// Larger than the number of any yield point.
const NO_SITE: u32 = 1 << 16;

/// Set in the phase of a generator whose body awaits something; the lower half is the [`StateCode`].
const AWAITING: u32 = 1 << 17;

impl Phase {
    /// None of the body has run. The smallest of the constants, so that one comparison tells who can be resumed.
    pub(super) const FRESH: Self = Self(NO_SITE);
    /// The body has panicked, or waits for what nobody can tell it.
    pub(super) const PANICKED: Self = Self(NO_SITE + 1);
    pub(super) const RETURNED: Self = Self(NO_SITE + 2);
    /// The body is gone.
    pub(super) const CLOSED: Self = Self(NO_SITE + 3);

    /// A store less where the generator has been suspended there before: they are what resuming one costs.
    #[inline]
    pub(super) fn suspend_at(&mut self, site: u16) {
        let suspended = Self(site.into());
        if *self != suspended {
            *self = suspended;
        }
    }

    #[inline]
    pub(super) fn awaiting(code: StateCode) -> Self {
        Self(AWAITING | u32::from(code.number()))
    }

    /// Whether the body waits for an argument.
    #[inline]
    pub(super) fn is_suspended(self) -> bool {
        self.0 < NO_SITE
    }

    /// Whether the body waits for an argument, or is yet to begin.
    #[inline]
    pub(super) fn can_go_on(self) -> bool {
        self.0 <= NO_SITE
    }

    /// Whether the body will never run again.
    #[inline]
    pub(super) fn has_ended(self) -> bool {
        !self.can_go_on() && !self.is_awaiting()
    }

    #[inline]
    pub(super) fn is_awaiting(self) -> bool {
        self.0 & AWAITING != 0
    }

    pub(super) fn state(self) -> State {
        match self {
            Self::FRESH => State::Unresumed,
            Self::PANICKED => State::Running,
            Self::RETURNED => State::Returned,
            Self::CLOSED => State::Closed,
            // The lower half is the number of the yield point, or the code of its like.
            Self(code) => StateCode::from_number(code as u16).state(),
        }
    }
}
