//! What stands for the alarm where the kernel has no `timerfd`: nothing, so each wait has a limit of its own.

use std::time::Duration;

use mio::Registry;

#[derive(Default)]
pub(crate) struct Alarm;

impl Alarm {
    pub(crate) fn limit(&self, _registry: &Registry, time: Duration) -> Option<Duration> {
        Some(time)
    }
}
