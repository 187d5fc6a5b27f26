//! What an application's user may set.

use std::time::Duration;

/// Limits of a server.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The longest body of a request, in bytes.
    pub(super) max_body_size: usize,
    /// How long a connection may stand still while no handler is at work.
    pub(super) idle_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Tornado's `max_body_size`.
            max_body_size: 100 * 1024 * 1024,
            idle_timeout: Duration::from_secs(60),
        }
    }
}
