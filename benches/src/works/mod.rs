//! The works, one file each; within a file the contestants stand side by side.
//!
//! To add a row: a file with a `Work`, and its name in [`ALL`].

mod asyn_sum;
mod echo;
mod http;
mod sleepers;
mod spawn;
mod switch;
mod timers;

use crate::work::Work;

/// All works, in the table's order.
pub const ALL: &[&Work] = &[
    &switch::WORK,
    &spawn::WORK,
    &asyn_sum::WORK,
    &sleepers::WORK,
    &timers::WORK,
    &echo::FIFTY,
    &echo::THOUSAND,
    &http::WORK,
];
