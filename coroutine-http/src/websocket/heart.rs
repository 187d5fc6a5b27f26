//! Pings, by which a peer that has vanished is noticed.

use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use coroutine_core as co;

use super::options::Options;

pub(super) struct Heart {
    interval: Duration,
    timeout: Duration,
    /// For the next ping, or for its answer.
    alarm: co::Sleep,
    is_answered: bool,
}

pub(super) enum Beat {
    /// A ping is due.
    Ping,
    /// There was no answer in time.
    Silence,
}

impl Heart {
    pub(super) fn new(options: &Options) -> Option<Self> {
        let interval = options.ping_interval?;
        Some(Self {
            interval,
            timeout: options.ping_timeout.unwrap_or(interval),
            alarm: co::sleep(interval),
            is_answered: true,
        })
    }

    /// `is_deaf` tells that nothing is read just now, so that an answer might not have been heard.
    pub(super) fn poll(&mut self, is_deaf: bool, cx: &mut Context<'_>) -> Poll<Beat> {
        while Pin::new(&mut self.alarm).poll(cx).is_ready() {
            self.alarm = co::sleep(self.timeout);
            if self.is_answered {
                self.is_answered = false;
                return Poll::Ready(Beat::Ping);
            }
            if !is_deaf {
                return Poll::Ready(Beat::Silence);
            }
        }
        Poll::Pending
    }

    /// The peer has answered.
    pub(super) fn hear(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.alarm = co::sleep(self.interval);
        }
    }
}
