//! The works, one file each; within a file the contestants stand side by side.
//!
//! To add a row: a file with a `Work`, and its name in [`ALL`].

mod asyn_sum;
mod connects;
mod dump;
mod echo;
mod http;
mod http_client;
mod idle;
mod iterate;
mod lifecycle;
#[cfg(feature = "nightly")]
mod native;
#[cfg(not(feature = "nightly"))]
#[path = "no_native.rs"]
mod native;
mod resume;
mod running_sum;
mod sleepers;
mod spawn;
mod switch;
mod timers;
mod tree;

use crate::work::Work;

/// All works, in the order of the tables: those with the same columns together.
pub const ALL: &[&Work] = &[
    &switch::WORK,
    &spawn::WORK,
    &asyn_sum::WORK,
    &sleepers::WORK,
    &timers::WORK,
    &dump::WORK,
    &echo::FIFTY,
    &echo::THOUSAND,
    &connects::WORK,
    &idle::IDLE,
    &idle::IDLE_PLAIN,
    &http::WORK,
    &http_client::ONE,
    &http_client::FIFTY,
    &resume::RESUME,
    &resume::RESUME_CALL,
    &iterate::WORK,
    &lifecycle::WORK,
    &tree::WORK,
];
